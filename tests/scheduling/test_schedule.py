"""The team's day, and what scheduling adds to Today and to the summary."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from patients.models import AuditEvent, Grant
from patients.services import enroll_patient
from portal.lib import actor
from scheduling.pages import Pages
from tests.scheduling.people import Clinic, enter, local_day, statements_of


def test_the_day_lists_visits_by_clinician_and_links_to_the_patient(clinic: Clinic) -> None:
    start = clinic.starts()[2]
    id = clinic.book(start, reason="New tiredness")
    page = enter(clinic.rosa).get(f"/schedule/?day={local_day(clinic, start.at)}").content.decode()
    assert f'href="/patients/{clinic.patient.pk}/"' in page
    assert Pages(clinic.patient.pk).to("detail", id) in page
    assert "Maya Lindqvist" in page
    assert "New tiredness" in page
    assert page.index("Rosa Delgado") < page.index("Dr. Hana Sato")
    other = (
        enter(clinic.world.users["neurologist"])
        .get(f"/schedule/?day={local_day(clinic, start.at)}")
        .content.decode()
    )
    assert other.index("<h2>Dr. Hana Sato") < other.index("<h2>Rosa Delgado")
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        looked = AuditEvent.objects.of(clinic.patient).filter(act="schedule.view")
        assert [event.user_id for event in looked] == [clinic.rosa.pk, clinic.world.users["neurologist"].pk]


def test_days_can_be_walked(clinic: Clinic) -> None:
    browser = enter(clinic.rosa)
    page = browser.get("/schedule/?day=2026-12-25").content.decode()
    assert "day=2026-12-24" in page
    assert "day=2026-12-26" in page
    assert "The clinic is closed on this day." in page
    for odd in ("", "nonsense", "0001-01-01", "9999-12-31", "2026-02-30", "%00"):
        assert browser.get(f"/schedule/?day={odd}").status_code in (200, 400), odd


def test_a_patient_of_another_team_is_shown_as_taken_only(clinic: Clinic) -> None:
    start = clinic.starts()[2]
    clinic.book(start, reason="hidden reason")
    with actor.unit_of_work(actor.system("test")):
        Grant.objects.filter(patient=clinic.patient, kind="team").update(team=clinic.world.other_team)
    page = enter(clinic.rosa).get(f"/schedule/?day={local_day(clinic, start.at)}").content.decode()
    assert "Taken by a patient of another team" in page
    assert "Lindqvist" not in page
    assert "hidden reason" not in page


@pytest.mark.parametrize("who", ["patient", "carer", "other-patient", "editor", "admin", "reviewer"])
def test_only_the_team_opens_the_schedule(clinic: Clinic, who: str) -> None:
    assert enter(clinic.world.users[who]).get("/schedule/").status_code == 404


def test_the_day_takes_the_same_number_of_statements_with_one_row_and_with_five(clinic: Clinic) -> None:
    starts = clinic.starts()
    day = local_day(clinic, starts[0].at)
    browser = enter(clinic.rosa)

    def count() -> int:
        return statements_of(browser, f"/schedule/?day={day}")

    clinic.book(starts[0], reason="first")
    browser.get(f"/schedule/?day={day}")
    before = count()
    for number in range(4):
        patient = enroll_patient(
            site=clinic.world.site,
            name=f"Patient {number}",
            date_of_birth=clinic.world.today(),
            by=clinic.rosa,
            team=clinic.world.team,
        )
        clinic.book(starts[2 + 2 * number], by=clinic.rosa, patient=patient, reason="more")
    assert count() == before
    assert len(re.findall('class="work-row"', browser.get(f"/schedule/?day={day}").content.decode())) == 5


def test_today_shows_the_next_visit_or_asks_for_one(clinic: Clinic) -> None:
    browser = enter(clinic.maya)
    page = browser.get("/").content.decode()
    assert "No appointment is booked." in page
    assert "Ask for an appointment" in page
    start = clinic.starts(days=10)[0]
    id = clinic.book(start)
    page = browser.get("/").content.decode()
    assert "Next appointment" in page
    assert Pages().to("ics", id) in page
    assert re.search(r"\(in 1\d days\)", page)


def test_summary_and_carer_pages_carry_the_visits(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0], reason="ask about sleep")
    past = clinic.starts(days=-20)[0]
    clinic.book(past, now=past.at - timedelta(days=1))
    summary = enter(clinic.rosa).get(f"/patients/{clinic.patient.pk}/").content.decode()
    assert Pages(clinic.patient.pk).to("detail", id) in summary
    assert "Last visit:" in summary
    carer = enter(clinic.world.users["carer"]).get("/").content.decode()
    assert Pages(clinic.patient.pk).list in carer


def test_the_staffs_today_lists_todays_visits(clinic: Clinic) -> None:
    assert "Visits today" in enter(clinic.rosa).get("/").content.decode()
