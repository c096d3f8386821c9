"""The .ics file, read back by a parser: right in time, stable in identity, silent about health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from icalendar import Calendar

from accounts.models import User
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from scheduling import services
from scheduling.pages import Pages
from tests.scheduling.people import Clinic, enter


def fetch(clinic: Clinic, id: UUID, user: User | None = None) -> tuple[Any, str]:
    pages = Pages() if user is None else Pages(clinic.patient.pk)
    answer = enter(user or clinic.maya).get(pages.to("ics", id))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert "no-store" in answer["Cache-Control"]
    return Calendar.from_ical(answer.content), answer.content.decode()


def test_the_file_says_when_and_where_and_nothing_else(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    id = clinic.book(start, reason="secret reason")
    calendar, text = fetch(clinic, id)
    (event,) = calendar.walk("VEVENT")
    assert str(event["SUMMARY"]) == "Clinic appointment"
    assert str(event["UID"]) == str(id)
    assert int(event["SEQUENCE"]) == 0
    assert str(event["STATUS"]) == "CONFIRMED"
    assert event.decoded("DTSTART") == start.at
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=30)
    assert event["DTSTART"].params["TZID"] == "America/New_York"
    assert [str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")] == ["America/New_York"]
    low = text.replace("\r\n ", "").lower()
    for word in (
        "nurse",
        "infusion",
        "rosa",
        "delgado",
        "secret",
        "neuro",
        "riverside ms",
        "maya",
        "lindqvist",
    ):
        assert word not in low
    assert "12 riverside walk" in low.replace("\\,", ",")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75


def test_change_and_cancel_raise_the_sequence_and_keep_the_identity(clinic: Clinic) -> None:
    starts = clinic.starts()
    id = clinic.book(starts[0])
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        services.reschedule(
            by=clinic.maya,
            patient=clinic.patient,
            appointment_id=id,
            starts_at=starts[9].at,
            version=0,
            id=uuid7(),
            now=present(),
        )
    (event,) = fetch(clinic, id)[0].walk("VEVENT")
    assert (str(event["UID"]), int(event["SEQUENCE"]), event.decoded("DTSTART")) == (str(id), 1, starts[9].at)
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        services.cancel(by=clinic.maya, patient=clinic.patient, appointment_id=id, id=uuid7())
    (event,) = fetch(clinic, id)[0].walk("VEVENT")
    assert (str(event["UID"]), int(event["SEQUENCE"]), str(event["STATUS"])) == (str(id), 2, "CANCELLED")


def test_a_carers_file_leads_to_the_carers_page(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0])
    (event,) = fetch(clinic, id, clinic.world.users["carer"])[0].walk("VEVENT")
    assert str(event["URL"]).endswith(f"/patients/{clinic.patient.pk}/appointments/{id}/")


def test_a_phone_call_has_no_address(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts("call")[0], kind="call")
    (event,) = fetch(clinic, id)[0].walk("VEVENT")
    assert "LOCATION" not in event
