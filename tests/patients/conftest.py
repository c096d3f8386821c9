"""The small clinic of tests/patients/world.py as a fixture; works with `db` and with a committing database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.patients.world import Clinic


@pytest.fixture
def clinic(db: None) -> Clinic:
    """Made anew for each test; imported here because models cannot be imported before Django is set up."""
    from tests.patients.world import make_clinic

    return make_clinic()
