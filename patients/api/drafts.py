"""`/api/v1/patients/drafts/<id>/`: what autosave talks to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from patients.drafting import safe_resume
from patients.drafts import (
    DraftConflict,
    DraftGone,
    DraftState,
    draft_or_404,
    drop_draft,
    files_of,
    save_draft,
    state_of_draft,
)
from patients.services import capacity_of, get_patient_or_404
from portal.lib.api import ApiView, Write, problem
from portal.lib.contributions import draft_kinds
from portal.lib.ids import parse_uuid, uuid7
from portal.lib.time_words import clock


class DraftWrite(Write):
    """What stands in a form right now; half-empty is fine."""

    kind = serializers.ChoiceField(choices=sorted(draft_kinds))
    patient = serializers.UUIDField()
    target = serializers.CharField(allow_blank=True, allow_null=True, default=None, max_length=36)
    resume = serializers.CharField(max_length=300, allow_blank=True, default="/")
    version = serializers.IntegerField(min_value=0, max_value=100_000_000)
    fields_ = serializers.DictField(
        child=serializers.ListField(
            child=serializers.CharField(allow_blank=True, trim_whitespace=False), max_length=50
        ),
        source="typed",
    )
    apart = serializers.BooleanField(
        required=False,
        default=False,
        help_text="When this draft was sent already: keep what is typed as a new one, with an id of its own.",
    )

    def get_fields(self) -> Any:
        declared = super().get_fields()
        declared["fields"] = declared.pop("fields_")
        return declared


class DraftRead(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    version = serializers.IntegerField()
    saved_at = serializers.DateTimeField()
    clock = serializers.CharField(help_text="Time of saving on the clinic's clock, for people.")
    fields_ = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(allow_blank=True)),
        help_text="What stood in the form, by name.",
    )
    files = serializers.IntegerField(help_text="How many files are kept with it.")

    def get_fields(self) -> Any:
        declared = super().get_fields()
        declared["fields"] = declared.pop("fields_")
        return declared


def as_json(user: User, state: DraftState, zone: str) -> dict[str, Any]:
    return {
        "id": str(state.id),
        "version": state.version,
        "saved_at": state.saved_at.isoformat() if state.saved_at else None,
        "clock": clock(state.saved_at, zone),
        "fields": state.fields,
        "files": files_of(user, state.id),
    }


class DraftView(ApiView):
    """Save, read or throw away one's own draft. Somebody else's draft is not there. The draft's own id and version say what is repeated."""

    noun = "patients"
    repeats = ("put", "delete")

    @extend_schema(responses={200: DraftRead})
    def get(self, request: Request, id: UUID) -> Response:
        assert isinstance(request.user, User)
        draft = draft_or_404(user=request.user, id=id)
        return Response(as_json(request.user, state_of_draft(draft), draft.patient.site.time_zone))

    @extend_schema(
        request=DraftWrite,
        responses={
            200: DraftRead,
            409: OpenApiResponse(
                description="A newer version was saved elsewhere; its text is in the answer."
            ),
            410: OpenApiResponse(
                description="It was sent already. With `apart` the text is kept as a new draft instead."
            ),
        },
    )
    def put(self, request: Request, id: UUID) -> Response:
        assert isinstance(request.user, User)
        write = DraftWrite(data=request.data)
        write.is_valid(raise_exception=True)
        asked = write.validated_data
        patient = get_patient_or_404(request._request, asked["patient"])
        state = DraftState(
            id=id,
            kind=asked["kind"],
            patient_id=patient.pk,
            target=parse_uuid(asked["target"]),
            resume=safe_resume(asked["resume"]),
            version=asked["version"],
        )
        given: dict[str, Any] = {
            "user": request.user,
            "patient": patient,
            "capacity": capacity_of(request.user, patient),
        }
        try:
            try:
                saved = save_draft(**given, state=state, fields=asked["typed"])
            except DraftGone:
                if not asked["apart"]:
                    raise
                # Another tab has sent it: what stands in this one is new, and gets an id of its own.
                state.id, state.version = uuid7(), 0
                saved = save_draft(**given, state=state, fields=asked["typed"])
        except DraftConflict as conflict:
            return problem(
                409, str(conflict.message), **as_json(request.user, conflict.newest, patient.site.time_zone)
            )
        return Response(as_json(request.user, saved, patient.site.time_zone))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, id: UUID) -> Response:
        assert isinstance(request.user, User)
        draft_or_404(user=request.user, id=id)
        drop_draft(user=request.user, id=id)
        return Response(status=204)
