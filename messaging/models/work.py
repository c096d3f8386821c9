"""What the team owes, what happened to it in a history that only grows, and whom somebody has to call."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from messaging.querysets import WorkItemQuerySet
from messaging.topics import Lane
from messaging.work.querysets import CallQuerySet, EventQuerySet
from patients.fields import SealedField
from patients.models import PatientRecord


class WorkItem(PatientRecord):
    """What the team owes a conversation. It decides who works on what; a message only says what was written."""

    record_area: ClassVar[str] = "messages"

    class State(models.TextChoices):
        OPEN = "open", _("Waiting")
        CLAIMED = "claimed", _("Claimed")
        DONE = "done", _("Done")

    class Outcome(models.TextChoices):
        ANSWERED = "answered", _("Answered")
        NO_REPLY = "no_reply", _("No reply needed")
        ARRANGED = "arranged", _("Done without a message")
        WITHDRAWN = "withdrawn", _("The patient needs no answer any more")

    thread = models.ForeignKey("messaging.Thread", on_delete=models.PROTECT, related_name="work")
    team = models.ForeignKey("clinic.Team", on_delete=models.PROTECT, related_name="+")
    trigger = models.ForeignKey("messaging.Message", on_delete=models.PROTECT, related_name="+")
    lane = models.CharField(max_length=20, choices=Lane)
    priority = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    owner = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    # Since when an urgent message waits that nobody who has this work has opened.
    alarm_at = models.DateTimeField(null=True)
    # Rounds of telling people: each alarm and each new owner begins one, and with it the steps to who is on call.
    round = models.PositiveSmallIntegerField(default=0)
    told = models.PositiveSmallIntegerField(default=0)  # steps that were taken in this round
    # The transactions that made the row and that last changed what the list shows of it: written by the database alone, asked by
    # `messaging.work.moved`. Zero in rows from before.
    begun = models.BigIntegerField(default=0, editable=False)
    moved = models.BigIntegerField(default=0, editable=False)

    objects = WorkItemQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [
            models.Index(
                fields=["team", "priority", "due_at"],
                name="work_order",
                condition=Q(state__in=["open", "claimed"]),
            ),
            models.Index(fields=["thread", "-id"], name="work_of_thread"),
            models.Index(fields=["team", "moved"], name="work_moved"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["thread"], condition=Q(state__in=["open", "claimed"]), name="work_one_open_per_thread"
            ),
            models.CheckConstraint(condition=Q(lane__in=Lane.values), name="work_lane_known"),
            models.CheckConstraint(
                condition=Q(
                    state="open",
                    owner__isnull=True,
                    claimed_at__isnull=True,
                    done_at__isnull=True,
                    outcome="",
                )
                | Q(
                    state="claimed",
                    owner__isnull=False,
                    claimed_at__isnull=False,
                    done_at__isnull=True,
                    outcome="",
                )
                | Q(
                    state="done",
                    done_at__isnull=False,
                    outcome__in=["answered", "no_reply", "arranged", "withdrawn"],
                ),
                name="work_state_says_who_and_how",
            ),
            models.CheckConstraint(
                condition=Q(lane="safety", priority=0) | (~Q(lane="safety") & Q(priority=1)),
                name="work_safety_first",
            ),
        ]


class WorkLeft(models.Model):
    """Some work went from this team to another one, in this transaction; written by the database itself.

    An open list of the old team has to hear of it, and its people may not read the row of work any more. So it says nothing of the work,
    of its patient or of the new team.
    """

    id = models.BigAutoField(primary_key=True)
    team = models.ForeignKey("clinic.Team", on_delete=models.PROTECT, related_name="+")
    moved = models.BigIntegerField()

    app_privileges = "SELECT"

    class Meta:
        indexes = [models.Index(fields=["team", "moved"], name="workleft_moved")]

    def __str__(self) -> str:
        return f"work left {self.pk}"


class CallTask(PatientRecord):
    """Somebody has to be called: a message was not read, or could not be announced."""

    record_area: ClassVar[str] = "team"

    class Reason(models.TextChoices):
        UNREAD = "unread", _("Has not read a message")
        BOUNCED = "bounced", _("Our mail did not arrive")
        FAILED = "failed", _("Our mail could not be sent")
        INACTIVE = "inactive", _("The account is switched off")
        NO_ADDRESS = "no_address", _("Has no confirmed email address")
        NO_ACCOUNT = "no_account", _("Does not use the portal")

    team = models.ForeignKey("clinic.Team", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    thread = models.ForeignKey("messaging.Thread", null=True, on_delete=models.PROTECT, related_name="+")
    seq = models.PositiveIntegerField(default=0)  # the message that was not read
    reason = models.CharField(max_length=12, choices=Reason)
    since = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    objects = CallQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [
            models.Index(fields=["team", "since"], name="call_order", condition=Q(done_at__isnull=True))
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "user", "reason"],
                condition=Q(done_at__isnull=True, thread__isnull=True),
                nulls_distinct=False,
                name="call_one_open",
            ),
            models.UniqueConstraint(
                fields=["thread", "reason", "seq"],
                condition=Q(thread__isnull=False),
                name="call_once_for_a_message",
            ),
            models.CheckConstraint(
                condition=Q(
                    reason__in=["unread", "bounced", "failed", "inactive", "no_address", "no_account"]
                ),
                name="call_reason_known",
            ),
        ]


class WorkItemEvent(PatientRecord):
    """One step in the life of work. The team reads it beside the conversation; the patient's side never does."""

    record_area: ClassVar[str] = "team"

    class Kind(models.TextChoices):
        CLAIMED = "claimed", _("taken on")
        RELEASED = "released", _("put back")
        HANDED_OVER = "handed_over", _("handed over")
        RETURNED = "returned", _("back to the team: nothing was done")
        COVERED = "covered", _("passed on: away")
        ALARM = "alarm", _("an urgent message came in")
        HEARD = "heard", _("opened the urgent message")
        ESCALATED = "escalated", _("nobody had taken it on")
        ANSWERED = "answered", _("answered")
        CLOSED = "closed", _("closed without an answer")
        REACHED = "reached", _("called, reached")
        NOT_REACHED = "not_reached", _("called, not reached")

    thread = models.ForeignKey("messaging.Thread", null=True, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey("messaging.WorkItem", null=True, on_delete=models.PROTECT, related_name="events")
    call = models.ForeignKey(CallTask, null=True, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    # Who did it; where the portal itself did on its clock: whose it was, or None.
    user = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    # Whom it went to, or who was told.
    other = models.ForeignKey("accounts.User", null=True, on_delete=models.PROTECT, related_name="+")
    lane = models.CharField(max_length=20, choices=Lane, blank=True)
    step = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=0)
    reason = SealedField(null=True)

    objects = EventQuerySet.as_manager()  # type: ignore[misc]
    app_privileges = "SELECT, INSERT"

    class Meta:
        indexes = [
            models.Index(fields=["thread", "created_at"], name="workevent_of_thread"),
            models.Index(fields=["item", "-created_at"], name="workevent_of_item"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "round", "step"], condition=Q(kind="escalated"), name="workevent_told_once"
            ),
            models.CheckConstraint(
                condition=Q(item__isnull=False) | Q(call__isnull=False), name="workevent_about_something"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "claimed",
                        "released",
                        "handed_over",
                        "returned",
                        "covered",
                        "alarm",
                        "heard",
                        "escalated",
                        "answered",
                        "closed",
                        "reached",
                        "not_reached",
                    ]
                ),
                name="workevent_kind_known",
            ),
            models.CheckConstraint(condition=Q(lane__in=["", *Lane.values]), name="workevent_lane_known"),
        ]
