"""Text as people type it: cleaned once, at the door."""

from __future__ import annotations

import re
import unicodedata

# Bidirectional overrides and isolates can make a text read differently from what it says.
_INVISIBLE = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF, 0x2028, 0x2029],
    None,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def clean_text(value: str) -> str:
    """The text in NFC with `\\n` line ends, without control characters, lone surrogates and direction marks."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    value = _CONTROL.sub("", value)
    return unicodedata.normalize("NFC", value.translate(_INVISIBLE))


def clean_line(value: str) -> str:
    """One line of text: as `clean_text`, with all white space runs made one blank."""
    return " ".join(clean_text(value).split())
