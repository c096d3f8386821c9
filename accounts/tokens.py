"""Tokens of programs: made by a command, shown once, hashed, scoped, dated, ended at once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiToken, User
from portal.lib.contributions import api_nouns
from portal.lib.problems import DomainError

WORD = "portal"  # what a token begins with, so that a leaked one is found by searching for it
PREFIX_LENGTH = 8
PREFIX_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
LONGEST_TOKEN = 100
MOST_DAYS = 366
USED_EVERY = timedelta(minutes=1)
DEEDS = {"read": gettext_lazy("read"), "write": gettext_lazy("write")}
NOBODY = bytes(32)


class TokenRefused(DomainError):
    """No token is made; `message` says what to do."""


def known_scopes() -> list[str]:
    """Everything a token can be allowed: "journal:read", "journal:write", …"""
    return [f"{noun}:{deed}" for noun in sorted(api_nouns) for deed in DEEDS]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@transaction.atomic
def issue_token(
    *, user: User, scopes: Iterable[str], days: int, label: str, now: datetime
) -> tuple[ApiToken, str]:
    """A new token and the text that is shown this once. Raises TokenRefused. `now` is aware; `days` are whole."""
    chosen = sorted(set(scopes))
    unknown = [scope for scope in chosen if scope not in known_scopes()]
    if unknown or not chosen:
        raise TokenRefused(
            _("There is no scope %(unknown)s. Choose from: %(known)s.")
            % {"unknown": ", ".join(unknown) or '""', "known": ", ".join(known_scopes())}
        )
    if not 1 <= days <= MOST_DAYS:
        raise TokenRefused(_("A token lasts 1 to %(most)d days.") % {"most": MOST_DAYS})
    if not user.is_active:
        raise TokenRefused(_("This account is closed."))
    prefix = "".join(secrets.choice(PREFIX_SIGNS) for _sign in range(PREFIX_LENGTH))
    text = f"{WORD}_{prefix}_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        user=user,
        label=label[:80] or _("A program"),
        prefix=prefix,
        digest=_digest(text),
        scopes=chosen,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    token.save(force_insert=True)
    return token, text


def token_for(text: str, now: datetime) -> ApiToken | None:
    """The working token with this text, its person in `user`; None for wrong, ended and revoked ones and closed accounts."""
    parts = text.split("_", 2)
    if (
        len(text) > LONGEST_TOKEN
        or len(parts) != 3
        or parts[0] != WORD
        or not text.isascii()
        or "\x00" in text
    ):
        return None
    token = ApiToken.objects.select_related("user").filter(prefix=parts[1]).first()
    same = hmac.compare_digest(bytes(token.digest) if token is not None else NOBODY, _digest(text))
    if token is None or not same or not token.works_at(now) or not token.user.is_active:
        return None
    return token


def note_use(token: ApiToken, now: datetime) -> None:
    """Keep when the token was last used, to the minute: a write for each request would cost more than it tells."""
    if token.last_used_at is None or now - token.last_used_at >= USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


@dataclass(frozen=True, slots=True)
class Program:
    """One token as its person sees it: `may` is (part of the portal, "read, write")."""

    token: ApiToken
    may: list[tuple[str, str]]
    works: bool


def programs_of(user: User, now: datetime) -> list[Program]:
    """All programs that have or had access as this person, the working ones first. One statement."""
    found = [
        Program(token, _may(token), token.works_at(now))
        for token in ApiToken.objects.filter(user=user).order_by("-created_at")
    ]
    return sorted(found, key=lambda program: not program.works)


def _may(token: ApiToken) -> list[tuple[str, str]]:
    rows = []
    for noun, words in sorted(api_nouns.items()):
        deeds = [str(word) for deed, word in DEEDS.items() if f"{noun}:{deed}" in token.scopes]
        if deeds:
            rows.append((str(words), ", ".join(deeds)))
    return rows


@transaction.atomic
def revoke_token(*, by: User, token_id: UUID, now: datetime) -> ApiToken:
    """End a token of one's own at once; twice is once. Raises Http404."""
    token = ApiToken.objects.select_for_update(no_key=True).filter(user=by, pk=token_id).first()
    if token is None:
        raise Http404
    if token.revoked_at is None:
        token.revoked_at = now
        token.save(update_fields=["revoked_at"])
    return token
