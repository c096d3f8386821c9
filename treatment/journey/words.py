"""What the journey says, in the patient's words. It counts and names; it promises nothing and never says that a dose may be given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.time import today_in
from portal.lib.time_words import day as day_words
from treatment import words as treatment_words
from treatment.courses.planning import DoseWindow
from treatment.journey.place import Kind, Place, Unit
from treatment.models import ChecklistItem, Postponement
from treatment.protocols.facts import Facts

REASONS: dict[str, Any] = {
    # why a dose waits, as the person reads it whom it is about
    Postponement.Reason.INFECTION: gettext_lazy("A sign of infection"),
    Postponement.Reason.RESULT: gettext_lazy("A result is missing"),
    Postponement.Reason.APPROVAL: gettext_lazy("The insurer has not agreed yet"),
    Postponement.Reason.SUPPLY: gettext_lazy("The drug is not there"),
    Postponement.Reason.PREGNANCY: gettext_lazy("A pregnancy, or a question about one"),
    Postponement.Reason.WISH: gettext_lazy("You asked for it"),
    Postponement.Reason.REACTION: gettext_lazy("A reaction to the dose before"),
}


def you() -> str:
    return str(ChecklistItem.Owner.YOU.label)


def reason_words(reason: str) -> str:
    return str(REASONS[reason])


def day_in(instant: datetime, zone: str) -> date:
    return today_in(instant, zone)


def dose_word(facts: Facts) -> str:
    """ "infusion", "injection" or "treatment"."""
    return str(treatment_words.DOSE_WORDS[facts.dose_word][1])


def place_words(place: Place, facts: Facts) -> str:
    """ "Day 17 of 28 since your last infusion." """
    said: dict[str, Any] = {"at": place.at, "of": place.of, "word": dose_word(facts)}
    weeks = place.unit is Unit.WEEK
    if place.kind is Kind.AHEAD:
        return _("Your first %(word)s is still ahead of you.") % said
    if place.kind is Kind.UNKNOWN:
        return _("The day of your last dose is not known here. Ask your infusion center.")
    if place.kind is Kind.IN_A_ROW:
        return _("%(at)d of %(of)d days of treatment in a row are behind you.") % said
    if place.kind is Kind.SINCE:
        text = (
            _("Week %(at)d since your last %(word)s.") if weeks else _("Day %(at)d since your last %(word)s.")
        )
        return text % said
    if place.is_past:
        text = (
            _("Week %(at)d since your last %(word)s. The plan has %(of)d weeks.")
            if weeks
            else _("Day %(at)d since your last %(word)s. The plan has %(of)d days.")
        )
        return text % said
    text = (
        _("Week %(at)d of %(of)d since your last %(word)s.")
        if weeks
        else _("Day %(at)d of %(of)d since your last %(word)s.")
    )
    return text % said


def planned_words(place: Place, window: DoseWindow) -> str:
    """The planned week, because the clinic still sets the day; of days in a row the day itself."""
    if place.kind is Kind.IN_A_ROW:
        return _("planned for %(day)s") % {"day": day_words(window.target)}
    return treatment_words.planned_words(window)


def day_line(kind: str, day: date | None) -> str:
    """The day that belongs to a block, as a sentence; without one, whom to ask."""
    if day is None:
        return _("No day is set. Ask your infusion center.")
    said = {"day": day_words(day)}
    if kind == "again":
        return _("We look at it again on %(day)s.") % said
    if kind == "since":
        return _("Since %(day)s.") % said
    if kind == "until":
        return _("It holds until %(day)s. The dose is later.") % said
    return _("By %(day)s.") % said


def phase_words(begins: date) -> str:
    """That the next course is the team's to plan, and from when to ask."""
    said = {"month": date_format(begins, "F Y")}
    return _("Your team plans the next course. Ask them if you have not heard by %(month)s.") % said


def off_plan(target: date, given: date) -> str:
    """How far a given day lies from the planned one; nothing when it is the same."""
    days = (given - target).days
    if not days:
        return ""
    said = {"day": day_words(target)}
    return _("It was planned for %(day)s.") % said


__all__ = [
    "day_in",
    "day_line",
    "dose_word",
    "off_plan",
    "phase_words",
    "place_words",
    "planned_words",
    "reason_words",
    "you",
]
