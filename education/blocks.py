"""The typed blocks of an article's body: what an editor adds, and what each one says in plain words.

Lists are typed one line per item: a text area can be pasted into, read aloud and undone, and needs no dragging.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from education.limited_markdown import lines_of, to_plain

MOST_COLUMNS = 4


def table_rows(text: str) -> list[list[str]]:
    """The rows of a table typed as lines with `|` between cells; the first row holds the heads."""
    return [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines_of(text)]


class StepsBlock(blocks.StructBlock):
    """Things done or met one after the other."""

    title = blocks.CharBlock(required=False, max_length=120, label=_("Title"))
    items = blocks.TextBlock(label=_("Steps, one per line"), rows=6)

    class Meta:
        template = "education/blocks/steps.html"
        icon = "list-ol"
        label = _("Steps")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return [value.get("title") or "", *lines_of(to_plain(value.get("items") or ""))]


class DoDontBlock(blocks.StructBlock):
    """Two short lists side by side."""

    do_items = blocks.TextBlock(label=_("Do, one per line"), rows=4)
    dont_items = blocks.TextBlock(label=_("Do not, one per line"), rows=4)

    class Meta:
        template = "education/blocks/do_dont.html"
        icon = "list-ul"
        label = _("Do and do not")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return lines_of(to_plain(value.get("do_items") or "")) + lines_of(
            to_plain(value.get("dont_items") or "")
        )


class CautionBlock(blocks.StructBlock):
    """A note that must not be missed. A warning is about harm; a caution is about care."""

    kind = blocks.ChoiceBlock(
        choices=[("caution", _("Caution")), ("warning", _("Warning"))], default="caution", label=_("Kind")
    )
    title = blocks.CharBlock(max_length=120, label=_("Title"))
    text = blocks.TextBlock(label=_("Text"), rows=3)

    class Meta:
        template = "education/blocks/caution.html"
        icon = "warning"
        label = _("Warning or caution")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return [value.get("title") or "", to_plain(value.get("text") or "")]


class CallUsBlock(blocks.StructBlock):
    """An invitation to ask the team, with the center's own phone numbers below it."""

    title = blocks.CharBlock(max_length=120, label=_("Title"))
    text = blocks.TextBlock(label=_("Text"), rows=3)

    class Meta:
        template = "education/blocks/call_us.html"
        icon = "mail"
        label = _("Call us card")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return [value.get("title") or "", to_plain(value.get("text") or "")]


class TableBlock(blocks.StructBlock):
    """A small table with heads. Every table has a caption."""

    caption = blocks.CharBlock(max_length=160, label=_("Caption"))
    rows = blocks.TextBlock(
        label=_("Rows, one per line, cells parted by |"),
        help_text=_("The first line holds the column heads. Use up to 4 columns."),
        rows=6,
    )

    class Meta:
        template = "education/blocks/table.html"
        icon = "table"
        label = _("Table")

    def clean(self, value: Any) -> Any:
        """Refuse a table without data, and rows that are longer or shorter than the heads."""
        value = super().clean(value)
        rows = table_rows(value.get("rows") or "")
        message: Any = ""
        if len(rows) < 2:
            message = _("Write one line of heads and at least one line below it.")
        elif len(rows[0]) > MOST_COLUMNS:
            message = _("Use up to 4 columns, so that the table can be read on a phone.")
        elif any(len(row) != len(rows[0]) for row in rows):
            message = _("Give every line as many cells as the first line.")
        if message and not getattr(self, "is_deferred_validation", False):
            raise blocks.StructBlockValidationError(block_errors={"rows": ValidationError(message)})
        return value

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add the heads and the rows, cut to the heads' length."""
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        rows = table_rows(value.get("rows") or "")
        context["heads"] = rows[0] if rows else []
        context["rows"] = [list(zip(context["heads"], row, strict=False)) for row in rows[1:]]
        return context

    def plain(self, value: Any) -> list[str]:
        """The block's words, a cell as a piece."""
        cells = [to_plain(cell) for row in table_rows(value.get("rows") or "") for cell in row]
        return [value.get("caption") or "", *cells]


class HeadingBlock(blocks.CharBlock):
    """A heading of a section."""

    class Meta:
        template = "education/blocks/heading.html"
        icon = "title"
        label = _("Heading")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return [value or ""]


class ParagraphBlock(blocks.TextBlock):
    """Plain text with bold, lists and links."""

    class Meta:
        template = "education/blocks/paragraph.html"
        icon = "pilcrow"
        label = _("Text")

    def plain(self, value: Any) -> list[str]:
        """The block's words."""
        return [to_plain(value or "")]


class BodyBlock(blocks.StreamBlock):
    """The body of an article."""

    heading = HeadingBlock(max_length=120)
    paragraph = ParagraphBlock(
        rows=6, help_text=_("**bold**, [words](https://…), and lines that start with “- ” for a list.")
    )
    steps = StepsBlock()
    do_dont = DoDontBlock()
    caution = CautionBlock()
    call_us = CallUsBlock()
    table = TableBlock()

    class Meta:
        max_num = 60


class SourceBlock(blocks.StructBlock):
    """Where a fact was read, and how much of it."""

    title = blocks.CharBlock(max_length=200, label=_("What it is"))
    where = blocks.CharBlock(max_length=200, label=_("Where it was read"))
    status = blocks.ChoiceBlock(
        choices=[
            ("full", _("Read in full")),
            ("excerpt", _("Seen in an excerpt")),
            ("general", _("General knowledge, to be checked")),
        ],
        default="excerpt",
        label=_("How it was read"),
    )
    code = blocks.CharBlock(required=False, max_length=40, label=_("Code in our clinical notes"))

    class Meta:
        icon = "link"
        label = _("Source")


class SourcesBlock(blocks.StreamBlock):
    """All sources of an article."""

    source = SourceBlock()

    class Meta:
        max_num = 40


def plain_pieces(body: Any) -> list[str]:
    """Every piece of words in a body, in order, without marks and without empty pieces."""
    return [line for child in body for piece in child.block.plain(child.value) for line in lines_of(piece)]
