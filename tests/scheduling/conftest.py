"""The clinic of the demo with its calendars and no visits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scheduling.people import Clinic


@pytest.fixture
def clinic(db: None, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """The synthetic clinic with calendars and without visits."""
    from tests.scheduling.people import make_clinic

    return make_clinic(monkeypatch)
