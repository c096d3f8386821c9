"""Emergency access ("break the glass"): a clinician opens one record for four hours, and the patient sees it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.services import queue_mail, user_by_email
from clinic.services import is_clinician
from patients.keys import warm_keys
from patients.models import Grant, Patient
from patients.once import exactly_once
from patients.services import capacity_of
from patients.trail import Event, note
from portal.lib import actor
from portal.lib.problems import DomainError, NotAllowed

HOURS = 4
TRIES_PER_HOUR = 10


class TooManyTries(DomainError):
    default_message = gettext_lazy(
        "You tried this many times in the last hour. Call the team that cares for the patient."
    )
    status = 429


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _find(email: str, name: str, date_of_birth: date | None) -> Patient | None:
    """The one patient who fits, or None. Does the same work whether or not there is one: an address is looked up, every name is read."""
    account = user_by_email(email) if email else None
    patients = list(Patient.objects.for_system().select_related("site"))
    selves = dict(
        Grant.objects.filter(kind="self", revoked_at__isnull=True).values_list("user_id", "patient_id")
    )
    warm_keys(patient.pk for patient in patients)
    wanted, born = _folded(name), date_of_birth.isoformat() if date_of_birth else ""
    by_mail = selves.get(account.pk) if account is not None else None
    fitting = []
    for patient in patients:
        same = _folded(patient.name) == wanted and patient.date_of_birth == born
        if patient.pk == by_mail if email else same:
            fitting.append(patient)
    return fitting[0] if len(fitting) == 1 else None


def _count_try(by: User) -> None:
    """At most ten tries an hour for one person: this door is not for searching. Raises TooManyTries."""
    key = f"emergency-access:{by.pk}"
    tries = cache.get(key, 0)
    if tries >= TRIES_PER_HOUR:
        raise TooManyTries
    cache.set(key, tries + 1, 3600)


def open_in_emergency(
    *, by: User, id: UUID, email: str, name: str, date_of_birth: date | None, reason: str
) -> Grant | None:
    """Open the one patient who fits to `by` for four hours, once for each `id`; None when nobody fits.

    Somebody who sees the patient anyway gets no second access (None too). The patient is told by a neutral
    mail, and reads name, time and reason under "Who can see you". Raises NotAllowed, TooManyTries, DifferentContent.
    """
    if not is_clinician(by):
        raise NotAllowed
    _count_try(by)
    with actor.unit_of_work(actor.Actor(user_id=by.pk, system="emergency-access")):
        found = _find(email, name, date_of_birth)
        if found is None or capacity_of(by, found) in {"self", "team"}:
            return None
        patient = found

        def open_record() -> UUID:
            now = timezone.now()
            grant = Grant(
                patient=patient,
                kind="break_glass",
                user=by,
                starts_at=now,
                ends_at=now + timedelta(hours=HOURS),
                created_by=by,
            )
            grant.reason = reason
            grant.save(force_insert=True)
            note(Event(patient.pk, "grant.break_glass", "break_glass", grant.pk, grant.pk))
            _tell(patient)
            return grant.pk

        content = [email, _folded(name), date_of_birth.isoformat() if date_of_birth else "", reason]
        done = exactly_once(
            act="grant.break_glass", id=id, patient=patient, user=by, content=content, do=open_record
        )
        return Grant.objects.filter(pk=done.result).first() if done.result else None


def _tell(patient: Patient) -> None:
    grant = (
        Grant.objects.filter(patient_id=patient.pk, kind="self", revoked_at__isnull=True)
        .select_related("user")
        .first()
    )
    if grant is None or grant.user is None:
        return
    queue_mail(
        to=grant.user.email,
        user=grant.user,
        kind="access-notice",
        subject=_("There is something new for you in the portal"),
        body=_(
            "Hello,\n\nthere is something new for you to read in the clinic portal.\n\n"
            "Sign in at %(url)s and open “Who can see you”.\n"
        )
        % {"url": settings.PUBLIC_URL + "/"},
    )


def open_records(user: User, now: datetime) -> list[tuple[Patient, datetime]]:
    """Records that are open to the person by emergency access now, with the instant at which each closes."""
    grants = {
        grant.patient_id: grant
        for grant in Grant.objects.live().filter(user_id=user.pk, kind="break_glass").order_by("ends_at")
    }
    patients = list(Patient.objects.for_user(user).filter(pk__in=list(grants)))
    warm_keys(patient.pk for patient in patients)
    return [(patient, grants[patient.pk].ends_at or now) for patient in patients]
