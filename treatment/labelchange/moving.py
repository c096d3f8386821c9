"""Moving one course to another version of its protocol. Days that are planned stay; their windows and shortest times are those of the new version."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError
from portal.lib.time_words import day as day_words
from treatment.courses import planning, reading
from treatment.courses.guards import (
    STAFF,
    TEXT_LENGTH,
    NotAPrescriber,
    NotSignedOff,
    TextMissing,
    TextTooLong,
    is_prescriber,
)
from treatment.courses.laying import bring_along, lines_before
from treatment.courses.planning import DoseWindow, Slot
from treatment.models import ChecklistItem, Course, Dose, LabelChange, Protocol, VersionMove
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.signing import IsWithdrawn, hold_version, is_withdrawn, state_of_sign_off


class CannotMove(DomainError):
    default_message = gettext_lazy("This course cannot be moved to that version.")


class ThereAlready(Conflict):
    default_message = gettext_lazy("This course is on that version already.")


@dataclass(frozen=True, slots=True)
class Renewed:
    """A planned dose as it would stand on another version: the same target day."""

    dose: Dose
    slot: Slot
    window: DoseWindow
    not_before: date | None

    @property
    def differs(self) -> bool:
        return self.window != self.dose.window or self.not_before != self.dose.not_before


@dataclass(frozen=True, slots=True)
class Effect:
    """What a move would do to a course's planned doses, or why it cannot be done."""

    doses: list[Renewed] = field(default_factory=list)
    blocked: str = ""

    @property
    def lines(self) -> list[str]:
        """Every dose whose window or shortest time would change, in words."""
        return [_words(one) for one in self.doses if one.differs]


def in_demo() -> bool:
    return bool(settings.DEMO)


def prescribes(user: User) -> None:
    """Raises NotAPrescriber."""
    if not is_prescriber(user):
        raise NotAPrescriber


def reason_in(text: str) -> str:
    """Raises TextMissing, TextTooLong."""
    text = text.strip()
    if not text:
        raise TextMissing
    if len(text) > TEXT_LENGTH:
        raise TextTooLong
    return text


def effect_of(course: Course, doses: list[Dose], facts: Facts) -> Effect:
    """The planned doses of a course on another version's facts: days stay, windows and shortest times are renewed."""
    path = facts.paths.get(course.order.path)
    if path is None:
        return Effect(blocked=_("That version has no such plan."))
    renewed = []
    previous: date | None = None
    for dose in sorted(doses, key=lambda one: one.number):
        if dose.is_planned:
            slot = planning.slot_at(path.phases, dose.number)
            if slot is None:
                return Effect(
                    blocked=_("Dose %(number)d has no place in that version.") % {"number": dose.number}
                )
            one = _renewed(dose, slot, previous)
            if one.not_before is not None and dose.target < one.not_before:
                return Effect(
                    blocked=_(
                        "Dose %(number)d is planned for %(day)s. By that version it is too early: its shortest time ends on %(end)s. "
                        "Set another day for it first."
                    )
                    % {
                        "number": dose.number,
                        "day": day_words(dose.target),
                        "end": day_words(one.not_before),
                    }
                )
            renewed.append(one)
        if dose.is_planned or dose.given_on is not None:
            previous = dose.day
    return Effect(renewed)


def _renewed(dose: Dose, slot: Slot, previous: date | None) -> Renewed:
    if previous is None:  # the first one stands where the order put it
        return Renewed(dose, slot, dose.window, dose.not_before)
    not_before = planning.not_before(slot, previous)
    window = planning.around(slot.phase, dose.target)
    if not_before is not None and window.earliest < not_before:
        window = DoseWindow(min(not_before, dose.target), window.target, window.latest)
    return Renewed(dose, slot, window, not_before)


def _words(one: Renewed) -> str:
    if one.window.latest is not None:
        window = _("%(first)s to %(last)s") % {
            "first": day_words(one.window.earliest),
            "last": day_words(one.window.latest),
        }
    else:
        window = _("from %(first)s") % {"first": day_words(one.window.earliest)}
    said = _("Dose %(number)d stays on %(day)s. Its days: %(window)s.") % {
        "number": one.dose.number,
        "day": day_words(one.dose.target),
        "window": window,
    }
    if one.not_before is not None and one.not_before != one.dose.not_before:
        said += " " + _("Its shortest time ends on %(end)s.") % {"end": day_words(one.not_before)}
    return said


@transaction.atomic
def move_course(
    *, by: User, patient: Patient, course_id: UUID, protocol_id: UUID, reason: str, id: UUID, now: datetime,
    change: LabelChange | None = None, demo: bool | None = None,
) -> Course:  # fmt: skip
    """A prescriber moves a running course to another version of its therapy; its planned days stay. Once under `id`.

    `demo` None: as the settings say. Raises NotAPrescriber, NotSignedOff, IsWithdrawn, ThereAlready, CannotMove, TextMissing, Http404.
    """
    require(by, patient, TREATMENT, *STAFF)
    prescribes(by)
    reason = reason_in(reason)

    def make() -> UUID:
        Course.objects.for_user(by, patient).select_for_update(no_key=True).filter(pk=course_id).first()
        course = reading.course_or_404(by, patient, course_id)
        target = Protocol.objects.light().at(patient.site).filter(pk=protocol_id).first()
        if target is None or target.therapy_id != course.order.protocol.therapy_id:
            raise Http404
        if not course.is_running:
            raise Conflict
        if target.pk == course.protocol_id:
            raise ThereAlready
        hold_version(target.pk, patient.site)
        if is_withdrawn(target, patient.site):
            raise IsWithdrawn
        if not state_of_sign_off(target, patient.site).is_clinical and not (
            in_demo() if demo is None else demo
        ):
            raise NotSignedOff
        facts = facts_of(target.pk)
        effect = effect_of(course, reading.doses_of(by, patient, course), facts)
        if effect.blocked:
            raise CannotMove(effect.blocked)
        for one in effect.doses:
            _renew(one)
        _add_items(by, patient, course, effect.doses, facts, now)
        old, course.moved_to = course.protocol, target
        course.save(update_fields=["moved_to"])
        row = VersionMove(
            patient=patient,
            course=course,
            old=old,
            new=target,
            change=change,
            made_by=by,
            made_at=now,
            created_at=now,
        )
        row.reason = reason
        row.save(force_insert=True)
        record_change(by, patient, "treatment.version-moved", course.pk)
        return course.pk

    content = [str(course_id), str(protocol_id), reason]
    exactly_once(act="treatment.version-move", id=id, patient=patient, user=by, content=content, do=make)
    return reading.course_or_404(by, patient, course_id)


def _renew(one: Renewed) -> None:
    dose = one.dose
    dose.phase_key, dose.not_before = one.slot.phase.key, one.not_before
    dose.earliest, dose.latest = one.window.earliest, one.window.latest
    dose.save(update_fields=["phase_key", "not_before", "earliest", "latest"])


def _add_items(
    by: User, patient: Patient, course: Course, doses: list[Renewed], facts: Facts, now: datetime
) -> None:
    """What the new version asks for before a planned dose, where it is not asked yet. Nothing that stands there is taken away."""
    there: dict[UUID, set[str]] = defaultdict(set)
    known = ChecklistItem.objects.for_user(by, patient).filter(dose__in=[one.dose for one in doses])
    for dose_id, fact in known.values_list("dose_id", "fact"):
        there[dose_id].add(fact)
    ChecklistItem.objects.bulk_create(
        [
            item
            for one in doses
            for item in lines_before(course, one.dose, one.slot, facts, there[one.dose.pk], now)
        ]
    )
    bring_along(by, course, facts, now)
