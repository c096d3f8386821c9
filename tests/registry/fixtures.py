"""The ground as a fixture: laid once for each worker, and as it was again after each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from tests.conftest import pointed_at
from tests.harness import cluster

if TYPE_CHECKING:  # models may be imported only once Django is set up, and a conftest is read before
    from tests.registry.ground import Ground


@pytest.fixture(scope="session")
def ground_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, Ground]]:
    """A clone of the demo world, completed; its name, and where everything is."""
    from tests.registry.ground import lay

    name = cluster.clone(cluster.world())
    with django_db_blocker.unblock(), pointed_at(name):
        laid = lay()
    _age(name)
    yield name, laid
    cluster.drop(name)


def _age(database: str) -> None:
    """Make what was written look an hour old. A whole run takes most of an hour: what still can be undone (ten minutes) would be so
    in the first tests and not in the last, so a test that needs it has to take what `freshen` writes, in every run."""
    with cluster.acquire().connect(database=database) as connection:
        connection.execute("UPDATE messaging_message SET created_at = created_at - interval '1 hour'")
        connection.execute("UPDATE messaging_thread SET last_at = last_at - interval '1 hour'")


@pytest.fixture
def ground(ground_database: tuple[str, Ground], django_db_blocker: Any) -> Iterator[Ground]:
    """Django leads to the ground; whatever the test does there is rolled back."""
    from tests.registry.ground import freshen

    name, laid = ground_database
    with django_db_blocker.unblock(), pointed_at(name), transaction.atomic():
        try:
            freshen(laid)
            yield laid
        finally:
            transaction.set_rollback(True)
