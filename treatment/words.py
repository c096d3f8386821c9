"""Windows, statuses and lengths in plain words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.lib.time_words import day as day_words
from treatment.courses.planning import DoseWindow
from treatment.models import Dose
from treatment.protocols.facts import Facts, InfusionNeed

STATUS_WORDS: dict[str, tuple[str, Any]] = {
    # status of a fact -> (kind of the tag, words)
    "sourced": ("info", gettext_lazy("From the text we saw; check it against today's label")),
    "partly_sourced_verify": ("caution", gettext_lazy("Partly from a text we saw: verify")),
    "verify": ("caution", gettext_lazy("From memory: verify")),
    "local_policy": ("caution", gettext_lazy("No label figure: your center's own rule")),
}
APPLIES_WORDS: dict[str, Any] = {
    "could_become_pregnant": gettext_lazy("people who could become pregnant"),
    "medicine_at_home": gettext_lazy("people whose team asked them to take a medicine at home"),
    "jcv_negative_or_low": gettext_lazy("people whose last JC virus test was negative or low"),
}
STAFF_OWNERS: dict[str, Any] = {
    # whose turn it is, as the team reads it: "you" would be the reader
    "you": gettext_lazy("The patient"),
    "team": gettext_lazy("The team"),
    "lab": gettext_lazy("The lab"),
    "nurse": gettext_lazy("The nurse"),
    "clinic": gettext_lazy("The clinic"),
    "insurer": gettext_lazy("The insurer"),
}
STATE_KINDS = {"planned": "todo", "given": "done", "missed": "caution", "cancelled": "stopped"}

DOSE_WORDS: dict[str, tuple[Any, Any]] = {
    "infusion": (gettext_lazy("Your next infusion"), gettext_lazy("infusion")),
    "injection": (gettext_lazy("Your next injection"), gettext_lazy("injection")),
    "treatment": (gettext_lazy("Your next treatment"), gettext_lazy("treatment")),
}


def status_words(status: str) -> tuple[str, str]:
    """Kind and words of a fact's status; what we do not know is to be verified."""
    kind, words = STATUS_WORDS.get(status, STATUS_WORDS["verify"])
    return kind, str(words)


def applies_words(group: str) -> str:
    """For whom something is; a group that we do not know is named as it is."""
    return str(APPLIES_WORDS.get(group, group.replace("_", " ")))


def next_title(facts: Facts) -> str:
    """ "Your next infusion"."""
    return str(DOSE_WORDS[facts.dose_word][0])


def planned_words(window: DoseWindow) -> str:
    """ "planned for the week of Monday 7 December 2026": a week, because the clinic still sets the day."""
    monday = window.target - timedelta(days=window.target.weekday())
    return _("planned for the week of %(day)s") % {"day": day_words(monday)}


def when_words(dose: Dose, planned: str = "") -> str:
    """ "booked for Thursday 3 December 2026", else when it is planned: in words of its own, or the week."""
    if dose.booked_on is not None:
        return _("booked for %(day)s") % {"day": day_words(dose.booked_on)}
    return planned or planned_words(dose.window)


def window_words(window: DoseWindow) -> str:
    """The window of days for staff."""
    if window.latest is None:
        if window.earliest == window.target:
            return _("From %(day)s. No latest day is known.") % {"day": day_words(window.earliest)}
        return _("From %(first)s. No latest day is known.") % {"first": day_words(window.earliest)}
    return _("%(first)s to %(last)s") % {
        "first": day_words(window.earliest),
        "last": day_words(window.latest),
    }


def cycle_words(day: int | None) -> str:
    """ "Today is day 112 of this treatment cycle."; nothing before the first dose."""
    return _("Today is day %(day)d of this treatment cycle.") % {"day": day} if day is not None else ""


def length_words(need: InfusionNeed | None) -> str:
    """How long the visit takes, to the half hour; never a guess."""
    if need is None:
        return _("Ask your infusion center how long it takes.")
    halves = -(-need.chair_minutes // 30)
    hours, half = divmod(halves, 2)
    if half:
        return _("Plan about %(hours)d and a half hours at the center.") % {"hours": hours}
    return ngettext(
        "Plan about %(hours)d hour at the center.", "Plan about %(hours)d hours at the center.", hours
    ) % {"hours": hours}


def minutes_words(need: InfusionNeed | None) -> str:
    """The parts of a visit, for staff."""
    if need is None:
        return _("Not known: set by the center, and not booked online.")
    return _(
        "%(all)d minutes: %(before)d before, %(infusion)d for the dose, %(after)d watching, %(leave)d to leave"
    ) % {
        "all": need.chair_minutes,
        "before": need.preparation_minutes,
        "infusion": need.infusion_minutes,
        "after": need.observation_minutes,
        "leave": need.discharge_minutes,
    }


def state_of(dose: Dose) -> tuple[str, str]:
    """Kind and word of a dose's state; of one that was given, how much of it."""
    if dose.extent != Dose.Extent.WHOLE:
        return "caution", str(dose.get_extent_display())
    return STATE_KINDS[dose.state], str(dose.get_state_display())


def source_words(facts: Facts, row: dict[str, Any]) -> list[str]:
    """The sources of one fact, as the data's list of sources writes them."""
    known = {source["id"]: source["ref"] for source in facts.content["sources"]}
    return [known.get(one, one) for one in row.get("source", [])]


def left_words(today: date, target: date) -> str:
    """ "in 20 days", only ever beside a date."""
    days = (target - today).days
    if days == 0:
        return _("today")
    if days < 0:
        return ngettext("%(days)d day ago", "%(days)d days ago", -days) % {"days": -days}
    return ngettext("in %(days)d day", "in %(days)d days", days) % {"days": days}
