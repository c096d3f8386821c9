"""The symptoms a person can follow, as data, and the words for them. Pure: no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.forms import FIVE_WORDS

MOST_FOLLOWED = 3
LEAST, MOST = 0, 4

Scores = dict[str, int]


@dataclass(frozen=True, slots=True)
class Symptom:
    """One symptom: its code in the data, a plain name, a plain question, and whether carers must not see it."""

    code: str
    label: Any
    question: Any
    sensitive: bool = False


SYMPTOMS: tuple[Symptom, ...] = (
    Symptom("tiredness", gettext_lazy("Tiredness"), gettext_lazy("How much did tiredness get in your way?")),
    Symptom("walking", gettext_lazy("Walking"), gettext_lazy("How much trouble did you have walking?")),
    Symptom("hands", gettext_lazy("Hands"), gettext_lazy("How much trouble did you have using your hands?")),
    Symptom("eyesight", gettext_lazy("Eyesight"), gettext_lazy("How much trouble did you have seeing?")),
    Symptom("pain", gettext_lazy("Pain"), gettext_lazy("How much pain did you have?")),
    Symptom(
        "numbness",
        gettext_lazy("Numbness or tingling"),
        gettext_lazy("How much numbness or tingling did you have?"),
    ),
    Symptom(
        "balance",
        gettext_lazy("Balance or dizziness"),
        gettext_lazy("How dizzy or unsteady did you feel?"),
    ),
    Symptom(
        "thinking",
        gettext_lazy("Thinking and memory"),
        gettext_lazy("How much trouble did you have with thinking or memory?"),
    ),
    Symptom("sleep", gettext_lazy("Sleep"), gettext_lazy("How much trouble did you have with sleep?")),
    Symptom("heat", gettext_lazy("Heat"), gettext_lazy("How much did heat bother you?")),
    Symptom("mood", gettext_lazy("Mood"), gettext_lazy("How low or worried did you feel?"), sensitive=True),
    Symptom(
        "bladder",
        gettext_lazy("Bladder and bowel"),
        gettext_lazy("How much trouble did you have with your bladder or bowel?"),
        sensitive=True,
    ),
    Symptom(
        "intimacy",
        gettext_lazy("Sex life"),
        gettext_lazy("How much trouble did you have with your sex life?"),
        sensitive=True,
    ),
)
BY_CODE: dict[str, Symptom] = {symptom.code: symptom for symptom in SYMPTOMS}
WORDS: dict[int, Any] = {int(step): word for step, word in FIVE_WORDS}


def in_order(codes: Iterable[str]) -> list[Symptom]:
    """The known symptoms among `codes`, in the list's own order; what is unknown is left out."""
    wanted = set(codes)
    return [symptom for symptom in SYMPTOMS if symptom.code in wanted]


def known_scores(scores: Mapping[Any, Any]) -> bool:
    """True when every code is on the list and every score is a whole number from 0 to 4."""
    return all(
        code in BY_CODE and isinstance(score, int) and not isinstance(score, bool) and LEAST <= score <= MOST
        for code, score in scores.items()
    )


def split(scores: Scores) -> tuple[Scores, Scores]:
    """Scores in two parts: what a carer may read, and what only the patient may read."""
    open_part = {code: score for code, score in scores.items() if not BY_CODE[code].sensitive}
    sensitive_part = {code: score for code, score in scores.items() if BY_CODE[code].sensitive}
    return open_part, sensitive_part


def lines(scores: Scores) -> list[tuple[str, str]]:
    """(name, word) of each score in the list's own order: ("Tiredness", "A lot")."""
    return [(str(symptom.label), str(WORDS[scores[symptom.code]])) for symptom in in_order(scores)]


def sentence(scores: Scores) -> str:
    """All scores in one line: "Tiredness: a lot. Walking: none."; empty without scores."""
    return " ".join(
        _("%(name)s: %(word)s.") % {"name": name, "word": word.lower()} for name, word in lines(scores)
    )
