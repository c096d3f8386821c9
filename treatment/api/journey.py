"""`GET /api/v1/treatment/journey/`: where a patient is, from the same reading as the page."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.services import record_view
from portal.lib.time import now as present
from treatment.api.readiness import WORST
from treatment.api.serializers import CourseRead, DoseRead
from treatment.api.views import TreatmentView
from treatment.journey import words
from treatment.journey.place import Kind, Unit
from treatment.journey.reading import WATCHED, Order, journey_of
from treatment.models import ChecklistItem, GivenElsewhere

BLOCKS = ["stopped", "self_check", "stopped_line", "held", "put_off", "unconfirmed", "check", "line"]
DAYS = ["by", "since", "again", "until"]
STEPS = ["call", "put_off", "late", "do", "book", "check", "waits", "paused", "none"]


class PlaceInCycleRead(serializers.Serializer[Any]):
    """Where the patient stands between two doses. Day 1 is the day of the last dose."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    at = serializers.IntegerField(
        allow_null=True, help_text=_("Of days in a row: how many are over. It can be more than `of`.")
    )
    of = serializers.IntegerField(allow_null=True, help_text=_("Null: no next day counts."))
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    words = serializers.CharField()


class StandsBeforeRead(serializers.Serializer[Any]):
    """Something that stands before the next dose: what, who has it, and the day that belongs to it."""

    code = serializers.ChoiceField(choices=BLOCKS)
    label = serializers.CharField()  # type: ignore[assignment]
    owner = serializers.ChoiceField(choices=ChecklistItem.Owner.choices)
    word = serializers.CharField()
    day = serializers.DateField(
        allow_null=True, help_text=_("Null: no day is set. Ask your infusion center.")
    )
    day_is = serializers.ChoiceField(
        choices=DAYS,
        help_text=_("What the day is: by then, since then, looked at again then, or it holds until then."),
    )
    pressing = serializers.BooleanField(help_text=_("False: its time has not begun."))


class OrderNowRead(serializers.Serializer[Any]):
    """One treatment that runs or is paused. It never says that a dose may be given."""

    course = CourseRead()
    place = serializers.SerializerMethodField()
    last = DoseRead(allow_null=True, help_text=_("The newest dose of this medicine that was given here."))
    last_elsewhere = serializers.DateField(allow_null=True)
    next = DoseRead(allow_null=True)
    late = serializers.BooleanField()
    worst = serializers.SerializerMethodField(help_text=_("The worst of the lines before the next dose."))
    times = serializers.SerializerMethodField(help_text=_("Whether the next dose has a time, in words."))
    blocks = StandsBeforeRead(many=True)

    @extend_schema_field(PlaceInCycleRead)
    def get_place(self, order: Order) -> Any:
        place = order.place
        return {
            "kind": place.kind.value, "at": place.at, "of": place.of, "unit": place.unit.value,
            "words": words.place_words(place, order.facts),
        }  # fmt: skip

    @extend_schema_field(serializers.ChoiceField(choices=WORST, allow_null=True))
    def get_worst(self, order: Order) -> str | None:
        return order.standing.readiness.worst if order.standing is not None else None

    def get_times(self, order: Order) -> list[str]:
        return [str(row["label"]) for row in order.times]


class StepRead(serializers.Serializer[Any]):
    """The one next thing to do, over all treatments."""

    code = serializers.ChoiceField(choices=STEPS)
    course = serializers.UUIDField(source="order.course.pk", allow_null=True, default=None)
    block = StandsBeforeRead(allow_null=True)
    test = serializers.CharField(source="line.test.code", allow_null=True, default=None)


class WatchedRead(serializers.Serializer[Any]):
    """A regular check that has a day."""

    test = serializers.CharField(source="test.code")
    label = serializers.CharField(source="test.label")  # type: ignore[assignment]
    owner = serializers.CharField(source="test.owner")
    state = serializers.ChoiceField(choices=[state.value for state in WATCHED])
    due = serializers.DateField()


class BookedElsewhereRead(serializers.Serializer[Any]):
    """A dose that is booked elsewhere, as it was told; nobody has entered it here yet."""

    therapy = serializers.CharField(source="therapy.code")
    day = serializers.DateField(source="booked_on", allow_null=True)
    place = serializers.SerializerMethodField()
    words = serializers.SerializerMethodField()

    def get_place(self, row: GivenElsewhere) -> str:
        return str(row.details.get("booked_place", ""))

    def get_words(self, row: GivenElsewhere) -> str:
        return str(row.details.get("booked", ""))


class JourneyRead(serializers.Serializer[Any]):
    """Where a patient is today, on the calendar of the center."""

    patient = serializers.UUIDField(source="patient.pk")
    today = serializers.DateField()
    step = StepRead()
    orders = OrderNowRead(many=True)
    watched = WatchedRead(many=True)
    booked_elsewhere = BookedElsewhereRead(many=True)


class JourneyView(TreatmentView):
    @extend_schema(responses={200: JourneyRead})
    def get(self, request: Request) -> Response:
        """Where the patient is: the last dose and the next of each treatment, what stands before it and who has it, and the one next step."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        return Response(JourneyRead(journey_of(asked.user, asked.patient, present())).data)
