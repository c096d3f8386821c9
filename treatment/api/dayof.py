"""`/api/v1/treatment/`: the day of a dose, check-ins, after-care, the wallet card, and the patient's own plans."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.areas import OWN, Scope
from patients.requests import About, about
from patients.services import can, record_view
from portal.lib.api import (
    Day,
    Key,
    NothingWrite,
    PatientPageQuery,
    PatientQuery,
    Text,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
)
from portal.lib.time import now as present
from treatment.api.selfchecks import SelfCheckRead, SelfCheckWrite
from treatment.api.views import TreatmentView
from treatment.dayof import aftercare, card, checkins, day, plans
from treatment.models import CheckIn, LifePlan

NEWEST_FIRST = (Key("asked_at", lambda row: row.asked_at, stamp, down=True), by_id(down=True))


# --- What is said ---------------------------------------------------------------------------------------------------


class DoseTimeRead(serializers.Serializer[Any]):
    """A time for the dose."""

    starts_at = serializers.DateTimeField()
    booked = serializers.BooleanField(help_text=_("False: asked for, and the center has not answered."))


class DayLineRead(serializers.Serializer[Any]):
    """A line of the list before the dose."""

    fact = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    word = serializers.CharField()
    done = serializers.BooleanField()


class InfusionDayRead(serializers.Serializer[Any]):
    """The day of the next dose. What comes from the record is null or empty for carers, who read only what appointments may know."""

    dose = serializers.UUIDField(allow_null=True)
    target = serializers.DateField(allow_null=True)
    time = DoseTimeRead(allow_null=True)
    chair_minutes = serializers.IntegerField(
        allow_null=True, help_text=_("Null: not known. Ask your infusion center.")
    )
    therapy = serializers.CharField(allow_blank=True)
    put_off = serializers.BooleanField()
    driver = DayLineRead(allow_null=True)
    medicine_at_home = DayLineRead(many=True)
    bring = serializers.ListField(child=serializers.CharField())
    place = serializers.CharField()
    address = serializers.CharField()
    how_to_find = serializers.CharField(allow_blank=True, help_text=_("Empty: ask your infusion center."))
    parking = serializers.CharField(allow_blank=True, help_text=_("Empty: ask your infusion center."))
    nurse_phone = serializers.CharField(allow_blank=True, help_text=_("While open; empty: the day phone."))
    day_phone = serializers.CharField()
    after_hours_phone = serializers.CharField()
    emergency_phone = serializers.CharField()


class CheckInRead(serializers.Serializer[Any]):
    """A question after a dose, and the self-check that answers it. Nothing new ticked does not mean that all is well."""

    id = serializers.UUIDField()
    dose = serializers.UUIDField(source="dose_id")
    step_hours = serializers.IntegerField(source="step")
    asked_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=CheckIn.State.choices)
    answered_at = serializers.DateTimeField(allow_null=True)
    answer = serializers.UUIDField(source="answer_id", allow_null=True)


class SaidRead(serializers.Serializer[Any]):
    """Words of the version. Sources and status are for the team; empty for the patient."""

    text = serializers.CharField(allow_blank=True)
    sources = serializers.ListField(child=serializers.CharField())
    status = serializers.CharField(allow_blank=True)


class LastDoseRead(serializers.Serializer[Any]):
    """The last known dose of a treatment; `on` null: the day is not known, ask."""

    therapy = serializers.CharField(source="name")
    on = serializers.DateField(allow_null=True)
    elsewhere = serializers.BooleanField(help_text=_("Given elsewhere, and confirmed."))


class CheckGoingOnRead(serializers.Serializer[Any]):
    """A regular check that goes on; `until` null: no last day is known, or each dose moves it."""

    name = serializers.CharField(source="test.label")
    until = serializers.DateField(allow_null=True)


class AfterCareRead(serializers.Serializer[Any]):
    """What to watch for after a dose, in the words of the versions, each sign once. Empty lists are not known."""

    therapies = serializers.ListField(child=serializers.CharField())
    demo_only = serializers.BooleanField()
    emergency = SaidRead(many=True)
    call_now = SaidRead(many=True)
    reactions = serializers.ListField(child=serializers.CharField())
    expected = serializers.ListField(child=serializers.CharField())
    last_doses = LastDoseRead(many=True)
    checks = CheckGoingOnRead(many=True)


class OnCardRead(serializers.Serializer[Any]):
    """A medicine on the card. Null: not known here, ask."""

    generic = serializers.CharField()
    brands = serializers.CharField(allow_blank=True)
    kind = serializers.CharField(allow_blank=True)
    effect = serializers.CharField(allow_blank=True)
    warning = serializers.CharField(allow_blank=True)
    last_on = serializers.DateField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)
    elsewhere_only = serializers.BooleanField()
    unconfirmed = serializers.BooleanField()
    demo_only = serializers.BooleanField()


class CardRead(serializers.Serializer[Any]):
    """The wallet card as it stands now. Empty allergies without `none_known`: nobody has asked."""

    name = serializers.CharField()
    born = serializers.DateField()
    medicines = OnCardRead(many=True)
    allergies = serializers.ListField(child=serializers.CharField())
    none_known = serializers.BooleanField()
    day_phone = serializers.CharField()
    after_hours_phone = serializers.CharField()
    made_at = serializers.DateTimeField()


class MeetsRead(serializers.Serializer[Any]):
    """Something of the treatment that lies in the days of a plan."""

    kind = serializers.ChoiceField(
        choices=[("booked", _("A time")), ("window", _("A planned dose")), ("check", _("A check"))]
    )
    words = serializers.CharField()
    first_on = serializers.DateField()
    last_on = serializers.DateField()


class PlanRead(serializers.Serializer[Any]):
    """A plan, and what of the treatment lies in its days. It never says what to do; an empty list says nothing about the treatment."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=LifePlan.Kind.choices)
    note = serializers.CharField(allow_blank=True)
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    written_at = serializers.DateTimeField()
    asked_at = serializers.DateTimeField(allow_null=True)
    meets = MeetsRead(many=True)


class PlanWrite(Write):
    """What you plan, and when. Days may be left open."""

    kind = serializers.ChoiceField(choices=LifePlan.Kind.choices)
    starts_on = Day(required=False, allow_null=True, default=None)
    ends_on = Day(required=False, allow_null=True, default=None)
    note = Text(max_length=plans.NOTE_LENGTH, required=False, allow_blank=True, default="")


class PlanChangeWrite(PlanWrite):
    """Other words, from the version that was read."""

    version = serializers.IntegerField(min_value=1, max_value=100_000)


# --- The day, after-care, the card ----------------------------------------------------------------------------------


class InfusionDay(TreatmentView):
    @extend_schema(responses={200: InfusionDayRead})
    def get(self, request: Request) -> Response:
        """The day of the next dose: when, where, how long, whom to call. Also for carers who keep the appointments."""
        asked = about(self, Scope.APPOINTMENTS)
        own = can(asked.user, asked.patient, "treatment")
        record_view(asked.user, asked.patient, "treatment.view" if own else "appointments.view")
        read = day.day_of if own else day.day_for_carer
        found, site = read(asked.user, asked.patient, present()), asked.patient.site
        said = {
            "dose": found.dose_id if found else None,
            "target": found.target if found else None,
            "time": (found.booked or found.asked) if found else None,
            "chair_minutes": found.need.chair_minutes if found and found.need else None,
            "therapy": found.name if found else "",
            "put_off": bool(found and found.put_off),
            "driver": found.driver if found else None,
            "medicine_at_home": found.at_home if found else [],
            "bring": day.bring_list(own=own),
            "place": site.name,
            "address": site.address,
            "how_to_find": site.how_to_find,
            "parking": site.parking,
            "nurse_phone": site.nurse_phone,
            "day_phone": site.day_phone,
            "after_hours_phone": site.after_hours_phone,
            "emergency_phone": site.emergency_phone,
        }
        return Response(InfusionDayRead(said).data)


class AfterCareView(TreatmentView):
    @extend_schema(responses={200: AfterCareRead})
    def get(self, request: Request) -> Response:
        """What to watch for after a dose."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        care = aftercare.after_care(asked.user, asked.patient, present())
        if care is None:
            empty: dict[str, Any] = {
                "emergency": [], "call_now": [], "reactions": [], "expected": [], "last_doses": [], "checks": [],
            }  # fmt: skip
            return Response(AfterCareRead({"therapies": [], "demo_only": False, **empty}).data)
        for_team = asked.capacity != "self"

        def said(rows: list[aftercare.Said]) -> list[dict[str, Any]]:
            return [
                {
                    "text": row.text,
                    "sources": row.sources if for_team else [],
                    "status": row.status[1] if for_team else "",
                }
                for row in rows
            ]

        answer = {
            "therapies": care.names,
            "demo_only": care.demo_only,
            "emergency": said(care.emergency),
            "call_now": said(care.call_now),
            "reactions": list(dict.fromkeys(text for row in care.reactions for text in row.common)),
            "expected": list(dict.fromkeys(text for row in care.reactions for text in row.expected)),
            "last_doses": care.last,
            "checks": care.checks,
        }
        return Response(AfterCareRead(answer).data)


class WalletCardView(TreatmentView):
    @extend_schema(responses={200: CardRead})
    def get(self, request: Request) -> Response:
        """The wallet card as it stands now."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "card.view")
        made, site = card.card_of(asked.user, asked.patient, present()), asked.patient.site
        said = {
            "name": asked.patient.name,
            "born": asked.patient.born,
            "medicines": made.medicines,
            "allergies": made.allergies,
            "none_known": made.none_known,
            "day_phone": site.day_phone,
            "after_hours_phone": site.after_hours_phone,
            "made_at": made.made_at,
        }
        return Response(CardRead(said).data)


class WalletCardPdf(TreatmentView):
    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def get(self, request: Request) -> HttpResponse:
        """The same as a PDF."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "card.view")
        return card.pdf_answer(asked.patient, card.card_of(asked.user, asked.patient, present()))


# --- Check-ins ------------------------------------------------------------------------------------------------------


class CheckInList(TreatmentView):
    queries = {"get": PatientPageQuery}

    @extend_schema(responses={200: paged(CheckInRead)})
    def get(self, request: Request) -> Response:
        """What was asked after doses, the newest first, and which self-check answers it."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        rows = CheckIn.objects.for_user(asked.user, asked.patient)
        shown, cursor = page_of(self, rows, NEWEST_FIRST)
        return listed(self, CheckInRead(shown, many=True).data, cursor)


class CheckInAnswer(TreatmentView):
    @extend_schema(request=SelfCheckWrite, responses={201: SelfCheckRead})
    def post(self, request: Request, check_in_id: UUID) -> Response:
        """Answer a check-in, as the patient, once. Something new needs a call as well: nobody watches this around the clock."""
        asked = self.asked_about()
        checkins.check_in_or_404(asked.user, asked.patient, check_in_id)
        wanted = self.body(SelfCheckWrite)
        made = checkins.answer(**asked.act, check_in_id=check_in_id, id=self.once, now=present(), **wanted)
        return Response(SelfCheckRead(made).data, status=201)


# --- Plans ----------------------------------------------------------------------------------------------------------


class PlanView(TreatmentView):
    """The patient's own: nobody else finds it, the team included."""

    def asked_about(self) -> About:
        asked = about(self, OWN)
        if asked.capacity != "self":
            raise Http404
        return asked

    def answer(self, asked: About, found: list[plans.Plan]) -> list[dict[str, Any]]:
        near = plans.around(asked.user, asked.patient, present()) if found else plans.Around([])
        rows = [
            {
                **{
                    name: getattr(plan, name)
                    for name in (
                        "id",
                        "version",
                        "kind",
                        "note",
                        "starts_on",
                        "ends_on",
                        "written_at",
                        "asked_at",
                    )
                },
                "meets": plans.meeting(plan, near),
            }
            for plan in found
        ]
        return list(PlanRead(rows, many=True).data)


class PlanList(PlanView):
    queries = {"get": PatientQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(PlanRead)})
    def get(self, request: Request) -> Response:
        """Your plans by their first day, with what of the treatment lies in their days."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "plan.view")
        return listed(self, self.answer(asked, plans.plans_of(asked.user, asked.patient)))

    @extend_schema(request=PlanWrite, responses={201: PlanRead})
    def post(self, request: Request) -> Response:
        """Write a plan down."""
        asked = self.asked_about()
        made = plans.save_plan(**asked.act, id=self.once, now=present(), **self.body(PlanWrite))
        return Response(self.answer(asked, [made])[0], status=201)


class PlanDetail(PlanView):
    @extend_schema(responses={200: PlanRead})
    def get(self, request: Request, plan_id: UUID) -> Response:
        """One plan."""
        asked = self.asked_about()
        plan = plans.plan_or_404(asked.user, asked.patient, plan_id)
        record_view(asked.user, asked.patient, "plan.view", plan.id)
        return Response(self.answer(asked, [plan])[0])

    @extend_schema(request=PlanChangeWrite, responses={200: PlanRead})
    def put(self, request: Request, plan_id: UUID) -> Response:
        """Other words or days; a version that is not the newest is 409."""
        asked = self.asked_about()
        plans.plan_or_404(asked.user, asked.patient, plan_id)
        wanted = self.body(PlanChangeWrite)
        made = plans.save_plan(**asked.act, plan_id=plan_id, id=self.once, now=present(), **wanted)
        return Response(self.answer(asked, [made])[0])


class PlanEnd(PlanView):
    @extend_schema(request=NothingWrite, responses={204: None})
    def post(self, request: Request, plan_id: UUID) -> Response:
        """Take a plan off the list."""
        asked = self.asked_about()
        self.body(NothingWrite)
        plans.end_plan(**asked.act, plan_id=plan_id, id=self.once, now=present())
        return Response(status=204)


class PlanQuestion(PlanView):
    @extend_schema(request=NothingWrite, responses={200: PlanRead})
    def post(self, request: Request, plan_id: UUID) -> Response:
        """Put the question about a plan on your own list, where it stays yours until you show it."""
        asked = self.asked_about()
        plans.plan_or_404(asked.user, asked.patient, plan_id)
        self.body(NothingWrite)
        made = plans.put_on_questions(**asked.act, plan_id=plan_id, id=self.once, now=present())
        return Response(self.answer(asked, [made])[0])
