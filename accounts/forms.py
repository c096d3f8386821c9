"""Sign-in forms. Display settings have a module of their own beside their page."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, RequestLoginCodeForm
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):  # type: ignore[misc]
    """E-mail and password; the mailed code is the other button on the same page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Your email address")
        self.fields["password"].label = _("Your password")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class CodeForm(RequestLoginCodeForm):  # type: ignore[misc]
    """Asks for a mailed code; takes the address from the sign-in page's own field (`login`) too."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None and "email" not in data and "login" in data:
            data = data.copy()
            data["email"] = data["login"]
        super().__init__(data, *args, **kwargs)
        self.fields["email"].label = _("Your email address")
