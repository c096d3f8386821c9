"""Forms of readiness: the questions before a dose, the evidence for a line, what was agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from treatment.models import ChecklistItem, DoseAnswer
from treatment.protocols.facts import Question
from treatment.readiness.answers import NO, NOT_ME, YES, is_concern
from treatment.readiness.items import TEXT_LENGTH

State = ChecklistItem.State


class QuestionsForm(DraftedForm):
    """Yes or no to each question, nothing chosen beforehand. The service says when one answer is enough."""

    def __init__(
        self, *args: Any, questions: Sequence[Question], staff: bool, at_chair: bool = False, **kwargs: Any
    ) -> None:
        """`at_chair`: somebody of the team comes from the record of the chair, so the place is chosen beforehand."""
        super().__init__(*args, **kwargs)
        if staff:
            self.fields["place"] = forms.ChoiceField(
                label=_("Where did you ask?"),
                choices=[
                    (DoseAnswer.Place.PHONE, DoseAnswer.Place.PHONE.label),
                    (DoseAnswer.Place.CHAIR, DoseAnswer.Place.CHAIR.label),
                ],
                initial=DoseAnswer.Place.CHAIR if at_chair else None,
                error_messages={"required": _("Say where you asked.")},
            )
        self.questions = {f"q{number}": question for number, question in enumerate(questions, start=1)}
        for name, question in self.questions.items():
            choices: list[tuple[str, Any]] = [(YES, _("Yes")), (NO, _("No"))]
            if question.applies_to:
                choices.append((NOT_ME, _("This does not apply to me")))
            self.fields[name] = forms.ChoiceField(
                label=question.text,
                choices=choices,
                error_messages={"required": _("Answer this question, or only the one that worries you.")},
            )

    def clean(self) -> dict[str, Any]:
        """One answer that means "call first" is enough: then nobody has to read the rest."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if any(
            question.on_concern == DoseAnswer.Level.CALL_FIRST and is_concern(question, data.get(name) or "")
            for name, question in self.questions.items()
        ):
            for name in self.questions:
                self.errors.pop(name, None)
        return data

    @property
    def said(self) -> dict[str, str]:
        """The answers by fact."""
        data = self.cleaned_data
        return {question.fact: data[name] for name, question in self.questions.items() if data.get(name)}


class OwnNoteForm(DraftedForm):
    """What a patient writes on a line of their own."""

    state = forms.ChoiceField(
        label=_("How does it stand?"), error_messages={"required": _("Say how it stands.")}
    )
    text = forms.LongTextField(
        label=_("In a few words"),
        help_text=_("For example who drives you. Your team can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )

    def __init__(self, *args: Any, for_some: bool, questions: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[tuple[str, Any]] = [] if questions else [(State.DONE, _("It is done"))]
        if for_some:
            choices.append((State.NOT_NEEDED, _("It does not apply to me")))
        choices.append((State.OPEN, _("It is still open")))
        self.fields["state"].choices = choices  # type: ignore[attr-defined]


class NoteForm(DraftedForm):
    """What the team notes about a line: how it stands, the evidence, and the days for it."""

    state = forms.ChoiceField(
        label=_("How does it stand?"),
        choices=[
            (State.DONE, _("Done")),
            (State.WAITING, forms.Option(_("Begun, waiting"), _("For example drawn, or with the insurer"))),
            (State.OPEN, _("Still open")),
            (State.NOT_NEEDED, _("Not needed for this person")),
        ],
        error_messages={"required": _("Say how it stands.")},
    )
    day = forms.DateField(
        label=_("Day it happened"),
        help_text=_("Drawn, seen, allowed: the day on the paper. For example, 14 3 2026"),
        required=False,
    )
    valid_until = forms.DateField(
        label=_("Holds until"),
        help_text=_("When it has an end, like an approval. For example, 14 3 2026"),
        required=False,
    )
    text = forms.LongTextField(
        label=_("Evidence"),
        help_text=_("Where it can be seen, a number, who said so. The patient can read it."),
        max_length=TEXT_LENGTH,
        required=False,
        widget=forms.TextArea(rows=2),
    )
    draw_by = forms.DateField(label=_("To be drawn by"), required=False)
    due_on = forms.DateField(label=_("Due by"), required=False)

    def __init__(self, *args: Any, is_test: bool, latest: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"].latest = latest  # type: ignore[attr-defined]
        if is_test:
            self.fields["due_on"].label = _("Result due by")
        else:
            del self.fields["draw_by"]


class AgreedForm(DraftedForm):
    """What the team agreed with the patient about the answers."""

    agreed = forms.LongTextField(
        label=_("What was agreed?"),
        help_text=_("In a few words. The patient can read it."),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Write in a few words what was agreed.")},
    )
    lift = forms.ChoiceField(
        label=_("And the dose that is stopped?"),
        choices=[
            (
                NO,
                forms.Option(
                    _("It stays stopped"), _("Until a neurologist or a nurse lifts the stop, with a reason.")
                ),
            ),
            (
                YES,
                forms.Option(_("The stop is lifted"), _("The nurse goes through all of it at the chair.")),
            ),
        ],
        error_messages={"required": _("Say what happens with the dose that is stopped.")},
    )

    def __init__(self, *args: Any, may_lift: bool, **kwargs: Any) -> None:
        """`may_lift`: there is a stop, and the person may lift it. Without it nothing is asked and nothing is lifted."""
        super().__init__(*args, **kwargs)
        if not may_lift:
            del self.fields["lift"]


class LiftForm(DraftedForm):
    """Why a stop is lifted."""

    reason = forms.LongTextField(
        label=_("Why is the stop lifted?"),
        help_text=_("In a few words: what was found, and who decided it. The patient can read it."),
        max_length=TEXT_LENGTH,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Write in a few words why the stop is lifted.")},
    )
