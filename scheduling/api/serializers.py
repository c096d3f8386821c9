"""How visits look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.lib.api import Instant, PageQuery, PatientPageQuery, PatientQuery, Query, Text, Write
from scheduling.forms import MOST_CHARACTERS
from scheduling.models import Appointment, Service

CHANGES = 100_000_000


class StartsQuery(PatientQuery, PageQuery):
    """Which free times."""

    service = serializers.SlugField(max_length=40, help_text=_("The `code` of a service."))
    resource = serializers.UUIDField(required=False, help_text=_("Only with this clinician."))
    appointment = serializers.UUIDField(
        required=False, help_text=_("The visit that is to be moved: its own time counts as free.")
    )
    start = Instant(required=False, help_text=_("From this moment on; from now on when left out."))
    end = Instant(
        required=False, help_text=_("Until this moment; two weeks later when left out, 60 days at most.")
    )


class AppointmentListQuery(PatientPageQuery):
    """Which visits."""

    when = serializers.ChoiceField(
        choices=[("upcoming", _("Booked and not over")), ("earlier", _("Over or canceled"))],
        required=False,
        default="upcoming",
        help_text=_("`upcoming`: the next one first. `earlier`: over or canceled, the newest first."),
    )


class DayQuery(Query):
    """Which day."""

    on = serializers.DateField(
        required=False, help_text=_("A day on the center's calendar; today when left out.")
    )


class ServiceRead(serializers.Serializer[Any]):
    """A kind of visit that can be booked."""

    code = serializers.SlugField()
    name = serializers.CharField()
    hint = serializers.CharField(allow_blank=True)
    minutes = serializers.IntegerField()
    place = serializers.ChoiceField(choices=Service.Place.choices)


class StartRead(serializers.Serializer[Any]):
    """A time that was free a moment ago. Booking it may still be refused: then others are named."""

    starts_at = serializers.DateTimeField(source="at")
    ends_at = serializers.DateTimeField()
    resource = serializers.UUIDField(source="resource_id")
    who = serializers.CharField(source="label")


class AppointmentRead(serializers.Serializer[Any]):
    """A visit."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    service = serializers.SlugField(source="service.code")
    name = serializers.CharField(source="service.name")
    place = serializers.ChoiceField(choices=Service.Place.choices, source="service.place")
    directions = serializers.CharField(source="service.directions", allow_blank=True)
    resource = serializers.UUIDField(source="resource_id")
    who = serializers.CharField(source="resource.label")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Appointment.State.choices)
    reason = serializers.CharField(allow_null=True)
    cancel_reason = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(help_text=_("Goes up with each change; send it with the next one."))
    changed_at = serializers.DateTimeField()


class PlaceRead(serializers.Serializer[Any]):
    """A place that is taken on a clinician's day; `appointment` is null when the visit is not open to you."""

    starts_at = serializers.DateTimeField(source="at")
    patient_name = serializers.CharField(source="visit.patient.name", allow_null=True, default=None)
    appointment = AppointmentRead(source="visit", allow_null=True)


class LaneRead(serializers.Serializer[Any]):
    """A clinician's day."""

    resource = serializers.UUIDField(source="lane.pk")
    who = serializers.CharField(source="lane.label")
    visits = PlaceRead(source="rows", many=True)


class DayRead(serializers.Serializer[Any]):
    """A day of the center."""

    on = serializers.DateField()
    is_open = serializers.BooleanField()
    lanes = LaneRead(many=True)


class AppointmentWrite(Write):
    """A visit to book."""

    service = serializers.SlugField(max_length=40, help_text=_("The `code` of a service."))
    starts_at = Instant()
    resource = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text=_("With whom; null is whoever is free.")
    )
    reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=MOST_CHARACTERS,
        help_text=_("What the team should know before the visit."),
    )
    by_phone = serializers.BooleanField(
        required=False, default=False, help_text=_("For the team: the patient asked for it by phone.")
    )


class AppointmentChangeWrite(Write):
    """Another time for the same visit."""

    starts_at = Instant()
    resource = serializers.UUIDField(required=False, allow_null=True, default=None)
    version = serializers.IntegerField(min_value=0, max_value=CHANGES, help_text=_("The one that you saw."))
    by_phone = serializers.BooleanField(required=False, default=False)


class AppointmentCancelWrite(Write):
    """Why, if anybody wants to say."""

    reason = Text(required=False, allow_blank=True, default="", max_length=MOST_CHARACTERS)
    by_phone = serializers.BooleanField(required=False, default=False)
