"""What a line can say beside its time, by kind, and what of it can be typed at all.

The limits are there to catch a slip of the finger (a pulse of 720); they say nothing about what is normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.problems import DomainError
from treatment.models import ChairRow

Kind = ChairRow.Kind
WORDS = 500
SIGNS: dict[str, Any] = {
    "skin": gettext_lazy("Itching, rash or hives"),
    "flush": gettext_lazy("Warm or red face"),
    "fever": gettext_lazy("Fever or shivering"),
    "throat": gettext_lazy("A tight or sore throat"),
    "breath": gettext_lazy("Trouble breathing, or cough"),
    "chest": gettext_lazy("Chest pain, or a racing heart"),
    "pressure": gettext_lazy("Dizzy or faint, or a change of blood pressure"),
    "nausea": gettext_lazy("Nausea or vomiting"),
    "headache": gettext_lazy("Headache"),
    "site": gettext_lazy("Pain or swelling at the line"),
    "other": gettext_lazy("Something else"),
}
GRADES = (1, 2, 3, 4, 5)
LIMITS: dict[str, tuple[int, int]] = {
    "pulse": (20, 300),
    "systolic": (30, 300),
    "diastolic": (10, 200),
    "oxygen": (30, 100),
}
TEMPERATURES: dict[str, tuple[int, int]] = {"C": (25, 45), "F": (77, 113)}
RATE = (Decimal("0.1"), Decimal(2000))


class NotPossible(DomainError):
    status = 422
    default_message = gettext_lazy("One of the numbers cannot be right. Check what was typed.")


class NothingSaid(DomainError):
    status = 422
    default_message = gettext_lazy("Write down at least one thing.")


def clean(kind: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a line keeps of what was said. Raises NotPossible, NothingSaid."""
    kept: dict[str, Any] = {"words": _words(said.get("words"))}
    if kind == Kind.CHECKS:
        kept["answers"] = _answers(said.get("answers"))
    elif kind in (Kind.STARTED, Kind.RATE):
        kept["ml_h"] = _rate(said.get("ml_h"), needed=kind == Kind.RATE)
    elif kind == Kind.VITALS:
        kept |= _vitals(said)
    elif kind == Kind.PREMEDICATION:
        kept |= {"what": _words(said.get("what")), "amount": _words(said.get("amount"))}
        if not kept["what"]:
            raise NothingSaid(_("Write what was given."))
    elif kind == Kind.REACTION:
        kept |= _reaction(said)
    if kind == Kind.STARTED:
        kept["although"] = _words(said.get("although"))
    return kept


def _answers(said: Any) -> dict[str, str]:
    """What was said to each check, by fact; which facts a version asks for is looked at in `chair.checks`."""
    found = {str(fact): str(word) for fact, word in dict(said or {}).items() if word}
    if not found:
        raise NothingSaid(_("Answer every check."))
    return dict(sorted(found.items()))


def _words(text: Any) -> str:
    found = str(text or "").strip()
    if len(found) > WORDS:
        raise NotPossible(_("This text is too long. Use at most %(most)d letters.") % {"most": WORDS})
    return found


def _rate(value: Any, *, needed: bool) -> str:
    if value in (None, ""):
        if needed:
            raise NothingSaid(_("Enter the new rate in mL/h."))
        return ""
    number = _number(value)
    if not RATE[0] <= number <= RATE[1]:
        raise NotPossible(_("Enter the rate in mL/h as a number, like 40 or 62.5."))
    return f"{number.normalize():f}"


def _number(value: Any) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise NotPossible from None
    if not number.is_finite():
        raise NotPossible
    return number


def _vitals(said: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, (low, high) in LIMITS.items():
        value = said.get(name)
        if value is not None and not low <= int(value) <= high:
            raise NotPossible
        kept[name] = value
    if (kept["systolic"] is None) != (kept["diastolic"] is None):
        raise NotPossible(_("Blood pressure needs both numbers, like 120 over 80."))
    if kept["systolic"] is not None and kept["systolic"] <= kept["diastolic"]:
        raise NotPossible(_("The first number of the blood pressure is the larger one."))
    degrees, unit = said.get("temperature"), str(said.get("unit") or "")
    kept["temperature"], kept["unit"] = "", ""
    if degrees not in (None, ""):
        number = _number(degrees)
        if unit not in TEMPERATURES:
            raise NotPossible(_("Choose the unit of the temperature: Fahrenheit or Celsius."))
        low, high = TEMPERATURES[unit]
        if not low <= number <= high:
            raise NotPossible(_("This temperature does not fit its unit. Check the number and the unit."))
        kept["temperature"], kept["unit"] = f"{number:f}", unit
    if not any(kept.values()):
        raise NothingSaid
    return kept


def _reaction(said: Mapping[str, Any]) -> dict[str, Any]:
    signs = [sign for sign in SIGNS if sign in (said.get("signs") or ())]
    grade = said.get("grade")
    if not signs:
        raise NothingSaid(_("Choose at least one sign."))
    if grade is not None and grade not in GRADES:
        raise NotPossible(_("A grade is a number from 1 to 5."))
    return {"signs": signs, "grade": grade, "done": _words(said.get("done"))}
