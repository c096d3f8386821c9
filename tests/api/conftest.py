"""The ground and the small clinic, for the tests of the API."""

from __future__ import annotations

from tests.accounts.conftest import clinic
from tests.registry.fixtures import ground, ground_database
from tests.treatment.conftest import ward

__all__ = ["clinic", "ground", "ground_database", "ward"]
