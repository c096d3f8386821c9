"""`/api/v1/journal/`: entries, trackers, sharing. The patient writes; carers and the team read what is open to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from journal import reading, services
from journal.api import serializers as shapes
from journal.models import EntryRevision, JournalEntry, SharedEntry
from journal.symptoms import SYMPTOMS
from patients.requests import About, about
from patients.services import record_view
from portal.lib.api import (
    ApiView,
    Key,
    NothingWrite,
    PatientQuery,
    Query,
    by_id,
    listed,
    page_of,
    paged,
    stamp,
)
from portal.lib.time import now as present

NEWEST_FIRST = (
    Key("occurred_on", lambda entry: entry.occurred_on, date.fromisoformat, down=True),
    Key("recorded_at", lambda entry: entry.recorded_at, stamp, down=True),
    by_id(down=True),
)


class JournalView(ApiView):
    noun = "journal"

    def mine(self) -> About:
        """The patient who asks; 404 for everybody else."""
        return about(self, "own", "self")

    def entry(self, asked: About, entry_id: UUID) -> JournalEntry:
        """An entry as far as the person may read it. Raises Http404."""
        found = JournalEntry.objects.for_user(asked.user, asked.patient).filter(pk=entry_id).first()
        if found is None:
            raise Http404
        return found

    def read(self, asked: About, entry: JournalEntry, status: int = 200) -> Response:
        """One entry as it is now."""
        (shown,) = reading.shown(asked.user, asked.patient, [entry])
        return Response(shapes.EntryRead(shown).data, status=status)


class EntryList(JournalView):
    queries = {"get": shapes.EntryListQuery}

    @extend_schema(responses={200: paged(shapes.EntryRead)})
    def get(self, request: Request) -> Response:
        """Entries, the newest day first. A carer with the journal reads all but what is sensitive; the team reads what is shared."""
        asked = about(self, "shared_journal")
        if asked.is_staff:
            record_view(asked.user, asked.patient, "journal.shared-view")
            copies = SharedEntry.objects.for_user(asked.user, asked.patient).live()
            rows, cursor = page_of(self, copies.between(*self.days()), NEWEST_FIRST)
            shown = [reading.shown_copy(copy) for copy in rows]
        else:
            record_view(asked.user, asked.patient, "journal.view")
            entries = JournalEntry.objects.for_user(asked.user, asked.patient).standing()
            rows, cursor = page_of(self, entries.between(*self.days()), NEWEST_FIRST)
            readable = reading.shown(asked.user, asked.patient, rows)
            shown = [entry for entry in readable if entry.scores or entry.note]
        return listed(self, shapes.EntryRead(shown, many=True).data, cursor)

    def days(self) -> tuple[date, date]:
        """The first and the last day asked for."""
        return self.asked.get("start", date.min), self.asked.get("end", date.max)

    @extend_schema(request=shapes.EntryWrite, responses={201: shapes.EntryRead})
    def post(self, request: Request) -> Response:
        """Write an entry. Nobody else sees it unless it is shared."""
        asked = self.mine()
        write = shapes.EntryWrite(data=request.data)
        write.is_valid(raise_exception=True)
        share = write.validated_data["share"]
        entry = services.write_entry(
            **asked.act, id=self.once, words=write.words(), share=share, now=present()
        )
        return self.read(asked, entry, status=201)


class EntryDetail(JournalView):
    queries = {"get": PatientQuery}

    @extend_schema(responses={200: shapes.EntryRead})
    def get(self, request: Request, entry_id: UUID) -> Response:
        """One entry, as far as it is open to you."""
        asked = about(self, "shared_journal")
        if not asked.is_staff:
            entry = self.entry(asked, entry_id)
            record_view(asked.user, asked.patient, "journal.entry-view", entry.pk)
            return self.read(asked, entry)
        copy = SharedEntry.objects.for_user(asked.user, asked.patient).live().filter(entry=entry_id).first()
        if copy is None:
            raise Http404
        record_view(asked.user, asked.patient, "journal.shared-view", copy.entry_id)
        return Response(shapes.EntryRead(reading.shown_copy(copy)).data)

    @extend_schema(request=shapes.EntryChangeWrite, responses={200: shapes.EntryRead})
    def put(self, request: Request, entry_id: UUID) -> Response:
        """Other words for an entry; what stood there before stays in its history. A version that is not the newest is 409."""
        asked = self.mine()
        self.entry(asked, entry_id)
        write = shapes.EntryChangeWrite(data=request.data)
        write.is_valid(raise_exception=True)
        entry = services.change_entry(
            **asked.act,
            entry_id=entry_id,
            id=self.once,
            version=write.validated_data["version"],
            words=write.words(),
            share=write.validated_data["share"],
            now=present(),
        )
        return self.read(asked, entry)


class EntryHistory(JournalView):
    @extend_schema(responses={200: paged(shapes.VersionRead)})
    def get(self, request: Request, entry_id: UUID) -> Response:
        """Every version of an entry, the newest first; for the patient alone."""
        asked = self.mine()
        entry = self.entry(asked, entry_id)
        record_view(asked.user, asked.patient, "journal.entry-view", entry.pk)
        revisions = (
            EntryRevision.objects.for_user(asked.user, asked.patient).filter(entry=entry).order_by("-version")
        )
        return listed(self, shapes.VersionRead(revisions, many=True).data)


class EntryAct(JournalView):
    """An act on one entry that needs no words."""

    def act(self, entry_id: UUID, do: Callable[..., JournalEntry]) -> Response:
        asked = self.mine()
        self.body(NothingWrite)
        self.entry(asked, entry_id)
        return self.read(asked, do(**asked.act, entry_id=entry_id, id=self.once, now=present()))


class EntryTakeBack(EntryAct):
    @extend_schema(request=NothingWrite, responses={200: shapes.EntryRead})
    def post(self, request: Request, entry_id: UUID) -> Response:
        """Take an entry back, within ten minutes of writing it."""
        return self.act(entry_id, services.take_back)


class EntryShare(EntryAct):
    @extend_schema(request=NothingWrite, responses={200: shapes.EntryRead})
    def post(self, request: Request, entry_id: UUID) -> Response:
        """Show an entry to the team as it stands now."""
        return self.act(entry_id, services.share_entry)


class EntryStopSharing(EntryAct):
    @extend_schema(request=NothingWrite, responses={200: shapes.EntryRead})
    def post(self, request: Request, entry_id: UUID) -> Response:
        """Stop showing an entry to the team. Somebody may have read it before."""
        return self.act(entry_id, services.unshare_entry)


class Trackers(JournalView):
    repeats = ("put",)

    def read_trackers(self, asked: About) -> Response:
        followed = {symptom.code for symptom in reading.followed(asked.user, asked.patient) or []}
        rows: list[dict[str, Any]] = [
            {
                "code": symptom.code,
                "label": symptom.label,
                "question": symptom.question,
                "sensitive": symptom.sensitive,
                "followed": symptom.code in followed,
            }
            for symptom in SYMPTOMS
        ]
        return listed(self, shapes.SymptomRead(rows, many=True).data)

    @extend_schema(responses={200: paged(shapes.SymptomRead)})
    def get(self, request: Request) -> Response:
        """All symptoms that can be followed, and which ones the patient follows."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "journal.view")
        return self.read_trackers(asked)

    @extend_schema(request=shapes.TrackersWrite, responses={200: paged(shapes.SymptomRead)})
    def put(self, request: Request) -> Response:
        """Follow these symptoms from now on, at most three. Sending it twice is sending it once."""
        asked, chosen = self.mine(), self.body(shapes.TrackersWrite)
        services.choose_symptoms(**asked.act, codes=chosen["codes"], now=present())
        return self.read_trackers(asked)


class SharingView(JournalView):
    """The patient's choice for all entries."""

    queries = {"*": Query}

    def read_sharing(self, asked: About) -> Response:
        standing = services.standing_grant(asked.user, asked.patient)
        since = standing.granted_at if standing is not None else None
        return Response(shapes.SharingRead({"new_entries": standing is not None, "since": since}).data)

    def act(self, do: Callable[..., Any]) -> Response:
        asked = self.mine()
        self.body(NothingWrite)
        do(**asked.act, id=self.once, now=present())
        return self.read_sharing(asked)


class Sharing(SharingView):
    @extend_schema(responses={200: shapes.SharingRead})
    def get(self, request: Request) -> Response:
        """Whether new entries are shown to the team."""
        asked = self.mine()
        record_view(asked.user, asked.patient, "journal.view")
        return self.read_sharing(asked)


class SharingStart(SharingView):
    @extend_schema(request=NothingWrite, responses={200: shapes.SharingRead})
    def post(self, request: Request) -> Response:
        """Show every new entry to the team from now on."""
        return self.act(services.share_new_entries)


class SharingStop(SharingView):
    @extend_schema(request=NothingWrite, responses={200: shapes.SharingRead})
    def post(self, request: Request) -> Response:
        """Keep new entries private again; what was shared before stays shared."""
        return self.act(services.keep_new_entries_private)


class SharingStopAll(SharingView):
    @extend_schema(request=NothingWrite, responses={200: shapes.SharingRead})
    def post(self, request: Request) -> Response:
        """Withdraw everything that was shared, and keep new entries private."""
        return self.act(services.stop_all_sharing)
