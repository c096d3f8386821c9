"""Charts as pages show them: the person's readable words drawn by date and by day of cycle, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

from accounts.models import User
from journal import chart_words, charting, infusions
from journal.charting import Cycle, Point, Range
from journal.models import JournalEntry, SensitivePart, SharedEntry
from journal.symptoms import SYMPTOMS, Scores, Symptom
from patients.models import Patient

LOOK_BACK = 730  # days in which infusions are looked for, to know whether the view by cycle is worth a link
DENSE_FROM = 60  # places on an axis from which the dots are drawn smaller

# fn(user, patient, first, last) -> (day, levels by symptom code) of all that this person may read of these days
Reader = Callable[[User, Patient, date, date], Iterator[tuple[date, Scores]]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """The paths of one chart, in a box of units; `earlier` is the dashed line of squares, `line` the full one of dots."""

    view_box: str
    grid: str
    line: str
    dots: str
    earlier: str = ""
    squares: str = ""
    infusions: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One symptom: the sentence, the drawing (None when there is not enough to draw), the words beside it, its table.

    `points` and `earlier` (of earlier cycles) are what is drawn, on an axis of places of `days_in_slot` days each.
    """

    code: str
    name: str
    title: str
    sentence: str
    drawing: Drawing | None = None
    ends: tuple[str, ...] = ()
    table: chart_words.Table | None = None
    points: tuple[Point, ...] = ()
    earlier: tuple[Point, ...] = ()
    days_in_slot: int = 1


@dataclass(frozen=True, slots=True)
class Charts:
    """All panels of one page, with what stands once for all of them."""

    panels: list[Panel]
    infusions: str = ""
    given: tuple[date, ...] = ()
    cycles: bool = False
    weeks: bool = False
    dense: bool = False

    @property
    def levels(self) -> list[str]:
        return chart_words.levels_down()


# --- What was noted ------------------------------------------------------------------------------------------


def own_words(user: User, patient: Patient, first: date, last: date) -> Iterator[tuple[date, Scores]]:
    """What this person may read of the journal itself: the patient all of it, a carer what is not sensitive."""
    entries = JournalEntry.objects.for_user(user, patient).standing().between(first, last)
    days: dict[Any, date] = {}
    for pk, day, sealed in entries.values_list("pk", "occurred_on", "scores"):
        days[pk] = day
        yield day, _opened(JournalEntry, "scores", pk, patient, sealed)
    parts = SensitivePart.objects.for_user(user, patient).filter(entry__occurred_on__range=(first, last))
    for pk, entry, sealed in parts.values_list("pk", "entry_id", "scores"):
        if entry in days:
            yield days[entry], _opened(SensitivePart, "scores", pk, patient, sealed)


def shared_words(user: User, patient: Patient, first: date, last: date) -> Iterator[tuple[date, Scores]]:
    """What the team sees: the shared copies alone."""
    copies = SharedEntry.objects.for_user(user, patient).live().between(first, last)
    for pk, day, sealed in copies.values_list("pk", "occurred_on", "snapshot"):
        yield day, _opened(SharedEntry, "snapshot", pk, patient, sealed)["scores"]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody's charts are made of: the words that they may read, and whether treatment is open to them."""

    read: Reader
    treatment: bool


SIGHTS = {  # by capacity
    "self": Sight(own_words, treatment=True),
    "carer": Sight(own_words, treatment=False),
    "team": Sight(shared_words, treatment=True),
    "break_glass": Sight(shared_words, treatment=True),
}


def _opened(model: Any, name: str, pk: Any, patient: Patient, sealed: Any) -> Any:
    """A sealed value without a whole model instance around it: a year of a journal has hundreds."""
    row: Any = SimpleNamespace(pk=pk, sealing_patient_id=patient.pk)
    return model._meta.get_field(name).open(row, sealed.raw) if sealed is not None else {}


def levels_of(noted: Iterable[tuple[date, Scores]]) -> dict[str, dict[date, int]]:
    """One level a day for each symptom, in the list's own order; symptoms without a word are not there."""
    by_code: dict[str, list[tuple[date, int]]] = {}
    for day, scores in noted:
        for code, level in scores.items():
            by_code.setdefault(code, []).append((day, level))
    return {
        symptom.code: charting.day_levels(by_code[symptom.code])
        for symptom in SYMPTOMS
        if symptom.code in by_code
    }


def _symptoms(levels: dict[str, dict[date, int]]) -> Iterator[tuple[Symptom, dict[date, int]]]:
    return ((symptom, levels[symptom.code]) for symptom in SYMPTOMS if symptom.code in levels)


# --- By date -------------------------------------------------------------------------------------------------


def charts_by_date(user: User, patient: Patient, *, sight: Sight, stretch: Range, today: date) -> Charts:
    """A panel for each symptom with a word in the stretch; infusions are marked when treatment is open to the person."""
    first, since = stretch.first(today), today - timedelta(days=LOOK_BACK)
    given = infusions.given_days(user, patient, since, today) if sight.treatment else []
    known = sorted({one.day for one in given})
    days = [day for day in known if day >= first]
    levels = levels_of(sight.read(user, patient, first, today))
    places = chart_words.places_by_date(stretch, first, days)
    panels = [
        date_panel(symptom, found, stretch, today, days, places) for symptom, found in _symptoms(levels)
    ]
    return Charts(
        panels,
        chart_words.infusions_sentence(days),
        tuple(days),
        cycles=charting.may_have_cycles(known),
        weeks=stretch.days_in_slot > 1,
        dense=stretch.slots > DENSE_FROM,
    )


def date_panel(
    symptom: Symptom,
    levels: dict[date, int],
    stretch: Range,
    today: date,
    given: list[date],
    places: chart_words.Places | None = None,
) -> Panel:
    """The chart of one symptom by date. `places` are the words of the axis, when several panels share them."""
    first = stretch.first(today)
    places = places or chart_words.places_by_date(stretch, first, given)
    points = charting.by_date(levels, stretch, today)
    marks = [(day - first).days // stretch.days_in_slot for day in given]
    return Panel(
        code=symptom.code,
        name=str(symptom.label),
        title=chart_words.title_by_date(symptom),
        sentence=chart_words.counts_sentence(symptom, charting.count_levels(levels, stretch, today)),
        drawing=_drawing(stretch.slots, points, marks),
        ends=chart_words.ends_by_date(first, today),
        table=chart_words.date_table(symptom, points, places),
        points=tuple(points),
        days_in_slot=stretch.days_in_slot,
    )


def _drawing(
    slots: int, points: list[Point], marks: Iterable[int], earlier: list[Point] | None = None
) -> Drawing:
    return Drawing(
        view_box=charting.view_box(slots),
        grid=charting.grid(slots),
        line=charting.line(points),
        dots=charting.dots(points),
        earlier=charting.line(earlier or []),
        squares=charting.dots(earlier or []),
        infusions=charting.upright(marks),
    )


# --- By day of treatment cycle -------------------------------------------------------------------------------


def charts_by_cycle(user: User, patient: Patient, *, sight: Sight, today: date) -> Charts:
    """A panel for each symptom with a word in the newest full cycles or in this one; no panels with fewer than two full cycles."""
    cycles = infusions.cycles_of(user, patient)
    full = charting.full_cycles(cycles, today)
    if len(full) < charting.FEWEST_CYCLES:
        return Charts([])
    levels = levels_of(sight.read(user, patient, full[0].starts, today))
    panels = [
        panel
        for symptom, found in _symptoms(levels)
        if (panel := cycle_panel(symptom, found, cycles, today)) is not None
    ]
    return Charts(panels, cycles=True)


def cycle_panel(symptom: Symptom, levels: dict[date, int], cycles: list[Cycle], today: date) -> Panel | None:
    """The chart of one symptom by day of cycle. With too few days to count two cycles only the sentence stands there."""
    chart = charting.by_cycle(levels, cycles, today)
    if chart is None:
        return None
    panel = Panel(
        code=symptom.code,
        name=str(symptom.label),
        title=chart_words.title_by_cycle(symptom),
        sentence=chart_words.cycles_sentence(symptom, chart.counts),
    )
    if not chart.counts.enough:
        return panel
    return Panel(
        code=panel.code,
        name=panel.name,
        title=panel.title,
        sentence=panel.sentence,
        drawing=_drawing(chart.slots, chart.this, [0], chart.earlier),
        ends=tuple(chart_words.place_words(slot, chart.days_in_slot) for slot in (0, chart.slots - 1)),
        table=chart_words.cycle_table(symptom, chart),
        points=tuple(chart.this),
        earlier=tuple(chart.earlier),
        days_in_slot=chart.days_in_slot,
    )
