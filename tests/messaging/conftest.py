"""Fixtures of the messaging tests. Nothing of the portal is imported before Django is set up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.messaging.ward import Ward


@pytest.fixture
def ward(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    """The demo clinic's people without what the apps' demos add: no messages yet."""
    from portal.context import forget_site
    from portal.demo import world
    from portal.lib.contributions import Registry
    from tests.messaging.ward import Ward

    monkeypatch.setattr(world, "demo_loaders", Registry())
    forget_site()
    yield Ward(world.load(timezone.now()))
    forget_site()


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """A client of this person."""
    from django.test import Client

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in
