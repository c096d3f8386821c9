"""Results of tests and what became of them, what prescribers decided about duties, and which team keeps them. Every table here only grows.

A result stands in parts, so that row-level security can tell them apart: that a test was done on a day is open to the patient at once, what was found
is the team's until it is released, and what was released is a copy that the patient reads.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from patients.areas import TEAM, TREATMENT
from patients.fields import SealedField
from patients.models import PatientRecord
from patients.querysets import PatientRecordQuerySet

GROWS = "SELECT, INSERT"
MOST_MONTHS = 60


class ResultQuerySet(PatientRecordQuerySet["Result"]):
    def standing(self) -> ResultQuerySet:
        """Without what was corrected since, and without what says that a result was none."""
        return self.filter(correction__isnull=True, withdrawn=False)

    def newest_first(self) -> ResultQuerySet:
        return self.order_by("-taken_on", "-id")

    def with_people(self) -> ResultQuerySet:
        """With everybody who entered, checked and released, and what was released."""
        return self.select_related("entered_by", "look__by", "release__by", "correction", "corrects")


class Result(PatientRecord):
    """A test was done on a day. A wrong one is never changed: another entry corrects it, or says that there is no such result."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    test = models.CharField(max_length=160)  # a code of `known`, or the key of a fact
    taken_on = models.DateField()
    entered_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    corrects = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="correction"
    )  # one entry is corrected once; its correction can be corrected again
    withdrawn = models.BooleanField(default=False)  # there is no such result: it was somebody else's

    objects: ClassVar[ResultQuerySet] = ResultQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["patient", "test", "-taken_on"], name="result_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn=False) | Q(corrects__isnull=False), name="result_withdrawn_corrects"
            ),
            models.CheckConstraint(condition=~Q(test=""), name="result_names_a_test"),
        ]


class ResultContent(PatientRecord):
    """What was found, for the team alone until it is released."""

    record_area: ClassVar[str] = TEAM
    app_privileges = GROWS

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="content")
    # {"values": [{"code", "number", "unit"}], "words", "assay", "mark_code", "why", "elsewhere"}; `why` only for a correction,
    # `elsewhere` only for what came with a note about another center
    details = SealedField()


class ResultLook(PatientRecord):
    """The second look: somebody else compared the entry with the report of the lab."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="look")
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ResultRelease(PatientRecord):
    """What the patient reads: the details as they were checked, and a plain note."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="release")
    details = SealedField()
    note = SealedField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class ResultSeen(PatientRecord):
    """The patient has seen a released result."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="seen")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["result", "user"], name="resultseen_once")]


class DutyDecision(PatientRecord):
    """A prescriber's word about one duty: whether it applies to this patient, and how often where the data leave it open. The newest counts."""

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    fact = models.CharField(max_length=160)
    applies = models.BooleanField()
    every_months = models.PositiveSmallIntegerField(null=True)
    reason = SealedField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "fact", "-at"], name="dutydecision_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(every_months__isnull=True)
                | Q(applies=True, every_months__gte=1, every_months__lte=MOST_MONTHS),
                name="dutydecision_months",
            )
        ]


class DutyKeeper(PatientRecord):
    """Who took over the patient's duties: a team here, or (`team` null) a center elsewhere, which `reason` names. The newest counts.

    Without one it is the team that has had access the longest.
    """

    record_area: ClassVar[str] = TREATMENT
    app_privileges = GROWS

    team = models.ForeignKey("clinic.Team", null=True, on_delete=models.PROTECT, related_name="+")
    reason = SealedField()
    by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["patient", "-at"], name="dutykeeper_newest")]
