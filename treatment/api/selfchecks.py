"""`/api/v1/treatment/self-checks/`: what is asked, what a patient answered, and who of the team looked at it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from patients.services import record_view
from portal.lib.api import (
    Key,
    NothingWrite,
    PatientPageQuery,
    PatientQuery,
    Write,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
)
from portal.lib.time import now as present
from treatment.api.views import TreatmentView
from treatment.models import SelfCheck
from treatment.selfcheck import services

NEWEST_FIRST = (Key("answered_at", lambda row: row.answered_at, stamp, down=True), by_id(down=True))
MOST_SIGNS = 60


class SignRead(serializers.Serializer[Any]):
    """One sign that is asked about, with where it comes from."""

    key = serializers.CharField()
    text = serializers.CharField()
    level = serializers.ChoiceField(choices=SelfCheck.Level.choices)
    source = serializers.ListField(child=serializers.CharField())  # type: ignore[assignment]
    status = serializers.CharField()


class NewSignRead(serializers.Serializer[Any]):
    """Something that was new."""

    key = serializers.CharField(source="fact_code")
    text = serializers.CharField()
    level = serializers.ChoiceField(choices=SelfCheck.Level.choices, source="level_code")


class SelfCheckRead(serializers.Serializer[Any]):
    """A self-check. Nothing new ticked does not mean that all is well."""

    id = serializers.UUIDField()
    answered_at = serializers.DateTimeField()
    therapy = serializers.CharField(source="protocol.therapy.code")
    protocol_version = serializers.IntegerField(source="protocol.version")
    level = serializers.ChoiceField(choices=SelfCheck.Level.choices)
    new = NewSignRead(many=True, source="answers.new")
    reviewed_by = serializers.CharField(source="reviewed_by.name", allow_null=True, default=None)
    reviewed_at = serializers.DateTimeField(allow_null=True)


class SelfCheckWrite(Write):
    """What is new for you, by the keys of the signs; or that none of it is."""

    new = serializers.ListField(
        child=serializers.CharField(max_length=160), required=False, default=list, max_length=MOST_SIGNS
    )
    none = serializers.BooleanField(required=False, default=False, help_text=_("None of it is new."))


class SignList(TreatmentView):
    @extend_schema(responses={200: SignRead(many=True)})
    def get(self, request: Request) -> Response:
        """What a self-check asks about: the red flags of all therapies that the patient was given, emergencies first."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        versions = services.versions_to_ask(asked.user, asked.patient)
        signs = [one.sign for one in services.asked_of(versions)]
        return Response(SignRead(signs, many=True).data)


class SelfCheckList(TreatmentView):
    queries = {"get": PatientPageQuery, "post": PatientQuery}

    @extend_schema(responses={200: paged(SelfCheckRead)})
    def get(self, request: Request) -> Response:
        """The self-checks, the newest first."""
        asked = self.asked_about()
        record_view(asked.user, asked.patient, "treatment.view")
        rows = SelfCheck.objects.for_user(asked.user, asked.patient).newest_first().order_by()
        shown, cursor = page_of(self, rows, NEWEST_FIRST)
        return listed(self, SelfCheckRead(shown, many=True).data, cursor)

    @extend_schema(request=SelfCheckWrite, responses={201: SelfCheckRead})
    def post(self, request: Request) -> Response:
        """Answer a self-check, as the patient. Something new needs a call as well: nobody watches this around the clock."""
        asked = self.asked_about()
        wanted = self.body(SelfCheckWrite)
        made = services.answer(**asked.act, id=self.once, now=present(), **wanted)
        return Response(SelfCheckRead(made).data, status=201)


class SelfCheckReview(TreatmentView):
    @extend_schema(request=NothingWrite, responses={200: SelfCheckRead})
    def post(self, request: Request, check_id: UUID) -> Response:
        """For the team: you have looked at it."""
        asked = self.asked_about()
        if asked.capacity == "self":
            raise Http404
        services.check_or_404(asked.user, asked.patient, check_id)
        self.body(NothingWrite)
        done = services.review(**asked.act, check_id=check_id, id=self.once, now=present())
        return Response(SelfCheckRead(done).data)
