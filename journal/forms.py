"""What may stand in a journal form: shape here, rules in the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from journal.calendar import day_words, earliest_day
from journal.services import NOTE_LENGTH, Words
from journal.symptoms import MOST_FOLLOWED, SYMPTOMS, Scores, Symptom
from patients.drafting import DraftedForm
from portal.lib import forms

OTHER_DAY = "other"
PRIVATE, SHARED = "private", "shared"


class SkippableScale(forms.ScaleField):
    """A scale that may be left unanswered without the word "(optional)" beside each of three."""

    def validate(self, value: Any) -> None:
        """Anything but one of the words is refused; nothing is fine."""
        if value not in self.empty_values:
            super().validate(value)


def name_of(symptom: Symptom) -> str:
    return f"score_{symptom.code}"


class EntryForm(DraftedForm):
    """A journal entry: a row of five words for each symptom, a note, the day, private or shared.

    `today` is the site's day. A day that a draft or a retry names in full stays a choice after midnight.
    """

    def __init__(
        self,
        *args: Any,
        symptoms: Sequence[Symptom],
        today: date,
        standing: bool,
        words: Words | None = None,
        shared: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self.symptoms, self.today = list(symptoms), today
        initial: dict[str, Any] = {"day": today.isoformat(), "share": SHARED if standing else PRIVATE}
        if words is not None:
            initial |= {f"score_{code}": str(score) for code, score in words.scores.items()}
            initial |= {"note": words.note, "day": words.occurred_on.isoformat()}
        if shared is not None:
            initial["share"] = SHARED if shared else PRIVATE
        kwargs.setdefault("initial", initial)
        if kwargs.get("restored") and args:
            args = (_with_choices(args[0], initial), *args[1:])
        super().__init__(*args, **kwargs)
        changing = words is not None
        for symptom in self.symptoms:
            self.fields[name_of(symptom)] = self._scale(symptom, changing)
        self.fields["note"] = forms.LongTextField(
            label=_("Note"),
            required=False,
            max_length=NOTE_LENGTH,
            widget=forms.TextArea(rows=4),
            error_messages={
                "max_length": _(
                    "Make your note shorter: at most %(limit_value)d characters. You typed %(show_value)d."
                )
            },
        )
        self.fields["day"] = forms.ChoiceField(
            label=_("Which day is this about?"),
            choices=self._days(words),
            error_messages={"invalid_choice": _("Choose Today, Yesterday or another day.")},
        )
        self.fields["other_day"] = forms.DateField(
            label=_("The other day"),
            required=False,
            earliest=earliest_day(today),
            latest=today,
            help_text=_("Only if you chose another day. Like 14 3 2026, and not before %(day)s.")
            % {"day": day_words(earliest_day(today))},
        )
        self.fields["share"] = forms.ChoiceField(
            label=_("Who can see this entry?"),
            required=True,
            choices=[
                (
                    PRIVATE,
                    forms.Option(_("Only me"), _("Your team does not see it. You can share it later.")),
                ),
                (
                    SHARED,
                    forms.Option(
                        _("Me and my MS team"), _("They see all of this entry: words, note and day.")
                    ),
                ),
            ],
        )
        for field in self.fields.values():
            forms.speak_plainly(field)

    def _scale(self, symptom: Symptom, changing: bool) -> SkippableScale:
        choices = list(forms.FIVE_WORDS)
        if changing:
            choices.append(("", gettext_lazy("Leave this one out")))
        return SkippableScale(
            label=symptom.label,
            help_text=symptom.question,
            choices=choices,
            error_messages={"invalid_choice": _("Choose one of the five words.")},
        )

    def _days(self, words: Words | None) -> list[tuple[str, Any]]:
        yesterday = self.today - timedelta(days=1)
        days = {
            self.today: forms.Option(_("Today"), day_words(self.today)),
            yesterday: forms.Option(_("Yesterday"), day_words(yesterday)),
        }
        named = [words.occurred_on] if words is not None else []
        named += [day for day in [_iso_day(self.data.get("day"))] if day is not None]
        for day in named:
            if earliest_day(self.today) <= day <= self.today:
                days.setdefault(day, forms.Option(day_words(day)))
        return [*((day.isoformat(), option) for day, option in days.items()), (OTHER_DAY, _("Another day"))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        other = cleaned.get("other_day")
        if cleaned.get("day") == OTHER_DAY:
            if other is None and "other_day" not in self.errors:
                self.add_error("other_day", _("Enter the day, like 14 3 2026."))
        elif "day" in cleaned:
            if other is not None:
                self.add_error(
                    "day", _("You typed a date below. Choose “Another day” to use it, or clear the date.")
                )
            self.errors.pop("other_day", None)
        if not self.errors and not self.scores() and not cleaned.get("note"):
            self.add_error(None, _("Choose a word for one symptom, or write a note."))
        return cleaned

    def scores(self) -> Scores:
        """The words chosen, as 0 to 4 by symptom code; what was left out is not there."""
        found = {symptom.code: self.cleaned_data.get(name_of(symptom)) for symptom in self.symptoms}
        return {code: score for code, score in found.items() if score is not None}

    def words(self) -> Words:
        """The entry as the services take it. Call on a valid form."""
        chosen = self.cleaned_data["day"]
        day = self.cleaned_data["other_day"] if chosen == OTHER_DAY else date.fromisoformat(chosen)
        return Words(day, self.scores(), self.cleaned_data["note"])

    def shares(self) -> bool:
        return bool(self.cleaned_data["share"] == SHARED)

    def score_fields(self) -> list[Any]:
        """The bound fields of the scales, for templates."""
        return [self[name_of(symptom)] for symptom in self.symptoms]

    def other_fields(self) -> list[Any]:
        """Note, day and sharing, for templates."""
        return [self["note"], self["day"], self["other_day"], self["share"]]


def _with_choices(data: Any, initial: dict[str, Any]) -> Any:
    """A half-empty draft never loses the day and the sharing that were chosen when the page came."""
    full = data.copy()
    for name in ("day", "share"):
        full.setdefault(name, initial[name])
    return full


def _iso_day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


class SomeOrNone(forms.MultipleChoiceField):
    """Checkboxes of which none need be ticked, without the word "(optional)" in a heading."""

    def validate(self, value: Any) -> None:
        """Known codes and the limit; nothing ticked is an answer."""
        if value:
            super().validate(value)


class SymptomsForm(forms.Form):
    """Up to three symptoms to follow."""

    page_question = "codes"

    codes = SomeOrNone(
        label=gettext_lazy("Which symptoms do you want to note?"),
        help_text=gettext_lazy("Choose up to three. Fewer is fine. With none you can still write notes."),
        most=MOST_FOLLOWED,
        choices=[
            (
                symptom.code,
                forms.Option(
                    symptom.label, gettext_lazy("Never shown to carers") if symptom.sensitive else ""
                ),
            )
            for symptom in SYMPTOMS
        ],
        error_messages={"invalid_choice": gettext_lazy("Choose symptoms from this list.")},
    )
