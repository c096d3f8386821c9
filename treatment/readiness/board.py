"""The week before the team: each planned dose, how it stands, what blocks it and who has it; the worst first. A constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from patients.attention import patients_by_id
from patients.models import Patient
from portal.lib.actor import reading_many
from portal.lib.time import today_in
from treatment import checks, words
from treatment.courses import reading
from treatment.courses.blocked import blocks_of
from treatment.courses.proceeding import Stop
from treatment.models import CheckDone, Dose, DoseAnswer, Postponement, Result, SelfCheck
from treatment.querysets import counted_in
from treatment.readiness import items, reminders
from treatment.readiness.dose import held_code
from treatment.readiness.standing import HELD, ORDER, Readiness, Standing

DAY, WEEK = timedelta(days=1), timedelta(days=7)
RANK = {code: rank for rank, code in enumerate([ORDER[0], "blocked", *ORDER[1:], "ready", *HELD])}
MOST = 300
FARTHEST = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Block:
    """Something that stands between a person and the dose: what, who has it, how it stands, until when."""

    label: str
    owner: str
    who: str
    kind: str
    word: str
    due: date | None


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One dose of the week. `day`: the one on which it is counted, of its booked time or planned."""

    dose: Dose
    day: date
    patient: Patient
    therapy: str
    readiness: Readiness
    blocks: list[Block]
    later: int
    stops: list[DoseAnswer]
    self_checks: list[SelfCheck]
    call: bool  # nobody could be written to
    put_off: Postponement | None
    ask_at_chair: bool
    against: list[Stop] = field(
        default_factory=list
    )  # a withdrawn version, numbers, a limit: it cannot go on

    @property
    def order(self) -> tuple[int, date, str]:
        """The worst first, then what comes first; what is put off or paused comes last, unless an answer stops it."""
        return (RANK[self.readiness.worst], self.day, str(self.dose.pk))


@dataclass(frozen=True, slots=True)
class Board:
    """The doses of one week, Monday to Sunday, and doses of other weeks that are stopped."""

    monday: date
    rows: list[BoardRow]
    elsewhere: list[BoardRow]
    more: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def sunday(self) -> date:
        return self.monday + timedelta(days=6)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def is_near(day: date, today: date) -> bool:
    """Whether a week can be asked for: two years back and ahead."""
    return abs(day - today) <= FARTHEST


def week_of(user: User, day: date, now: datetime) -> Board:
    """The week that `day` lies in, for everybody whose treatment the person may see as one of the team."""
    monday = monday_of(day)
    with reading_many():
        doses, answers, selfchecks = _doses(user, monday)
        found = _rows(user, doses[:MOST], answers, selfchecks, now)
    found.sort(key=lambda row: row.order)
    rows = [row for row in found if monday <= row.day < monday + WEEK]
    elsewhere = [row for row in found if row not in rows]
    counts: dict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.readiness.worst] += 1
    return Board(monday, rows, elsewhere, max(0, len(doses) - MOST), dict(counts))


def counts_of(user: User, day: date) -> tuple[int, int]:
    """Planned doses in the week of `day` that are neither put off nor paused, and answers that stop doses of a patient: two statements."""
    monday = monday_of(day)
    with reading_many():
        planned = Dose.objects.for_user(user).planned().going_ahead()
        doses = planned.with_times().filter(counted_in(monday, monday + WEEK - DAY)).count()
        coming = Dose.objects.planned().filter(patient=OuterRef("patient"), course__ended_on__isnull=True)
        return doses, DoseAnswer.objects.for_user(user).stopping().filter(Exists(coming)).count()


def _in_week(day: date, monday: date) -> bool:
    return monday <= day < monday + WEEK


def _doses(user: User, monday: date) -> tuple[list[Dose], list[DoseAnswer], list[SelfCheck]]:
    """The doses that are counted in the week, those that an answer is about and stops, and the next one of everybody with such an answer,
    or with a self-check that nobody has looked at: three statements."""
    stopping = DoseAnswer.objects.for_user(user).stopping()
    answers = list(stopping.select_related("dose").order_by("-answered_at", "-id")[:MOST])
    selfchecks = list(SelfCheck.objects.for_user(user).to_look_at().order_by("answered_at", "id")[:MOST])
    said = {row.patient_id for row in selfchecks}
    said |= {row.patient_id for row in answers}
    planned = Dose.objects.for_user(user).with_course().planned().filter(course__ended_on__isnull=True)
    wanted = counted_in(monday, monday + WEEK - DAY) | Q(pk__in=[row.dose_id for row in answers])
    found = planned.filter(wanted | Q(patient_id__in=said)).select_related("patient__site")
    rows = sorted(found, key=lambda dose: (dose.counted_on, dose.pk))
    named, shown, kept = {row.dose_id for row in answers}, set[UUID](), []
    shown |= {dose.patient_id for dose in rows if _in_week(dose.counted_on, monday)}
    for dose in rows:
        if _in_week(dose.counted_on, monday) or dose.pk in named:
            kept.append(dose)
            shown.add(dose.patient_id)
        elif dose.patient_id in said and dose.patient_id not in shown:
            kept.append(dose)  # their next one
            shown.add(dose.patient_id)
    return kept, answers, selfchecks


def _rows(
    user: User, doses: list[Dose], answers: list[DoseAnswer], selfchecks: list[SelfCheck], now: datetime
) -> list[BoardRow]:
    courses = {dose.course_id for dose in doses}
    lines = items.by_course(user, doses)
    patients = patients_by_id(user, {dose.patient_id for dose in doses})
    groups = items.groups_of(user, patients)
    given = _by_course_id(Dose.objects.for_user(user).with_course().given().filter(course__in=courses))
    done: dict[tuple[UUID | None, str], date] = {}
    for course_id, fact, day in CheckDone.objects.for_user(user).filter(course__in=courses).values_list("course_id", "fact", "done_on"):  # fmt: skip
        done[course_id, fact] = max(day, done.get((course_id, fact), day))
    results: dict[UUID, dict[tuple[UUID | None, str], date]] = defaultdict(dict)
    tests = Result.objects.for_user(user).standing().filter(patient__in=patients)
    for patient_id, test, day in tests.values_list("patient_id", "test", "taken_on"):
        results[patient_id][None, test] = max(day, results[patient_id].get((None, test), day))
    silent = reminders.unreachable(user, doses)
    put_off = _put_off(user, courses)
    against = blocks_of(user, doses)
    rows = []
    for dose in doses:
        patient = patients.get(dose.patient_id)
        if patient is None:
            continue
        today = today_in(now, patient.site.time_zone)
        day = dose.counted_on
        found = items.lines_of(dose, lines[dose.course_id], groups[patient.pk], now, today)
        stops = [row for row in answers if row.is_about(dose)]
        signs = [row for row in selfchecks if row.patient_id == patient.pk]
        waits = next((row for row in put_off[dose.course_id] if row.dose.number <= dose.number), None)
        overdue = [
            check
            for check in checks.regular_checks(
                user, patient, dose.course, given[dose.course_id], {**done, **results[patient.pk]}
            )
            if check.is_overdue(today)
        ]
        codes = [*(line.standing.code for line in found), *("overdue" for _check in overdue)]
        rows.append(
            BoardRow(
                dose=dose,
                day=day,
                patient=patient,
                therapy=reading.name_of(dose.course),
                readiness=Readiness(
                    tuple(codes),
                    held=held_code(dose, waits),
                    stopped=bool(stops or signs),
                    blocked=dose.pk in against,
                ),
                blocks=[*_blocks(found), *(_overdue(check) for check in overdue)],
                later=sum(code == "later" for code in codes),
                stops=stops,
                self_checks=signs,
                call=(dose.pk, day) in silent and waits is None and not dose.course.is_paused,
                put_off=waits,
                ask_at_chair=any(line.ask_at_chair for line in found),
                against=against.get(dose.pk, []),
            )
        )
    return rows


def _put_off(user: User, course_ids: set[UUID]) -> dict[UUID, list[Postponement]]:
    """What holds doses of these courses back now, the latest dose first: one statement."""
    found: dict[UUID, list[Postponement]] = defaultdict(list)
    rows = (
        Postponement.objects.for_user(user)
        .open()
        .filter(dose__course__in=course_ids, dose__state=Dose.State.PLANNED)
    )
    for row in rows.select_related("dose").order_by("-dose__number"):
        found[row.dose.course_id].append(row)
    return found


def _blocks(lines: list[items.Line]) -> list[Block]:
    """What blocks, the worst first and then what is due first."""
    found = [line for line in lines if line.standing.blocks]
    found.sort(key=lambda line: (RANK[line.standing.code], line.standing.due or date.max, line.item.position))
    return [
        Block(
            line.said.label, line.item.owner, str(words.STAFF_OWNERS[line.item.owner]), line.standing.kind,
            line.standing.word, line.standing.due,
        )
        for line in found
    ]  # fmt: skip


def _overdue(check: checks.CheckState) -> Block:
    standing = Standing("overdue", check.due)
    return Block(
        check.label,
        check.owner,
        str(words.STAFF_OWNERS[check.owner]),
        standing.kind,
        standing.word,
        check.due,
    )


def _by_course_id(rows: Iterable[Dose]) -> dict[UUID, list[Dose]]:
    found: dict[UUID, list[Dose]] = defaultdict(list)
    for row in rows:
        found[row.course_id].append(row)
    return found
