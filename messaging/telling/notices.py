"""The mail that says "there is something to read": fixed words, nothing about health, one for a burst of answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import address_is_confirmed, failed_mails, queue_mail, user_named
from messaging.models import LastNotice, Message, SentNotice, Thread, ThreadViewer
from messaging.telling.bounces import (
    BOUNCED,
    FAILED,
    INACTIVE,
    NO_ADDRESS,
    NO_EMAIL,
    call_instead,
    digest,
    reached_by_mail,
)
from messaging.telling.sms import gateway
from patients.models import Patient
from patients.services import account_of, own_patient, patient_side
from portal.lib.contributions import notice_kinds

BURST = timedelta(minutes=5)
KIND = "answer-notice"
LOOKED_BACK = timedelta(days=14)  # the tries of a mail are over long before


def tell_readers(*, patient: Patient, thread: Thread, now: datetime) -> list[UUID]:
    """Queue a notice for the patient, and for carers who have written here; returns whom a mail goes to.

    Call inside the transaction of the answer, as the person who answered.
    """
    side = patient_side(patient, "messages")
    writers = set(Message.objects.filter(thread=thread, capacity="carer").values_list("author_id", flat=True))
    told = []
    if "self" not in side.values():
        call_instead(patient, None, NO_EMAIL, now)  # no account and so no address: a person calls
    for user_id, kind in sorted(side.items()):
        takes_part = kind == "self" or (user_id in writers and not thread.hidden_from_carers)
        if takes_part and tell(patient=patient, user_id=user_id, now=now):
            told.append(user_id)
    return told


def tell_patient(patient: Patient, now: datetime) -> None:
    """The same notice for something else that the team wrote to the patient (a released result). Call as the person who wrote it."""
    account = account_of(patient)
    if account is None:
        call_instead(patient, None, NO_EMAIL, now)
    else:
        tell(patient=patient, user_id=account.pk, now=now)


def tell(*, patient: Patient, user_id: UUID, now: datetime) -> bool:
    """Queue one notice unless one went out less than five minutes ago and the person has not looked since.

    Nobody is lost: an address that mail comes back from and an account that is switched off get none, and the patient is on the call
    list instead. Whose address nobody has ever confirmed gets the mail and is called as well.
    """
    user = user_named(user_id)
    if user is None or not user.is_active:
        call_instead(patient, user, INACTIVE, now)
        return False
    last = LastNotice.objects.locked(patient, user)
    if last.queued_at is not None and now - last.queued_at < BURST:
        looks = ThreadViewer.objects.filter(patient=patient, user=user).aggregate(at=Max("seen_at"))
        if looks["at"] is None or looks["at"] <= last.queued_at:
            return False
    last.queued_at = now
    last.save(update_fields=["queued_at"])
    if patient.phone and gateway() is not None and account_of(patient) == user:
        text = SentNotice(patient=patient, user=user, channel=SentNotice.Channel.SMS)
        text.address_digest = digest(patient.phone)
        text.save(force_insert=True)
        send_sms_later(text.pk)
    if not reached_by_mail(patient, user, now):
        call_instead(patient, user, BOUNCED, now)
        return False
    if not user.email or not address_is_confirmed(user):
        call_instead(patient, user, NO_ADDRESS, now)
        if not user.email:
            return False
    mail = queue_mail(to=user.email, subject=subject(), body=body(), kind=KIND)
    sent = SentNotice(patient=patient, user=user, channel=SentNotice.Channel.MAIL, mail_id=mail.pk)
    sent.address_digest = digest(user.email)
    sent.save(force_insert=True)
    return True


def mail_reaches(patient: Patient, user: User, now: datetime) -> bool:
    """Whether the mail of an answer will reach this person, as far as anybody knows: what a page may promise. As `tell` decides, and whom it
    has called besides: an address that nobody has ever confirmed gets the mail, and nobody knows whether it arrives."""
    return bool(user.email) and address_is_confirmed(user) and reached_by_mail(patient, user, now)


def call_about_failed(now: datetime) -> int:
    """Put people on the call list whose notice was given up after the last try. For the job, as a system actor; returns how many notices."""
    given_up = failed_mails(KIND, since=now - LOOKED_BACK)
    notices = SentNotice.objects.for_system().filter(mail_id__in=given_up, failed_at__isnull=True)
    rows = notices.select_related("patient__site", "user").select_for_update(of=("self",), no_key=True)
    count = 0
    for notice in rows.order_by("id"):
        notice.failed_at = now
        notice.save(update_fields=["failed_at"])
        call_instead(notice.patient, notice.user, FAILED, now)
        count += 1
    return count


def mail_given_up(kind: str, user_id: UUID | None, address: str, now: datetime) -> None:
    """Any notice to a patient that was given up after the last try: somebody calls, as with an answer's. For the mail job, as a system actor.

    An answer's own notice is left to `call_about_failed`, which knows whom it was for. A carer's copy is not called about: the patient has one.
    The person counts, whatever their address is by now; a mail that names none finds them by the address it went to.
    """
    if kind == KIND or not kind.startswith(tuple(notice_kinds)):
        return
    user = user_named(user_id) if user_id else User.objects.filter(email__iexact=address).first()
    patient = own_patient(user)
    if patient is not None:
        call_instead(patient, user, FAILED, now)


def text_given_up(notice: SentNotice, now: datetime) -> None:
    """The same for a text message. Call with the row held."""
    notice.failed_at = now
    notice.save(update_fields=["failed_at"])
    call_instead(notice.patient, notice.user, FAILED, now)


def send_sms_later(notice_id: UUID) -> None:
    """Hand the text message to the worker inside the running transaction; the job is told the id only."""
    from messaging.telling.sms_jobs import send_sms

    send_sms.defer(notice_id=str(notice_id))


def subject() -> str:
    return _("Your team has written to you")


def body() -> str:
    """The same words for everybody: no name, no topic, no clinic, and a link to the sign-in page only."""
    return _(
        "Hello,\n\n"
        "your team has written to you in the portal. Read it when it suits you.\n\n"
        "Sign in here: %(url)s\n\n"
        "If you need help right now, do not wait for a message: call. The phone numbers are on the sign-in page.\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}
