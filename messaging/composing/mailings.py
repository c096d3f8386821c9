"""The same words to several patients: one conversation each, each exactly once, sent by the worker and resumed after a crash.

The words are sealed once for each patient, in that patient's letter. A mailing itself holds no text and no name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.models import User
from messaging.composing import outreach, reply_templates
from messaging.models import Mailing, MailingLetter
from patients.models import Patient
from patients.services import patients_of, record_change, record_many, require, warm_keys
from portal.lib import actor
from portal.lib.contributions import PatientGroup, patient_groups
from portal.lib.problems import Conflict, DomainError

log = logging.getLogger("portal.work")
AREA = "messages"
MOST_PATIENTS = 1_000
State = MailingLetter.State


class LettersLeft(RuntimeError):
    """Some letters of a mailing failed: the worker tries those again."""


class NobodyChosen(DomainError):
    status = 422
    default_message = gettext_lazy("Choose at least one patient.")


class TooMany(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This is more than 1,000 patients. Choose fewer, and send the rest as a second one."
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """Whom somebody can write to: the patients of their teams by id, and groups of them."""

    patients: dict[UUID, Patient]
    groups: list[PatientGroup]

    def chosen(self, groups: Iterable[str], by_hand: Iterable[str]) -> list[Patient]:
        """The patients of the chosen groups and those chosen by name, each once, by name. What is not on offer is left out."""
        wanted, names = set(groups), set(by_hand)
        ids = {id for group in self.groups if group.code in wanted for id in group.patient_ids}
        ids |= {id for id in self.patients if str(id) in names}
        return [patient for id, patient in self.patients.items() if id in ids]


def choice_of(user: User, day: date, now: datetime) -> Choice:
    """The patients of the person's teams with the visits of `day` and the therapies as groups; each is noted on the trail."""
    found = sorted(patients_of(user, kinds=("team",)), key=lambda patient: patient.name)
    mine = {patient.pk: patient for patient in found}
    groups = []
    for entry in patient_groups:
        for group in entry(user, day, now):
            ids = frozenset(id for id in group.patient_ids if id in mine)
            if ids:
                groups.append(PatientGroup(group.code, group.label, ids))
    record_many(user, found, "mailing.choice")
    return Choice(mine, groups)


@transaction.atomic
def plan(*, by: User, id: UUID, patients: Iterable[Patient], topic: str, text: str, now: datetime) -> Mailing:
    """Put the words into one letter for each patient and hand the mailing to the worker; once under `id`.

    Raises NobodyChosen, TooMany, BlankLeft, NotAllowed, Conflict (the id was used for another mailing).
    """
    chosen = list({patient.pk: patient for patient in patients}.values())
    if not chosen:
        raise NobodyChosen
    if len(chosen) > MOST_PATIENTS:
        raise TooMany
    for patient in chosen:
        require(by, patient, AREA, "team")
    reply_templates.nothing_left_blank(chosen[0].site, text)
    _made, first = Mailing.objects.get_or_create(
        id=id, defaults={"by": by, "topic": topic, "created_at": now}
    )
    mailing = Mailing.objects.select_for_update(no_key=True).get(pk=id)
    if not first:
        letters = MailingLetter.objects.for_user(by).filter(mailing=mailing)
        same = {letter.patient_id for letter in letters} == {patient.pk for patient in chosen}
        if (
            mailing.by_id != by.pk
            or mailing.topic != topic
            or not same
            or any(row.words != text for row in letters)
        ):
            raise Conflict
        return mailing
    warm_keys(patient.pk for patient in chosen)
    for patient in chosen:
        letter = MailingLetter(patient=patient, mailing=mailing)
        letter.words = text
        letter.created_at = now
        letter.save(force_insert=True)
        record_change(by, patient, "mailing.planned", mailing.pk)
    from messaging.jobs import send_mailing

    send_mailing.defer(mailing_id=str(mailing.pk))
    return mailing


def send(mailing_id: UUID, now: datetime) -> int:
    """Send what still waits, each letter in a transaction of its own. Called by the worker; safe to call at any time, twice as well.

    Returns how many letters went out now. One that fails does not stop the others: LettersLeft at the end, so that the worker comes again.
    """
    with actor.unit_of_work(actor.system("mailing")):
        mailing = Mailing.objects.select_related("by").filter(pk=mailing_id).first()
        if mailing is None:
            return 0
        waiting = MailingLetter.objects.for_system().filter(mailing=mailing, state=State.WAITING)
        ids = list(waiting.order_by("id").values_list("pk", flat=True))
    sent, failed = 0, 0
    for letter_id in ids:
        try:
            sent += _send_one(mailing, letter_id, now)
        except Exception as error:  # noqa: BLE001 - whatever it is: one letter never stops the others
            failed += 1
            log.error("mailing: letter %s waits for the next try: %s", letter_id, type(error).__name__)
    with actor.unit_of_work(actor.system("mailing")):
        waits = MailingLetter.objects.for_system().filter(mailing=mailing, state=State.WAITING).exists()
        if not waits:
            Mailing.objects.filter(pk=mailing.pk, finished_at__isnull=True).update(finished_at=now)
    if failed:
        raise LettersLeft(f"{failed} letters were not sent")
    return sent


def _send_one(mailing: Mailing, letter_id: UUID, now: datetime) -> bool:
    """One patient's conversation, as the person who wrote the words. A writer who may no longer write to the patient sends nothing."""
    try:
        with actor.unit_of_work(actor.Actor(user_id=mailing.by_id)):
            letters = MailingLetter.objects.for_user(mailing.by)
            letter = (
                letters.select_for_update(of=("self",), no_key=True)
                .filter(pk=letter_id, state=State.WAITING)
                .first()
            )
            if letter is None:
                raise NobodyChosen  # sent a moment ago, or not to be seen any more
            patient = Patient.objects.for_user(mailing.by).select_related("site").get(pk=letter.patient_id)
            message = outreach.write_first(
                by=mailing.by, patient=patient, id=letter.pk, topic=mailing.topic, text=letter.words, now=now
            )
            letter.state, letter.thread, letter.settled_at = State.SENT, message.thread, now
            letter.save(update_fields=["state", "thread", "settled_at"])
            return True
    except (DomainError, Patient.DoesNotExist):
        with actor.unit_of_work(actor.system("mailing")):
            left = MailingLetter.objects.for_system().filter(pk=letter_id, state=State.WAITING)
            left.update(state=State.REFUSED, settled_at=now)
        return False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a mailing is; `refused` are the patients who got nothing."""

    mailing: Mailing
    letters: list[Any]

    @property
    def total(self) -> int:
        return len(self.letters)

    @property
    def sent(self) -> int:
        return sum(letter.state == State.SENT for letter in self.letters)

    @property
    def refused(self) -> list[Any]:
        return [letter for letter in self.letters if letter.state == State.REFUSED]

    @property
    def waits(self) -> bool:
        return any(letter.state == State.WAITING for letter in self.letters)


def progress_of(user: User, mailing_id: UUID) -> Progress:
    """The writer's own mailing with what became of each letter, by name. Raises Http404."""
    mailing = Mailing.objects.filter(pk=mailing_id, by=user).first()
    if mailing is None:
        raise Http404
    letters = list(MailingLetter.objects.for_user(user).filter(mailing=mailing).select_related("patient"))
    warm_keys(letter.patient_id for letter in letters)
    record_many(user, [letter.patient for letter in letters], "mailing.view")
    letters.sort(key=lambda letter: letter.patient.name)
    return Progress(mailing, letters)


def mailings_of(user: User) -> list[Mailing]:
    """The person's last mailings, newest first."""
    return list(Mailing.objects.filter(by=user).order_by("-created_at")[:10])
