"""Check-ins after a dose that was noted as given: asked by the worker, answered by the patient through the rule of the self-check.

The row of a step is written in the same transaction as its mail, with the dose's row held; the database holds that there is one row for
a dose and a step. A dose that is put off, missed or only planned has none, because nothing was given. A late answer is an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import queue_mail
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import account_of, exactly_once, record_change, require
from portal.lib import actor
from portal.lib.problems import Conflict
from treatment.courses import guards, reading
from treatment.models import Change, CheckIn, Dose, InfusionRecord, SelfCheck
from treatment.readiness.reminders import FIRST_HOUR, LAST_HOUR
from treatment.selfcheck import services as selfcheck

PURPOSE = "check-ins"
KIND = "check-in"
AT_ONCE = 200
FIRST = 1  # hours: asked at any time of the day, since the person has just left the chair
DIED = 5  # the grade of a reaction that ended in death
MOST_LATE = timedelta(
    hours=72
)  # a step that the worker missed for longer is not asked any more; the project's own


class AlreadyAnswered(Conflict):
    default_message = gettext_lazy(
        "This check-in was answered before, and the answers stay as they were. If something is new now, do the self-check or call us."
    )


# --- Asking (the worker) ----------------------------------------------------------------------------------------------


def due_step(dose: Dose, given: Iterable[Dose], now: datetime) -> int | None:
    """The step of a dose that is to be asked at `now` (aware), or None.

    A worker that stood still asks the newest step and not two. When a later dose of the course was given (days in a row), its own steps
    ask instead. Between 20 and 8 o'clock of the site only the first step is asked.
    """
    assert dose.given_at is not None
    if any(
        one.course_id == dose.course_id and one.given_at is not None and dose.given_at < one.given_at <= now
        for one in given
    ):
        return None
    steps = reading.facts_for(dose.course).check_in_hours
    due = [
        step
        for step in steps
        if _through(dose) + timedelta(hours=step) <= now < _through(dose) + timedelta(hours=step) + MOST_LATE
    ]
    if not due or any(row.step >= max(due) for row in dose.check_ins.all()):
        return None
    hour = now.astimezone(ZoneInfo(dose.patient.site.time_zone)).hour
    if max(due) != FIRST and not FIRST_HOUR <= hour < LAST_HOUR:
        return None
    return max(due)


def _through(dose: Dose) -> datetime:
    """When a given dose was through: the hours of the steps count from there, and `given_at` is when it began.

    The end in its chair record; without one, as long as the version says that it runs, and from its beginning where that does not say.
    """
    assert dose.given_at is not None
    days = list(dose.chair_days.all())  # of a record that was closed, the newest copy first
    if days:
        return datetime.fromisoformat(days[0].day["ended"])
    minutes = reading.facts_for(dose.course).phase_content(dose.phase_key)["infusion_minutes"]
    return dose.given_at + timedelta(minutes=minutes or 0)


def run(now: datetime) -> int:
    """Ask what is due; returns how many check-ins were asked. One transaction for each dose, its row held."""
    with actor.unit_of_work(actor.system(PURPOSE)):
        given = _given(now)
        due = [dose.pk for dose in given if due_step(dose, given, now) is not None]
    count = 0
    for dose_id in due[:AT_ONCE]:
        with actor.unit_of_work(actor.system(PURPOSE)):
            count += ask(dose_id, now)
    return count


def _given(now: datetime) -> list[Dose]:
    """Doses that some step may be due for, with the steps that were asked and their days in the chair: three statements."""
    reach = timedelta(hours=72) + MOST_LATE + timedelta(days=1)  # a day for the longest dose
    rows = Dose.objects.for_system().given().filter(given_at__gt=now - reach, given_at__lte=now)
    rows = rows.select_related(
        "patient__site", "course__order__protocol", "course__moved_to"
    ).prefetch_related("check_ins", "chair_days")
    rows = rows.defer("course__order__protocol__content", "course__moved_to__content")
    return list(rows.order_by("given_at", "id"))


def ask(dose_id: UUID, now: datetime) -> int:
    """The step of one dose, looked at again with its row held. 1 when it was asked."""
    held = Dose.objects.for_system().given().filter(pk=dose_id)
    if held.select_for_update(of=("self",), no_key=True).first() is None:
        return 0
    given = _given(now)
    dose = next((one for one in given if one.pk == dose_id), None)
    step = due_step(dose, given, now) if dose is not None else None
    if dose is None or step is None or _has_died(dose.patient):
        return 0
    account = account_of(dose.patient)
    row = CheckIn(patient=dose.patient, dose=dose, step=step, asked_at=now, created_at=now)
    row.state = CheckIn.State.NOBODY
    if account is not None and account.is_active:
        row.state = CheckIn.State.QUEUED
        mail = queue_mail(to=account.email, subject=subject(), body=body(), kind=KIND, user=account)
        row.mail_id = mail.pk
    row.save(force_insert=True)
    record_change(None, dose.patient, "checkin.asked", row.pk)
    return 1


def _has_died(patient: Patient) -> bool:
    """Whether a reaction was noted from which the person died (CTCAE grade 5): nobody is asked, and nobody is told to ask by phone."""
    records = InfusionRecord.objects.for_system().filter(patient=patient)
    if any(record.details.get("reaction_grade") == DIED for record in records):
        return True
    later = Change.objects.for_system().filter(patient=patient, kind=Change.Kind.REACTION)
    return any(change.reason["grade"] == DIED for change in later)


def subject() -> str:
    return _("A short question in the portal")


def body() -> str:
    """The same words for everybody and every step: no name, no clinic, no day, nothing about health."""
    return _(
        "Hello,\n\n"
        "there is a short question for you in the portal. It takes about a minute.\n\n"
        "Sign in here: %(url)s\n\n"
        "Do not wait for an answer in the portal if you need somebody now: call. The phone numbers are on the sign-in page.\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


# --- Reading ----------------------------------------------------------------------------------------------------------


def check_ins_of(user: User, patient: Patient) -> list[CheckIn]:
    """What was asked, the newest first: one statement."""
    return list(CheckIn.objects.for_user(user, patient).newest_first())


def check_in_or_404(user: User, patient: Patient, check_in_id: UUID) -> CheckIn:
    found = CheckIn.objects.for_user(user, patient).newest_first().filter(pk=check_in_id).first()
    if found is None:
        raise Http404
    return found


def step_words(step: int) -> str:
    """When a step asks, in words."""
    if step == FIRST:
        return _("1 hour after the dose")
    return _("%(hours)d hours after the dose") % {"hours": step}


# --- Answering --------------------------------------------------------------------------------------------------------


@transaction.atomic
def answer(
    *, by: User, patient: Patient, check_in_id: UUID, id: UUID, new: Iterable[str], none: bool, now: datetime
) -> SelfCheck:
    """Keep what is new after a dose as a self-check of the dose's version, once: whatever is new stands on "What first?" at once.

    Raises SayNewOrNone, AlreadyAnswered, DifferentContent, NotAllowed, Http404.
    """
    require(by, patient, TREATMENT, "self")
    ticked = set(new)

    def make() -> UUID:
        guards.hold_all(by, patient)
        rows: Any = CheckIn.objects.for_user(by, patient)
        row = rows.select_for_update(of=("self",), no_key=True).filter(pk=check_in_id).first()
        if row is None:
            raise Http404
        if row.answer_id is not None:
            raise AlreadyAnswered
        course = reading.dose_or_404(by, patient, row.dose_id).course
        kept = selfcheck.keep(
            by=by, patient=patient, id=id, versions=[selfcheck.version_of(course)], ticked=ticked, none=none, now=now
        )  # fmt: skip
        row.answer_id, row.answered_at = kept, now
        row.save(update_fields=["answer", "answered_at"])
        record_change(by, patient, "checkin.answered", row.pk)
        return kept

    done = exactly_once(
        act="checkin.answer", id=id, patient=patient, user=by, content=[str(check_in_id), sorted(ticked), none], do=make
    )  # fmt: skip
    return selfcheck.check_or_404(by, patient, done.result)
