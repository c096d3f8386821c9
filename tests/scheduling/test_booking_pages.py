"""The pages of booking: four questions, one result, nothing lost when a time is gone, and bad input is a clear page."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from patients.models import Draft
from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling.finding import Start
from scheduling.models import Appointment, Claim
from scheduling.pages import Pages, slot_text
from tests.scheduling.people import Clinic, enter, statements_of


def check_url(start: Start, *, kind: str = "nurse-visit", pages: Pages | None = None) -> str:
    at = slot_text(start.at, start.resource_id)
    return (pages or Pages()).to("book-check", visit=kind, suits="any", at=at)


def hidden(html: bytes) -> dict[str, str]:
    """The hidden inputs of a page, as a browser would send them."""
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html.decode())
    return {name: value for name, value in pairs if name != "csrfmiddlewaretoken"}


def visits(clinic: Clinic) -> list[Appointment]:
    with actor.unit_of_work(actor.system("test")):
        return list(Appointment.objects.for_system())


def test_booking_from_the_list_to_the_confirmation(clinic: Clinic) -> None:
    browser = enter(clinic.maya)
    assert Pages().book in browser.get("/appointments/").content.decode()
    step = browser.post("/appointments/book/", {"visit": "nurse-visit"})
    assert step.status_code == 302
    assert "any" in browser.get(step["Location"]).content.decode()
    step = browser.post(step["Location"], {"suits": "mornings"})
    page = browser.get(step["Location"]).content.decode()
    slots = re.findall(r'name="slot" value="([^"]+)"', page)
    assert len(slots) == 3
    check = browser.post(step["Location"], {"slot": slots[1]})
    page_ = browser.get(check["Location"])
    assert "Visit with a nurse" in page_.content.decode()
    done = browser.post(check["Location"], {**hidden(page_.content), "reason": "A question about sleep"})
    assert done.status_code == 302
    result = browser.get(done["Location"]).content.decode()
    assert re.search(r"<h1[^>]*>.*Appointment booked", result)
    (visit,) = visits(clinic)
    assert done["Location"] == f"/appointments/{visit.pk}/booked/"
    listed = browser.get("/appointments/").content.decode()
    assert "A question about sleep" in listed
    assert not Draft.objects.for_user(clinic.maya).exists()


def test_pressing_twice_books_once(clinic: Clinic) -> None:
    browser, url = enter(clinic.maya), check_url(clinic.starts()[0])
    fields = {**hidden(browser.get(url).content), "reason": ""}
    first, second = browser.post(url, fields), browser.post(url, fields)
    assert first["Location"] == second["Location"]
    other = browser.post(check_url(clinic.starts()[4]), fields)
    assert other["Location"] == first["Location"]
    assert len(visits(clinic)) == 1


def test_a_time_taken_in_between_keeps_the_answers_and_shows_others(clinic: Clinic) -> None:
    browser, start = enter(clinic.maya), clinic.starts()[6]
    url = check_url(start)
    fields = {**hidden(browser.get(url).content), "reason": "My left foot drags"}
    clinic.book(start, by=clinic.samuel, patient=clinic.world.other_patient)
    refused = browser.post(url, fields)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "My left foot drags" in page
    others = [found.replace("&amp;", "&") for found in re.findall(r'formaction="([^"]+)"', page)]
    assert len(others) == 3
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        draft = Draft.objects.for_user(clinic.maya).get()
        assert draft.fields["reason"] == ["My left foot drags"]
    done = browser.post(others[0], {**hidden(refused.content), "reason": "My left foot drags"})
    assert done.status_code == 302
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        visit = Appointment.objects.for_user(clinic.maya).get()
        assert visit.reason == "My left foot drags"


def test_stop_here_and_go_on_later(clinic: Clinic) -> None:
    browser, url = enter(clinic.maya), check_url(clinic.starts()[0])
    fields = {**hidden(browser.get(url).content), "reason": "half a sent", "later": "1"}
    assert browser.post(url, fields)["Location"] == "/"
    assert url.replace("&", "&amp;") in browser.get("/").content.decode()
    assert "half a sent" in browser.get(url).content.decode()
    assert not visits(clinic)


@pytest.mark.parametrize("step", ["book", "book-suits", "book-when"])
@pytest.mark.parametrize("value", ["", "nonsense", "\x00", "x" * 5000, "‮abc"])
def test_a_wrong_answer_is_asked_again(clinic: Clinic, step: str, value: str) -> None:
    field = {"book": "visit", "book-suits": "suits", "book-when": "slot"}[step]
    url = Pages().to(step, visit="nurse-visit" if step != "book" else "")
    page = enter(clinic.maya).post(url, {field: value})
    assert page.status_code == 422
    assert b"error-summary" in page.content
    assert b"<title>Error:" in page.content


@pytest.mark.parametrize(
    "query", ["", "?visit=nope", "?visit=%00", "?visit=" + "x" * 3000, "?visit=nurse-visit&at=nope"]
)
@pytest.mark.parametrize("step", ["book-suits", "book-when", "book-check"])
def test_a_forged_address_leads_back_to_a_question(clinic: Clinic, step: str, query: str) -> None:
    page = enter(clinic.maya).get(Pages().to(step) + query)
    assert page.status_code in (200, 302, 400)
    if page.status_code == 302:
        assert page["Location"].startswith("/appointments/book/")


@pytest.mark.parametrize("bad", ["past", "night", "minute", "other-lane", "far"])
def test_a_forged_time_is_refused_and_the_words_are_kept(clinic: Clinic, bad: str) -> None:
    start = clinic.starts()[0]
    lane = clinic.neurologist.pk if bad == "other-lane" else start.resource_id
    at = {
        "past": clinic.world.at(-30, 9),
        "night": clinic.world.at(4, 2),
        "minute": start.at + timedelta(minutes=1),
        "other-lane": start.at,
        "far": clinic.world.at(300, 9),
    }[bad]
    url = check_url(Start(at, at, lane, ""))
    browser = enter(clinic.maya)
    page = browser.post(url, {**hidden(browser.get(url).content), "reason": "kept words"})
    assert page.status_code == 409
    assert "kept words" in page.content.decode()
    assert not visits(clinic)


def test_a_reason_that_is_too_long_is_kept(clinic: Clinic) -> None:
    browser, url = enter(clinic.maya), check_url(clinic.starts()[0])
    page = browser.post(url, {**hidden(browser.get(url).content), "reason": "word " * 400 + "END"})
    assert page.status_code == 422
    assert "END</textarea>" in page.content.decode()
    assert not visits(clinic)


def test_null_and_direction_marks_are_taken_out_of_the_reason(clinic: Clinic) -> None:
    browser, url = enter(clinic.maya), check_url(clinic.starts()[0])
    assert browser.post(url, {**hidden(browser.get(url).content), "reason": "a\x00b‮c"}).status_code == 302
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        assert Appointment.objects.for_user(clinic.maya).get().reason == "abc"


def test_another_patients_ids_in_hidden_fields_change_nothing(clinic: Clinic) -> None:
    browser, url = enter(clinic.maya), check_url(clinic.starts()[0])
    forged = {
        **hidden(browser.get(url).content),
        "draft_patient": str(clinic.world.other_patient.pk),
        "patient": str(clinic.world.other_patient.pk),
        "patient_id": str(clinic.world.other_patient.pk),
        "reason": "mine",
    }
    assert browser.post(url, forged).status_code == 302
    assert [visit.patient_id for visit in visits(clinic)] == [clinic.patient.pk]


def test_an_id_that_somebody_else_used_is_refused(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0], by=clinic.samuel, patient=clinic.world.other_patient)
    browser, url = enter(clinic.maya), check_url(clinic.starts()[6])
    page = browser.post(url, {**hidden(browser.get(url).content), "draft": str(id), "reason": "kept"})
    assert page.status_code in (409, 422)
    assert "kept" in page.content.decode()
    assert len(visits(clinic)) == 1


PATHS = [
    "list",
    "book",
    "book-suits",
    "book-when",
    "book-check",
    "detail",
    "booked",
    "change",
    "changed",
    "cancel",
    "cancelled",
    "ics",
]


def every_path(pages: Pages, id: UUID) -> list[str]:
    alone = {"list", "book", "book-suits", "book-when", "book-check"}
    return [pages.to(name, None if name in alone else id) for name in PATHS]


@pytest.mark.parametrize("who", ["other-patient", "elsewhere", "editor", "admin", "reviewer"])
def test_strangers_get_404_for_every_page_and_method(clinic: Clinic, who: str) -> None:
    id = clinic.book(clinic.starts()[0])
    browser = enter(clinic.world.users[who])
    for path in [*every_path(Pages(clinic.patient.pk), id), *every_path(Pages(), id)[5:]]:
        assert browser.get(path).status_code == 404, path
        assert browser.post(path, {"once": str(uuid7())}).status_code in (404, 405), path
    assert clinic.visit(id).version == 0


def test_anonymous_people_are_asked_to_sign_in(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0])
    for path in [*every_path(Pages(), id), *every_path(Pages(clinic.patient.pk), id), "/schedule/"]:
        answer = Client().get(path)
        assert answer.status_code == 302, path
        assert "/accounts/login/" in answer["Location"]


def test_a_carer_without_appointments_gets_404(clinic: Clinic) -> None:
    from patients.models import Grant

    id, carer = clinic.book(clinic.starts()[0]), clinic.world.users["carer"]
    pages = Pages(clinic.patient.pk)
    assert enter(carer).get(pages.list).status_code == 200
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        Grant.objects.filter(patient=clinic.patient, kind="carer").update(scopes=["messages"])
    for path in every_path(pages, id):
        assert enter(carer).get(path).status_code == 404, path
    assert b"Appointments of" not in enter(carer).get("/").content


def test_carer_and_nurse_book_for_the_patient(clinic: Clinic) -> None:
    pages = Pages(clinic.patient.pk)
    for number, (who, capacity) in enumerate([("carer", "carer"), ("nurse", "phone")]):
        browser = enter(clinic.world.users[who])
        url = check_url(clinic.starts()[number * 8], pages=pages)
        page = browser.get(url)
        assert "Maya Lindqvist" in page.content.decode()
        done = browser.post(url, {**hidden(page.content), "reason": "", "by_phone": "on"})
        assert done.status_code == 302
        assert done["Location"].startswith(f"/patients/{clinic.patient.pk}/appointments/")
        assert [visit for visit in visits(clinic) if visit.capacity == capacity]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(clinic: Clinic, method: str) -> None:
    id = clinic.book(clinic.starts()[0])
    browser = enter(clinic.maya)
    for path in every_path(Pages(), id):
        assert getattr(browser, method)(path).status_code == 405, path
    for path in (Pages().list, Pages().to("ics", id), Pages().to("booked", id)):
        assert browser.post(path).status_code == 405, path


def test_a_site_without_booking_says_whom_to_call(clinic: Clinic) -> None:
    site = clinic.world.site
    site.books_directly = False
    site.save()
    page = enter(clinic.maya).get("/appointments/book/").content.decode()
    assert "555-0100" in page
    assert 'name="visit"' not in page
    assert enter(clinic.maya).post(check_url(clinic.starts()[0])).status_code == 302
    assert not visits(clinic)


def test_no_free_time_is_said_plainly(clinic: Clinic) -> None:
    with actor.unit_of_work(actor.system("test")):
        clinic.nurse.rules.all().delete()
    page = enter(clinic.maya).get("/appointments/book/when/?visit=nurse-visit").content.decode()
    assert "There is no free time that suits." in page
    assert "555-0100" in page


def test_mornings_are_mornings_and_days_are_headings(clinic: Clinic) -> None:
    browser = enter(clinic.maya)
    first = clinic.world.today() + timedelta(days=1)
    page = browser.get(
        f"/appointments/book/when/?visit=nurse-visit&suits=mornings&from={first}"
    ).content.decode()
    assert page.count("<legend><h2>") == 5
    for slot in re.findall(r'name="slot" value="(\d{8}T\d{6}Z)', page):
        at = datetime.strptime(slot + "+0000", "%Y%m%dT%H%M%SZ%z").astimezone(clinic_zone(clinic))
        assert at.hour < 12
    later = re.search(r'href="([^"]*from=[^"]+)">Later days', page)
    assert later is not None
    following = browser.get(later[1].replace("&amp;", "&")).content.decode()
    assert "Earlier days" in following
    assert set(re.findall(r"<legend><h2>([^<]+)", following)).isdisjoint(
        re.findall(r"<legend><h2>([^<]+)", page)
    )


def clinic_zone(clinic: Clinic) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(clinic.world.site.time_zone)


def test_the_list_takes_the_same_number_of_statements_at_any_length(clinic: Clinic) -> None:
    browser = enter(clinic.maya)

    def count() -> int:
        return statements_of(browser, "/appointments/")

    clinic.book(clinic.starts()[0], reason="one")
    browser.get("/appointments/")
    before = count()
    for number, start in enumerate(clinic.starts(days=4, lasting=30)[::12][:5]):
        clinic.book(start, reason=f"reason {number}")
    assert count() == before
    assert Claim.objects.live().count() == 6
