"""Draws the first page of a PDF that `cleaner.py` has written anew, as a small picture.

Runs as a process of its own, like the cleaner and with less memory and time (`messaging.files.clean` starts it): the PDF on
stdin, a JPEG on stdout. When there is nothing to show it says nothing, or it dies: the file is kept without a picture.
Nothing of the portal is imported here.
"""

from __future__ import annotations

import resource
import sys
from io import BytesIO
from typing import Any

LARGEST = 10 * 1024 * 1024  # bytes of what comes in
LARGEST_SMALL = 200 * 1024  # bytes of what goes out
SMALL_SIDE = 320  # pixels
DRAWN_SIDE = 2 * SMALL_SIDE  # drawn larger and made smaller, so that lines of text stay gray lines
SIDES = (3, 14_400)  # points; the longest that a page of paper may be is 200 inches
THINNEST = 16  # pixels: a strip shows nothing
MEMORY = 512 * 1024 * 1024
SECONDS = 5


def draw(data: bytes) -> bytes:
    """The first page as a JPEG of at most 320 pixels; b"" when there is nothing to see on it."""
    import pypdfium2

    with pypdfium2.PdfDocument(data) as paper:
        page = paper[0]
        width, height = page.get_size()
        if not (SIDES[0] <= width <= SIDES[1] and SIDES[0] <= height <= SIDES[1]):
            return b""
        scale = DRAWN_SIDE / max(width, height)
        drawn = page.render(scale=scale, may_draw_forms=False, draw_annots=False, limit_image_cache=True)
        picture = drawn.to_pil().convert("RGB")
    return encoded(picture)


def encoded(picture: Any) -> bytes:
    """A new picture with nothing but its pixels; b"" when all of them are alike."""
    picture.thumbnail((SMALL_SIDE, SMALL_SIDE))
    if min(picture.size) < THINNEST or all(low == high for low, high in picture.getextrema()):
        return b""
    out = BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def main() -> int:
    """Read, draw, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(LARGEST + 1)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
