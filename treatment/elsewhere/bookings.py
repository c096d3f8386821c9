"""Doses that were booked elsewhere or in the old system: somebody has to enter them here, and until then both sides read so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib.contributions import booked_doses
from portal.lib.first import SOON, TODAY, Problem
from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment.models import Dose, GivenElsewhere, Protocol
from treatment.protocols.facts import facts_of

NEAR = timedelta(days=7)
"""So long before a booked day it is for today: a step of the portal."""
MOST = 100


def to_enter(
    user: User, rows: Iterable[GivenElsewhere], patient: Patient | None = None
) -> list[GivenElsewhere]:
    """The notes whose booking nobody has entered: none was set aside, and no planned dose of that medicine has a booked time here.

    No statement without a booking that is open, three with any number of them.
    """
    waiting = [row for row in rows if row.booking == GivenElsewhere.Booking.OPEN]
    if not waiting:
        return []
    versions = Protocol.objects.filter(therapy_id__in={row.therapy_id for row in waiting}).order_by("version")
    substances = {therapy: facts_of(pk).substance for therapy, pk in versions.values_list("therapy_id", "pk")}
    doses = Dose.objects.for_user(user, patient).with_course().planned()
    known: dict[UUID, tuple[UUID, str]] = {
        dose.pk: (dose.patient_id, facts_of(dose.course.protocol_id).substance)
        for dose in doses.filter(patient_id__in={row.patient_id for row in waiting})
    }
    booked = {known[pk] for entry in booked_doses for pk in entry(user, list(known))} if known else set()
    return [row for row in waiting if (row.patient_id, substances[row.therapy_id]) not in booked]


def problems(user: User, now: datetime, patient: Patient | None = None) -> Iterator[Problem]:
    """ "What first?": each booking that is to be entered here. Says no medicine. As few statements for all as for one."""
    found: Any = (
        GivenElsewhere.objects.for_user(user, patient)
        .filter(withdrawn_at__isnull=True, booking=GivenElsewhere.Booking.OPEN)
        .select_related("patient__site")
    )
    for row in to_enter(user, list(found.order_by("booked_on", "id")[:MOST]), patient):
        zone = row.patient.site.time_zone
        today = today_in(now, zone)
        near = row.booked_on is not None and row.booked_on <= today + NEAR
        yield Problem(
            patient_id=row.patient_id,
            keys=(f"booked:{row.pk}",),
            rank=TODAY if near else SOON,
            words=line_words(row.booked_on, today),
            url=reverse("treatment:patient-elsewhere", args=[row.patient_id]),
            state=f"{row.booked_on}:{row.is_confirmed}",
            due=_begins(row.booked_on, zone) if row.booked_on is not None else None,
            owner=_("The team"),
        )


def line_words(day: date | None, today: date) -> str:
    """What stands on the list: the day when one is known, and whether it is over."""
    if day is None:
        return _("A dose is booked elsewhere, to be entered here")
    if day < today:
        return _("A dose was booked elsewhere for %(day)s and is not entered here") % {"day": day_words(day)}
    return _("A dose is booked elsewhere for %(day)s, to be entered here") % {"day": day_words(day)}


def told_words(row: GivenElsewhere) -> list[str]:
    """What was told about the booking: its day, its place, and the words of whoever wrote it down."""
    place, said = row.details.get("booked_place", ""), row.details.get("booked", "")
    lines = []
    if row.booked_on is not None and place:
        lines.append(_("%(day)s, %(place)s") % {"day": day_words(row.booked_on), "place": place})
    elif row.booked_on is not None or place:
        lines.append(day_words(row.booked_on) if row.booked_on is not None else place)
    return [*lines, said] if said else lines


def _begins(day: date, zone: str) -> datetime:
    """The first minute of the day at the site."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


__all__ = ["line_words", "problems", "to_enter", "told_words"]
