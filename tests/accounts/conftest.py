"""People of a clinic with passwords, and the limits empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.patients.world import Clinic


@pytest.fixture
def clinic(db: None) -> Clinic:
    """The small clinic of tests/patients/world.py, with no sign-in limit used up."""
    from django.core.cache import cache

    from tests.patients.world import make_clinic

    cache.clear()
    return make_clinic()
