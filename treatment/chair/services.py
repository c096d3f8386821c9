"""Writing in a chair record: a line, a correction, the end. Nothing is edited; closing notes what became of the dose, once, through the
service for that, and gives the patient the day in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError
from portal.lib.time import today_in
from treatment.chair import checks, flow
from treatment.chair.details import clean
from treatment.chair.flow import State
from treatment.chair.reading import Record, lines_of, observation_minutes, record_of, row_or_404
from treatment.courses import giving, guards, proceeding, reading
from treatment.courses.eyes import Eyes
from treatment.courses.proceeding import Act, DoseNotOpen, Stop
from treatment.models import ChairDay, ChairRow, Dose

Kind = ChairRow.Kind
LONGEST = timedelta(hours=36)
"""How far back a line can lie: a record is written on the day of the dose, or on the next when something was forgotten."""
STILL_CORRECTED = (Kind.VITALS, Kind.PREMEDICATION, Kind.RATE)
"""What a closed record still lets be corrected: the outcome of the dose does not hang on it."""


class NotYet(DomainError):
    status = 422
    default_message = gettext_lazy("This time is in the future. Enter the time at which it happened.")


class TooFarBack(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This time is more than a day ago. Note the dose as given on its own page, with a note."
    )


class BeforeTheLast(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This time is before the last line. If it is right, tick that you note it later."
    )


class RecordClosed(Conflict):
    default_message = gettext_lazy(
        "This record is closed. Only vital signs, rates and premedication can still be corrected."
    )


class CorrectedAlready(Conflict):
    default_message = gettext_lazy("Somebody has corrected this line already. Look at the newest line first.")


class ReasonNeeded(DomainError):
    status = 422
    default_message = gettext_lazy("Write the reason in a few words.")


class WatchedShorter(DomainError):
    """The observation would end before its minutes are over, or was left out."""

    status = 422
    default_message = gettext_lazy(
        "The time of observation is not over. Write why it ends earlier, or go on watching."
    )


class NotEnded(Conflict):
    default_message = gettext_lazy(
        "The infusion or its observation has not ended in this record. Note that first."
    )


class ReactionMissing(DomainError):
    status = 422
    default_message = gettext_lazy(
        "It was stopped for a reaction, so the reaction belongs in the record. Note it first."
    )


# --- A line -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_row(
    *, by: User, patient: Patient, dose_id: UUID, kind: str, said: Mapping[str, Any], at: datetime | None = None,
    noted_later: bool = False, id: UUID, now: datetime,
) -> ChairRow:  # fmt: skip
    """Write one line, once under `id`. `at`: when it happened (aware), None for now. `said`: by kind, see `details`.

    An infusion starts against what stands in its way (`courses.proceeding`) only with the reason, `although`, and by who may say so.
    Checks are answered all at once, as the version of the course names them (`checks`).

    Raises NotAllowed, DoseNotOpen, NotYet, TooFarBack, BeforeTheLast, OutOfOrder, WatchedShorter, NotPossible, NothingSaid, NoChecks,
    DifferentContent, and what `may_proceed` raises.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    details = clean(kind, said)

    def make() -> UUID:
        dose = _locked_dose(by, patient, dose_id)
        record = record_of(by, patient, dose_id)
        _check_open(dose, record)
        when = _moment(record, at, noted_later, now)
        kept = checks.with_words(dose, details) if kind == Kind.CHECKS else details
        row = _row(patient, dose, kind, when, by, now, kept)
        row.id, row.noted_later = id, noted_later and when < now
        after = _check(dose, record, row)
        if kind == Kind.STARTED:
            _check_against(by, patient, dose, when, details["although"])
        if kind == Kind.OBSERVED:
            _check_watched(by, patient, dose, after, when, details)
        row.save(force_insert=True)
        record_change(by, patient, "chair.noted", dose.pk)
        return row.pk

    content = [str(dose_id), kind, at.isoformat() if at is not None else "", noted_later, details]
    exactly_once(act="chair.row", id=id, patient=patient, user=by, content=content, do=make)
    return row_or_404(by, patient, dose_id, id)


@transaction.atomic
def correct_row(
    *, by: User, patient: Patient, dose_id: UUID, row_id: UUID, said: Mapping[str, Any], why: str,
    at: datetime | None = None, take_back: bool = False, id: UUID, now: datetime,
) -> ChairRow:  # fmt: skip
    """Write a line that stands for an older one, or takes it back; the old one stays readable. `at` None keeps the old time.

    Raises what `add_row` raises, ReasonNeeded, CorrectedAlready, RecordClosed, Http404.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    why = guards.words_of(why, needed=False)
    if not why:
        raise ReasonNeeded

    def make() -> UUID:
        dose = _locked_dose(by, patient, dose_id)
        record = record_of(by, patient, dose_id)
        old = row_or_404(by, patient, dose_id, row_id)
        if record.correction_of(old.pk) is not None or old.kind in (Kind.TAKEN_BACK, Kind.CLOSED):
            raise CorrectedAlready
        if record.is_closed and old.kind not in STILL_CORRECTED:
            raise RecordClosed
        if not record.is_closed:
            _check_open(dose, record)
        when = _moment(record, at, True, now) if at is not None else old.at
        kind = Kind.TAKEN_BACK if take_back else old.kind
        details = {} if take_back else clean(old.kind, said)
        if kind == Kind.CHECKS:
            details = checks.with_words(dose, details)
        if kind == Kind.STARTED:  # the reason for starting is not what is corrected
            details["although"] = details["although"] or old.details["although"]
        row = _row(patient, dose, kind, when, by, now, {**details, "why": why})
        row.id, row.corrects, row.noted_later = id, old, True
        after = _check(dose, record, row)
        if kind == Kind.OBSERVED:
            _check_watched(by, patient, dose, after, when, details)
        elif kind == Kind.OBSERVING and after.observed_at is not None and when > old.at:
            _check_watched(by, patient, dose, after, after.observed_at, details)
        row.save(force_insert=True)
        record_change(by, patient, "chair.corrected", dose.pk)
        if record.is_closed:
            _give_day(by, patient, dose, record_of(by, patient, dose_id), now)
        return row.pk

    content = [str(dose_id), str(row_id), sorted((key, str(value)) for key, value in said.items()), why,
               at.isoformat() if at is not None else "", take_back]  # fmt: skip
    exactly_once(act="chair.correct", id=id, patient=patient, user=by, content=content, do=make)
    return row_or_404(by, patient, dose_id, id)


def _row(
    patient: Patient, dose: Dose, kind: str, at: datetime, by: User, now: datetime, details: dict[str, Any]
) -> ChairRow:
    row = ChairRow(
        id=uuid7(), patient=patient, dose=dose, kind=kind, at=at, made_by=by, made_at=now, created_at=now
    )
    row.details = details
    return row


def _locked_dose(by: User, patient: Patient, dose_id: UUID) -> Dose:
    """The dose, with its course held: one line at a time, and none beside a note of its outcome."""
    dose = reading.dose_or_404(by, patient, dose_id)
    guards.locked_course(by, patient, dose.course_id)
    return reading.dose_or_404(by, patient, dose_id)


def _check_open(dose: Dose, record: Record) -> None:
    if record.is_closed:
        raise RecordClosed
    if not dose.is_planned or not dose.course.is_running:
        raise DoseNotOpen


def against(by: User, patient: Patient, dose: Dose, at: datetime) -> list[Stop]:
    """What stands against starting a dose at a moment, on the site's day; answers that are too old by then stand against it too."""
    on = today_in(at, patient.site.time_zone)
    return proceeding.stops(Eyes(by, patient), dose, Act.START, on=on, at=at)


def _check_against(by: User, patient: Patient, dose: Dose, at: datetime, although: str) -> None:
    """Raises the first refusal that nobody, or not this person, can start against with a reason."""
    found = against(by, patient, dose, at)
    prescriber = bool(found) and guards.is_prescriber(by)
    for stop in found:
        may = stop.code in proceeding.BY_STAFF or (stop.code in proceeding.BY_PRESCRIBER and prescriber)
        if not (although and may):
            raise stop.error


def _moment(record: Record, at: datetime | None, noted_later: bool, now: datetime) -> datetime:
    """When it happened. A time typed to the minute is not before a line of the same minute."""
    if at is None:
        return now
    if at > now:
        raise NotYet
    if now - at > LONGEST:
        raise TooFarBack
    last = max((row.at for row in record.standing), default=None)
    if last is not None and at < last:
        if last.replace(second=0, microsecond=0) == at and not noted_later:
            return last
        if not noted_later:
            raise BeforeTheLast
    return at


def _check(dose: Dose, record: Record, row: ChairRow) -> flow.Stand:
    """Where the record would stand with this line. Raises OutOfOrder."""
    return flow.replay(lines_of(Record((*record.rows, row)).standing))


def _check_watched(
    by: User, patient: Patient, dose: Dose, after: flow.Stand, at: datetime, details: Mapping[str, Any]
) -> None:
    if flow.too_early(after, observation_minutes(by, patient, dose), at) and not details["words"]:
        raise WatchedShorter


# --- The end ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def close(
    *, by: User, patient: Patient, dose_id: UUID, extent: str, how_much: str = "", amount_mg: Decimal | None = None,
    product: str = "", lot: str = "", expires_on: date | None = None, line_site: str = "", note: str = "",
    although: str = "", unwatched: str = "", id: UUID, now: datetime,
) -> Dose:  # fmt: skip
    """Close the record: the dose is noted as given from when it started, with the worst grade of its reactions, and the patient gets the
    day in plain words. From grade 3, and without a grade, the next dose waits for a prescriber (`courses.reactions`).

    `although`: why it was given although something stood against it; what was said at the start counts. `unwatched`: why there was no
    observation although the version states minutes. What went over a limit for the lifetime all the same is closed by a prescriber with
    the reason, `although`, and counts.

    Raises NotEnded, WatchedShorter, ReactionMissing, RecordClosed, and what `record_infusion` raises.
    """
    require(by, patient, TREATMENT, *guards.STAFF)
    unwatched = guards.words_of(unwatched, needed=False)
    outcome: dict[str, Any] = {
        "extent": extent, "how_much": how_much, "amount_mg": amount_mg, "product": product, "lot": lot,
        "expires_on": expires_on, "line_site": line_site, "note": note,
    }  # fmt: skip

    def make() -> UUID:
        # The patient first, then the course, as `record_infusion` takes them.
        Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()
        dose = _locked_dose(by, patient, dose_id)
        record = record_of(by, patient, dose_id)
        _check_open(dose, record)
        stand = record.stand
        if stand.state not in (State.ENDED, State.OBSERVED) or stand.started_at is None:
            raise NotEnded
        if stand.state is State.ENDED and observation_minutes(by, patient, dose) and not unwatched:
            raise WatchedShorter(
                _("No observation is in this record. Write why, or note when it began and ended.")
            )
        if extent == Dose.Extent.STOPPED and not record.of_kind(Kind.REACTION):
            raise ReactionMissing
        said = although.strip() or next(row.details["although"] for row in record.of_kind(Kind.STARTED))
        giving.record_infusion(
            by=by, patient=patient, dose_id=dose_id, id=uuid5(id, "outcome"), given_at=stand.started_at, now=now,
            reaction=bool(record.of_kind(Kind.REACTION)), reaction_grade=worst_grade(record), although=said,
            early_reason=said, from_chair=True, over_limit=bool(although.strip()), **outcome,
        )  # fmt: skip
        row = _row(patient, dose, Kind.CLOSED, now, by, now, {"words": unwatched})
        row.save(force_insert=True)
        _give_day(by, patient, dose, record_of(by, patient, dose_id), now)
        record_change(by, patient, "chair.closed", dose.pk)
        return dose.pk

    content = [str(dose_id), although, unwatched, sorted((key, str(value)) for key, value in outcome.items())]
    exactly_once(act="chair.close", id=id, patient=patient, user=by, content=content, do=make)
    return reading.dose_or_404(by, patient, dose_id)


def worst_grade(record: Record) -> int | None:
    """The highest grade of the reactions in a record; None when one of them is not graded yet, or there was none."""
    grades = [row.details["grade"] for row in record.of_kind(Kind.REACTION)]
    return max(grades) if grades and None not in grades else None


def _give_day(by: User, patient: Patient, dose: Dose, record: Record, now: datetime) -> None:
    """The patient's copy of a closed record. It holds no grade and none of the team's words."""
    stand = record.stand
    assert stand.started_at is not None
    assert stand.ended_at is not None
    signs = {sign for row in record.of_kind(Kind.REACTION) for sign in row.details["signs"]}
    watched = None
    if stand.observing_at is not None and stand.observed_at is not None:
        watched = int((stand.observed_at - stand.observing_at).total_seconds() // 60)
    copy = ChairDay(patient=patient, dose=dose, made_by=by, made_at=now, created_at=now)
    copy.day = {
        "began": stand.started_at.isoformat(),
        "ended": stand.ended_at.isoformat(),
        "breaks": int(stand.stood_still(now).total_seconds() // 60) if stand.breaks else None,
        "before": [
            " ".join(filter(None, (row.details["what"], row.details["amount"])))
            for row in record.of_kind(Kind.PREMEDICATION)
        ],
        "checks": len(record.of_kind(Kind.VITALS)),
        "reaction": bool(record.of_kind(Kind.REACTION)),
        "signs": sorted(signs),
        "watched": watched,
    }
    copy.save(force_insert=True)


__all__ = [
    "BeforeTheLast",
    "CorrectedAlready",
    "NotEnded",
    "NotYet",
    "ReactionMissing",
    "ReasonNeeded",
    "RecordClosed",
    "TooFarBack",
    "WatchedShorter",
    "add_row",
    "against",
    "close",
    "correct_row",
    "worst_grade",
]
