"""The patient's list of questions for the next visit: theirs alone until they show it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from patients.areas import OWN
from patients.models import Patient, Question
from patients.once import Done, exactly_once
from patients.services import record_change, require
from portal.lib.problems import DomainError

MOST_QUESTIONS = 100
TOP = 3


class TooManyQuestions(DomainError):
    default_message = _("Your list is full. Remove a question that you no longer need, then add this one.")


def questions_of(user: User, patient: Patient) -> list[Question]:
    """Questions in the patient's order: open ones first, then the asked ones, newest asked first."""
    found = list(Question.objects.for_user(user, patient).order_by("position", "pk"))
    waiting = [question for question in found if question.asked_at is None]
    asked = [question for question in found if question.asked_at is not None]
    asked.sort(key=lambda question: question.asked_at or question.created_at, reverse=True)
    return waiting + asked


def question_or_404(user: User, patient: Patient, question_id: UUID) -> Question:
    question = Question.objects.for_user(user, patient).filter(pk=question_id).first()
    if question is None:
        raise Http404
    return question


def _lock_list(by: User, patient: Patient) -> None:
    """One change of the list at a time: the patient's own row is the lock."""
    Patient.objects.for_user(by).select_for_update(no_key=True).only("pk").get(pk=patient.pk)


@transaction.atomic
def add_question(*, patient: Patient, by: User, id: UUID, text: str) -> Done:
    """A new question at the end of the list, once for each `id`. Raises NotAllowed, TooManyQuestions, DifferentContent."""
    require(by, patient, OWN, "self")

    def make() -> UUID:
        _lock_list(by, patient)
        mine = Question.objects.for_user(by, patient)
        if mine.count() >= MOST_QUESTIONS:
            raise TooManyQuestions
        last = mine.aggregate(last=Max("position"))["last"] or 0
        question = Question(id=id, patient=patient, text=text, position=last + 1)
        question.save(force_insert=True)
        record_change(by, patient, "question.added", question.pk)
        return question.pk

    return exactly_once(act="question.add", id=id, patient=patient, user=by, content=[text], do=make)


@transaction.atomic
def change_question(
    *,
    patient: Patient,
    by: User,
    id: UUID,
    question_id: UUID,
    text: str,
    answer: str,
    asked: bool,
    now: datetime,
) -> Done:
    """New words, an answer, or the tick that it was asked, once for each `id`. Raises NotAllowed, Http404, DifferentContent."""
    require(by, patient, OWN, "self")

    def change() -> UUID:
        question = (
            Question.objects.for_user(by, patient)
            .select_for_update(no_key=True)
            .filter(pk=question_id)
            .first()
        )
        if question is None:
            raise Http404
        question.text, question.answer = text, answer or None
        question.asked_at = (question.asked_at or now) if asked else None
        question.save(update_fields=["text", "answer", "asked_at"])
        record_change(by, patient, "question.changed", question.pk)
        return question.pk

    content = [str(question_id), text, answer, asked]
    return exactly_once(act="question.change", id=id, patient=patient, user=by, content=content, do=change)


@transaction.atomic
def move_question(*, patient: Patient, by: User, id: UUID, question_id: UUID, up: bool) -> Done:
    """One place up or down among the open questions, once for each `id`; at the end nothing happens."""
    require(by, patient, OWN, "self")

    def move() -> UUID:
        _lock_list(by, patient)
        waiting = [one for one in questions_of(by, patient) if one.asked_at is None]
        place = next((n for n, one in enumerate(waiting) if one.pk == question_id), None)
        if place is None:
            raise Http404
        other = place - 1 if up else place + 1
        if 0 <= other < len(waiting):
            waiting[place], waiting[other] = waiting[other], waiting[place]
            for position, one in enumerate(waiting, start=1):
                if one.position != position:
                    one.position = position
                    one.save(update_fields=["position"])
            record_change(by, patient, "question.moved", question_id)
        return question_id

    return exactly_once(
        act="question.move", id=id, patient=patient, user=by, content=[str(question_id), up], do=move
    )


@transaction.atomic
def remove_question(*, patient: Patient, by: User, id: UUID, question_id: UUID) -> Done:
    """Take a question off the list, once for each `id`. Raises NotAllowed, Http404."""
    require(by, patient, OWN, "self")

    def remove() -> UUID:
        gone, _by_model = Question.objects.for_user(by, patient).filter(pk=question_id).delete()
        if not gone:
            raise Http404
        record_change(by, patient, "question.removed", question_id)
        return question_id

    return exactly_once(
        act="question.remove", id=id, patient=patient, user=by, content=[str(question_id)], do=remove
    )
