"""Which conversations and which work a person sees; PostgreSQL decides the same again by row-level security."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.models import User
from clinic.services import somebody_in, team_ids
from patients.querysets import PatientRecordQuerySet
from patients.services import (
    capacity_of,
    in_team_of,
    is_looked_after,
    patient_ids_beyond_carers,
    patient_ids_of_carer,
    patient_ids_of_teams,
)

if TYPE_CHECKING:
    from messaging.models import InternalNote, LastNotice, Thread  # noqa: F401 - named in strings below


def _without_hidden(found: Any, user: User | AnonymousUser, patient: Any, not_hidden: Q) -> Any:
    """Leaves out what a patient hid from carers, for people who see the patient as a carer only; `not_hidden` is what they may read."""
    if not isinstance(user, User) or (patient is not None and capacity_of(user, patient) != "carer"):
        return found
    if patient is not None:
        return found.filter(not_hidden)
    # The mark of a conversation comes last: who is nobody's carer, as nearly all of the team, needs no look at it.
    as_staff = ~Q(patient_id__in=patient_ids_of_carer(user)) | Q(
        patient_id__in=patient_ids_beyond_carers(user)
    )
    return found.filter(as_staff | not_hidden)


class ThreadQuerySet(PatientRecordQuerySet["Thread"]):
    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> ThreadQuerySet:
        """Conversations this person may read. What a patient hid from carers is not there for carers."""
        found: Any = super().for_user(user, patient)
        return _without_hidden(found, user, patient, Q(hidden_from_carers=False))  # type: ignore[no-any-return]

    def of_own_teams(self, user: User) -> ThreadQuerySet:
        """Conversations of the person's own teams: the ones they may work on."""
        return self.filter(team_id__in=team_ids(user))

    def newest_first(self) -> ThreadQuerySet:
        return self.order_by("-last_at", "-id")

    def with_state(self, user: User) -> ThreadQuerySet:
        """Adds what a list shows, in the same statement.

        `seen` (last message this person has seen), `last_capacity`, `last_author`, `last_author_id`, `last_taken_back` (of the newest message),
        `item_state`, `item_outcome`, `item_due`, `item_lane` (of the newest work item; due is aware, UTC), `item_gone` (the message that
        made it was taken back), `somebody_reads` (there is anybody in its team), `team_stands` (its team looks after the patient).
        """
        from messaging.models import Message, MessageRetraction, ThreadViewer, WorkItem

        viewer = ThreadViewer.objects.filter(thread=OuterRef("pk"), user=user).values("last_seen_seq")
        newest = Message.objects.filter(thread=OuterRef("pk"), seq=OuterRef("last_seq"))
        item = WorkItem.objects.filter(thread=OuterRef("pk")).order_by("-id")
        gone = item.annotate(gone=Exists(MessageRetraction.objects.filter(message=OuterRef("trigger"))))
        return self.annotate(
            seen=Coalesce(Subquery(viewer[:1]), Value(0)),
            last_capacity=Subquery(newest.values("capacity")[:1]),
            last_author_id=Subquery(newest.values("author_id")[:1]),
            last_author=Subquery(newest.values("author__name")[:1]),
            last_taken_back=Exists(
                MessageRetraction.objects.filter(
                    message__thread=OuterRef("pk"), message__seq=OuterRef("last_seq")
                )
            ),
            somebody_reads=somebody_in("team_id"),
            team_stands=is_looked_after("patient_id", "team_id"),
            item_state=Subquery(item.values("state")[:1]),
            item_outcome=Subquery(item.values("outcome")[:1]),
            item_due=Subquery(item.values("due_at")[:1]),
            item_lane=Subquery(item.values("lane")[:1]),
            item_gone=Coalesce(Subquery(gone.values("gone")[:1]), Value(False)),
        )

    def for_page(self, user: User) -> ThreadQuerySet:
        """`with_state`, and what the page of one conversation need not ask again when there is none of it, in the same statement.

        `has_files`, `has_made`, `has_said` (this person said whether the newest message helped); with its team.
        """
        from messaging.models import AnswerHelped, Attachment, MadeFrom

        here = {"thread": OuterRef("pk")}
        newest = AnswerHelped.objects.filter(user=user, message__seq=OuterRef("last_seq"), **here)
        return (
            self.with_state(user)
            .select_related("team")
            .annotate(
                has_files=Exists(Attachment.objects.filter(message__thread=OuterRef("pk"))),
                has_made=Exists(MadeFrom.objects.filter(**here)),
                has_said=Exists(newest),
            )
        )

    def with_files(self) -> ThreadQuerySet:
        """Adds `file_count`: the files of messages that stand and were kept, in the same statement."""
        from messaging.models import Attachment

        files = Attachment.objects.filter(message__thread=OuterRef("pk"), message__retraction__isnull=True)
        kept: Any = files.exclude(state="gone").order_by().values("message__thread").annotate(n=Count("pk"))
        return self.annotate(file_count=Coalesce(Subquery(kept.values("n")), Value(0)))

    def unread_by(self, user: User) -> ThreadQuerySet:
        """Conversations with a message this person has not seen. Derived from what was seen, never counted up."""
        return self.with_state(user).filter(last_seq__gt=F("seen"))


class OfThreadQuerySet(PatientRecordQuerySet[Any]):
    """Rows that hang on a conversation are open to whom the conversation is open."""

    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> Any:
        from messaging.models import Thread

        found: Any = super().for_user(user, patient)
        shown = Thread.objects.filter(pk=OuterRef("thread_id"), hidden_from_carers=False)
        return _without_hidden(found, user, patient, Q(Exists(shown)))


class OfMessageQuerySet(PatientRecordQuerySet[Any]):
    """Rows that hang on a message are open to whom its conversation is open."""

    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> Any:
        from messaging.models import Message

        found: Any = super().for_user(user, patient)
        shown = Message.objects.filter(pk=OuterRef("message_id"), thread__hidden_from_carers=False)
        return _without_hidden(found, user, patient, Q(Exists(shown)))


class MessageQuerySet(OfThreadQuerySet):
    def in_order(self) -> MessageQuerySet:
        """Oldest first, with who wrote each, what was answered beside it, and whether it was taken back."""
        unread = (
            "author__password",
            "author__last_login",
            "author__created_at",
        )  # each costs time in each row
        return self.select_related("author", "triage", "retraction__by").defer(*unread).order_by("seq")

    def standing(self) -> MessageQuerySet:
        """Without what was taken back."""
        return self.filter(retraction__isnull=True)

    def newer_than(self, seq: int, user: User) -> MessageQuerySet:
        """What others wrote after `seq`."""
        return self.filter(seq__gt=seq).exclude(author=user)


class NoteQuerySet(PatientRecordQuerySet["InternalNote"]):
    def for_user(self, user: User | AnonymousUser, patient: Any = None) -> Any:
        """Notes are the team's own: emergency access, which reads the conversation, does not open them."""
        found: Any = super().for_user(user, patient)
        if not isinstance(user, User):
            return found
        if patient is not None:
            return found if in_team_of(user, patient) else self.none()
        return found.filter(patient_id__in=patient_ids_of_teams(user))

    def in_order(self) -> Any:
        return self.select_related("author").order_by("created_at", "id")


class WorkItemQuerySet(OfThreadQuerySet):
    def of_own_teams(self, user: User) -> WorkItemQuerySet:
        """Work of the person's own teams."""
        return self.filter(team_id__in=team_ids(user))

    def waiting(self) -> WorkItemQuerySet:
        """Not done yet, claimed or not."""
        return self.filter(state__in=["open", "claimed"])

    def in_work_order(self) -> WorkItemQuerySet:
        """Safety first, then by when it is due."""
        return self.order_by("priority", "due_at", "id")

    def in_work_order_from(self, item: Any) -> WorkItemQuerySet:
        """Safety first; then what comes after `item` in the order of the list, then what stands before it."""
        if item is None:
            return self.in_work_order()
        later = Q(priority__gt=item.priority) | Q(priority=item.priority, due_at__gt=item.due_at)
        later |= Q(priority=item.priority, due_at=item.due_at, pk__gt=item.pk)
        turn = Case(When(priority=0, then=0), When(later, then=1), default=2)
        return self.order_by(turn, "priority", "due_at", "id")

    def free_for(self, user: User) -> WorkItemQuerySet:
        """What this person could take next: nobody's or their own."""
        return self.filter(Q(owner__isnull=True) | Q(owner=user))

    def with_gone(self) -> Any:
        """Adds `newest_gone`: the newest message of the conversation was taken back."""
        from messaging.models import MessageRetraction

        newest = MessageRetraction.objects.filter(
            message__thread=OuterRef("thread"), message__seq=OuterRef("thread__last_seq")
        )
        return self.annotate(newest_gone=Exists(newest))

    def for_list(self) -> Any:
        """With all that a line says; `with_files`: a file of the patient's side came since the work began."""
        from messaging.models import Attachment

        since = {"message__thread": OuterRef("thread"), "message__seq__gte": OuterRef("trigger__seq")}
        files = Attachment.objects.filter(**since).exclude(message__capacity="team")
        rows = self.select_related("thread", "patient", "owner", "trigger__retraction")
        return rows.with_gone().annotate(with_files=Exists(files))

    def lines_of(self, chosen: Any) -> Any:
        """The lines of a part of a list (`chosen`: a slice of it), in its order.

        What a line says is joined to these few rows: joined to the whole list, PostgreSQL goes through every conversation for 25 lines.
        """
        return self.filter(pk__in=chosen.values("pk")).for_list()


class NoticeQuerySet(PatientRecordQuerySet["LastNotice"]):
    def locked(self, patient: Any, user: User) -> Any:
        """The row of a person about a patient, held until the transaction ends; made when there was none."""
        self.bulk_create([self.model(patient=patient, user=user)], ignore_conflicts=True)
        return self.select_for_update(no_key=True).get(patient=patient, user=user)
