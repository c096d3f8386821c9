"""How visits look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.lib.api import Instant, PageQuery, PatientPageQuery, PatientQuery, Query, Text, Write
from scheduling.forms import MOST_CHARACTERS
from scheduling.infusions import MOST_WISHES
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


class InfusionStartsQuery(PatientPageQuery):
    """Which free times for the next infusion."""

    start = Instant(required=False, help_text=_("From this moment on; the first possible when left out."))
    end = Instant(required=False, help_text=_("Begins before this moment; the last possible when left out."))


class ChairsQuery(Query):
    """Which day of the chairs."""

    on = serializers.DateField(
        required=False,
        help_text=_("A day on the center's calendar; the next open one, today included, when left out."),
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
    who = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Appointment.State.choices)
    reason = serializers.CharField(allow_null=True)
    answer = serializers.CharField(allow_null=True, help_text=_("The team's words about it."))
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


# --- Infusions -----------------------------------------------------------------------------------------------------


class InfusionRead(AppointmentRead):
    """An infusion: asked for, booked, or what became of it."""

    dose = serializers.UUIDField(source="dose_id")
    chair = serializers.CharField(source="resource.label")
    parts = serializers.ListField(
        child=serializers.IntegerField(),
        help_text=_("Minutes of getting ready, of the infusion, of observation and of leaving."),
    )
    wishes = serializers.ListField(
        child=serializers.DateTimeField(), help_text=_("Other times that would be fine; they are not held.")
    )
    moves = serializers.UUIDField(
        source="moves_id",
        allow_null=True,
        help_text=_("The booked infusion that this request asks to move; it stays booked until the answer."),
    )


class DoseNeedRead(serializers.Serializer[Any]):
    """The days in which the next dose should be given, as the calendar of the center counts them, and how long it takes."""

    id = serializers.UUIDField()
    earliest = serializers.DateField()
    target = serializers.DateField()
    latest = serializers.DateField(allow_null=True)
    minutes = serializers.IntegerField(help_text=_("How long chair and nurse are taken; 0 is not known."))
    parts = serializers.ListField(
        child=serializers.IntegerField(),
        allow_null=True,
        help_text=_(
            "Minutes of getting ready, of the infusion, of observation and of leaving; null: the center finds the time."
        ),
    )


class NextInfusionRead(serializers.Serializer[Any]):
    """The next infusion: when it may be, and what is booked or asked for. Without a planned dose all of it is null."""

    dose = DoseNeedRead(allow_null=True)
    can_ask = serializers.BooleanField(help_text=_("Whether a time can be asked for or booked here now."))
    directly = serializers.BooleanField(
        help_text=_("Whether the first wish is booked at once, without an answer of the team.")
    )
    opens_at = serializers.DateTimeField(
        allow_null=True, help_text=_("From when on it may begin, as far as it is open to you.")
    )
    closes_at = serializers.DateTimeField(allow_null=True, help_text=_("When it has to be over."))
    booked = InfusionRead(allow_null=True)
    requested = InfusionRead(
        allow_null=True, help_text=_("The request that waits for an answer; its time is held.")
    )
    answer_by = serializers.DateTimeField(
        allow_null=True, help_text=_("Until when the center promises an answer to the request.")
    )
    declined = InfusionRead(
        allow_null=True, help_text=_("The newest request for this dose that was not possible.")
    )


class InfusionStartRead(serializers.Serializer[Any]):
    """A time that was free a moment ago. Asking for it may still be refused: then others are named."""

    starts_at = serializers.DateTimeField(source="at")
    ends_at = serializers.DateTimeField()


class WaitingRead(serializers.Serializer[Any]):
    """A request that waits for the team, and until when an answer is promised."""

    patient_name = serializers.CharField(source="name")
    what = serializers.CharField(help_text=_("The medicine and the number of the dose."))
    earliest = serializers.DateField(source="visit.dose.earliest")
    target = serializers.DateField(source="visit.dose.target")
    latest = serializers.DateField(source="visit.dose.latest", allow_null=True)
    due = serializers.DateTimeField(allow_null=True)
    late = serializers.BooleanField()
    infusion = InfusionRead(source="visit")


class ChairPhaseRead(serializers.Serializer[Any]):
    """A part of an infusion on the clock."""

    name = serializers.CharField()
    starts_at = serializers.DateTimeField(source="at")
    ends_at = serializers.DateTimeField()


class SeatRead(serializers.Serializer[Any]):
    """A time that a chair or a nurse is taken; `appointment` is null when it is not open to you."""

    starts_at = serializers.DateTimeField(source="at")
    ends_at = serializers.DateTimeField()
    patient_name = serializers.CharField(source="name", allow_null=True, default=None)
    what = serializers.CharField(allow_null=True, default=None)
    phases = ChairPhaseRead(many=True)
    appointment = AppointmentRead(source="visit", allow_null=True)


class SeatsRead(serializers.Serializer[Any]):
    """A chair or a nurse, and what they hold that day."""

    resource = serializers.UUIDField(source="lane.pk")
    who = serializers.CharField(source="lane.label")
    held = SeatRead(source="rows", many=True)


class HalfHourRead(serializers.Serializer[Any]):
    """Half an hour of the infusion room."""

    starts_at = serializers.DateTimeField(source="at")
    states = serializers.SerializerMethodField(
        help_text=_(
            "For each chair in the order of `chairs`: free, closed, taken, booked, or held for a request."
        )
    )

    def get_states(self, row: dict[str, Any]) -> list[str]:
        return [cell["kind"] for cell in row["cells"]]


class HitRead(serializers.Serializer[Any]):
    """Somebody whose place is not free in time; `appointment` is null for a patient of another team."""

    appointment = AppointmentRead(source="taken.visit", allow_null=True)
    starts_at = serializers.DateTimeField(source="taken.starts_at")
    expected_at = serializers.DateTimeField(help_text=_("When the place is expected to be free."))
    told = serializers.DateTimeField(
        allow_null=True, help_text=_("The expected time that the patient was told last.")
    )


class LateRead(serializers.Serializer[Any]):
    """An infusion that goes on longer than it is booked, by what is noted in the chair."""

    appointment = AppointmentRead(source="visit")
    expected_end = serializers.DateTimeField()
    is_over = serializers.BooleanField(
        help_text=_(
            "True when nothing runs late here any more: the patient of this visit was told a later time than needed."
        )
    )
    hits = HitRead(many=True)


class ChairsRead(serializers.Serializer[Any]):
    """A day of the infusion room."""

    on = serializers.DateField()
    is_open = serializers.BooleanField()
    chairs = SeatsRead(many=True)
    nurses = SeatsRead(many=True)
    half_hours = HalfHourRead(source="rows", many=True)
    late = LateRead(many=True)


# --- What may be sent ------------------------------------------------------------------------------------------------


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


class InfusionAskWrite(Write):
    """Times for an infusion."""

    dose = serializers.UUIDField(help_text=_("The `id` of the dose in `infusion/`."))
    wishes = serializers.ListField(
        child=Instant(),
        min_length=1,
        max_length=MOST_WISHES,
        help_text=_("When it could begin, the dearest first. That one is held, or booked at once."),
    )
    reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=MOST_CHARACTERS,
        help_text=_("What the team should know about the time."),
    )
    by_phone = serializers.BooleanField(
        required=False, default=False, help_text=_("For the team: the patient asked for it by phone.")
    )


class ConfirmWrite(Write):
    """The team's yes."""

    starts_at = Instant(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("A wish or any other free time; null is the time that is held."),
    )
    words = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=MOST_CHARACTERS,
        help_text=_("Words to the patient about it."),
    )


class DeclineWrite(Write):
    """The team's no."""

    words = Text(max_length=MOST_CHARACTERS, help_text=_("Words to the patient: why not, and what now."))
