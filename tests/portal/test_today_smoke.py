"""The synthetic clinic loads, and its people can open their start page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from portal.demo import world
from portal.lib.time import now


@pytest.mark.parametrize("key", ["patient", "carer", "other-patient"])
def test_people_who_are_patients_or_carers_open_today(db: None, key: str) -> None:
    loaded = world.load(now())
    client = Client()
    client.force_login(loaded.users[key])
    response = client.get("/")
    assert response.status_code == 200
    assert User.objects.count() == 9
