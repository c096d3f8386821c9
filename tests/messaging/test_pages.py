"""The patient's and the carer's pages, each on its ladder: works, nobody, stranger, wrong method."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

SignIn = Callable[[User], Client]


def paths(ward: Ward, thread_id: UUID) -> dict[str, str]:
    of_maya = ward.of_maya.pk
    return {
        "list": reverse("messaging:list"),
        "new": reverse("messaging:new"),
        "thread": reverse("messaging:thread", args=[thread_id]),
        "sent": reverse("messaging:sent", args=[thread_id]),
        "patient-list": reverse("messaging:patient-list", args=[of_maya]),
        "patient-new": reverse("messaging:patient-new", args=[of_maya]),
        "patient-thread": reverse("messaging:patient-thread", args=[of_maya, thread_id]),
        "patient-sent": reverse("messaging:patient-sent", args=[of_maya, thread_id]),
        "work-list": reverse("messaging:work-list"),
        "work-thread": reverse("messaging:work-thread", args=[of_maya, thread_id]),
        "note": reverse("messaging:note", args=[of_maya, thread_id]),
    }


OWN = ("list", "new", "thread", "sent")
CARER = ("patient-list", "patient-new", "patient-thread", "patient-sent")
STAFF = ("work-list", "work-thread", "note", "patient-list", "patient-new")


@pytest.mark.parametrize("name", OWN)
def test_patient_opens_her_own_pages(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.maya).get(paths(ward, thread_id)[name]).status_code == 200


@pytest.mark.parametrize("name", CARER)
def test_carer_opens_the_pages_with_the_patients_id(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.jonas).get(paths(ward, thread_id)[name]).status_code == 200


@pytest.mark.parametrize("name", STAFF)
def test_nurse_opens_the_teams_pages(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.rosa).get(paths(ward, thread_id)[name]).status_code == 200


@pytest.mark.parametrize("name", [*OWN, *CARER, "work-list", "work-thread", "note"])
def test_nobody_is_asked_to_sign_in(name: str, ward: Ward) -> None:
    thread_id = ward.start()
    answer = Client().get(paths(ward, thread_id)[name])
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["thread", "sent", *CARER, "work-list", "work-thread", "note"])
def test_another_patient_finds_nothing(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.samuel).get(paths(ward, thread_id)[name]).status_code == 404


@pytest.mark.parametrize("name", ["list", "new", "thread", *CARER, "work-thread", "note"])
def test_a_clinician_of_another_team_finds_nothing(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.peter).get(paths(ward, thread_id)[name]).status_code == 404


@pytest.mark.parametrize("name", ["work-list", "work-thread", "note"])
@pytest.mark.parametrize("who", ["maya", "jonas"])
def test_the_patients_side_finds_no_team_pages(name: str, who: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(getattr(ward, who)).get(paths(ward, thread_id)[name]).status_code == 404


@pytest.mark.parametrize("name", ["patient-thread", "patient-sent"])
def test_the_team_reads_on_its_own_pages(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    assert signed_in(ward.rosa).get(paths(ward, thread_id)[name]).status_code == 404


def test_emergency_access_reads_and_does_not_act(ward: Ward, signed_in: SignIn) -> None:
    from patients.models import Grant

    thread_id = ward.start()
    with ward.system():
        grant = Grant(patient=ward.of_maya, kind="break_glass", user=ward.peter)
        grant.ends_at = timezone.now() + timedelta(hours=4)
        grant.reason = "She is here with a fever."
        grant.save(force_insert=True)
    client = signed_in(ward.peter)
    page = client.get(paths(ward, thread_id)["work-thread"])
    assert page.status_code == 200
    assert "I am tired." in page.content.decode()
    assert "Send answer" not in page.content.decode()
    assert client.get(paths(ward, thread_id)["patient-list"]).status_code == 200
    assert client.get(paths(ward, thread_id)["patient-new"]).status_code == 404
    for name in ("answer", "claim", "note", "finish"):
        url = reverse(f"messaging:{name}", args=[ward.of_maya.pk, thread_id])
        data = {
            "once": str(uuid7()),
            "draft": str(uuid7()),
            "seen": "1",
            "text": "Hello.",
            "outcome": "arranged",
        }
        assert client.post(url, data).status_code == 403
    assert ward.texts(thread_id) == ["I am tired."]


def test_one_patients_conversation_under_another_patients_id_is_not_found(
    ward: Ward, signed_in: SignIn
) -> None:
    of_samuel = ward.start(ward.samuel, ward.of_samuel)
    nurse = signed_in(ward.rosa)
    for name in ("work-thread", "note"):
        assert nurse.get(reverse(f"messaging:{name}", args=[ward.of_maya.pk, of_samuel])).status_code == 404
    carer = signed_in(ward.jonas)
    assert (
        carer.get(reverse("messaging:patient-thread", args=[ward.of_maya.pk, of_samuel])).status_code == 404
    )
    assert signed_in(ward.maya).get(reverse("messaging:thread", args=[of_samuel])).status_code == 404


@pytest.mark.parametrize("name", ["close", "claim", "release", "answer", "finish"])
def test_acts_are_posts_only(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    if name == "close":
        answer = signed_in(ward.maya).get(reverse("messaging:close", args=[thread_id]))
    else:
        answer = signed_in(ward.rosa).get(reverse(f"messaging:{name}", args=[ward.of_maya.pk, thread_id]))
    assert answer.status_code == 405


@pytest.mark.parametrize("name", ["list", "sent", "work-list", "work-thread"])
def test_pages_to_read_take_no_posts(name: str, ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    person = ward.rosa if name.startswith("work") else ward.maya
    assert signed_in(person).post(paths(ward, thread_id)[name]).status_code == 405


def send(client: Client, url: str, **fields: Any) -> Any:
    """Open the form, fill it in, press the button."""
    html = client.get(url).content.decode()
    data = {name: hidden(html, name) for name in ("draft", "draft_version")}
    if 'name="seen"' in html:
        data["seen"] = hidden(html, "seen")
    return client.post(url, {**data, **fields})


def test_patient_writes_and_the_result_is_a_page_that_says_so(ward: Ward, signed_in: SignIn) -> None:
    client = signed_in(ward.maya)
    answer = send(client, reverse("messaging:new"), topic="visit", text="Can I come earlier?")
    assert answer.status_code == 302
    page = client.get(answer["Location"]).content.decode()
    assert "<h1" in page
    assert "Message sent" in page
    assert "Your team answers by" in page


def test_nurse_answers_and_the_patient_reads_it(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(topic="visit", text="Can I come earlier?")
    nurse = signed_in(ward.rosa)
    listed = nurse.get(reverse("messaging:work-list")).content.decode()
    assert "My infusion or appointment, Maya Lindqvist" in listed
    assert "Can I come earlier?" in listed
    page = nurse.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])).content.decode()
    answer = nurse.post(
        reverse("messaging:answer", args=[ward.of_maya.pk, thread_id]),
        {
            "draft": hidden(page, "draft"),
            "draft_version": "0",
            "seen": hidden(page, "seen"),
            "text": "Yes, at 8:30 am.",
        },
    )
    assert answer.status_code == 302
    assert "Nothing is open here." in nurse.get(answer["Location"]).content.decode()
    assert "Nothing to do here right now." in nurse.get(reverse("messaging:work-list")).content.decode()
    patient = signed_in(ward.maya)
    listed = patient.get(reverse("messaging:list")).content.decode()
    assert "Unread" in listed
    assert "Answered" in listed
    read = patient.get(reverse("messaging:thread", args=[thread_id])).content.decode()
    assert "Yes, at 8:30 am." in read
    assert "Rosa Delgado, Infusion nurse" in read
    assert "Unread" not in patient.get(reverse("messaging:list")).content.decode()


def test_a_carers_message_says_for_whom_it_was_written(ward: Ward, signed_in: SignIn) -> None:
    carer = signed_in(ward.jonas)
    answer = send(
        carer,
        reverse("messaging:patient-new", args=[ward.of_maya.pk]),
        topic="other",
        text="I will drive her.",
    )
    assert answer.status_code == 302
    page = carer.get(answer["Location"].replace("sent/", "")).content.decode()
    assert "You for Maya Lindqvist" in page
    listed = signed_in(ward.maya).get(reverse("messaging:list")).content.decode()
    assert "from Jonas Lindqvist" in listed
    with ward.acting(ward.rosa):
        pass
    item = signed_in(ward.rosa).get(reverse("messaging:work-list")).content.decode()
    link = item.split('work-row__what">')[1].split('href="')[1].split('"')[0]
    assert "Jonas Lindqvist for Maya Lindqvist" in signed_in(ward.rosa).get(link).content.decode()
