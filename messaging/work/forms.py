"""Forms of the team's work: handing over, the on-call rota, absences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.forms import TimeField, TimeInput
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clinic.models import Team
from messaging.topics import Lane
from messaging.work.routing import LONGEST_REASON
from patients.drafting import DraftedForm
from portal.lib import forms
from portal.lib.ids import parse_uuid


class HandOverForm(DraftedForm):
    """To whom, and why: a colleague, another lane, or another team that looks after the patient. The reason is for the teams only."""

    to = forms.ChoiceField(
        label=_("To whom?"),
        error_messages={
            "required": _("Choose a colleague, a lane or a team."),
            "invalid_choice": _("This choice is not possible any more. Choose another one."),
        },
    )
    reason = forms.LongTextField(
        label=_("Why?"),
        help_text=_("For the team only. The patient never sees it."),
        max_length=LONGEST_REASON,
        widget=forms.TextArea(rows=3),
        error_messages={"required": _("Say in a few words why you hand this over.")},
    )

    def __init__(
        self, *args: Any, colleagues: Iterable[User], lane: str, teams: Iterable[Team] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        people = [(f"user:{user.pk}", forms.Option(user.name, user.job_title)) for user in colleagues]
        lanes = [
            (f"lane:{value}", _("Lane: %(lane)s") % {"lane": label})
            for value, label in Lane.choices
            if value != lane
        ]
        others = [
            (
                f"team:{team.pk}",
                forms.Option(
                    _("Team: %(team)s") % {"team": team.name},
                    _("It looks after this patient too. The conversation goes with it."),
                ),
            )
            for team in teams
        ]
        self.fields["to"].choices = [*people, *lanes, *others]  # type: ignore[attr-defined]

    def target(self) -> dict[str, Any]:
        """The choice as arguments of `hand_over`, or of `hand_to_team`."""
        kind, _colon, value = self.cleaned_data["to"].partition(":")
        if kind == "team":
            return {"team_id": parse_uuid(value)}
        return {"to": parse_uuid(value)} if kind == "user" else {"lane": value}


def person_field(label: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label,
        error_messages={
            "required": _("Choose a person."),
            "invalid_choice": _("This person is not in the team any more. Choose another one."),
        },
    )


def clock_field(label: Any) -> TimeField:
    return TimeField(
        label=label,
        help_text=_("For example 17:00"),
        input_formats=["%H:%M", "%H.%M", "%I:%M %p", "%I %p"],
        widget=TimeInput(format="%H:%M", attrs={"autocomplete": "off", "class": "short"}),
        error_messages={"required": _("Write a time."), "invalid": _("Write a time such as 17:00.")},
    )


class TeamForm(forms.Form):
    """A form about people of one team."""

    def __init__(self, *args: Any, team: Team, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team, self.people = team, {str(user.pk): user for user in people}
        for name in self.people_fields:
            self.fields[name].choices = [  # type: ignore[attr-defined]
                (key, forms.Option(user.name, user.job_title)) for key, user in self.people.items()
            ]

    people_fields: tuple[str, ...] = ()

    def person(self, name: str) -> User:
        return self.people[self.cleaned_data[name]]


class OnCallForm(TeamForm):
    """Who is on call, from when to when, on the clinic's wall clock."""

    people_fields = ("who",)

    who = person_field(_("Who is on call?"))
    starts_on = forms.DateField(label=_("From: day"))
    starts = clock_field(_("From: time"))
    ends_on = forms.DateField(label=_("To: day"))
    ends = clock_field(_("To: time"))

    def clean(self) -> dict[str, Any]:
        """The end is after the start."""
        data = super().clean() or self.cleaned_data
        if not self.errors:
            self.from_at, self.to_at = self._at("starts"), self._at("ends")
            if self.to_at <= self.from_at:
                self.add_error("ends", ValidationError(_("The end has to be after the start.")))
        return data

    def _at(self, name: str) -> datetime:
        day: date = self.cleaned_data[f"{name}_on"]
        clock: time = self.cleaned_data[name]
        return datetime.combine(day, clock, ZoneInfo(self.team.site.time_zone))


class AbsenceForm(TeamForm):
    """Who is away from which day to which, and who covers."""

    people_fields = ("who", "cover")

    who = person_field(_("Who is away?"))
    starts_on = forms.DateField(label=_("First day"))
    ends_on = forms.DateField(label=_("Last day"))
    cover = person_field(_("Who covers?"))

    def clean(self) -> dict[str, Any]:
        """The last day is not before the first, and nobody covers for themselves."""
        data = super().clean() or self.cleaned_data
        if not self.errors:
            if data["ends_on"] < data["starts_on"]:
                self.add_error("ends_on", ValidationError(_("The last day cannot be before the first.")))
            if data["cover"] == data["who"]:
                self.add_error("cover", ValidationError(_("Choose somebody else to cover.")))
        return data
