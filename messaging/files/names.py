"""The name of a file as people read it: one plain line, with the ending of what is really inside."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from portal.lib.text import clean_line

LONGEST = 80
_ENDINGS = re.compile(r"(\.\w{1,8})+$")
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\x00-\x1f]')
ENDING = {"jpeg": "jpg", "png": "png", "pdf": "pdf"}


def plain_name(name: str, kind: str) -> str:
    """ "C:\\x\\report.pdf.exe" is "report.pdf" when a PDF is inside, and what cannot be read as a name is "Photo.jpg"."""
    stem = clean_line(re.split(r"[/\\]", clean_line(name))[-1])
    stem = _NOT_IN_NAMES.sub("", _ENDINGS.sub("", stem)).strip(" .")[:LONGEST].strip()
    if not stem:
        stem = _("Document") if kind == "pdf" else _("Photo")
    return f"{stem}.{ENDING[kind]}"
