"""Phrases to begin a message with, by topic: a press puts one into the text, where it can be changed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from messaging.topics import Topic

STARTERS: dict[str, list[object]] = {
    Topic.VISIT: [
        _("I cannot come at the time we have. Could we find another one?"),
        _("How long will my next visit take?"),
        _("What should I bring to my next visit?"),
        _("I need help to get to the center."),
    ],
    Topic.FEELING: [
        _("Since my last visit I feel different. What I notice is:"),
        _("I am more tired than usual. It began:"),
        _("I sleep badly. It began:"),
        _("This is new for me:"),
    ],
    Topic.SIDE_EFFECT: [
        _("I think I have a side effect. What I notice is:"),
        _("It began after my last treatment, on:"),
        _("It is getting better, but I want you to know:"),
        _("It is not going away. I have had it since:"),
    ],
    Topic.INFECTION: [
        _("I may have an infection. What I notice is:"),
        _("I measured my temperature. It was:"),
        _("I was told that I have an infection. It is:"),
        _("I take medicine for an infection. It is called:"),
    ],
    Topic.MEDICINE: [
        _("I need a new prescription for:"),
        _("I missed a dose of:"),
        _("Another doctor gave me a new medicine. It is called:"),
        _("I have a question about my medicine:"),
    ],
    Topic.RESULT: [
        _("Is my result here yet? The test was on:"),
        _("I do not understand my result. My question is:"),
        _("I had a test somewhere else. It was on:"),
        _("Which test do I need next?"),
    ],
    Topic.LETTER: [
        _("I need a letter for my work. It should say:"),
        _("I have a form that you need to fill in. It is for:"),
        _("I need a letter for a trip. I travel on:"),
        _("Please send my records to:"),
    ],
    Topic.QUESTION: [
        _("I read something and do not understand:"),
        _("Does what I read fit me? I mean:"),
        _("Where can I read more about:"),
        _("I read this somewhere else. Is it right?"),
    ],
    Topic.OTHER: [
        _("I have a question:"),
        _("I want you to know:"),
        _("Can you help me with:"),
        _("Thank you for:"),
    ],
}


def starter(code: str) -> str | None:
    """The phrase of a button: "visit.2"; None for anything else."""
    topic, _dot, number = code.partition(".")
    phrases = STARTERS.get(topic, [])
    if number.isascii() and number.isdigit() and len(number) == 1 and int(number) < len(phrases):
        return str(phrases[int(number)])
    return None
