"""What may stand in a report's forms: shape here, rules in `journal.reports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from journal.forms import SomeOrNone
from journal.report_content import PARTS, Content
from journal.reports import MOST_QUESTIONS, MOST_SYMPTOMS, QUESTION_LENGTH, TEXT_LENGTH, ReportWords
from journal.symptoms import Symptom
from patients.drafting import DraftedForm
from portal.lib import forms
from portal.lib.contributions import VisitChoice
from portal.lib.ids import parse_uuid

NO_VISIT = "none"


def _text(label: str, hint: str) -> forms.LongTextField:
    return forms.LongTextField(
        label=label,
        help_text=hint,
        required=False,
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={
            "max_length": _(
                "The report is one page. Make this shorter: at most %(limit_value)d characters. You typed %(show_value)d."
            )
        },
    )


class ReportForm(DraftedForm):
    """The parts of a report. `symptoms` are those that can be chosen; `content` is an earlier version to begin with."""

    def __init__(
        self,
        *args: Any,
        symptoms: Sequence[Symptom],
        questions: Sequence[str] = (),
        content: Content | None = None,
        **kwargs: Any,
    ) -> None:
        self.symptoms = list(symptoms)
        kwargs.setdefault("initial", self._begin(questions, content))
        super().__init__(*args, **kwargs)
        self.fields["why"] = _text(
            _("Why I come"), _("What matters most to you this time, in a sentence or two.")
        )
        for number in range(1, MOST_QUESTIONS + 1):
            self.fields[f"question_{number}"] = forms.LongTextField(
                label=_("Question %(number)d") % {"number": number},
                required=False,
                max_length=QUESTION_LENGTH,
                widget=forms.TextArea(rows=2),
                error_messages={
                    "max_length": _(
                        "Make this question shorter: at most %(limit_value)d characters. You typed %(show_value)d."
                    )
                },
            )
        if self.symptoms:
            self.fields["symptoms"] = SomeOrNone(
                label=_("Symptoms to show, with a small chart of three months"),
                help_text=_(
                    "At most three. The chart shows all days you noted, also those you did not share."
                ),
                most=MOST_SYMPTOMS,
                choices=[
                    (
                        symptom.code,
                        forms.Option(symptom.label, _("Never shown to carers") if symptom.sensitive else ""),
                    )
                    for symptom in self.symptoms
                ],
                error_messages={"invalid_choice": _("Choose symptoms from this list.")},
            )
        self.fields["how"] = _text(_("How it has been, in my words"), "")
        self.fields["reactions"] = _text(
            _("Reactions after infusions"),
            _("For example: a rash, fever or a headache, and when it started."),
        )
        self.fields["left_out"] = SomeOrNone(
            label=_("Leave parts out"),
            help_text=_("What you tick stays out of the report. Your words are kept for you."),
            choices=list(PARTS.items()),
            error_messages={"invalid_choice": _("Choose parts from this list.")},
        )
        for field in self.fields.values():
            forms.speak_plainly(field)

    def _begin(self, questions: Sequence[str], content: Content | None) -> dict[str, Any]:
        """What the form holds at first: the earlier version, or the patient's own questions and what is not sensitive."""
        if content is not None:
            chosen = [part.code for part in content.symptoms]
            begin = {"why": content.why, "how": content.how, "reactions": content.reactions}
            questions = content.questions
            left_out = list(content.left_out)
        else:
            chosen = [symptom.code for symptom in self.symptoms if not symptom.sensitive][:MOST_SYMPTOMS]
            begin, left_out = {}, []
        asked = {
            f"question_{number}": text for number, text in enumerate(questions[:MOST_QUESTIONS], start=1)
        }
        return {**begin, **asked, "symptoms": chosen, "left_out": left_out}

    def words(self) -> ReportWords:
        """The report as the services take it. Call on a valid form."""
        data = self.cleaned_data
        asked = [data[f"question_{number}"] for number in range(1, MOST_QUESTIONS + 1)]
        return ReportWords(
            why=data["why"],
            questions=[question for question in asked if question],
            symptoms=list(data.get("symptoms", [])),
            how=data["how"],
            reactions=data["reactions"],
            left_out=list(data["left_out"]),
        )


class ShareForm(forms.Form):
    """For which visit to come; or for the team without one."""

    def __init__(self, *args: Any, visits: Sequence[VisitChoice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visit"] = forms.ChoiceField(
            label=_("What is this report for?"),
            choices=[
                *((str(visit.id), visit.words) for visit in visits),
                (NO_VISIT, _("No visit: just show it to my team")),
            ],
            error_messages={"invalid_choice": _("This visit is no longer in your list. Choose again.")},
        )
        forms.speak_plainly(self.fields["visit"])

    def visit_id(self) -> UUID | None:
        """The visit that was chosen, or None. Call on a valid form."""
        return parse_uuid(self.cleaned_data["visit"])
