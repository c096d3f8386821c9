"""A visit as an .ics file: nothing in it says what it is about."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from scheduling.models import Appointment, Service


def calendar_bytes(visit: Appointment, *, url: str, now: datetime) -> bytes:
    """One VEVENT with its time zone: the UID never changes, SEQUENCE is the visit's version, a cancelled one says so.

    `url` is the path of the visit's page, `now` (aware) the time stamp. Neither the clinic's name nor the visit type, the
    person or the reason are in it: calendars are shared and synced.
    """
    site = visit.patient.site
    zone = ZoneInfo(site.time_zone)
    event = Event()
    event.add("uid", str(visit.pk))
    event.add("sequence", visit.version)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("last-modified", visit.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.starts_at.astimezone(zone))
    event.add("dtend", visit.ends_at.astimezone(zone))
    event.add("summary", _("Clinic appointment"))
    event.add(
        "status", "CONFIRMED" if visit.is_booked else "TENTATIVE" if visit.is_requested else "CANCELLED"
    )
    event.add("transp", "OPAQUE" if visit.is_booked else "TRANSPARENT")
    event.add("class", "PRIVATE")
    event.add("url", settings.PUBLIC_URL + url)
    event.add(
        "description",
        _("Sign in to see the details, or call %(phone)s to change it.") % {"phone": site.day_phone},
    )
    if visit.service.place == Service.Place.CLINIC:
        event.add("location", site.address)
    calendar = Calendar()
    calendar.add("prodid", "-//Clinic portal//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written
