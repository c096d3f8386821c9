"""How treatment looks to a program, and what it may send. Windows are calendar days of the patient's center."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from portal.lib.api import Instant, PatientPageQuery, Text, Write
from treatment.doses import TEXT_LENGTH
from treatment.facts import facts_of
from treatment.lists import MORE_LENGTH, WHAT_LENGTH
from treatment.models import Course, Dose, Protocol
from treatment.reading import name_of
from treatment.signing import is_signed_off

CHANGES = 100_000_000


class DoseListQuery(PatientPageQuery):
    """Which doses."""

    course = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(choices=Dose.State.choices, required=False)


class TherapyLineRead(serializers.Serializer[Any]):
    """The newest version of what is known about a therapy."""

    code = serializers.SlugField(source="therapy.code")
    version = serializers.IntegerField()
    name = serializers.SerializerMethodField()
    brands = serializers.SerializerMethodField()
    loaded_at = serializers.DateTimeField()

    def get_name(self, protocol: Protocol) -> str:
        return facts_of(protocol.pk).name

    def get_brands(self, protocol: Protocol) -> list[str]:
        return facts_of(protocol.pk).brands


class TherapyRead(TherapyLineRead):
    """A therapy with every fact, its source and its status. What is not signed off must not be relied on."""

    signed_off = serializers.SerializerMethodField(
        help_text=_("Every role that has to sign this version has done so.")
    )
    facts = serializers.SerializerMethodField(help_text=_("As the data state them, with sources."))

    def get_signed_off(self, protocol: Protocol) -> bool:
        return is_signed_off(protocol)

    def get_facts(self, protocol: Protocol) -> dict[str, Any]:
        return facts_of(protocol.pk).content


class CourseRead(serializers.Serializer[Any]):
    """A course of treatment."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    therapy = serializers.SlugField(source="order.protocol.therapy.code")
    name = serializers.SerializerMethodField()
    starts_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    demo_only = serializers.BooleanField(
        source="order.demo_only", help_text=_("The protocol was not signed off when this was ordered.")
    )

    def get_name(self, course: Course) -> str:
        return name_of(course)


class DoseRead(serializers.Serializer[Any]):
    """A dose: planned for a window of days, or what became of it. It never says that a day is safe."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    course = serializers.UUIDField(source="course_id")
    name = serializers.SerializerMethodField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Dose.State.choices)
    earliest = serializers.DateField()
    target = serializers.DateField()
    latest = serializers.DateField(allow_null=True)
    given_on = serializers.DateField(allow_null=True)
    given_at = serializers.DateTimeField(allow_null=True)

    def get_name(self, dose: Dose) -> str:
        return name_of(dose.course)


class OpenItemRead(serializers.Serializer[Any]):
    """Something before a dose, and whose turn it is. `id` only for what can be ticked."""

    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    who = serializers.CharField()
    done = serializers.BooleanField()


class DoseDetailRead(DoseRead):
    """A dose with what is before it."""

    before = OpenItemRead(many=True)


class LineRead(serializers.Serializer[Any]):
    """An entry in a list, as it stands."""

    id = serializers.UUIDField(source="entry")
    version = serializers.IntegerField(help_text=_("Goes up with each change; send it with the next one."))
    what = serializers.CharField(allow_blank=True)
    more = serializers.CharField(allow_blank=True, help_text=_("What happens, or how it is taken."))
    none_known = serializers.BooleanField(help_text=_("The answer “No known allergies”."))
    by_patient = serializers.BooleanField()
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()


class GivenWrite(Write):
    """A dose was given."""

    given_at = Instant()
    product = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    lot = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    reaction = serializers.BooleanField(required=False, allow_null=True, default=None)
    note = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    early_reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=TEXT_LENGTH,
        help_text=_("From a neurologist, for a dose before the shortest interval."),
    )


class MissedWrite(Write):
    """A dose was not given."""

    reason = Text(max_length=TEXT_LENGTH)


class ItemWrite(Write):
    """Whether something before a dose is done."""

    done = serializers.BooleanField()


class LineWrite(Write):
    """An entry to add."""

    what = Text(max_length=WHAT_LENGTH)
    more = Text(required=False, allow_blank=True, default="", max_length=MORE_LENGTH)


class LineChangeWrite(LineWrite):
    """Other words for an entry."""

    version = serializers.IntegerField(min_value=1, max_value=CHANGES, help_text=_("The one that you saw."))


class LineEndWrite(Write):
    """Taking an entry off the list; its history stays."""

    version = serializers.IntegerField(min_value=1, max_value=CHANGES, help_text=_("The one that you saw."))
