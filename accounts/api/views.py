"""`/api/v1/accounts/`: how a person wants to read, and the programs that act as them. Everybody has their own and nobody else's."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import serializers as shapes
from accounts.services import save_display
from accounts.tokens import programs_of, revoke_token
from portal.lib import display
from portal.lib.api import ApiView, NothingWrite, listed, paged
from portal.lib.time import now as present


class AccountView(ApiView):
    noun = "accounts"


class Display(AccountView):
    repeats = ("put",)

    @extend_schema(responses={200: shapes.DisplayRead})
    def get(self, request: Request) -> Response:
        """How you want to read: colors, text size, contrast, font, and how much at once."""
        return Response(shapes.DisplayRead(display.of_user(self.person)).data)

    @extend_schema(request=shapes.DisplayWrite, responses={200: shapes.DisplayRead})
    def put(self, request: Request) -> Response:
        """Keep all five choices; every page follows them from the next load on. Sending it twice is sending it once."""
        write = shapes.DisplayWrite(data=request.data)
        write.is_valid(raise_exception=True)
        saved = save_display(user=self.person, look=write.look())
        return Response(shapes.DisplayRead(display.of_user(saved)).data)


class ProgramList(AccountView):
    @extend_schema(responses={200: paged(shapes.ProgramRead)})
    def get(self, request: Request) -> Response:
        """The programs that have or had access as you, the working ones first."""
        return listed(self, shapes.ProgramRead(programs_of(self.person, present()), many=True).data)


class ProgramEnd(AccountView):
    repeats = ("post",)

    @extend_schema(request=NothingWrite, responses={200: shapes.ProgramRead})
    def post(self, request: Request, token_id: UUID) -> Response:
        """End a program's access at once. Ending it twice is ending it once."""
        self.body(NothingWrite)
        token = revoke_token(by=self.person, token_id=token_id, now=present())
        program = next(one for one in programs_of(self.person, present()) if one.token.pk == token.pk)
        return Response(shapes.ProgramRead(program).data)
