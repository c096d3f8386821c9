"""A nurse books out of a conversation: every page of the way carries it, the visit stands in it, and the way leads back."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.urls import reverse

from messaging.models import MadeFrom
from messaging.services import start_thread
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import contributed
from scheduling.pages import Pages
from tests.scheduling.people import Clinic, enter
from tests.scheduling.test_booking_pages import check_url, hidden, visits


def conversation_of(clinic: Clinic) -> UUID:
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        thread_id: UUID = start_thread(
            by=clinic.maya, patient=clinic.patient, id=uuid7(), topic="visit", text="Earlier, please.", now=present()
        ).thread_id  # fmt: skip
    return thread_id


def made(clinic: Clinic) -> list[MadeFrom]:
    with actor.unit_of_work(actor.system("test")):
        return list(MadeFrom.objects.for_system())


def test_from_the_conversation_through_the_questions_and_back(clinic: Clinic) -> None:
    thread, browser = conversation_of(clinic), enter(clinic.rosa)
    make = browser.get(reverse("messaging:make", args=[clinic.patient.pk, thread])).content.decode()
    found = re.search(r'href="([^"]*/appointments/book/\?conversation=[^"]*)"', make)
    assert found is not None
    step = browser.post(found[1], {"visit": "nurse-visit"})
    step = browser.post(step["Location"], {"suits": "any"})
    page = browser.get(step["Location"]).content.decode()
    slot = re.findall(r'name="slot" value="([^"]+)"', page)[0]
    check = browser.post(step["Location"], {"slot": slot})
    fields = {**hidden(browser.get(check["Location"]).content), "reason": ""}
    done = browser.post(check["Location"], fields)
    assert done.status_code == 302
    again = browser.post(check["Location"], fields)
    assert again["Location"] == done["Location"]
    back = reverse("messaging:work-thread", args=[clinic.patient.pk, thread])
    assert f'href="{back}"' in browser.get(done["Location"]).content.decode()
    (visit,), (row,) = visits(clinic), made(clinic)
    assert (row.thread_id, row.kind, row.result) == (thread, "appointment", visit.pk)
    shown = browser.get(back).content.decode()
    assert "Visit with a nurse" in shown
    assert reverse("scheduling:patient-detail", args=[clinic.patient.pk, visit.pk]) in shown


def test_nobody_notes_a_visit_in_a_conversation_that_is_not_there_for_them(clinic: Clinic) -> None:
    conversation_of(clinic)
    for user, pages, thread in (
        (clinic.maya, Pages(None, uuid7()), None),
        (clinic.rosa, Pages(clinic.patient.pk, uuid7()), None),
        (clinic.rosa, Pages(clinic.patient.pk), "no-id"),
    ):
        browser, url = enter(user), check_url(clinic.starts()[len(visits(clinic)) * 4], pages=pages)
        url = f"{url}&conversation={thread}" if thread else url
        done = browser.post(url, {**hidden(browser.get(url).content), "reason": ""})
        assert done.status_code == 302
    assert len(visits(clinic)) == 3
    assert made(clinic) == []


def test_who_comes_on_a_day(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    clinic.book(start)
    day = start.at.astimezone().date()
    for user, wanted in ((clinic.rosa, {clinic.patient.pk}), (clinic.world.users["elsewhere"], set())):
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            found: set[UUID] = set()
            for near in (day - timedelta(days=1), day, day + timedelta(days=1)):
                (group,) = contributed.patient_groups(user, near, present())
                found |= group.patient_ids
            assert found == wanted
