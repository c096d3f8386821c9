"""Files of the synthetic clinic's conversations: a card as a picture, a form as a PDF."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont


def what_to_bring() -> bytes:
    """A harmless picture: a short list on a card."""
    card = Image.new("RGB", (900, 620), "#f4f1e8")
    pen = ImageDraw.Draw(card)
    pen.rounded_rectangle((30, 30, 870, 590), 30, fill="white", outline="#2d5a66", width=6)
    pen.text((80, 70), "Bring with you", fill="#173d47", font=ImageFont.load_default(56))
    for row, words in enumerate(
        ("a warm layer", "something to drink", "something to read", "your list of medicines")
    ):
        top = 180 + row * 95
        pen.rounded_rectangle((84, top, 134, top + 50), 8, outline="#2d5a66", width=5)
        pen.text((170, top - 2), words, fill="#173d47", font=ImageFont.load_default(44))
    out = BytesIO()
    card.save(out, "PNG")
    return out.getvalue()


# Size of the letters, left, height on the page, words.
FORM = (
    (20, 72, 700, "Time off for medical treatment"),
    (11, 72, 676, "To be filled in by the clinic and returned by the employee."),
    (12, 72, 620, "Name of employee:    Maya Lindqvist"),
    (12, 72, 580, "Treatment takes place on (days):"),
    (12, 72, 540, "The employee cannot work on these days:    [  ] all day    [  ] part of the day"),
    (12, 72, 500, "Next days that are planned:"),
    (12, 72, 400, "Name and position:"),
    (12, 72, 360, "Date and signature:"),
    (10, 72, 72, "Harbor Street Books, personnel office"),
)


def employers_form() -> bytes:
    """A harmless PDF of one page: a form with lines to write on."""
    import pikepdf

    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    drawn = [f"BT /F {size} Tf {left} {top} Td ({words}) Tj ET" for size, left, top, words in FORM]
    drawn += [
        f"{left} {top} m 540 {top} l S"
        for left, top in ((72, 664), (258, 578), (228, 498), (190, 398), (190, 358))
    ]
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(612, 792))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        page.Contents = made.make_stream("\n".join(drawn).encode())
        out = BytesIO()
        made.save(out)
    return out.getvalue()
