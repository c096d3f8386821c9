"""Forms of patients' pages: they check shape; rules are in the services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from patients.areas import Scope
from patients.drafting import DraftedForm
from portal.lib import forms
from portal.lib.text import clean_line

NAME_LENGTH = 120
NOTE_LENGTH = 500
QUESTION_LENGTH = 600
ANSWER_LENGTH = 2000
REASON_LENGTH = 500
MOST_CARER_DAYS = 731


class MailField(django_forms.EmailField):
    """One email address, cleaned before it is checked."""

    def to_python(self, value: Any) -> Any:
        """The address without blanks and invisible signs, in lower case."""
        return super().to_python(clean_line(value).lower() if isinstance(value, str) else value)


class PhoneField(forms.PlainTextField):
    """A phone number as people write it: digits, blanks and the usual signs."""

    def clean(self, value: Any) -> Any:
        """The number as typed; it needs three digits at least."""
        text = super().clean(value)
        if text and (
            sum(char.isdigit() for char in text) < 3
            or any(char not in "0123456789 +-()./extEXT" for char in text)
        ):
            raise django_forms.ValidationError(
                _("Enter a phone number with digits, like 555-0142."), code="invalid"
            )
        return text


class ProfileForm(DraftedForm):
    """What the clinic calls a patient, and how it reaches them."""

    name = forms.PlainTextField(
        label=_("Your full name"),
        help_text=_("As it is in your papers."),
        max_length=NAME_LENGTH,
        widget=django_forms.TextInput({"autocomplete": "name"}),
    )
    preferred_name = forms.PlainTextField(
        label=_("What you like to be called"),
        required=False,
        max_length=NAME_LENGTH,
        widget=django_forms.TextInput({"autocomplete": "nickname"}),
    )
    phone = PhoneField(
        label=_("Your phone number"),
        required=False,
        max_length=40,
        widget=django_forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )
    contact_note = forms.LongTextField(
        label=_("How to reach you"),
        help_text=_("For example: after 10 am, or please leave no voice mail."),
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.TextArea(rows=3),
    )


class CarerForm(DraftedForm):
    """Who helps, what they may see, until when."""

    email = MailField(
        label=_("Their email address"),
        help_text=_("We send a mail there that says how to sign in."),
        max_length=254,
        widget=django_forms.EmailInput({"autocomplete": "off", "inputmode": "email"}),
        error_messages={"invalid": _("Enter an email address, like jonas@example.com.")},
    )
    called = forms.PlainTextField(
        label=_("Their name"), max_length=NAME_LENGTH, widget=django_forms.TextInput({"autocomplete": "off"})
    )
    relation = forms.PlainTextField(
        label=_("Who they are to you"), help_text=_("For example: my husband, my neighbor."), max_length=80
    )
    scopes = forms.MultipleChoiceField(
        label=_("What they may see"),
        help_text=_(
            "With messages, they can also read the messages you have written until now, but not the ones you hid. "
            "Your questions and your unsent writing always stay yours alone."
        ),
        choices=Scope.choices,
    )
    last_day = forms.DateField(
        label=_("Their last day"), help_text=_("Within the next two years. For example, 31 12 2027")
    )


class QuestionForm(DraftedForm):
    """One question for the next visit."""

    text = forms.LongTextField(
        label=_("Your question"), max_length=QUESTION_LENGTH, widget=forms.TextArea(rows=3)
    )


class AnswerForm(DraftedForm):
    """A question with what was said about it."""

    text = forms.LongTextField(
        label=_("Your question"), max_length=QUESTION_LENGTH, widget=forms.TextArea(rows=3)
    )
    asked = forms.MultipleChoiceField(
        label=_("Have you asked it?"), required=False, choices=[("yes", _("I asked it"))]
    )
    answer = forms.LongTextField(
        label=_("What you were told"),
        help_text=_("In your own words. Only you see this."),
        required=False,
        max_length=ANSWER_LENGTH,
        widget=forms.TextArea(rows=5),
    )


class EnrollForm(forms.Form):
    """A new patient of one of the nurse's teams."""

    name = forms.PlainTextField(
        label=_("Full name"), max_length=NAME_LENGTH, widget=django_forms.TextInput({"autocomplete": "off"})
    )
    date_of_birth = forms.DateField(label=_("Date of birth"), help_text=_("For example, 19 4 1987"))
    email = MailField(
        label=_("Email address"),
        help_text=_("The patient signs in with it. An invitation is sent there."),
        max_length=254,
        widget=django_forms.EmailInput({"autocomplete": "off", "inputmode": "email"}),
        error_messages={"invalid": _("Enter an email address, like maya@example.com.")},
    )
    phone = PhoneField(
        label=_("Phone number"),
        required=False,
        max_length=40,
        widget=django_forms.TextInput({"autocomplete": "off", "inputmode": "tel"}),
    )
    team = forms.ChoiceField(label=_("Care team"), choices=[])

    def __init__(self, *args: Any, teams: list[tuple[str, str]], today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].choices = teams  # type: ignore[attr-defined]
        if len(teams) == 1:
            self.fields["team"].initial = teams[0][0]
        self.fields["date_of_birth"].latest = today  # type: ignore[attr-defined]


class EmergencyForm(forms.Form):
    """Whose record, and why."""

    email = MailField(
        label=_("The patient's email address"),
        required=False,
        max_length=254,
        widget=django_forms.EmailInput({"autocomplete": "off", "inputmode": "email"}),
        error_messages={"invalid": _("Enter an email address, like maya@example.com.")},
    )
    name = forms.PlainTextField(
        label=_("Or the full name"),
        help_text=_("With the date of birth below."),
        required=False,
        max_length=NAME_LENGTH,
        widget=django_forms.TextInput({"autocomplete": "off"}),
    )
    date_of_birth = forms.DateField(
        label=_("Date of birth"), required=False, help_text=_("Needed with a name. For example, 19 4 1987")
    )
    reason = forms.LongTextField(
        label=_("Why you need this record now"),
        help_text=_("The patient reads this."),
        max_length=REASON_LENGTH,
        min_length=10,
        widget=forms.TextArea(rows=3),
        error_messages={"min_length": _("Say in a few words why you need this record now.")},
    )

    def clean(self) -> dict[str, Any]:
        """An address, or a name with a date of birth."""
        data = super().clean() or {}
        if self.errors:
            return data
        if not data.get("email") and not data.get("name"):
            self.add_error("email", _("Enter an email address, or a full name and a date of birth."))
        elif not data.get("email") and not data.get("date_of_birth"):
            self.add_error("date_of_birth", _("Enter the date of birth that goes with the name."))
        return data
