"""The day of the next dose: when, where, how long, who drives, whom to call. It reads; nothing is decided here.

Carers who keep the appointments read what appointments may know: no drug, no list, nothing of the record.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.contributions import DoseTime, dose_times
from portal.lib.time import today_in
from treatment import words
from treatment.checks import OpenItem, checklist_of
from treatment.courses import reading
from treatment.courses.booking import call_before_travel, dose_for_booking
from treatment.courses.eyes import Eyes
from treatment.courses.watching import need_of
from treatment.models import Dose, Postponement
from treatment.protocols.facts import InfusionNeed
from treatment.readiness.dose import standing_of_dose

DAYS_AFTER = 7  # doses of the same course on the days after are named too
AT_HOME = (".log.premed_home", ".chk.antiviral")  # lines about medicines that the patient brings or takes
DRIVER = ".log.driver"


@dataclass(frozen=True, slots=True)
class DayOf:
    """The day of one dose. `dose` and what comes from the record are there only for people who may see the treatment."""

    dose_id: UUID
    planned: str
    target: date
    left: str
    need: InfusionNeed | None
    booked: DoseTime | None
    asked: DoseTime | None
    dose: Dose | None = None
    put_off: Postponement | None = None
    driver: OpenItem | None = None
    at_home: list[OpenItem] = field(default_factory=list)
    stopped: bool = False
    also: list[date] = field(default_factory=list)

    @property
    def length(self) -> str:
        return words.length_words(self.need)

    @property
    def title(self) -> str:
        if self.dose is None:
            return _("The next infusion")
        return words.next_title(reading.facts_for(self.dose.course))

    @property
    def name(self) -> str:
        """The therapy; nothing for people who may not see the treatment."""
        return reading.name_of(self.dose.course) if self.dose is not None else ""


def times_of(user: User, patient: Patient, now: datetime) -> list[DoseTime]:
    """What is booked or asked for, whoever keeps it."""
    return [time for entry in dose_times for time in entry(user, patient, now)]


def day_of(user: User, patient: Patient, now: datetime) -> DayOf | None:
    """The next dose's day for the patient and the team; None when nothing is planned."""
    doses = reading.doses_of(user, patient)
    dose = reading.next_of(doses)
    if dose is None:
        return None
    lines = checklist_of(user, patient, dose, now)
    standing = standing_of_dose(user, patient, dose, now, doses)
    last = dose.target + timedelta(days=DAYS_AFTER)
    return DayOf(
        dose_id=dose.pk,
        target=dose.target,
        **_shared(patient, dose.window, now),
        **_times(user, patient, dose.pk, now),
        need=need_of(Eyes(user, patient), dose),
        dose=dose,
        put_off=standing.put_off,
        driver=next((line for line in lines if line.fact.endswith(DRIVER)), None),
        at_home=[line for line in lines if line.fact.endswith(AT_HOME)],
        stopped=standing.readiness.worst == "stopped",
        also=[
            one.target
            for one in doses
            if one.is_planned and one.course_id == dose.course_id and dose.target < one.target <= last
        ],
    )


def day_for_carer(user: User, patient: Patient, now: datetime) -> DayOf | None:
    """The same without anything of the record, for somebody who keeps the appointments: that they call first, and never why."""
    found = dose_for_booking(user, patient)
    if found is None:
        return None
    return DayOf(
        dose_id=found.dose_id,
        target=found.window.target,
        **_shared(patient, found.window, now),
        **_times(user, patient, found.dose_id, now),
        need=found.need,
        stopped=call_before_travel(user, patient, found),
    )


def _shared(patient: Patient, window: Any, now: datetime) -> dict[str, Any]:
    today = today_in(now, patient.site.time_zone)
    return {"planned": words.planned_words(window), "left": words.left_words(today, window.target)}


def _times(user: User, patient: Patient, dose_id: UUID, now: datetime) -> dict[str, Any]:
    times = [time for time in times_of(user, patient, now) if time.dose_id == dose_id]
    return {
        "booked": next((time for time in times if time.booked), None),
        "asked": next((time for time in times if not time.booked), None),
    }


def bring_list(*, own: bool) -> list[str]:
    """What to bring: one general list; what a center wants besides stands in its own text about finding the room."""
    found = [
        _("The list of medicines and allergies"),
        _("Water and something small to eat"),
        _("A warm layer and comfortable clothes"),
        _("Glasses, hearing aids, and what you need to walk"),
        _("Something to read, to listen to or to watch, and a charger"),
        _("The phone number of who takes you home"),
    ]
    return found if own else [*found, _("Your own phone, so that the center can reach you")]
