"""What a message can be about, in plain words, and which lane of the work list it goes to."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class Topic(models.TextChoices):
    """The plain choices of a new message. The words are the subject line: nobody types one."""

    VISIT = "visit", _("My infusion or appointment")
    FEELING = "feeling", _("How I feel")
    SIDE_EFFECT = "side_effect", _("A side effect")
    INFECTION = "infection", _("Fever or signs of infection")
    MEDICINE = "medicine", _("Medicine or prescription")
    RESULT = "result", _("A test or result")
    LETTER = "letter", _("A form or letter")
    QUESTION = "question", _("Question about something I read")
    OTHER = "other", _("Something else")


class Lane(models.TextChoices):
    """Who on the team usually does the work, and how soon. In the order of the work list."""

    SAFETY = "safety", _("Safety")
    CLINICAL = "clinical", _("Clinical")
    LOGISTICS = "logistics", _("Visits and infusions")
    ADMINISTRATION = "administration", _("Office")


LANE_OF: dict[str, str] = {
    Topic.VISIT: Lane.LOGISTICS,
    Topic.FEELING: Lane.CLINICAL,
    Topic.SIDE_EFFECT: Lane.SAFETY,
    Topic.INFECTION: Lane.SAFETY,
    Topic.MEDICINE: Lane.CLINICAL,
    Topic.RESULT: Lane.CLINICAL,
    Topic.LETTER: Lane.ADMINISTRATION,
    Topic.QUESTION: Lane.CLINICAL,
    # Nobody has looked at it yet: a nurse does first.
    Topic.OTHER: Lane.CLINICAL,
}

PRIORITY_OF: dict[str, int] = {Lane.SAFETY: 0, Lane.CLINICAL: 1, Lane.LOGISTICS: 1, Lane.ADMINISTRATION: 1}


@dataclass(frozen=True, slots=True)
class Part:
    """The part of the work list that a role usually works on: lanes, and topics whatever their lane."""

    lanes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


# What the work list opens on, by role in the team (`clinic.TeamMember.Role`); nurses, and people with more than one role, begin with
# everything. It is where the list begins and no right: one press shows everything, and everybody of the team may read and answer it.
OPENS_ON: dict[str, Part] = {
    "neurologist": Part(lanes=(Lane.SAFETY, Lane.CLINICAL)),
    "pharmacist": Part(lanes=(Lane.SAFETY,), topics=(Topic.MEDICINE,)),
    "coordinator": Part(lanes=(Lane.SAFETY, Lane.LOGISTICS, Lane.ADMINISTRATION)),
}
