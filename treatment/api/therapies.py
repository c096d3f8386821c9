"""`/api/v1/treatment/therapies/`: the therapies as data, for everybody who works in a team; and the sign-off of a version."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clinic.models import Site
from clinic.services import is_clinician
from portal.lib.api import Query, listed, paged
from portal.lib.time import now as present
from treatment import services
from treatment.api import serializers as shapes
from treatment.api.views import TreatmentView
from treatment.models import Protocol
from treatment.protocols import catalog, signing


class TherapyView(TreatmentView):
    """For people who work in a team; 404 for others."""

    queries = {"*": Query}

    @property
    def site(self) -> Site | None:
        return signing.home_site(self.person)

    def team_member(self) -> None:
        if not is_clinician(self.person):
            raise Http404

    def newest(self) -> list[Protocol]:
        """The newest version of each therapy."""
        self.team_member()
        found: dict[UUID, Protocol] = {}
        protocols = (
            Protocol.objects.light().at(self.site).order_by("therapy__position", "therapy__code", "-version")
        )
        for protocol in protocols:
            found.setdefault(protocol.therapy_id, protocol)
        return list(found.values())

    def row(self, code: str, version: int) -> catalog.Row:
        """One version of a therapy. Raises Http404."""
        self.team_member()
        versions = catalog.versions_of(code, self.site)
        found = next((row for row in versions if row.protocol.version == version), None)
        if found is None:
            raise Http404
        return found

    def read_version(self, code: str, version: int) -> Response:
        """One version as it is signed now."""
        row = self.row(code, version)
        context: dict[str, Any] = {"may_sign": signing.role_to_sign(self.person, row.protocol) is not None}
        return Response(shapes.TherapyVersionRead(row, context=context).data)


class TherapyList(TherapyView):
    @extend_schema(responses={200: paged(shapes.TherapyLineRead)})
    def get(self, request: Request) -> Response:
        """For the team: the therapies that are known here, in their newest version."""
        return listed(self, shapes.TherapyLineRead(self.newest(), many=True).data)


class TherapyDetail(TherapyView):
    @extend_schema(responses={200: shapes.TherapyRead})
    def get(self, request: Request, code: str) -> Response:
        """For the team: one therapy with every fact, its source and its status."""
        protocol = next((one for one in self.newest() if one.therapy.code == code), None)
        if protocol is None:
            raise Http404
        return Response(shapes.TherapyRead(protocol, context={"site": self.site}).data)


class VersionDetail(TherapyView):
    @extend_schema(responses={200: shapes.TherapyVersionRead})
    def get(self, request: Request, code: str, version: int) -> Response:
        """For the team: one version of a therapy with every fact, its source and its status."""
        return self.read_version(code, version)


class VersionSign(TherapyView):
    @extend_schema(request=shapes.SignOffWrite, responses={200: shapes.TherapyVersionRead})
    def post(self, request: Request, code: str, version: int) -> Response:
        """Sign one version off in your own role, by name. It cannot be taken back."""
        row = self.row(code, version)
        self.body(shapes.SignOffWrite)
        services.sign_off(by=self.person, protocol_id=row.protocol.pk, id=self.once, now=present())
        return self.read_version(code, version)
