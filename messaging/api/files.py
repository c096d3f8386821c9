"""Files of messages for programs: sent first, then named by the message that they go with."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from messaging.api.views import AREA, SIDE, MessagingView
from messaging.files import services, store
from messaging.files.cleaner import LARGEST
from messaging.files.models import Attachment
from messaging.views.files import openable
from patients.requests import STAFF, About, about
from patients.services import exactly_once, record_view
from portal.lib.api import Key, Line, PatientPageQuery, Write, by_id, listed, page_of, paged, stamp
from portal.lib.api_access import StrictJSONParser
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present

OLDEST_FIRST = (Key("created_at", lambda file: file.created_at, stamp), by_id())
LONGEST_CONTENT = (LARGEST + 2) // 3 * 4


class FileParser(StrictJSONParser):
    """A body that holds a file."""

    longest = LONGEST_CONTENT + 20_000


class FileRead(serializers.Serializer[Any]):
    """A file."""

    id = serializers.UUIDField()
    message = serializers.UUIDField(
        source="message_id", allow_null=True, help_text=_("The message it was sent with; null before that.")
    )
    name = serializers.CharField()
    type = serializers.CharField(source="content_type")
    size = serializers.IntegerField(help_text=_("Bytes."))
    state = serializers.ChoiceField(choices=Attachment.State.choices)


class FileContentRead(FileRead):
    """A file with what is in it."""

    content = serializers.SerializerMethodField(help_text=_("Base64."))

    def get_content(self, file: Attachment) -> str:
        return base64.b64encode(services.open_file(file, store.FILE)).decode()


class FileWrite(Write):
    """A photo (JPEG, PNG, WebP, HEIC) or a PDF of at most 10 MB."""

    name = Line(max_length=200)
    content = serializers.CharField(max_length=LONGEST_CONTENT, trim_whitespace=False, help_text=_("Base64."))

    def validate_content(self, text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise serializers.ValidationError(_("This is not Base64.")) from None


class FileView(MessagingView):
    def files(self, asked: About) -> Any:
        """What is open to the person."""
        return Attachment.objects.for_user(asked.user, asked.patient)


class FileList(FileView):
    parser_classes = (FileParser,)
    queries = {"get": PatientPageQuery, "post": MessagingView.queries["*"]}

    @extend_schema(responses={200: paged(FileRead)})
    def get(self, request: Request) -> Response:
        """Your files that are not sent yet. They go after a day."""
        asked = about(self, AREA, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "threads.list")
        waiting = self.files(asked).filter(owner=asked.user, message__isnull=True)
        rows, cursor = page_of(self, waiting, OLDEST_FIRST)
        return listed(self, FileRead(rows, many=True).data, cursor)

    @extend_schema(request=FileWrite, responses={201: FileRead})
    def post(self, request: Request) -> Response:
        """Send a file ahead of its message. It is written anew: scripts, and where a photo was taken, do not stay in it."""
        asked, wanted = about(self, AREA, *SIDE, *STAFF), self.body(FileWrite)
        if asked.capacity == "break_glass":
            raise NotAllowed
        services.add_file(
            **asked.act, id=self.once, name=wanted["name"], data=wanted["content"], now=present()
        )
        file = self.files(asked).filter(pk=self.once).first()
        if file is None:
            raise Http404
        return Response(FileRead(file).data, status=201)


class FileDetail(FileView):
    def waiting(self, asked: About, file_id: UUID) -> Attachment:
        """One of the person's own that is not sent yet. Raises Http404."""
        file: Attachment | None = self.files(asked).waiting_of(asked.user).filter(pk=file_id).first()
        if file is None:
            raise Http404
        return file

    @extend_schema(responses={200: FileRead})
    def get(self, request: Request, file_id: UUID) -> Response:
        """A file of yours that is not sent yet, and whether it is ready."""
        asked = about(self, AREA, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "threads.list")
        return Response(FileRead(self.waiting(asked, file_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, file_id: UUID) -> Response:
        """Take a file away before it is sent. What was sent stays."""
        asked = about(self, AREA, *SIDE, "team")

        def remove() -> None:
            services.put_away(**asked.act, id=self.waiting(asked, file_id).pk)

        content = [str(file_id)]
        exactly_once(
            act="file.remove",
            id=self.once,
            patient=asked.patient,
            user=asked.user,
            content=content,
            do=remove,
        )
        return Response(status=204)


class FileContent(FileView):
    @extend_schema(responses={200: FileContentRead})
    def get(self, request: Request, file_id: UUID) -> Response:
        """A file with what is in it: a JPEG, a PNG or a PDF. Each time is on the trail."""
        asked = about(self, AREA, *SIDE, *STAFF)
        file = openable(asked.user, asked.patient, file_id, asked.capacity == "team")
        record_view(asked.user, asked.patient, "file.view", file.pk)
        return Response(FileContentRead(file).data)


class ThreadFiles(FileView):
    queries = {"get": PatientPageQuery}

    @extend_schema(responses={200: paged(FileRead)})
    def get(self, request: Request, thread_id: UUID) -> Response:
        """The files of a conversation, the oldest first."""
        asked, thread = self.at(thread_id, *SIDE, *STAFF)
        record_view(asked.user, asked.patient, "thread.view", thread.pk)
        rows, cursor = page_of(
            self, self.files(asked).filter(message__thread=thread, message__retraction=None), OLDEST_FIRST
        )
        return listed(self, FileRead(rows, many=True).data, cursor)
