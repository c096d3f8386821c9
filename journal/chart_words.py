"""What a chart says: its title, the sentence that only counts, the words along its sides, and the rows of its table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import dates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from journal.calendar import day_words
from journal.charting import LAST_DAYS, LEVELS, Counts, CycleChart, CycleCounts, Point, Range
from journal.symptoms import WORDS, Symptom

RANGE_WORDS = {
    "4-weeks": gettext_lazy("4 weeks"),
    "3-months": gettext_lazy("3 months"),
    "year": gettext_lazy("A year"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a chart: a caption, heads, and rows of as many cells as there are heads."""

    caption: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def body(self) -> SafeString:
        """The rows as HTML, each in one piece: a chart of a year has many."""
        first = conditional_escape(self.heads[0])
        others = [conditional_escape(head) for head in self.heads[1:]]
        pieces = [f'<tr role="row"><th scope="row" role="rowheader" data-label="{first}">', "</th>"]
        for head in others:
            pieces[-1] += f'<td role="cell" data-label="{head}">'
            pieces.append("</td>")
        pieces[-1] += "</tr>"
        body: list[str] = []
        for cells in self.rows:
            for piece, cell in zip(pieces, cells, strict=False):
                body += (piece, conditional_escape(cell))
            body.append(pieces[-1])
        return SafeString("".join(body))


def short_day(day: date) -> str:
    """ "3 Dec": the ends of an axis; the full day stands in the table."""
    return f"{day.day} {dates.MONTHS_3[day.month].capitalize()}"


def ends_by_date(first: date, last: date) -> tuple[str, str]:
    """The two ends of an axis of days; with the years when they differ."""
    if first.year == last.year:
        return short_day(first), short_day(last)
    return f"{short_day(first)} {first.year}", f"{short_day(last)} {last.year}"


def levels_down() -> list[str]:
    """The five words, from the top row of a chart to the bottom row."""
    return [str(WORDS[level]) for level in reversed(range(LEVELS))]


# --- Sentences -----------------------------------------------------------------------------------------------


def counts_sentence(symptom: Symptom, counts: Counts) -> str:
    """ "Tiredness: a word on 20 of 28 days. None on 4, a little on 16." Levels without a day are left out."""
    said = _("%(name)s: a word on %(days)d of %(all)d days.") % {
        "name": symptom.label,
        "days": counts.days,
        "all": counts.all_days,
    }
    parts = [
        _("%(word)s on %(days)d") % {"word": str(WORDS[level]).lower(), "days": days}
        for level, days in enumerate(counts.per_level)
        if days
    ]
    if not parts:
        return said
    listed = ", ".join(parts)
    return f"{said} {listed[0].upper()}{listed[1:]}."


def cycles_sentence(symptom: Symptom, counts: CycleCounts) -> str:
    """ "In 5 of 6 cycles, tiredness was higher in the last 14 days than in the days before." It counts, and says nothing else.

    Cycles with too few days are named after it; with fewer than two that count, only that is said.
    """
    if not counts.enough:
        return _("There are too few days with a word to compare cycles for %(name)s.") % {
            "name": str(symptom.label).lower()
        }
    said = _(
        "In %(higher)d of %(counted)d cycles, %(name)s was higher in the last %(days)d days than in the days before."
    ) % {
        "higher": counts.higher,
        "counted": counts.counted,
        "name": str(symptom.label).lower(),
        "days": LAST_DAYS,
    }
    if counts.left_out:
        said += " " + ngettext(
            "%(cycles)d more cycle had too few days with a word to count.",
            "%(cycles)d more cycles had too few days with a word to count.",
            counts.left_out,
        ) % {"cycles": counts.left_out}
    return said


def infusions_sentence(days: Sequence[date]) -> str:
    """ "Infusions: 3 Nov, 1 Dec." or nothing."""
    if not days:
        return ""
    listed = ", ".join(f"{short_day(day)} {day.year}" for day in days)
    return ngettext("Infusion: %(days)s.", "Infusions: %(days)s.", len(days)) % {"days": listed}


# --- Tables --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Places:
    """What stands at the places of an axis of days; the same for every panel of a page, so it is worked out once."""

    words: list[str]
    infusions: list[str]
    levels: list[str]
    weeks: bool


def places_by_date(stretch: Range, first: date, infusions: Iterable[date]) -> Places:
    """The words for each place: its day or week, and "Infusion" where one was given."""
    marked = {(day - first).days // stretch.days_in_slot for day in infusions}
    starts = (first + timedelta(days=slot * stretch.days_in_slot) for slot in range(stretch.slots))
    weeks, infusion = stretch.days_in_slot > 1, _("Infusion")
    said = _("7 days from %(day)s") if weeks else "%(day)s"
    return Places(
        words=[said % {"day": day_words(day)} for day in starts],
        infusions=[infusion if slot in marked else "" for slot in range(stretch.slots)],
        levels=levels_down()[::-1],
        weeks=weeks,
    )


def date_table(symptom: Symptom, points: Iterable[Point], places: Places) -> Table:
    """A row for each point of a chart by date, oldest first."""
    rows: list[tuple[str, ...]] = []
    for point in points:
        where, mark, word = places.words[point.slot], places.infusions[point.slot], places.levels[point.level]
        if places.weeks:
            spread = _spread(places.levels[point.lowest], places.levels[point.highest])
            rows.append((where, word, spread, str(point.days), mark))
        else:
            rows.append((where, word, mark))
    heads: tuple[str, ...]
    if places.weeks:
        heads = (_("Week"), _("Word in the middle"), _("From and to"), _("Days with a word"), _("Treatment"))
    else:
        heads = (_("Day"), _("Word"), _("Treatment"))
    return Table(title_by_date(symptom), heads, rows)


def cycle_table(symptom: Symptom, chart: CycleChart) -> Table:
    """A row for each place of the axis where something was noted, in an earlier cycle or in this one."""
    earlier = {point.slot: point for point in chart.earlier}
    this = {point.slot: point for point in chart.this}
    rows: list[tuple[str, ...]] = [
        (place_words(slot, chart.days_in_slot), _point_words(earlier.get(slot)), _point_words(this.get(slot)))
        for slot in sorted({*earlier, *this})
    ]
    return Table(
        title_by_cycle(symptom), (_("Day of cycle"), _("Earlier cycles, middle"), _("This cycle")), rows
    )


def place_words(slot: int, days_in_slot: int) -> str:
    """ "Day 8" or "Days 8 to 14" for a place on a cycle's axis; day 1 is the day of the infusion."""
    first = slot * days_in_slot + 1
    if days_in_slot == 1:
        return _("Day %(day)d") % {"day": first}
    return _("Days %(first)d to %(last)d") % {"first": first, "last": first + days_in_slot - 1}


def _point_words(point: Point | None) -> str:
    return str(WORDS[point.level]) if point is not None else ""


def _spread(lowest: str, highest: str) -> str:
    """ "A little to some", or the one word."""
    if lowest == highest:
        return lowest
    return _("%(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest.lower()}


def title_by_date(symptom: Symptom) -> str:
    return _("%(name)s by date") % {"name": symptom.label}


def title_by_cycle(symptom: Symptom) -> str:
    return _("%(name)s by day of treatment cycle") % {"name": symptom.label}
