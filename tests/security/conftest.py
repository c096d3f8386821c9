"""The ground, for the tests of security."""

from __future__ import annotations

from tests.registry.fixtures import ground, ground_database

__all__ = ["ground", "ground_database"]
