"""The questions before a dose: asked in the last 24 hours, asked again at the chair. A concern stops the dose until the team has said more.

Rules only: an answer means what the version says it means. No score, and no word that the dose may be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import queue_mail
from clinic.cover import leads_there, on_call_now
from clinic.services import members_of, memberships
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import capacity_of, exactly_once, record_change, require, team_of
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import today_in
from treatment.courses import guards, reading
from treatment.models import ChecklistItem, Dose, DoseAnswer, StopLift
from treatment.protocols.facts import Question
from treatment.readiness import items

State = ChecklistItem.State
Level, Place = DoseAnswer.Level, DoseAnswer.Place
RANK = {Level.NONE: 0, Level.TELL_NURSE: 1, Level.CALL_FIRST: 2}
YES, NO, NOT_ME = "yes", "no", "not_me"
MAIL_KIND = "stop-notice"
LIFTS = ("neurologist", "nurse")  # roles of the team whose people lift a stop


class AnswerAll(DomainError):
    status = 422
    default_message = gettext_lazy(
        "Answer every question. If one of them worries you, answer that one alone."
    )


class SayWhatWasAgreed(DomainError):
    status = 422
    default_message = gettext_lazy("Write in a few words what was agreed.")


class AlreadyReviewed(Conflict):
    default_message = gettext_lazy("Somebody of the team has looked at this already. Nothing was changed.")


class NotToLift(NotAllowed):
    default_message = gettext_lazy("Only a neurologist or a nurse of the team lifts a stop.")


class SayWhy(DomainError):
    status = 422
    default_message = gettext_lazy("Write in a few words why the stop is lifted.")


class LookFirst(Conflict):
    default_message = gettext_lazy(
        "Note first what was agreed with the patient. Then the stop can be lifted."
    )


class NothingStops(Conflict):
    default_message = gettext_lazy("This answer stops nothing any more. Look at the newest state first.")


# --- Asking -----------------------------------------------------------------------------------------------------------


def questions_for(user: User, patient: Patient, dose: Dose) -> list[Question]:
    """The questions of the course's version; a patient is not asked again what is for a group that they do not belong to.

    Staff always see all of them: "this does not apply to me" can be a slip, and many of these questions have no line to take it back.
    """
    asked = reading.facts_for(dose.course).questions
    if capacity_of(user, patient) != "self":
        return list(asked)
    groups = items.applies_to(user, patient)
    return [question for question in asked if groups.get(question.applies_to or "") is not False]


def is_concern(question: Question, said: str) -> bool:
    return said == question.concern_if


@transaction.atomic
def answer(
    *, by: User, patient: Patient, dose_id: UUID, said: Mapping[str, str], place: str, id: UUID, now: datetime
) -> DoseAnswer:
    """Keep the answers to the questions before a dose, once under `id`; `said` is by fact: yes, no, or not_me where that is offered.

    All have to be answered, or one that means "call first". A patient answers at home; the team on the phone or at the chair. What was
    answered settles the lines of the same facts; a concern stops them, and whoever is on call is told. Raises AnswerAll, NotAllowed,
    Http404, DoseIsOver, DifferentContent.
    """
    capacity = require(by, patient, TREATMENT, "self", "team", "break_glass")
    place = Place.HOME if capacity == "self" else place
    said = {fact: word for fact, word in said.items() if word in (YES, NO, NOT_ME)}

    def make() -> UUID:
        guards.hold_all(by, patient)
        dose = reading.dose_or_404(by, patient, dose_id)
        if not dose.is_planned or not dose.course.is_running:
            raise items.DoseIsOver
        asked = questions_for(by, patient, dose)
        concerns = [one for one in asked if is_concern(one, said.get(one.fact, ""))]
        level = max(
            (one.on_concern for one in concerns), key=lambda one: RANK[Level(one)], default=Level.NONE
        )
        if level != Level.CALL_FIRST and any(_unanswered(one, said) for one in asked):
            raise AnswerAll
        row = DoseAnswer(
            id=id, patient=patient, dose=dose, answered_at=now, answered_by=by, place=place, level=level, created_at=now
        )  # fmt: skip
        row.answers = {
            "concerns": [
                {
                    "fact_code": one.fact, "text": one.text, "said_code": said[one.fact],
                    "level_code": one.on_concern, "topic_code": one.topic,
                }
                for one in concerns
            ],
            "asked": len(asked),
        }  # fmt: skip
        row.agreed = ""
        row.save(force_insert=True)
        _settle(row, asked, said, by, capacity, now)
        if level == Level.CALL_FIRST and capacity != "team":  # the team's own people know it
            tell_team(patient, now)
        record_change(by, patient, "treatment.questions-answered", row.pk)
        return row.pk

    content = [str(dose_id), place, sorted(said.items())]
    done = exactly_once(act="treatment.answer", id=id, patient=patient, user=by, content=content, do=make)
    return answer_or_404(by, patient, done.result)


def _unanswered(question: Question, said: Mapping[str, str]) -> bool:
    word = said.get(question.fact)
    return word is None or (word == NOT_ME and not question.applies_to)


def _settle(
    row: DoseAnswer, asked: list[Question], said: Mapping[str, str], by: User, capacity: str, now: datetime
) -> None:
    """Lines of the facts that were asked about: settled while the answer is fresh, stopped, or open as before (a new medicine)."""
    known = items.applies_to(by, row.patient)
    rows = ChecklistItem.objects.for_user(by, row.patient).filter(dose_id=row.dose_id)
    held = rows.select_for_update(of=("self",), no_key=True)
    lines = {item.fact: item for item in held.filter(fact__in=[one.fact for one in asked])}
    for question in asked:
        word = said.get(question.fact, "")
        if question.applies_to and (
            word == NOT_ME or is_concern(question, word)
        ):  # a plain "no" says nothing about it
            items.say_applies(row.patient, question.applies_to, word != NOT_ME, by=by, now=now, known=known)
        item = lines.get(question.fact)
        if item is None or word not in (YES, NO):
            continue
        if is_concern(question, word):
            if question.on_concern == Level.CALL_FIRST:
                items.put(item, State.CONCERN, by=by, capacity=capacity, now=now)
        elif item.state != State.CONCERN:  # only the team lifts a stop
            items.put(item, State.DONE, by=by, capacity=capacity, now=now)


# --- Telling the team -------------------------------------------------------------------------------------------------


def tell_team(patient: Patient, now: datetime) -> list[User]:
    """A mail to whoever is on call, else to the team's leads, else to all of the team: fixed words, nothing about health or the person."""
    team = team_of(patient)
    if team is None:
        return []
    on_call = on_call_now([team.pk], now).get(team.pk)
    told = (
        [on_call.user] if on_call is not None else leads_there(team.pk, today_in(now, patient.site.time_zone))
    )
    told = told or [member.user for member in members_of(team.pk) if member.user.is_active]
    for person in told:
        queue_mail(to=person.email, subject=subject(), body=body(), kind=MAIL_KIND)
    return told


def subject() -> str:
    return _("Something urgent waits for you in the portal")


def body() -> str:
    return _(
        "Hello,\n\n"
        "somebody has told the portal something that your team should hear before a visit.\n\n"
        "Please sign in and look at “What first?” now: %(url)s\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


# --- Looking at it ----------------------------------------------------------------------------------------------------


def answer_or_404(user: User, patient: Patient, answer_id: UUID | None) -> DoseAnswer:
    rows: Any = DoseAnswer.objects.for_user(user, patient)
    found = rows.newest_first().filter(pk=answer_id).first()
    if found is None:
        raise Http404
    row: DoseAnswer = found
    return row


@transaction.atomic
def review(
    *, by: User, patient: Patient, answer_id: UUID, agreed: str, lift: bool, id: UUID, now: datetime
) -> DoseAnswer:
    """Somebody of the team has looked at the answers: by name, with what was agreed.

    Without `lift` an answer that means "call first" goes on stopping its dose, until `lift_stop`; with it the stop is lifted at once, for
    the reason that was agreed, by a neurologist or a nurse. Raises SayWhatWasAgreed, AlreadyReviewed, NotToLift, NotAllowed, Http404,
    DifferentContent.
    """
    capacity = require(by, patient, TREATMENT, "team")
    agreed = agreed.strip()[: items.TEXT_LENGTH]
    if not agreed:
        raise SayWhatWasAgreed

    def make() -> UUID:
        row = _locked(by, patient, answer_id)
        if row.reviewed_at is not None:
            raise AlreadyReviewed
        row.reviewed_at, row.reviewed_by, row.agreed = now, by, agreed
        row.save(update_fields=["reviewed_at", "reviewed_by", "agreed"])
        if lift and row.stops:
            _lift(row, by, capacity, now, agreed, id)
        record_change(by, patient, "treatment.questions-reviewed", row.pk)
        return row.pk

    content = [str(answer_id), agreed, lift]
    exactly_once(act="treatment.answer-review", id=id, patient=patient, user=by, content=content, do=make)
    return answer_or_404(by, patient, answer_id)


@transaction.atomic
def lift_stop(
    *, by: User, patient: Patient, answer_id: UUID, reason: str, id: UUID, now: datetime
) -> DoseAnswer:
    """A neurologist or a nurse of the team lifts the stop of an answer that was looked at, with the reason. The answer stays.

    Raises NotToLift, SayWhy, LookFirst, NothingStops, NotAllowed, Http404, DifferentContent.
    """
    capacity = require(by, patient, TREATMENT, "team")
    if not may_lift(by):
        raise NotToLift
    reason = reason.strip()[: items.TEXT_LENGTH]
    if not reason:
        raise SayWhy

    def make() -> UUID:
        row = _locked(by, patient, answer_id)
        if not row.stops:
            raise NothingStops
        if row.reviewed_at is None:
            raise LookFirst
        _lift(row, by, capacity, now, reason, id)
        return row.pk

    content = [str(answer_id), reason]
    exactly_once(act="treatment.stop-lift", id=id, patient=patient, user=by, content=content, do=make)
    return answer_or_404(by, patient, answer_id)


def may_lift(user: User) -> bool:
    """True for people who work as a neurologist or a nurse in a team today."""
    return memberships(user).filter(role__in=LIFTS).exists()


def _locked(by: User, patient: Patient, answer_id: UUID) -> DoseAnswer:
    """The answer, with its row held until the transaction ends."""
    rows = DoseAnswer.objects.for_user(by, patient).filter(pk=answer_id)
    row = rows.select_for_update(of=("self",), no_key=True).first()
    if row is None:
        raise Http404
    return row


def _lift(row: DoseAnswer, by: User, capacity: str, now: datetime, reason: str, id: UUID) -> None:
    """Keep who lifted the stop and why; its lines count as looked at, but for those that another answer still stops."""
    if not may_lift(by):
        raise NotToLift
    made = StopLift(id=id, patient=row.patient, answer=row, lifted_at=now, lifted_by=by, created_at=now)
    made.reason = reason
    made.save(force_insert=True)
    others = DoseAnswer.objects.for_user(by, row.patient).stopping().filter(dose_id=row.dose_id)
    facts = _stopping_facts([row]) - _stopping_facts(others)
    stopped = ChecklistItem.objects.for_user(by, row.patient).filter(dose_id=row.dose_id, state=State.CONCERN)
    for item in stopped.filter(fact__in=facts).select_for_update(of=("self",), no_key=True):
        items.put(item, State.DONE, by=by, capacity=capacity, now=now, text=reason)
    record_change(by, row.patient, "treatment.stop-lifted", row.pk)


def _stopping_facts(rows: Iterable[DoseAnswer]) -> set[str]:
    return {
        line["fact_code"]
        for row in rows
        for line in row.answers["concerns"]
        if line["level_code"] == Level.CALL_FIRST
    }


# --- The message ------------------------------------------------------------------------------------------------------


def message_topic(row: DoseAnswer) -> str:
    """The topic of the message that the answers begin: that of the first concern that needs a call."""
    concerns = row.answers["concerns"]
    first = [line for line in concerns if line["level_code"] == Level.CALL_FIRST] or concerns
    return str(first[0]["topic_code"]) if first else "visit"


def message_text(row: DoseAnswer) -> str:
    """The words that a message to the team begins with: the questions that were answered with a concern, with the answer."""
    words = {YES: _("Yes"), NO: _("No")}
    lines = [f"- {line['text']} {words.get(line['said_code'], '')}" for line in row.answers["concerns"]]
    return "\n".join([str(_("From the questions before my next dose:")), *lines])


__all__ = [
    "AlreadyReviewed",
    "AnswerAll",
    "LookFirst",
    "NotToLift",
    "NothingStops",
    "SayWhatWasAgreed",
    "SayWhy",
    "answer",
    "answer_or_404",
    "lift_stop",
    "may_lift",
    "message_text",
    "message_topic",
    "questions_for",
    "review",
    "tell_team",
]
