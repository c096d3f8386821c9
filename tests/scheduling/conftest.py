"""The clinic of the demo with its calendars and no visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scheduling.chairs import Ward
    from tests.scheduling.people import Clinic


@pytest.fixture
def clinic(db: None, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """The synthetic clinic with calendars and without visits."""
    from tests.scheduling.people import make_clinic

    return make_clinic(monkeypatch)


@pytest.fixture
def ward(db: None, monkeypatch: pytest.MonkeyPatch) -> Ward:
    """The synthetic clinic with chairs and nurses for infusions; doses are planned by the test."""
    from tests.scheduling.chairs import make_ward

    return make_ward(monkeypatch)
