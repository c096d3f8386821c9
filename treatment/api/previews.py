"""`/api/v1/treatment/plan-preview/`: what a plan would be, so that anybody can check the rules. About nobody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from clinic.models import Site
from clinic.services import default_site
from patients.services import own_patient
from portal.lib.api import Day, Query, Write
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment.api.views import TreatmentView
from treatment.courses import preview
from treatment.elsewhere import counters
from treatment.protocols import catalog
from treatment.protocols.signing import home_site


def site_of(user: User) -> Site | None:
    """The site whose versions a person asks about: the patient's own, the team's, else the first."""
    patient = own_patient(user)
    return patient.site if patient is not None else home_site(user) or default_site()


class DoseHappenedWrite(Write):
    """What became of a dose."""

    number = serializers.IntegerField(min_value=1, max_value=preview.MOST)
    on = Day()
    outcome = serializers.ChoiceField(
        choices=[
            (preview.GIVEN, _("Given")),
            (preview.PARTLY, _("Given in part")),
            (preview.MISSED, _("Missed")),
        ]
    )


class PlanPreviewWrite(Write):
    """Which therapy, from when to when, and what has happened so far."""

    therapy = serializers.SlugField(max_length=60)
    first_dose_on = Day()
    until = Day(help_text=_("Ten years after the first dose at most."))
    protocol_version = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1_000_000, help_text=_("Without it, the one that is ordered on, else the newest.")
    )  # fmt: skip
    path = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=40, help_text=_("The usual one, without it.")
    )
    given = serializers.ListField(
        child=DoseHappenedWrite(), required=False, default=list, max_length=preview.MOST
    )


class FactRead(serializers.Serializer[Any]):
    """Where a line comes from."""

    source = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    status = serializers.CharField()


class PreviewDoseRead(FactRead):
    """A dose as a window of days, never a promise; null is not known."""

    number = serializers.IntegerField()
    phase = serializers.CharField()
    dose = serializers.CharField()
    earliest = serializers.DateField()
    target = serializers.DateField()
    latest = serializers.DateField(allow_null=True)
    not_before = serializers.DateField(
        allow_null=True, help_text=_("The first day that the minimum interval allows.")
    )
    infusion_minutes = serializers.IntegerField(allow_null=True)
    observation_minutes = serializers.IntegerField(allow_null=True)
    chair_minutes = serializers.IntegerField(allow_null=True)
    outcome = serializers.ChoiceField(choices=preview.OUTCOMES, allow_null=True)
    on = serializers.DateField(allow_null=True)


class PreviewScreeningRead(FactRead):
    """What has to be looked at before a dose."""

    item = serializers.CharField()
    when = serializers.CharField()
    due_by = serializers.DateField(allow_null=True)
    required_by_label = serializers.BooleanField()


class PreviewQuestionRead(FactRead):
    """What is asked before each dose."""

    item = serializers.CharField()
    concern_if = serializers.CharField()
    action = serializers.CharField()
    valid_hours = serializers.IntegerField(allow_null=True)


class PreviewCheckRead(FactRead):
    """A regular check and its days."""

    item = serializers.CharField()
    every = serializers.CharField()
    due = serializers.ListField(child=serializers.DateField())
    until = serializers.DateField(allow_null=True)
    until_words = serializers.CharField()


class PreviewWarningRead(serializers.Serializer[Any]):
    """What a person should know about the plan."""

    code = serializers.CharField()
    number = serializers.IntegerField(allow_null=True, help_text=_("The dose that it is about."))
    text = serializers.CharField()


class PlanPreviewRead(serializers.Serializer[Any]):
    """A plan about nobody."""

    therapy = serializers.CharField()
    protocol_version = serializers.IntegerField()
    approved = serializers.BooleanField(
        help_text=_(
            "Signed off for clinical use in all roles that are needed. A sign-off for the demo does not count."
        )
    )
    path = serializers.CharField()
    doses = PreviewDoseRead(many=True)
    screening = PreviewScreeningRead(many=True)
    checklist = PreviewQuestionRead(many=True)
    monitoring = PreviewCheckRead(many=True)
    warnings = PreviewWarningRead(many=True)


class PlanPreview(TreatmentView):
    queries = {"*": Query}
    repeats = ("post",)
    any_token = ("post",)

    @extend_schema(request=PlanPreviewWrite, responses={200: PlanPreviewRead})
    def post(self, request: Request) -> Response:
        """For everybody, and every token: what the rules make of a first day and of what has happened. Nothing is kept."""
        wanted = self.body(PlanPreviewWrite)
        site = site_of(self.person)
        row = catalog.version_or_none(wanted["therapy"], wanted["protocol_version"], site)
        if row is None:
            raise preview.CannotPlan(_("This therapy, or this version of it, is not known here."))
        limit = counters.limit_of(row.facts, site) if site is not None else None
        made = preview.preview(
            row.facts,
            first_on=wanted["first_dose_on"],
            until=wanted["until"],
            happened=[preview.Happened(**dose) for dose in wanted["given"]],
            path_key=wanted["path"],
            today=today_in(present(), site.time_zone) if site is not None else present().date(),
            most_mg_m2=limit.mg_per_m2 if limit is not None else None,
        )
        content = preview.answer(
            row.facts,
            made,
            version=row.protocol.version,
            approved=row.sign_off.is_clinical,
            demo=row.in_demo,
            until=wanted["until"],
        )
        return Response(PlanPreviewRead(content).data)
