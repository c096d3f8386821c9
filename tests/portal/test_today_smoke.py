"""The synthetic clinic loads, and its people can open their start page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from portal.demo import world
from portal.lib import contributions
from portal.lib.time import now


@pytest.mark.parametrize("key", ["patient", "carer", "other-patient"])
def test_people_who_are_patients_or_carers_open_today(db: None, key: str) -> None:
    loaded = world.load(now())
    client = Client()
    client.force_login(loaded.users[key])
    response = client.get("/")
    assert response.status_code == 200
    assert User.objects.count() == 10


def test_what_needs_the_patient_is_said_even_when_no_app_has_a_card(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = world.load(now())
    monkeypatch.setattr(contributions.today_cards, "_entries", {})
    client = Client()
    client.force_login(loaded.users["patient"])
    assert "Needs you" in client.get("/").content.decode()
