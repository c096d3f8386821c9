"""Sign-in forms. Display settings have a module of their own beside their page."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    RequestLoginCodeForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django.utils.translation import gettext_lazy as _

PASSWORD_HINT = _("At least 15 characters. Four words that do not belong together are easy to type.")


class SignInForm(LoginForm):
    """E-mail and password; the mailed code is the other button on the same page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Your email address")
        self.fields["password"].label = _("Your password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class CodeForm(RequestLoginCodeForm):
    """Asks for a mailed code; takes the address from the sign-in page's own field (`login`) too."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None and "email" not in data and "login" in data:
            data = data.copy()
            data["email"] = data["login"]
        super().__init__(data, *args, **kwargs)
        self.fields["email"].label = _("Your email address")


class NewEmailForm(AddEmailForm):
    """Another address for signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Your new email address")


class ForgottenPasswordForm(ResetPasswordForm):
    """Asks for a link to choose a new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("Your email address")


class _TwicePassword:
    """The new password, typed twice, with one plain hint."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields = self.fields  # type: ignore[attr-defined]
        fields["password1"].label = _("Your new password")
        fields["password1"].help_text = PASSWORD_HINT
        fields["password2"].label = _("Your new password once more")
        fields["password2"].help_text = ""
        if "oldpassword" in fields:
            fields["oldpassword"].label = _("Your password now")
            fields["oldpassword"].help_text = ""


class NewPasswordForm(_TwicePassword, ChangePasswordForm):
    """A new password in place of the old one."""


class FirstPasswordForm(_TwicePassword, SetPasswordForm):
    """A first password for somebody who signed in with codes."""


class LinkedPasswordForm(_TwicePassword, ResetPasswordKeyForm):
    """A new password, after the mailed link."""


class PasskeyForm(AddWebAuthnForm):
    """A new passkey, in plain words."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("A name for this passkey")
        if "passwordless" in self.fields:
            self.fields["passwordless"].label = _("Let me sign in with it alone")
            self.fields["passwordless"].help_text = _("Then you need no password and no code on this device.")
