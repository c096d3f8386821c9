"""A dose before its day where the data give no shortest interval: whoever is about to give or order it is told, for the day that was chosen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.lib.ids import uuid7
from portal.lib.time import now as present
from tests.treatment.conftest import Ward
from tests.treatment.test_chair import Chair, at, minutes
from tests.treatment.test_pages import dated
from treatment.courses import ending
from treatment.models import Dose

NO_MINIMUM = "The protocol gives no shortest interval."


@pytest.fixture
def second(ward: Ward) -> Dose:
    """Natalizumab: dose 1 ten days ago, so dose 2 is planned 28 days after it, in 18 days."""
    course = ward.order("natalizumab", ward.today - timedelta(days=10))
    ward.give(course, ward.today - timedelta(days=10))
    return ward.planned(course)


def post(client: Client, url: str, **data: Any) -> Any:
    return client.post(url, {"draft": str(uuid7()), "draft_version": "0", **data})


def test_the_chair_warns_before_the_start_and_at_the_close(ward: Ward, second: Dose, client: Client) -> None:
    ward.ask_there(second, present() - minutes(31))
    chair = Chair(ward, second.course, present() - minutes(30))
    client.force_login(ward.nurse)
    before = client.get(at(ward, chair)).content.decode()
    assert NO_MINIMUM in before
    assert "This is 18 days before the planned day." in before
    assert "Start now" in before  # it warns, it does not refuse
    chair.note("started")
    chair.note("ended", 20)
    assert NO_MINIMUM in client.get(at(ward, chair, "chair-close")).content.decode()


def test_the_chair_says_nothing_of_it_on_the_planned_day(ward: Ward, client: Client) -> None:
    chair = Chair(ward, ward.order("natalizumab", ward.today), present())
    client.force_login(ward.nurse)
    assert NO_MINIMUM not in client.get(at(ward, chair)).content.decode()


def test_the_day_that_is_chosen_is_looked_at_before_it_is_noted(
    ward: Ward, second: Dose, client: Client
) -> None:
    """Today is 18 days before the planned day, the day before yesterday 20: the page says 20 before it notes anything."""
    client.force_login(ward.nurse)
    url = reverse("treatment:patient-given", args=[ward.patient.pk, second.pk])
    shown = client.get(url).content.decode()
    assert "This is 18 days before the planned day." in shown
    assert f'name="seen" value="{ward.today.isoformat()}"' in shown
    chosen = ward.today - timedelta(days=2)
    said = {**dated("given_on", chosen), "given_at": "9:30 am", "extent": "whole", "reaction": "no"}
    refused = post(client, url, **said, seen=ward.today.isoformat())
    html = refused.content.decode()
    assert refused.status_code == 422
    assert "This is 20 days before the planned day." in html
    assert f'name="seen" value="{chosen.isoformat()}"' in html
    assert post(client, url, **said, seen=chosen.isoformat()).status_code == 302


def test_the_answer_of_the_api_says_it_to_the_team(ward: Ward, second: Dose, client: Client) -> None:
    url = f"/api/v1/treatment/doses/{second.pk}/"
    about = f"?patient={ward.patient.pk}"
    client.force_login(ward.nurse)
    assert any(NO_MINIMUM in line for line in client.get(url + about).json()["warnings"])
    given_at = (present() - timedelta(days=1)).isoformat()
    answer = client.post(
        f"{url}given/{about}", {"given_at": given_at}, content_type="application/json", headers={"Idempotency-Key": str(uuid7())}
    )  # fmt: skip
    assert answer.status_code == 200, answer.content
    assert any(NO_MINIMUM in line for line in answer.json()["warnings"])
    client.force_login(ward.maya)
    assert client.get(url).json()["warnings"] == []


def test_a_new_order_after_an_ended_course_names_the_last_dose(
    ward: Ward, second: Dose, client: Client
) -> None:
    client.force_login(ward.neurologist)
    page = reverse("treatment:patient-order", args=[ward.patient.pk])
    with ward.acting(ward.neurologist):
        ending.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=second.course_id, reason="A break", id=uuid7(), now=present()
        )  # fmt: skip
    html = client.get(page).content.decode()
    assert "the last known dose was on" in html
    again = ward.planned(ward.order("natalizumab", ward.today, now=present()))
    chair = Chair(ward, again.course, present())
    client.force_login(ward.nurse)
    shown = client.get(at(ward, chair)).content.decode()
    assert "The last known dose of this medicine was 10 days before." in shown
    assert NO_MINIMUM in shown


def test_an_order_without_an_earlier_dose_names_none(ward: Ward, client: Client) -> None:
    client.force_login(ward.neurologist)
    html = client.get(reverse("treatment:patient-order", args=[ward.patient.pk])).content.decode()
    assert "the last known dose was on" not in html
