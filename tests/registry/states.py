"""Signing in without the form, and what has to happen before some pages can be opened."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.internal.userkit import user_id_to_str
from django.test import Client
from django.urls import reverse

from accounts.models import OutgoingMail, User
from accounts.services import open_mail
from tests.registry.ground import Ground
from tests.registry.pages import Page
from tests.registry.people import ANONYMOUS

Mails = Callable[[str], str]


def signed_in(user: User | None, **options: Any) -> Client:
    """A client with a session as after giving the password again a moment ago; None is nobody."""
    client = Client(raise_request_exception=False, **options)
    if user is not None:
        client.force_login(user)
        session = client.session
        shown_again = {"method": "password", "at": time.time(), "email": user.email, "reauthenticated": True}
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [shown_again]
        session["account_authentication_methods_user"] = user_id_to_str(user)
        session.save()
    return client


def clients(ground: Ground, persons: tuple[str, ...]) -> dict[str, Client]:
    """A client for each person."""
    return {person: signed_in(None if person == ANONYMOUS else ground.users[person]) for person in persons}


def queued_text(address: str) -> str:
    """The text of the newest queued mail to an address, opened as the worker would."""
    for mail in OutgoingMail.objects.order_by("-created_at"):
        content = open_mail(mail)
        if content is not None and content["to"] == address:
            return content["body"]
    raise AssertionError(f"no mail for {address} waits")


def open_state(page: Page, client: Client, ground: Ground, person: str, mails: Mails = queued_text) -> str:
    """Do what `page.state` names with this client; returns the address at which the page then stands."""
    if page.state == "code-asked":
        answer = client.post(reverse("account_request_login_code"), {"email": "nobody-of-ours@example.com"})
        assert answer.status_code == 302, answer.status_code
        return reverse("account_confirm_login_code")
    if page.state == "reset-asked":
        answer = client.post(reverse("account_reset_password"), {"email": ground.users["elsewhere"].email})
        assert answer.status_code == 302, answer.status_code
        link = re.search(r"/accounts/password/reset/key/\S+", mails(ground.users["elsewhere"].email))
        assert link is not None
        answer = client.get(link[0])
        assert answer.status_code == 302, answer.status_code
        return answer["Location"]
    if page.state == "reset-wrong":
        return reverse("account_reset_password_from_key", kwargs={"uidb36": "1", "key": "wrong-key"})
    if page.state == "wrong-key":
        return reverse("account_confirm_email", kwargs={"key": "wrong"})
    assert not page.state, page.state
    return page.url(ground, person)
