"""Files made by code for the tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pikepdf
from PIL import Image

SECRET_WORD = "Tarragoncanary"


def jpeg(
    *,
    size: tuple[int, int] = (40, 30),
    color: int = 120,
    mode: str = "RGB",
    form: str = "JPEG",
    **options: Any,
) -> bytes:
    """A small picture of one color."""
    out = BytesIO()
    shade: Any = (
        (color, 60, 60, 40)[: len(Image.new(mode, (1, 1)).getbands())]
        if mode not in ("1", "L", "P", "I;16")
        else color
    )
    Image.new(mode, size, shade if not isinstance(shade, tuple) or len(shade) > 1 else shade[0]).save(
        out, form, **options
    )
    return out.getvalue()


def paper(text: str = "Letter") -> pikepdf.Pdf:
    """A PDF of one page with a line of text, to be made worse."""
    made = pikepdf.new()
    page = made.add_blank_page(page_size=(200, 200))
    page.Contents = made.make_stream(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    return made


def saved(made: pikepdf.Pdf, **options: Any) -> bytes:
    out = BytesIO()
    made.save(out, compress_streams=False, **options)
    return out.getvalue()


def pdf(text: str = "Letter") -> bytes:
    """A harmless PDF."""
    return saved(paper(text))
