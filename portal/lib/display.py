"""How a person wants to read: theme, text size, contrast, font and pace, from the profile or a cookie of this browser.

No health data, nothing secret: the cookie lets the sign-in page look right before anyone is signed in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

THEMES = (
    ("device", _("Same as my device")),
    ("day", _("Day: dark text on light")),
    ("dusk", _("Dusk: light text on dark")),
)
TEXT_SIZES = ((100, _("Normal")), (125, _("Larger")), (150, _("Large")), (200, _("Largest")))
CONTRASTS = (("device", _("Same as my device")), ("more", _("More contrast")))
FONTS = (("portal", _("The portal's font")), ("device", _("My device's font")))
PACES = (("all", _("Whole pages")), ("one", _("Low-energy mode: one thing at a time")))

COOKIE = "display"
EASIER_COOKIE = "easier"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The values that `<html>` carries, and the pace of the pages.

    `easier` is "Easier to read today": larger text and more contrast until the night. `low_energy`: one thing per page,
    shorter texts first.
    """

    theme: str = "device"
    text_size: int = 100
    contrast: str = "device"
    device_font: bool = False
    low_energy: bool = False
    easier: bool = False

    @property
    def font(self) -> str:
        """ "device" or "portal"."""
        return "device" if self.device_font else "portal"

    @property
    def pace(self) -> str:
        """ "one" thing at a time, or "all" at once."""
        return "one" if self.low_energy else "all"

    @property
    def cookie(self) -> str:
        """The five choices as one cookie value."""
        return f"{self.theme}.{self.text_size}.{self.contrast}.{self.font}.{self.pace}"


def _checked(theme: Any, text_size: Any, contrast: Any, device_font: bool, low_energy: bool) -> Look:
    """A Look of known values; anything unknown becomes the default."""
    size = int(text_size) if str(text_size) in {"100", "125", "150", "200"} else 100
    return Look(
        theme=theme if theme in dict(THEMES) else "device",
        text_size=size,
        contrast=contrast if contrast in dict(CONTRASTS) else "device",
        device_font=device_font,
        low_energy=low_energy,
    )


def from_cookie(value: str) -> Look:
    """The look written by `Look.cookie`; defaults for whatever cannot be read."""
    theme, text_size, contrast, font, pace = (*value.split("."), "", "", "", "", "")[:5]
    return _checked(theme, text_size, contrast, font == "device", pace == "one")


def of_user(user: Any) -> Look:
    """The look of a signed-in person's profile."""
    return _checked(
        user.theme,
        user.text_size,
        "more" if user.more_contrast else "device",
        bool(user.device_font),
        bool(user.low_energy),
    )


def from_profile_or_cookie(request: HttpRequest) -> Look:
    """What this person chose to keep, without "Easier to read today"."""
    user = getattr(request, "user", None)
    return (
        of_user(user)
        if getattr(user, "is_authenticated", False)
        else from_cookie(request.COOKIES.get(COOKIE, ""))
    )


def look_of(request: HttpRequest) -> Look:
    """How this request's page is to look."""
    look = from_profile_or_cookie(request)
    if request.COOKIES.get(EASIER_COOKIE) == "1":
        look = replace(look, text_size=max(150, look.text_size), contrast="more", easier=True)
    return look
