"""What the nurse looks at in the chair before the start, as the version of the course names it, and what was found.

The questions to the patient are others (`readiness.answers`): these are about the drug, the line, today's numbers. What they stop is
decided in `courses.proceeding`, by the words that are kept here beside each answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib.problems import DomainError
from treatment.chair.details import NothingSaid, NotPossible
from treatment.courses import reading
from treatment.models import Dose
from treatment.protocols.facts import ChairCheck

YES, NO, NOT_HERE = "yes", "no", "na"
ANSWERS: dict[str, Any] = {
    YES: gettext_lazy("Yes"),
    NO: gettext_lazy("No"),
    NOT_HERE: gettext_lazy("Does not apply"),
}


class NoChecks(DomainError):
    status = 422
    default_message = gettext_lazy("The version of this treatment names no checks for the chair.")


def checks_of(dose: Dose) -> list[ChairCheck]:
    """What the version of the dose's course asks for in the chair, in its order."""
    return reading.facts_for(dose.course).chair_checks


def answers_to(check: ChairCheck) -> list[tuple[str, Any]]:
    """What a check can be answered with."""
    return [(code, words) for code, words in ANSWERS.items() if code != NOT_HERE or check.may_not_apply]


def with_words(dose: Dose, details: dict[str, Any]) -> dict[str, Any]:
    """The details of a line of checks with the words of the version beside each answer, so that it stays clear what was asked.

    Raises NoChecks, NothingSaid when one is left out, NotPossible for a fact or an answer that the version does not have.
    """
    wanted = checks_of(dose)
    if not wanted:
        raise NoChecks
    said: dict[str, str] = details["answers"]
    if set(said) - {check.fact for check in wanted}:
        raise NotPossible(
            _("One of the checks is not asked for by the version of this treatment. Look at the newest list.")
        )
    answers = []
    for check in wanted:
        word = said.get(check.fact)
        if word is None:
            raise NothingSaid(
                _("Answer every check. This one has no answer: %(text)s") % {"text": check.text}
            )
        if word not in dict(answers_to(check)):
            raise NotPossible(_("This check is answered with yes or no: %(text)s") % {"text": check.text})
        concern = word == check.concern_if
        answers.append(
            {"fact": check.fact, "text": check.text, "said": word, "concern": concern, "action": check.action}
        )
    return {**details, "answers": answers}


def answer_words(answers: Iterable[dict[str, Any]]) -> list[str]:
    """Each answer as a sentence for the team; a concern says what the data have done then."""
    found = []
    for one in answers:
        line = f"{one['text']} {ANSWERS.get(one['said'], one['said'])}"  # a record is shown as it stands
        found.append(f"{line}: {one['action']}" if one["concern"] else line)
    return found


def said_in(answers: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What was said, by fact."""
    return {one["fact"]: one["said"] for one in answers}


__all__ = ["ANSWERS", "NoChecks", "answer_words", "answers_to", "checks_of", "said_in", "with_words"]
