"""`/api/v1/patients/emergency/`: the door for an emergency. It asks a person again who they are, so a token alone does not open it."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.reauthentication import (
    did_recently_reauthenticate,
    get_reauthentication_flows,
)
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from patients.api import serializers as shapes
from patients.api.views import PatientsView
from patients.emergency import open_in_emergency, open_records
from patients.services import record_many
from portal.lib.api import listed, paged
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present


class NotShownAgain(NotAllowed):
    """The person has not just shown again who they are, or a program asks for them."""

    default_message = _(
        "Emergency access asks again who you are, and no program can answer that. Confirm it on the page “Emergency access”, then "
        "ask within 5 minutes with the same session."
    )


class Emergency(PatientsView):
    def shown_again(self) -> None:
        """Raises NotShownAgain unless this session gave the password or second factor again a moment ago, as the page asks."""
        by_program = self.request.auth is not None
        if by_program or not get_reauthentication_flows(self.person):
            raise NotShownAgain
        if not did_recently_reauthenticate(self.plain_request):
            raise NotShownAgain

    def read_open(self) -> Response:
        """What is open now: the answer to every try, so that it never says who is a patient here."""
        records: list[Any] = []
        for patient, until in open_records(self.person, present()):
            found: Any = patient
            found.open_until = until
            records.append(found)
        record_many(self.person, records, "patient.listed")
        return listed(self, shapes.OpenRecordRead(records, many=True).data)

    @extend_schema(responses={200: paged(shapes.OpenRecordRead)})
    def get(self, request: Request) -> Response:
        """For the team: the records that are open to you in an emergency now, and until when."""
        self.team_member()
        return self.read_open()

    @extend_schema(request=shapes.EmergencyWrite, responses={200: paged(shapes.OpenRecordRead)})
    def post(self, request: Request) -> Response:
        """For the team: open one record for four hours. The patient reads your name and the reason.

        Only in a session that has just shown again who it is; the answer is what is open now, whether or not somebody fits.
        """
        self.team_member()
        self.shown_again()
        open_in_emergency(by=self.person, id=self.once, **self.body(shapes.EmergencyWrite))
        return self.read_open()
