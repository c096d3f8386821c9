"""The forms of the library: searching, and the reviewer's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms as django_forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.lib.text import clean_text

if TYPE_CHECKING:
    from education.models import Article

LONGEST_REASON = 2000


class WordsField(django_forms.CharField):
    """Plain text in several lines, cleaned of marks that cannot be seen."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", LONGEST_REASON)
        kwargs.setdefault("widget", django_forms.Textarea(attrs={"rows": 4}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str:
        """The cleaned text; empty for nothing."""
        return clean_text(str(value)).strip() if value else ""


class ApproveForm(django_forms.Form):
    """Approve and publish. A text above grade 8 needs a reason. Bind the article with `for_article`."""

    use_required_attribute = False
    article: Article | None = None

    read_it = django_forms.BooleanField(
        label=_("I have read the whole text and looked at its sources."),
        error_messages={"required": _("Tick this box when you have read the whole text and its sources.")},
    )
    grade_reason = WordsField(
        required=False,
        label=_("Why may this text be harder than grade 8?"),
        help_text=_("Needed only when the reading grade is above 8."),
    )

    @classmethod
    def for_article(cls, article: Article) -> type[ApproveForm]:
        """The form class for one article: it knows whether a reason is needed."""
        return type("ApproveThisForm", (cls,), {"article": article})

    def clean_grade_reason(self) -> str:
        """Ask for a reason when the text is hard."""
        reason: str = self.cleaned_data["grade_reason"]
        if not reason and self.article is not None and self.article.is_hard:
            raise ValidationError(
                _("Say why this text may be harder than grade 8, or return it to be made easier.")
            )
        return reason


class ReturnForm(django_forms.Form):
    """Return the text to its author."""

    use_required_attribute = False
    comment = WordsField(
        label=_("What should be changed?"),
        error_messages={"required": _("Say what should be changed, so that the author knows what to do.")},
    )


class AdoptForm(django_forms.Form):
    """The site takes a text into use that was not clinically reviewed here."""

    use_required_attribute = False
    reason = WordsField(
        label=_("Why does your center take this text into use?"),
        error_messages={"required": _("Say why, and who at your center agreed.")},
    )
