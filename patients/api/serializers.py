"""How a patient's own things look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from patients import forms
from patients.areas import Scope
from portal.lib.api import Day, Line, PageQuery, Query, Text, Write
from portal.lib.text import clean_line

PHONE = r"^(?=(?:[^0-9]*[0-9]){3})[0-9 +\-()./extEXT]*$"


class Phone(serializers.RegexField):
    """A phone number as people write it: at least three digits, blanks and the usual signs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PHONE, max_length=40, **kwargs)


class Mail(serializers.EmailField):
    """One e-mail address, in small letters."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(clean_line(data).lower() if isinstance(data, str) else data)


class PatientListQuery(PageQuery):
    """Whose records."""

    q = Line(required=False, allow_blank=True, default="", max_length=80, help_text=_("Part of a name."))


class TrailQuery(Query):
    """Which part of the trail."""

    own = serializers.BooleanField(required=False, default=False, help_text=_("With your own acts."))
    cursor = serializers.CharField(
        required=False, max_length=400, help_text=_("Stands in the address in `next`, taken as it is.")
    )


class PatientRead(serializers.Serializer[Any]):
    """A record that is open to you."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    preferred_name = serializers.CharField(allow_null=True)
    date_of_birth = serializers.DateField()


class ProfileRead(PatientRead):
    """A patient's details."""

    phone = serializers.CharField(allow_null=True)
    contact_note = serializers.CharField(
        allow_null=True, help_text=_("How to reach the person, in their words.")
    )


class OpenRecordRead(PatientRead):
    """A record that is open to you in an emergency."""

    open_until = serializers.DateTimeField()


class TeamRead(serializers.Serializer[Any]):
    """A team you work in."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class PersonRead(serializers.Serializer[Any]):
    """Somebody of a team."""

    name = serializers.CharField()
    job = serializers.CharField(allow_blank=True)


class TeamAccessRead(serializers.Serializer[Any]):
    """A team that sees the record, with its people of today."""

    name = serializers.CharField()
    people = serializers.SerializerMethodField()

    @extend_schema_field(PersonRead(many=True))
    def get_people(self, team: Any) -> list[dict[str, str]]:
        return [{"name": name, "job": job} for name, job in team.people]


class CarerRead(serializers.Serializer[Any]):
    """Somebody who helps, or helped."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    relation = serializers.CharField(allow_blank=True)
    email = serializers.CharField()
    sees = serializers.ListField(child=serializers.CharField())
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(source="ended_at")
    open_now = serializers.BooleanField()


class EmergencyRead(serializers.Serializer[Any]):
    """Somebody who opened the record in an emergency, and why."""

    name = serializers.CharField()
    job = serializers.CharField(source="relation", allow_blank=True)
    reason = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(source="ended_at")
    open_now = serializers.BooleanField()


class AccessRead(serializers.Serializer[Any]):
    """Everybody who may see the record."""

    teams = TeamAccessRead(many=True)
    carers = CarerRead(many=True)
    emergency = EmergencyRead(many=True)


class TrailRead(serializers.Serializer[Any]):
    """Who did what to the record, in plain words."""

    who = serializers.CharField()
    what = serializers.CharField()
    at = serializers.DateTimeField()
    refused = serializers.BooleanField()
    emergency = serializers.BooleanField()
    program = serializers.BooleanField(help_text=_("Through a token that the person gave to a program."))


class QuestionRead(serializers.Serializer[Any]):
    """A question for the next visit."""

    id = serializers.UUIDField()
    text = serializers.CharField()
    answer = serializers.CharField(allow_null=True)
    asked_at = serializers.DateTimeField(allow_null=True)


class DraftLineRead(serializers.Serializer[Any]):
    """Something begun and not sent."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    patient = serializers.UUIDField(source="patient_id")
    updated_at = serializers.DateTimeField()


class ProfileWrite(Write):
    """A patient's details, all of them: what is empty is gone."""

    name = Line(max_length=forms.NAME_LENGTH)
    preferred_name = Line(max_length=forms.NAME_LENGTH, allow_blank=True)
    phone = Phone(allow_blank=True)
    contact_note = Text(max_length=forms.NOTE_LENGTH, allow_blank=True)


class QuestionWrite(Write):
    """A question for the next visit."""

    text = Text(max_length=forms.QUESTION_LENGTH)


class QuestionChangeWrite(Write):
    """A question with what was said about it."""

    text = Text(max_length=forms.QUESTION_LENGTH)
    answer = Text(max_length=forms.ANSWER_LENGTH, allow_blank=True)
    asked = serializers.BooleanField(help_text=_("You have asked it."))


class QuestionMoveWrite(Write):
    """One place in the list."""

    up = serializers.BooleanField(help_text=_("Up; down when false."))


class CarerWrite(Write):
    """Who helps, what they may see, until when."""

    email = Mail(max_length=254)
    called = Line(max_length=forms.NAME_LENGTH, help_text=_("Their name."))
    relation = Line(max_length=80, help_text=_("Who they are to you: my husband, my neighbor."))
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=len(Scope.choices)
    )
    last_day = Day(help_text=_("Within the next two years, on the center's calendar."))


class EnrollWrite(Write):
    """A new patient of one of your teams."""

    name = Line(max_length=forms.NAME_LENGTH)
    date_of_birth = Day()
    email = Mail(max_length=254, help_text=_("The patient signs in with it; an invitation is sent there."))
    phone = Phone(required=False, allow_blank=True, default="")
    team = serializers.UUIDField()


class EmergencyWrite(Write):
    """Whose record, by address or by name and date of birth, and why it is needed now."""

    email = Mail(required=False, allow_blank=True, default="", max_length=254, help_text=_("The patient's."))
    name = Line(
        required=False, allow_blank=True, default="", max_length=forms.NAME_LENGTH,
        help_text=_("The full name, with the date of birth; when no address is given."),
    )  # fmt: skip
    date_of_birth = Day(required=False, allow_null=True, default=None)
    reason = Text(min_length=10, max_length=forms.REASON_LENGTH, help_text=_("The patient reads this."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """An address, or a name with a date of birth."""
        if not attrs["email"] and not attrs["name"]:
            raise serializers.ValidationError(
                {"email": [_("Give an email address, or a full name and a date of birth.")]}
            )
        if not attrs["email"] and attrs["date_of_birth"] is None:
            raise serializers.ValidationError(
                {"date_of_birth": [_("Give the date of birth that goes with the name.")]}
            )
        return attrs
