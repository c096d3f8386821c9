"""Putting a dose off and letting it go ahead; where its drug is. Nothing moves by itself: new dates are proposed from what is said here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in
from treatment.courses import ending, giving, guards, proceeding, reactions, reading
from treatment.courses.eyes import Eyes
from treatment.models import Dose, DrugStep, Postponement
from treatment.outcomes.reading import Drug, drug_of, hold_of

ACTS: dict[str, proceeding.Act] = {
    DrugStep.Kind.ORDERED: proceeding.Act.ORDER_DRUG,
    DrugStep.Kind.RELEASED: proceeding.Act.RELEASE,
    DrugStep.Kind.MIXED: proceeding.Act.MIX,
}
LOOK_AGAIN_WITHIN = timedelta(days=366)
BY_STAFF = [reason for reason in Postponement.Reason if reason != Postponement.Reason.REACTION]


class NothingWaits(Conflict):
    default_message = gettext_lazy("This dose is not put off any more. Look at the newest state first.")


class StepOutOfOrder(Conflict):
    default_message = gettext_lazy("This is not the next step of this drug. Look at the newest state first.")


class DayToLookMissing(DomainError):
    status = 422
    default_message = gettext_lazy("Choose a day to look again, from today on and within a year.")


# --- Put off ------------------------------------------------------------------------------------------------------


@transaction.atomic
def postpone(
    *, by: User, patient: Patient, dose_id: UUID, reason: str, owner: str, recheck_on: date, note: str = "", id: UUID,
    now: datetime,
) -> Postponement:  # fmt: skip
    """Say why the next dose waits, who has it in hand and on which day somebody looks again. Said again, the newer word holds.

    Raises NotAllowed, DayToLookMissing, DoseNotOpen, CoursePaused, EarlierDoseOpen, NotAPrescriber, TextTooLong, DifferentContent.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    note = guards.words_of(note, needed=False)
    today = today_in(now, patient.site.time_zone)
    if not today <= recheck_on <= today + LOOK_AGAIN_WITHIN:
        raise DayToLookMissing

    def make() -> UUID:
        dose = _locked_dose(by, patient, dose_id)
        guards.check_open(dose)
        first = giving.next_planned(by, patient, dose.course_id)
        if first is not None and first.pk != dose.pk:
            raise proceeding.EarlierDoseOpen
        before = hold_of(by, patient, dose.pk)
        if before is not None:
            _end(by, before, Postponement.End.AGAIN, now)
        row = Postponement(
            id=id, patient=patient, dose=dose, reason=reason, owner=owner, recheck_on=recheck_on, made_by=by,
            made_at=now, created_at=now,
        )  # fmt: skip
        row.note = note
        row.save(force_insert=True)
        record_change(by, patient, "treatment.put-off", dose.pk)
        return row.pk

    content = [str(dose_id), reason, owner, recheck_on.isoformat(), note]
    exactly_once(act="treatment.put-off", id=id, patient=patient, user=by, content=content, do=make)
    return Postponement.objects.for_user(by, patient).select_related("made_by").get(pk=id)


@transaction.atomic
def go_ahead(*, by: User, patient: Patient, dose_id: UUID, id: UUID, now: datetime, reason: str = "") -> Dose:
    """The dose waits no more. After a reaction only a prescriber says so, with the reason; it is kept as a change.

    Raises NothingWaits, NotAPrescriber, TextMissing, TextTooLong, NotAllowed, DifferentContent.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    reason = guards.words_of(reason, needed=False)

    def make() -> UUID:
        dose = _locked_dose(by, patient, dose_id)
        waiting = hold_of(by, patient, dose.pk)
        if waiting is None:
            raise NothingWaits
        _end(by, waiting, Postponement.End.GO_AHEAD, now)
        if waiting.reason == Postponement.Reason.REACTION:
            ending.note_change(dose.course, dose, "reviewed", by, now, guards.words_of(reason))
            record_change(by, patient, "treatment.reaction-reviewed", dose.pk)
        reactions.hold_next(by, patient, dose.course, now)
        record_change(by, patient, "treatment.goes-ahead", dose.pk)
        return dose.pk

    content = [str(dose_id), reason] if reason else [str(dose_id)]
    exactly_once(act="treatment.goes-ahead", id=id, patient=patient, user=by, content=content, do=make)
    return reading.dose_or_404(by, patient, dose_id)


def _end(by: User, row: Postponement, how: str, now: datetime) -> None:
    """End what holds a dose back. What a reaction holds back only a prescriber lets go, or puts off again."""
    if row.reason == Postponement.Reason.REACTION and not guards.is_prescriber(by):
        raise guards.NotAPrescriber
    row.ended_at, row.ended_by, row.ended_how = now, by, how
    row.save(update_fields=["ended_at", "ended_by", "ended_how"])


def _locked_dose(by: User, patient: Patient, dose_id: UUID) -> Dose:
    """The dose, with its course held: one change at a time."""
    dose = reading.dose_or_404(by, patient, dose_id)
    guards.locked_course(by, patient, dose.course_id)
    return reading.dose_or_404(by, patient, dose_id)


# --- The drug of a dose -------------------------------------------------------------------------------------------


@transaction.atomic
def note_drug_step(
    *, by: User, patient: Patient, dose_id: UUID, kind: str, product: str = "", lot: str = "",
    expires_on: date | None = None, note: str = "", id: UUID, now: datetime,
) -> Drug:  # fmt: skip
    """The next step of a dose's drug: ordered, released, mixed, or taken back. A product past its day is not released or mixed.

    Raises NotAllowed, StepOutOfOrder, what `proceeding.may_proceed` raises, ProductExpired, TextMissing (taken back), TextTooLong.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    details = {
        "product": guards.words_of(product, needed=False),
        "lot": guards.words_of(lot, needed=False),
        "expires_on": expires_on.isoformat() if expires_on is not None else "",
        "note": guards.words_of(note, needed=kind == DrugStep.Kind.RETURNED),
    }

    def make() -> UUID:
        dose = _locked_dose(by, patient, dose_id)
        found = drug_of(by, patient, dose.pk)
        if kind not in found.following:
            raise StepOutOfOrder
        if kind != DrugStep.Kind.RETURNED:
            today = today_in(now, patient.site.time_zone)
            proceeding.may_proceed(Eyes(by, patient), dose, ACTS[kind], on=today)
            expires = expires_on or found.expires_on
            if expires is not None and expires < today:
                raise guards.ProductExpired(_("This product is past its expiry date. It cannot be used."))
        step = DrugStep(id=id, patient=patient, dose=dose, kind=kind, made_by=by, made_at=now, created_at=now)
        step.details = details
        step.save(force_insert=True)
        record_change(
            by,
            patient,
            "drug.ordered"
            if kind == DrugStep.Kind.ORDERED
            else "drug.released"
            if kind == DrugStep.Kind.RELEASED
            else "drug.mixed"
            if kind == DrugStep.Kind.MIXED
            else "drug.returned",
            dose.pk,
        )
        return step.pk

    content = [str(dose_id), kind, details]
    exactly_once(act="treatment.drug", id=id, patient=patient, user=by, content=content, do=make)
    return drug_of(by, patient, dose_id)
