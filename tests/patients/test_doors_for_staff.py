"""Adding a patient, and emergency access: once, timed, reasoned, told to the patient."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.models import OutgoingMail, User
from accounts.services import open_mail
from patients.emergency import HOURS, TRIES_PER_HOUR
from patients.models import Grant, Patient, PatientKey
from portal.lib.ids import uuid7
from tests.patients.test_pages import text_of
from tests.patients.world import PASSWORD, Clinic, acting, acting_system, acts_of, signed_in


def enroll_form(clinic: Clinic, **more: Any) -> dict[str, Any]:
    return {
        "name": "Ana Ruiz", "date_of_birth_day": "2", "date_of_birth_month": "March", "date_of_birth_year": "1990",
        "email": "Ana@Example.com", "phone": "555-0190", "team": str(clinic.team.pk), "once": str(uuid7()), **more,
    }  # fmt: skip


def patients_named(name: str) -> list[Patient]:
    with acting_system():
        return [patient for patient in Patient.objects.for_system() if patient.name == name]


def test_a_nurse_adds_a_patient_once(clinic: Clinic) -> None:
    client, form = signed_in(clinic["rosa"]), enroll_form(clinic)
    answers = [client.post("/patients/add/", form) for _press in range(3)]
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer["Location"] for answer in answers}) == 1
    (ana,) = patients_named("Ana Ruiz")
    with acting_system():
        assert set(PatientKey.objects.filter(patient=ana).values_list("space", flat=True)) == {
            "own",
            "clinic",
        }
        assert set(Grant.objects.filter(patient=ana).values_list("kind", flat=True)) == {"self", "team"}
    assert OutgoingMail.objects.filter(kind="invitation").count() == 1
    assert acts_of(ana)[0] == "patient.enrolled system"
    user = User.objects.get(email="ana@example.com")
    assert signed_in(user).get("/me/").status_code == 200
    assert "Ana Ruiz" in text_of(client.get(answers[0]["Location"]))


def test_the_same_press_with_another_name_is_refused(clinic: Clinic) -> None:
    client, form = signed_in(clinic["rosa"]), enroll_form(clinic)
    client.post("/patients/add/", form)
    answer = client.post("/patients/add/", {**form, "name": "Somebody Else"})
    assert answer.status_code == 422
    assert "Somebody Else" in answer.content.decode()
    assert patients_named("Somebody Else") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "samuel@example.com"), ("email", "x"), ("name", ""), ("date_of_birth_year", "2199"), ("phone", "none"),
     ("team", "x"), ("team", "00000000-0000-7000-8000-000000000000")],
)  # fmt: skip
def test_a_patient_who_cannot_be_added_is_refused_and_nothing_stays(
    clinic: Clinic, field: str, value: str
) -> None:
    users = User.objects.count()
    answer = signed_in(clinic["rosa"]).post("/patients/add/", enroll_form(clinic, **{field: value}))
    assert answer.status_code == 422
    assert patients_named("Ana Ruiz") == []
    assert User.objects.count() == users
    assert not OutgoingMail.objects.exists()


def test_a_patient_is_added_to_ones_own_team_only(clinic: Clinic) -> None:
    answer = signed_in(clinic["rosa"]).post(
        "/patients/add/", enroll_form(clinic, team=str(clinic.other_team.pk))
    )
    assert answer.status_code == 422
    assert patients_named("Ana Ruiz") == []


@pytest.mark.parametrize("url", ["/patients/add/", "/patients/emergency/open/"])
@pytest.mark.parametrize("name", ["maya", "jonas", "former", "future", "stranger"])
def test_the_doors_are_for_people_of_a_team(clinic: Clinic, name: str, url: str) -> None:
    assert signed_in(clinic[name]).get(url).status_code == 404
    assert Client().get(url).status_code == 302


# --- Emergency access --------------------------------------------------------------------------------------------


@pytest.fixture
def peter(clinic: Clinic) -> Client:
    """Signed in by the real page, and asked again for the password, as the door wants it."""
    cache.clear()
    client = Client()
    client.post("/accounts/login/", {"login": "peter@example.com", "password": PASSWORD})
    reauthenticate(client)
    return client


def reauthenticate(client: Client) -> None:
    answer = client.get("/patients/emergency/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    answer = client.post(answer["Location"], {"password": PASSWORD})
    assert answer.status_code == 302
    assert client.get("/patients/emergency/").status_code == 200


def emergency(**more: Any) -> dict[str, Any]:
    return {
        "email": "maya@example.com",
        "name": "",
        "reason": "She collapsed in the gym.",
        "once": str(uuid7()),
        **more,
    }


def emergency_grants() -> list[Grant]:
    with acting_system():
        return list(Grant.objects.filter(kind="break_glass"))


BY_NAME = {
    "email": "",
    "name": " maya  LINDQVIST",
    "date_of_birth_day": "19",
    "date_of_birth_month": "4",
    "date_of_birth_year": "1987",
}


@pytest.mark.parametrize("who", [{}, BY_NAME], ids=["by address", "by name and birth date"])
def test_emergency_access_opens_one_record_and_the_patient_reads_it(
    clinic: Clinic, peter: Client, who: dict[str, str]
) -> None:
    form = emergency(**who)
    for _press in range(2):
        assert peter.post("/patients/emergency/", form)["Location"] == "/patients/emergency/open/"
    (grant,) = emergency_grants()
    assert grant.ends_at is not None
    assert grant.ends_at - grant.starts_at == timedelta(hours=HOURS)
    assert "Maya Lindqvist" in text_of(peter.get("/patients/emergency/open/"))
    assert peter.get(f"/patients/{clinic.maya.pk}/").status_code == 200
    assert peter.get(f"/patients/{clinic.samuel.pk}/").status_code == 404
    maya = signed_in(clinic["maya"])
    access = text_of(maya.get("/me/access/"))
    assert "Peter" in access
    assert "She collapsed in the gym." in access
    trail = text_of(maya.get("/me/trail/"))
    assert "Peter, Nurse, Rehab team · opened your record in an emergency" in trail
    assert "Emergency access" in trail
    from patients.models import AuditEvent

    with acting_system():
        acts = AuditEvent.objects.for_system().of(clinic.maya).filter(capacity="break_glass")
        assert {event.grant for event in acts} == {grant.pk}
        assert {event.act for event in acts} >= {"grant.break_glass", "summary.view"}


def test_the_mail_about_it_says_nothing(clinic: Clinic, peter: Client) -> None:
    peter.post("/patients/emergency/", emergency())
    mails = [open_mail(mail) for mail in OutgoingMail.objects.filter(kind="access-notice")]
    assert [mail["to"] for mail in mails if mail] == ["maya@example.com"]
    said = str(mails).lower()
    for word in ("emergency", "peter", "infusion", "collapsed", "health", "record", " ms "):
        assert word not in said


def test_it_closes_by_itself_after_four_hours(clinic: Clinic, peter: Client) -> None:
    peter.post("/patients/emergency/", emergency())
    with acting_system():
        Grant.objects.filter(kind="break_glass").update(
            starts_at=datetime.now(UTC) - timedelta(hours=HOURS, seconds=1),
            ends_at=datetime.now(UTC) - timedelta(seconds=1),
        )
    assert peter.get(f"/patients/{clinic.maya.pk}/").status_code == 404
    assert "Maya" not in text_of(peter.get("/patients/emergency/open/"))
    assert "Earlier" in text_of(signed_in(clinic["maya"]).get("/me/access/"))


@pytest.mark.parametrize(
    "wrong",
    [{"email": "nobody@example.com"}, {"email": "rosa@example.com"}, {**BY_NAME, "date_of_birth_year": "1988"},
     {**BY_NAME, "name": "Maya"}],
)  # fmt: skip
def test_finding_nobody_is_answered_like_finding_somebody(
    clinic: Clinic, peter: Client, wrong: dict[str, str]
) -> None:
    found = peter.post("/patients/emergency/", emergency(email="samuel@example.com"))
    nothing = peter.post("/patients/emergency/", emergency(**wrong))
    assert (nothing.status_code, nothing["Location"]) == (found.status_code, found["Location"])
    assert len(emergency_grants()) == 1


def test_two_patients_with_one_name_and_birth_date_open_neither(clinic: Clinic, peter: Client) -> None:
    with acting(clinic["samuel"]):
        twin = Patient.objects.get()
        twin.name = "Maya Lindqvist"
        twin.save()
    peter.post("/patients/emergency/", emergency(**BY_NAME))
    assert emergency_grants() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"reason": "short"},
        {"email": "x"},
        {"email": ""},
        {"email": "", "name": "Maya Lindqvist"},
    ],
)
def test_without_a_reason_or_a_full_name_nothing_opens(
    clinic: Clinic, peter: Client, wrong: dict[str, str]
) -> None:
    assert peter.post("/patients/emergency/", emergency(**wrong)).status_code == 422
    assert emergency_grants() == []


def test_somebody_of_the_team_gets_no_second_access(clinic: Clinic) -> None:
    cache.clear()
    client = Client()
    client.post("/accounts/login/", {"login": "rosa@example.com", "password": PASSWORD})
    reauthenticate(client)
    assert client.post("/patients/emergency/", emergency()).status_code == 302
    assert emergency_grants() == []


def test_the_door_asks_again_for_the_password_after_five_minutes(clinic: Clinic, peter: Client) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=6), tick=False):
        assert peter.post("/patients/emergency/", emergency()).status_code == 302
    assert emergency_grants() == []


def test_somebody_without_a_password_signs_in_anew_first(clinic: Clinic) -> None:
    cache.clear()
    clinic["peter"].set_unusable_password()
    clinic["peter"].save()
    client = signed_in(clinic["peter"])
    answer = client.post("/patients/emergency/", emergency())
    assert answer.status_code == 422
    assert "Sign out and sign in again" in text_of(answer)
    assert emergency_grants() == []


def test_the_door_is_not_for_searching(clinic: Clinic, peter: Client) -> None:
    for _try in range(TRIES_PER_HOUR):
        assert (
            peter.post("/patients/emergency/", emergency(email=f"{uuid7()}@example.com")).status_code == 302
        )
    answer = peter.post("/patients/emergency/", emergency())
    assert answer.status_code == 422
    assert "many times in the last hour" in text_of(answer)
    assert emergency_grants() == []


@pytest.mark.parametrize("name", ["maya", "jonas", "former", "stranger"])
def test_others_do_not_find_the_door(clinic: Clinic, name: str) -> None:
    client = signed_in(clinic[name])
    for answer in (client.get("/patients/emergency/"), client.post("/patients/emergency/", emergency())):
        assert answer.status_code == 404


def test_ids_in_links_are_uuids(clinic: Clinic, peter: Client) -> None:
    peter.post("/patients/emergency/", emergency())
    assert UUID(str(emergency_grants()[0].pk)).version == 7
