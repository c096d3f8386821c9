"""The pages of infusion times: asking, the state of it, taking back, the team's answer, the board of chairs."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

import pytest

from patients.models import AuditEvent, Grant
from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling import infusions
from scheduling.models import Appointment
from scheduling.pages import Pages, time_text
from tests.scheduling.chairs import Ward, whole
from tests.scheduling.people import enter, local_day, statements_of

OWN = "/appointments/infusion/"


def form(**more: str) -> dict[str, str]:
    return {"draft": str(uuid7()), "draft_version": "0", "reason": "", **more}


def latest(ward: Ward) -> Appointment:
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        newest = Appointment.objects.for_user(ward.maya).order_by("-created_at").first()
    assert newest is not None
    return newest


def test_a_patient_asks_with_three_wishes(ward: Ward) -> None:
    ward.dose()
    browser = enter(ward.maya)
    page = browser.get(OWN).content.decode()
    assert "No time is booked yet" in page
    assert "Plan about 4 hours and 30 minutes in all." in page
    where = f"{OWN}when/"
    for wish in range(3):
        page = browser.get(where).content.decode()
        slots = re.findall(r'name="slot" value="(\d{8}T\d{6}Z)"', page)
        assert len(slots) == 3
        answer = browser.post(where, {"slot": slots[0]})
        assert answer.status_code == 302
        where = answer["Location"].replace("check/", "when/")
        check = browser.get(answer["Location"]).content.decode()
        names = ["First wish", "Second wish", "Third wish"]
        assert [name in check for name in names] == [wish > 0, wish > 0, wish == 2]
    assert "Add another wish" not in check
    done = browser.post(answer["Location"], form(reason="Mornings are better"), follow=True)
    page = done.content.decode()
    assert "Request sent" in page
    assert "The center answers by" in page
    visit = latest(ward)
    assert (visit.state, len(visit.wishes)) == ("requested", 2)
    page = browser.get(OWN).content.decode()
    assert "Waiting for the center to confirm" in page
    assert "Ask for other times instead" in page
    assert "Waiting for the center to confirm" in browser.get("/appointments/").content.decode()


def test_more_days_are_shown_as_days_and_only_inside_the_window(ward: Ward) -> None:
    dose = ward.dose(first=10, last=20)
    page = enter(ward.maya).get(f"{OWN}when/?from={ward.world.today()}").content.decode()
    slots = re.findall(r'name="slot" value="(\d{8}T\d{6}Z)"', page)
    assert len(slots) > 5
    assert min(slots) >= dose.earliest.strftime("%Y%m%d")
    assert max(slots) < (dose.latest + timedelta(days=2)).strftime("%Y%m%d")  # type: ignore[operator]


def test_a_time_that_is_gone_keeps_the_words_and_offers_others(ward: Ward) -> None:
    dose = ward.dose(target=3)
    at = ward.times(dose)[0]
    late = at + timedelta(hours=9)
    browser = enter(ward.maya)
    answer = browser.post(f"{OWN}check/?at={time_text(late)}", form(reason="Please with a window"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Please with a window" in page
    assert page.count("formaction=") == 3
    other = re.findall(r'formaction="([^"]+)"', page)[0].replace("&amp;", "&")
    answer = browser.post(other, form(reason="Please with a window"))
    assert answer.status_code == 302, answer.content.decode()[:400]
    assert ward.visit(latest(ward).pk).reason == "Please with a window"


@pytest.mark.parametrize("odd", ["", "?at=nonsense", "?at=20269999T000000Z", "?at=%00"])
def test_odd_addresses_lead_back(ward: Ward, odd: str) -> None:
    ward.dose()
    assert enter(ward.maya).get(f"{OWN}check/{odd}").status_code in (302, 400)
    assert enter(ward.maya).get(f"{OWN}when/{odd}").status_code in (200, 400)


def test_without_a_dose_or_minutes_or_days_left_the_page_says_whom_to_call(ward: Ward) -> None:
    browser = enter(ward.maya)
    assert "No infusion is planned here right now." in browser.get(OWN).content.decode()
    for dose, words in (
        ({"parts": None}, "Times for it are found on the phone."),
        ({"first": -20, "target": -10, "last": -2}, "The days for it are over"),
        ({"first": 300, "target": 310, "last": 320}, "too far ahead to ask for a time now"),
    ):
        ward.dose(**dose)
        page = browser.get(OWN).content.decode()
        assert words in page, words
        assert "555-0100" in page
        if "parts" in dose:
            assert browser.get(f"{OWN}when/").status_code == 302


def test_a_request_is_taken_back_on_its_page(ward: Ward) -> None:
    dose = ward.dose()
    id = ward.ask(dose, ward.times(dose)[0])
    browser = enter(ward.maya)
    path = Pages().to("infusion-withdraw", id)
    assert "Take the request back?" in browser.get(path).content.decode()
    page = browser.post(path, {"once": str(uuid7())}, follow=True).content.decode()
    assert "This request was taken back" in page
    assert browser.get(path).status_code == 302
    assert whole(ward) == []


def test_a_carer_asks_too(ward: Ward) -> None:
    dose = ward.dose()
    carer = enter(ward.world.users["carer"])
    pages = Pages(ward.patient.pk)
    assert pages.to("infusion") in carer.get("/").content.decode()
    path = pages.to("infusion-check", at=[time_text(ward.times(dose)[0])])
    assert "Request sent" in carer.post(path, form(), follow=True).content.decode()
    assert latest(ward).capacity == "carer"


def test_the_nurse_confirms_with_one_press(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[0], times[9], reason="Needs a quiet corner")
    nurse = enter(ward.rosa)
    assert "Requests for infusion times" in nurse.get("/").content.decode()
    page = nurse.get("/schedule/requests/").content.decode()
    assert "Maya Lindqvist" in page
    assert "Needs a quiet corner" in page
    assert page.count('name="once"') == 2
    path = Pages(ward.patient.pk).to("infusion-confirm", id)
    page = nurse.post(path, {"once": str(uuid7())}, follow=True).content.decode()
    assert "The patient gets an email." in page
    assert "No request waits for an answer." in page
    assert ward.visit(id).is_booked
    again = nurse.post(path, {"once": str(uuid7())}, follow=True).content.decode()
    assert "answered or taken back in the meantime" in again
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        acts = set(AuditEvent.objects.of(ward.patient).values_list("act", flat=True))
    assert {"infusion.asked", "infusion.confirmed", "requests.view"} <= acts


def test_the_nurse_books_another_wish_or_another_time(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[0], times[9])
    nurse, pages = enter(ward.rosa), Pages(ward.patient.pk)
    answer = nurse.post(
        pages.to("infusion-confirm", id),
        {"once": str(uuid7()), "at": time_text(times[0] + timedelta(hours=12))},
    )
    assert answer.status_code == 409
    assert "That time is not free" in answer.content.decode()
    path = pages.to("infusion-answer", id)
    slots = re.findall(r'name="slot" value="(\d{8}T\d{6}Z)"', nurse.get(path).content.decode())
    assert len(slots) == 3
    sent = {"once": str(uuid7()), "slot": slots[2], "words": "The pharmacy needs a day more."}
    assert nurse.post(path, sent).status_code == 302
    page = enter(ward.maya).get(Pages().to("detail", id)).content.decode()
    assert "The pharmacy needs a day more." in page
    assert time_text(ward.visit(id).starts_at) == slots[2]
    assert len(whole(ward)) == 1


def test_the_nurse_says_no_with_words(ward: Ward) -> None:
    dose = ward.dose()
    id = ward.ask(dose, ward.times(dose)[0])
    nurse, path = enter(ward.rosa), Pages(ward.patient.pk).to("infusion-decline", id)
    assert nurse.post(path, {"once": str(uuid7()), "words": ""}).status_code == 422
    assert nurse.post(path, {"once": str(uuid7()), "words": "Please call us first."}).status_code == 302
    page = enter(ward.maya).get(OWN).content.decode()
    assert "The center could not give you the time you asked for" in page
    assert "Please call us first." in page
    assert "Ask for a time" in page


@pytest.mark.parametrize("name", ["infusion-confirm", "infusion-answer", "infusion-decline"])
def test_nobody_but_the_team_answers(ward: Ward, name: str) -> None:
    dose = ward.dose()
    id = ward.ask(dose, ward.times(dose)[0])
    path = Pages(ward.patient.pk).to(name, id)
    sent = {"once": str(uuid7()), "words": "no", "slot": time_text(ward.times(dose)[5])}
    for key in ("patient", "carer", "other-patient", "elsewhere", "editor"):
        assert enter(ward.world.users[key]).post(path, sent).status_code == 404, key
    assert ward.visit(id).is_requested


def test_the_board_says_the_state_of_each_chair_in_words(ward: Ward) -> None:
    dose, other = ward.dose(), ward.dose(ward.world.other_patient, last=30)
    times = ward.times(dose)
    booked = ward.ask(dose, times[0])
    ward.act(infusions.confirm, booked)
    ward.ask(other, times[1], by=ward.samuel, patient=ward.world.other_patient)
    day = local_day(ward, times[0])
    page = enter(ward.rosa).get(f"/schedule/chairs/?day={day}").content.decode()
    assert "2 infusions" in page
    table = page[page.index("<table") : page.index("</table>")]
    cells = [
        " ".join(re.sub(r"<[^>]+>", " ", cell).split())
        for cell in re.findall(r"<td.*?</td>", table, re.DOTALL)
    ]
    assert len(cells) == 5 * table.count('<th scope="row">')
    mine = [cell for cell in cells if "Maya Lindqvist" in cell]
    assert len(mine) == 1
    assert mine[0].endswith("Getting ready")
    assert cells.count("Infusion") >= 8
    assert cells.count("Observation") >= 2
    assert any("asked for, not confirmed" in cell for cell in cells)
    assert {"Free", "Closed"} <= set(cells)
    assert f'href="{Pages(ward.patient.pk).to("detail", booked)}"' in table
    listed = page[page.index("board__list") :]
    assert "Amara Obi" in listed
    assert "Maya Lindqvist" in listed


def test_the_board_shows_others_as_taken(ward: Ward) -> None:
    dose = ward.dose()
    at = ward.times(dose)[0]
    ward.ask(dose, at, reason="hidden reason")
    with actor.unit_of_work(actor.system("test")):
        Grant.objects.filter(patient=ward.patient, kind="team").update(team=ward.world.other_team)
    nurse = enter(ward.rosa)
    page = nurse.get(f"/schedule/chairs/?day={local_day(ward, at)}").content.decode()
    assert "Taken" in page
    for path in (f"/schedule/chairs/?day={local_day(ward, at)}", "/schedule/requests/", "/"):
        page = nurse.get(path).content.decode()
        assert "Lindqvist" not in page
        assert "hidden reason" not in page


def test_the_board_opens_on_the_next_open_day_and_walks(ward: Ward) -> None:
    nurse = enter(ward.rosa)
    page = nurse.get("/schedule/chairs/").content.decode()
    assert "The center is closed on this day." not in page
    page = nurse.get("/schedule/chairs/?day=2026-12-25").content.decode()
    assert "The center is closed on this day." in page
    assert "day=2026-12-24" in page
    for odd in ("", "nonsense", "0001-01-01", "9999-12-31", "%00"):
        assert nurse.get(f"/schedule/chairs/?day={odd}").status_code in (200, 400), odd


@pytest.mark.parametrize("path", ["/schedule/chairs/", "/schedule/requests/"])
def test_only_the_team_opens_the_boards(ward: Ward, path: str) -> None:
    for key in ("patient", "carer", "editor", "admin"):
        assert enter(ward.world.users[key]).get(path).status_code == 404, key


def test_board_and_requests_take_the_same_statements_with_one_row_and_with_five(ward: Ward) -> None:
    first = ward.dose()
    times = ward.times(first)
    zone_day = local_day(ward, times[0])
    same_day = [at for at in times if local_day(ward, at) == zone_day]
    paths = (f"/schedule/chairs/?day={zone_day}", "/schedule/requests/", "/")
    browser = enter(ward.rosa)
    ward.ask(first, same_day[0], reason="first")
    for path in paths:
        browser.get(path)
    before = [statements_of(browser, path) for path in paths]
    asked: list[UUID] = []
    for number in range(4):
        patient = enroll_patient(
            site=ward.world.site,
            name=f"Patient {number}",
            date_of_birth=ward.world.today(),
            by=ward.rosa,
            team=ward.world.team,
        )
        dose = ward.dose(patient)
        at = ward.times(dose, by=ward.rosa, patient=patient)[1]
        asked.append(ward.ask(dose, at, by=ward.rosa, patient=patient, reason="more"))
    with actor.unit_of_work(actor.system("test")):
        Appointment.objects.filter(pk__in=asked).update(state="requested")
    assert [statements_of(browser, path) for path in paths] == before
    assert browser.get("/schedule/requests/").content.decode().count('class="work-row') >= 5
