"""Writes and reads of accounts that other apps may use."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import OutgoingMail, User
from portal.lib.display import Look
from portal.lib.sealing import open_for_portal, seal_for_portal

MAIL_PURPOSE = "mail"

# Apps that know who works at the clinic add a check here; a staff session ends sooner.
staff_checks: list[Callable[[User], bool]] = []


def is_staff_person(user: User) -> bool:
    """True for people who work at the clinic: team members, editors, administrators."""
    return (
        user.is_staff
        or user.has_perm("wagtailadmin.access_admin")
        or any(check(user) for check in staff_checks)
    )


def administrators() -> list[User]:
    """Everybody who may set up teams and people, by name."""
    return list(User.objects.filter(is_active=True, is_staff=True, is_superuser=True).order_by("name", "id"))


def start_session_clock(request: HttpRequest, user: User) -> None:
    """Note in the session when it began and which idle limit it has (seconds since 1970, UTC)."""
    stamp = int(timezone.now().timestamp())
    request.session["signed_in_at"] = stamp
    request.session["seen_at"] = stamp
    request.session["staff_limits"] = is_staff_person(user)


def idle_limit(request: HttpRequest) -> int:
    """Seconds without a page, a send or an autosave after which this session ends."""
    staff = bool(request.session.get("staff_limits", True))
    limit: int = settings.SESSION_IDLE_SECONDS_STAFF if staff else settings.SESSION_IDLE_SECONDS_PATIENT
    return limit


@transaction.atomic(savepoint=False)
def queue_mail(*, to: str, subject: str, body: str, kind: str, user: User | None = None) -> OutgoingMail:
    """Hand a plain-text mail to the worker inside the running transaction.

    `user`: whom it tells something, where somebody calls when it is given up: an address can be another one by then.

    The text is sealed at rest and the job gets only the row's id. At least once: the Message-ID is made
    from that id, so a repeat after a crash carries the same one.
    """
    from accounts.jobs import send_mail

    mail = OutgoingMail(kind=kind)
    mail.payload = seal_for_portal(
        {
            "to": to,
            "subject": " ".join(subject.split()),
            "body": body,
            **({"user": str(user.pk)} if user is not None else {}),
        },
        purpose=MAIL_PURPOSE,
        where=f"accounts_outgoingmail.payload|{mail.pk}",
    )
    mail.save(force_insert=True)
    send_mail.defer(mail_id=str(mail.pk))
    return mail


@transaction.atomic
def withdraw_mail(mail_id: UUID) -> bool:
    """Take back a mail that no mail server has taken yet; False when it is gone already, or was taken back before."""
    waiting = OutgoingMail.objects.select_for_update(no_key=True).filter(pk=mail_id)
    mail = waiting.filter(state=OutgoingMail.State.WAITING).first()
    if mail is None:
        return False
    mail.state, mail.payload = OutgoingMail.State.FAILED, None  # the job finds nothing to send
    mail.save(update_fields=["state", "payload"])
    return True


def failed_mails(kind: str, since: datetime) -> list[UUID]:
    """Ids of the mails of a kind, queued since then, that were given up after the last try."""
    mails = OutgoingMail.objects.filter(kind=kind, state=OutgoingMail.State.FAILED, created_at__gte=since)
    return list(mails.values_list("pk", flat=True))


def address_is_confirmed(user: User) -> bool:
    """Whether the person has ever shown that mail to their address reaches them: by signing in, or by confirming it."""
    if user.last_login is not None:
        return True
    confirmed: bool = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()
    return confirmed


def open_mail(mail: OutgoingMail) -> dict[str, str] | None:
    """Address, subject and body of a mail that still has them, and for whom it is (`user`, an id) where that was said."""
    if mail.payload is None:
        return None
    opened: dict[str, str] = open_for_portal(
        bytes(mail.payload), purpose=MAIL_PURPOSE, where=f"accounts_outgoingmail.payload|{mail.pk}"
    )
    return opened


def invite_user(*, email: str, name: str, job_title: str = "", mail: bool = True) -> User:
    """The account for this address, made when there is none; tells the person how to sign in.

    Nothing in the mail works alone: it names the sign-in page, where a code is mailed to the same address.
    """
    with transaction.atomic():
        user = User.objects.filter(email__iexact=email.strip()).first()
        if user is None:
            user = User.objects.create_user(email, None, name=name, job_title=job_title)
        if mail:
            queue_mail(
                to=user.email,
                kind="invitation",
                subject=_("Your access to the clinic portal"),
                body=_(
                    "Hello,\n\nyour clinic has set up portal access for you.\n\n"
                    "Go to %(url)s, type this email address, and choose “Email me a code”. "
                    "You do not need a password.\n\n"
                    "If you did not expect this, you can ignore it or call the clinic.\n"
                )
                % {"url": settings.PUBLIC_URL + "/"},
            )
    return user


def user_named(user_id: UUID | None) -> User | None:
    return User.objects.filter(pk=user_id).first() if user_id else None


def names_of(user_ids: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """Name and job title of people by id, in one statement."""
    rows = User.objects.filter(pk__in=user_ids).values("id", "name", "job_title")
    return {row["id"]: dict(row) for row in rows}


def user_by_email(email: str) -> User | None:
    return User.objects.filter(email__iexact=email.strip()).first()


@transaction.atomic
def save_display(*, user: User, look: Look) -> User:
    """Keep how a person wants to read; every page follows it from the next load on."""
    user.theme = look.theme
    user.text_size = look.text_size
    user.more_contrast = look.contrast == "more"
    user.device_font = look.device_font
    user.low_energy = look.low_energy
    user.save(update_fields=["theme", "text_size", "more_contrast", "device_font", "low_energy"])
    return user


def recent_mails(limit: int) -> list[dict[str, Any]]:
    """The newest mails with their text, for the demo page; in production the text is gone once it was sent."""
    rows = []
    for mail in OutgoingMail.objects.order_by("-created_at")[:limit]:
        content = open_mail(mail)
        if content is not None:
            rows.append({"mail": mail, **content})
    return rows
