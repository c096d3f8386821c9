"""What stands in a report, and how it is packed into one sealed value. Parts that are empty or left out are not shown at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal import charting
from journal.calendar import day_words
from journal.chart_words import short_day
from journal.charting import THREE_MONTHS, Point

STRETCH = THREE_MONTHS
PARTS = {
    "why": gettext_lazy("Why I come"),
    "questions": gettext_lazy("My questions"),
    "symptoms": gettext_lazy("How it has been"),
    "doses": gettext_lazy("My infusions"),
    "reactions": gettext_lazy("Reactions after infusions"),
}


@dataclass(frozen=True, slots=True)
class SymptomPart:
    """One symptom over three months: its name, the counting sentence, the points as [place, level], places of infusions."""

    code: str
    name: str
    sentence: str
    points: list[list[int]]
    infusions: list[int]

    @property
    def view_box(self) -> str:
        return charting.view_box(STRETCH.slots, charting.SMALL_STEP)

    @property
    def grid(self) -> str:
        return charting.grid(STRETCH.slots, charting.SMALL_STEP)

    @property
    def line(self) -> str:
        return charting.line(self._points(), charting.SMALL_STEP)

    @property
    def dots(self) -> str:
        return charting.dots(self._points(), charting.SMALL_STEP)

    @property
    def marks(self) -> str:
        return charting.upright(self.infusions, charting.SMALL_STEP)

    def _points(self) -> list[Point]:
        return [Point(slot, level, level, level, 1) for slot, level in self.points]


@dataclass(frozen=True, slots=True)
class DosePart:
    """One infusion that was given: its name and its day (ISO)."""

    name: str
    given_on: str

    @property
    def day(self) -> str:
        return day_words(date.fromisoformat(self.given_on))


@dataclass(frozen=True, slots=True)
class Content:
    """A report in full. `from_on` and `until_on` are the days of the small charts (ISO)."""

    from_on: str
    until_on: str
    why: str = ""
    questions: list[str] = field(default_factory=list)
    symptoms: list[SymptomPart] = field(default_factory=list)
    how: str = ""
    doses: list[DosePart] = field(default_factory=list)
    reactions: str = ""
    left_out: list[str] = field(default_factory=list)

    @property
    def period(self) -> str:
        """ "24 Aug 2026 to 22 Nov 2026": the days of the small charts."""
        days = (date.fromisoformat(day) for day in (self.from_on, self.until_on))
        first, last = (f"{short_day(day)} {day.year}" for day in days)
        return _("%(first)s to %(last)s") % {"first": first, "last": last}

    @property
    def empty(self) -> bool:
        """Whether nothing would be shown."""
        shown = self.shown()
        return not any((shown.why, shown.questions, shown.symptoms, shown.how, shown.doses, shown.reactions))

    @property
    def missing(self) -> list[str]:
        """Names of the parts that are not in the report, for the patient's own page."""
        shown = self.shown()
        there = {
            "why": shown.why,
            "questions": shown.questions,
            "symptoms": shown.symptoms or shown.how,
            "doses": shown.doses,
            "reactions": shown.reactions,
        }
        return [str(name) for part, name in PARTS.items() if not there[part]]

    def shown(self) -> Content:
        """Without the parts that the patient left out: what the team gets."""
        out = set(self.left_out)
        return replace(
            self,
            why="" if "why" in out else self.why,
            questions=[] if "questions" in out else self.questions,
            symptoms=[] if "symptoms" in out else self.symptoms,
            how="" if "symptoms" in out else self.how,
            doses=[] if "doses" in out else self.doses,
            reactions="" if "reactions" in out else self.reactions,
            left_out=[],
        )

    def packed(self) -> dict[str, Any]:
        """As a JSON value, for a sealed field."""
        return asdict(self)


def unpacked(value: dict[str, Any]) -> Content:
    """The content of a sealed field; keys that do not belong to it are passed over."""
    known = {name: value[name] for name in Content.__dataclass_fields__ if name in value}
    known["symptoms"] = [SymptomPart(**part) for part in known.get("symptoms", [])]
    known["doses"] = [DosePart(**part) for part in known.get("doses", [])]
    return Content(**known)
