"""allauth's hooks: nobody signs up alone, mail goes through the queue, secrets are sealed."""

from __future__ import annotations

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from accounts.services import queue_mail
from portal.lib.sealing import open_for_portal, seal_for_portal

SECOND_FACTOR = "second-factor"


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """The clinic invites people; nobody makes a patient's account alone."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        message = self.render_mail(
            template_prefix, email, {"email": email, "request": self.request, **context}
        )
        queue_mail(
            to=email, subject=message.subject, body=message.body, kind=template_prefix.rsplit("/", 1)[-1]
        )

    def is_safe_url(self, url: str | None) -> bool:
        """Whether a way back leads to this site; what is no address at all does not (allauth lets Python's parser raise)."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def format_email_subject(self, subject: str) -> str:
        return " ".join(subject.split())


class MFAAdapter(DefaultMFAAdapter):
    """Second-factor secrets are sealed at rest; allauth's own adapter keeps them in clear."""

    def encrypt(self, text: str) -> str:
        sealed = seal_for_portal(text, purpose=SECOND_FACTOR, where="mfa_authenticator.data")
        return base64.b64encode(sealed).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        sealed = base64.b64decode(encrypted_text)
        return str(open_for_portal(sealed, purpose=SECOND_FACTOR, where="mfa_authenticator.data"))
