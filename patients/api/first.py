"""`/api/v1/patients/first/`: what the team should look at first, and saying by name that one has seen it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.services import is_clinician
from patients.areas import TEAM
from patients.attention import KEY, MARK, Line, acknowledge, what_first
from patients.services import get_patient_or_404
from portal.lib.api import ApiView, Write, listed, paged
from portal.lib.time import now as present


class ProblemSourceRead(serializers.Serializer[Any]):
    """What one part of the portal says of a problem."""

    words = serializers.CharField()
    rank = serializers.IntegerField(help_text="0 urgent, 1 today, 2 soon")


class ProblemRead(serializers.Serializer[Any]):
    """One problem of one patient, however many parts of the portal know of it."""

    patient = serializers.UUIDField(source="patient.pk")
    patient_name = serializers.CharField(source="patient.name")
    key = serializers.CharField(source="problem.key")
    mark = serializers.CharField(help_text="How it stands; it changes when something new happens.")
    sources = ProblemSourceRead(source="problem.sources", many=True)
    due_at = serializers.DateTimeField(source="problem.due", allow_null=True)
    owner = serializers.CharField(source="problem.owner")
    seen_by = serializers.SerializerMethodField()

    def get_seen_by(self, line: Line) -> str | None:
        return line.seen.user.name if line.seen is not None else None


class ProblemSeenWrite(Write):
    """The problem as you saw it: its `key` and its `mark`."""

    key = serializers.RegexField(KEY.pattern + "$", max_length=80)
    mark = serializers.RegexField(MARK.pattern + "$", max_length=64)


class First(ApiView):
    noun = "patients"

    @extend_schema(responses={200: paged(ProblemRead)})
    def get(self, request: Request) -> Response:
        """For people in a team: what to look at first, the worst first, what somebody has seen after the rest. At most 30 lines."""
        if not is_clinician(self.person):
            raise Http404
        lines, _more = what_first(self.person, present())
        return listed(self, ProblemRead(lines, many=True).data)


class ProblemSeen(ApiView):
    noun = "patients"

    @extend_schema(request=ProblemSeenWrite, responses={204: None})
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Say that you have seen a problem as it stands. It counts once, for the whole team, under your name."""
        patient = get_patient_or_404(self.plain_request, patient_id, area=TEAM)
        said = self.body(ProblemSeenWrite)
        acknowledge(by=self.person, patient=patient, id=self.once, now=present(), **said)
        return Response(status=204)
