"""A reaction that showed after its dose was noted as given: noted by staff, beside the record, which stays as it was written."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in
from treatment.courses import reactions, reading
from treatment.courses.ending import note_change
from treatment.courses.guards import STAFF, GradeWithoutReaction, locked_course, words_of
from treatment.courses.reactions import Reaction, later_of
from treatment.models import Change, Course, Dose


class NotGiven(Conflict):
    """The reaction to a dose in the chair belongs in its record, and before a dose there is none."""

    default_message = gettext_lazy(
        "This dose is not noted as given, so no later reaction can be noted. Use its chair record, or note the dose first."
    )


class SinceWhen(DomainError):
    status = 422
    default_message = gettext_lazy(
        "Choose the day on which the reaction showed first: from the day of the dose until today."
    )


@transaction.atomic
def note_later_reaction(
    *, by: User, patient: Patient, dose_id: UUID, grade: int | None, since: date, words: str, id: UUID, now: datetime
) -> Dose:  # fmt: skip
    """Note a reaction to a dose that was given, once under `id`. `grade`: CTCAE, 1 to 5, None for not graded; `since`: the site's day.

    Nothing that was written before changes. From grade 3, and without a grade, the next planned dose of the drug, in whatever course it
    goes on, waits until a prescriber has looked at it (`reactions.hold_next`).
    Raises NotGiven, SinceWhen, GradeWithoutReaction, TextMissing, TextTooLong, NotAllowed, DifferentContent, Http404.
    """
    require(by, patient, TREATMENT, *STAFF)
    words = words_of(words)
    if grade is not None and grade not in reactions.GRADES:
        raise GradeWithoutReaction

    def make() -> UUID:
        dose = reading.dose_or_404(by, patient, dose_id)
        # The patient first, then courses, as `record_infusion` takes them: no dose is noted as given beside this.
        Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
        locked_course(by, patient, dose.course_id)
        dose = reading.dose_or_404(by, patient, dose_id)
        if dose.given_on is None:
            raise NotGiven
        if not dose.given_on <= since <= today_in(now, patient.site.time_zone):
            raise SinceWhen
        said = {"words": words, "grade": grade, "since": since.isoformat()}
        note_change(dose.course, dose, Change.Kind.REACTION, by, now, said)
        record_change(by, patient, "treatment.late-reaction", dose.pk)
        for course in _running_with(by, patient, dose.course):
            reactions.hold_next(by, patient, locked_course(by, patient, course.pk), now)
        return dose.pk

    content = [str(dose_id), grade, since.isoformat(), words]
    exactly_once(act="treatment.late-reaction", id=id, patient=patient, user=by, content=content, do=make)
    return reading.dose_or_404(by, patient, dose_id)


def _running_with(by: User, patient: Patient, course: Course) -> list[Course]:
    """The courses of the same drug that run now, by any route or brand, in the order in which they are held."""
    substance = reading.facts_for(course).substance
    found = [
        one
        for one in reading.courses_of(by, patient)
        if one.is_running and reading.facts_for(one).substance == substance
    ]
    return sorted(found, key=lambda one: one.pk)


def of_dose(user: User, patient: Patient, dose_id: UUID) -> list[Reaction]:
    """What was noted later about one dose, oldest first."""
    rows = Change.objects.for_user(user, patient).filter(dose_id=dose_id, kind=Change.Kind.REACTION)
    return [later_of(row) for row in rows.select_related("dose", "made_by").order_by("made_at", "id")]


__all__ = ["NotGiven", "SinceWhen", "note_later_reaction", "of_dose"]
