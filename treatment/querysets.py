"""Reads of treatment that have a name."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models

from patients.querysets import PatientRecordQuerySet
from portal.lib.contributions import booked_days

if TYPE_CHECKING:
    from clinic.models import Site
    from treatment.models import (  # noqa: F401 - named in the class headers
        Allergy,
        Change,
        CheckDone,
        ChecklistItem,
        Course,
        Dose,
        InfusionRecord,
        Medicine,
        Order,
        Protocol,
    )


def booked_on(dose: str = "") -> Any:
    """The day of a planned dose's booked time as a column, null without one; `dose` is the way to the dose from the rows, such as "dose__".

    A time that has begun counts on, as long as nobody has said what became of the dose: it waits for that. When it is put off then, or gets a
    new day, it goes by the plan again, although the time of that morning stays booked. For rows that carry their dose along: give it to the
    dose as `dose.booked_on`, so that it is not read again for each.
    """
    from treatment.models import Change, Postponement

    nothing = models.Value(None, output_field=models.DateField())
    moved = Change.objects.filter(
        dose=models.OuterRef("dose_id"), new_target__isnull=False, made_at__gte=models.OuterRef("starts")
    )
    said_after = models.Q(made_at__gte=models.OuterRef("starts")) | models.Q(
        ended_at__gte=models.OuterRef("starts")
    )
    put_off = Postponement.objects.filter(said_after, dose=models.OuterRef("dose_id"))
    for entry in booked_days:
        times = entry().filter(dose=models.OuterRef(f"{dose}pk"))
        times = times.exclude(models.Exists(moved)).exclude(models.Exists(put_off))
        # Of doses that are over nobody asks: the visits of years are not looked up.
        planned = models.When(**{f"{dose}state": "planned"}, then=models.Subquery(times.values("day")[:1]))
        return models.Case(planned, default=nothing)
    return nothing


def counted_in(first: date | None, last: date, dose: str = "") -> models.Q:
    """Doses that are counted on a day from `first` (None: whenever) to `last`, as `Dose.counted_on` says it; for rows with `booked_on`.
    `dose` as there."""
    how, value = ("__lte", last) if first is None else ("__range", (first, last))
    planned = models.Q(**{f"{dose}target{how}": value})  # the cheaper question first
    return models.Q(planned & models.Q(booked_on__isnull=True)) | models.Q(**{f"booked_on{how}": value})


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    def light(self) -> ProtocolQuerySet:
        """Without the facts themselves, which are read once a process through `treatment.protocols.facts`."""
        return self.defer("content").select_related("therapy")

    def at(self, site: Site | None) -> ProtocolQuerySet:
        """The versions that a site has: those of the file, and those that were made there."""
        known = models.Q(site__isnull=True)
        return self.filter(known | models.Q(site=site) if site is not None else known)


class OrderQuerySet(PatientRecordQuerySet["Order"]):
    """What was ordered."""


class CourseQuerySet(PatientRecordQuerySet["Course"]):
    def newest_first(self) -> CourseQuerySet:
        """Courses with their orders and protocols, without the protocols' facts."""
        return (
            self.select_related("order__protocol__therapy", "order__signed_by", "moved_to__therapy")
            .defer("order__protocol__content", "moved_to__content")
            .order_by("-starts_on", "-id")
        )

    def running(self) -> CourseQuerySet:
        return self.filter(ended_on__isnull=True)


class DoseQuerySet(PatientRecordQuerySet["Dose"]):
    def with_course(self) -> DoseQuerySet:
        """Doses with what their pages and windows need, in the order of their numbers; with the days of booked times."""
        return (
            self.with_times()
            .select_related("course__order__protocol__therapy", "course__moved_to__therapy")
            .defer("course__order__protocol__content", "course__moved_to__content")
            .order_by("course", "number")
        )

    def with_times(self) -> DoseQuerySet:
        """With `booked_on`, the day of the booked time: `Dose.counted_on` needs it. In the same statement."""
        return self.annotate(**{"booked_on": booked_on()})  # the model names it, for rows without

    def planned(self) -> DoseQuerySet:
        return self.filter(state="planned")

    def going_ahead(self) -> DoseQuerySet:
        """Of courses that are neither ended nor paused, and not put off. A dose before it that is put off holds it back as well."""
        from treatment.models import Postponement

        waits = Postponement.objects.open().filter(
            dose__course=models.OuterRef("course"),
            dose__number__lte=models.OuterRef("number"),
            dose__state="planned",
        )
        running = self.filter(course__ended_on__isnull=True, course__paused_on__isnull=True)
        return running.exclude(models.Exists(waits))

    def given(self) -> DoseQuerySet:
        return self.filter(state="given")


class InfusionRecordQuerySet(PatientRecordQuerySet["InfusionRecord"]):
    """What staff wrote down about doses that were given."""


class ChangeQuerySet(PatientRecordQuerySet["Change"]):
    """What people changed about plans."""


class ChecklistQuerySet(PatientRecordQuerySet["ChecklistItem"]):
    """What is to do before a dose."""

    def needed_for(self, doses: Iterable[Dose]) -> ChecklistQuerySet:
        """The lines of these doses, and those of their courses that say until when they hold; with `chair_at`."""
        from treatment.models import DoseAnswer

        doses = list(doses)
        asked = DoseAnswer.objects.filter(dose=models.OuterRef("dose"), place=DoseAnswer.Place.CHAIR)
        newest = asked.order_by("-answered_at").values("answered_at")[:1]
        lines = models.Q(dose__in=[dose.pk for dose in doses])
        holding = models.Q(dose__course__in={dose.course_id for dose in doses}, valid_until__isnull=False)
        rows = self.annotate(**{"chair_at": models.Subquery(newest)})  # the model names it, for rows without
        return rows.filter(lines | holding).order_by("dose", "position")


class CheckDoneQuerySet(PatientRecordQuerySet["CheckDone"]):
    """Regular checks that were done."""


class AllergyQuerySet(PatientRecordQuerySet["Allergy"]):
    """Versions of entries in the list of allergies."""


class MedicineQuerySet(PatientRecordQuerySet["Medicine"]):
    """Versions of entries in the list of medicines."""
