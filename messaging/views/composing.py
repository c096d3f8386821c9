"""What helps to find words: starter phrases, questions from one's own list. One press puts them into the text, without scripts too."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.functional import SimpleLazyObject

from accounts.models import User
from messaging.topics import Topic
from messaging.views.shared import Place
from messaging.writing.starters import STARTERS, starter
from patients.models import Patient
from patients.questions import questions_of

ADD, ASK = "add", "ask"
FROM_LIST = "questions"
MOST_OFFERED = 12


def offered(place: Place) -> dict[str, Any]:
    """Phrases by topic, and the person's own questions where there are any."""
    phrases = [
        {
            "topic": topic,
            "label": Topic(topic).label,
            "phrases": [(f"{topic}.{number}", phrase) for number, phrase in enumerate(found)],
        }
        for topic, found in STARTERS.items()
    ]
    return {
        "starters": phrases,
        # Read only when the page is drawn: most presses of "Send" lead on to another one.
        "own_questions": SimpleLazyObject(
            lambda: own_questions(place.user, place.patient) if place.for_self else []
        ),
    }


def own_questions(user: User, patient: Patient) -> list[tuple[str, str]]:
    """(id, text) of the patient's list for the next visit, in its order; those without an answer first."""
    return [(str(one.pk), one.text) for one in questions_of(user, patient)[:MOST_OFFERED]]


def add_words(request: HttpRequest, place: Place) -> bool:
    """When a button for words was pressed: the words stand in the posted text now, and what asked for them is gone from it."""
    if request.method != "POST":
        return False
    code, chosen = request.POST.get(ADD, ""), request.POST.getlist(ASK)
    data: QueryDict = request.POST.copy()
    data.pop(ADD, None)
    data.pop(ASK, None)
    if code == FROM_LIST and place.for_self:
        words = [text for key, text in own_questions(place.user, place.patient) if key in chosen]
    else:
        phrase = starter(code)
        words = [phrase] if phrase else []
    if words:
        text = data.get("text", "").rstrip()
        data["text"] = "\n".join([text, *words] if text else words) + ("" if code == FROM_LIST else " ")
    request.POST = data  # type: ignore[assignment]
    return bool(code)
