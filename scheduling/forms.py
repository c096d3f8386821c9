"""Forms of visits: they check shape; the rules are in the services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from patients.drafting import DraftedForm
from portal.lib import forms
from scheduling.models import Service
from scheduling.offers import SUITS, Offer

MOST_CHARACTERS = 1000


class WhatForm(forms.Form):
    """Which kind of visit."""

    page_question = "visit"
    visit = forms.ChoiceField(
        label=_("What is the visit for?"), error_messages={"required": _("Choose what the visit is for.")}
    )

    def __init__(self, *args: Any, services: Iterable[Service], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visit"].choices = [  # type: ignore[attr-defined]
            (service.code, forms.Option(service.name, service.hint)) for service in services
        ]


class SuitsForm(forms.Form):
    """Which part of the day suits."""

    page_question = "suits"
    suits = forms.ChoiceField(
        label=_("When does it suit you?"),
        choices=SUITS,
        initial="any",
        error_messages={"required": _("Choose when it suits you.")},
    )


class TimeForm(forms.Form):
    """One of the offered times. A time that is not offered any more keeps its shape and is refused by the service."""

    page_question = "slot"
    slot = forms.ChoiceField(
        label=_("Which time do you want?"),
        error_messages={
            "required": _("Choose a time."),
            "invalid_choice": _("This time is not free any more. Choose one of the times below."),
        },
    )

    def __init__(self, *args: Any, offer: Offer, question: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["slot"]
        field.choices = offer.choices  # type: ignore[attr-defined]
        field.widget.layout = "grid" if offer.by_day else "stack"
        if question:
            field.label = question


class CheckForm(DraftedForm):
    """The last page before booking: an optional reason, and for the team whether the patient is on the phone."""

    reason = forms.LongTextField(
        label=_("Is there anything the team should know before the visit?"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.TextArea(rows=4),
    )

    def __init__(self, *args: Any, staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if staff:
            self.fields["by_phone"] = by_phone_field()


class WishForm(DraftedForm):
    """The last page before asking for an infusion time: what the team should know, and for the team the phone."""

    reason = forms.LongTextField(
        label=_("Is there anything the team should know about the time?"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.TextArea(rows=3),
    )

    def __init__(self, *args: Any, staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if staff:
            self.fields["by_phone"] = by_phone_field()


class OtherTimeForm(TimeForm):
    """The team's answer with another time, and words about it if there are any."""

    page_question = ""
    words = forms.LongTextField(
        label=_("Words to the patient about it"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.TextArea(rows=3),
    )


class DeclineForm(forms.Form):
    """Why a request is not possible; the patient reads it."""

    words = forms.LongTextField(
        label=_("Words to the patient: why not, and what now"),
        max_length=MOST_CHARACTERS,
        widget=forms.TextArea(rows=4),
        error_messages={"required": _("Write to the patient why this is not possible.")},
    )


class CancelForm(forms.Form):
    """Why a visit is cancelled; nobody has to say."""

    reason = forms.LongTextField(
        label=_("Why are you canceling?"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.TextArea(rows=3),
    )

    def __init__(self, *args: Any, staff: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if staff:
            self.fields["by_phone"] = by_phone_field()


def by_phone_field() -> Any:
    """For the team: the patient asked for it on the phone, and the trail says so."""
    return django_forms.BooleanField(label=_("The patient asked for this by phone"), required=False)
