"""How treatment looks to a program, and what it may send. Windows are calendar days of the patient's center."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.lib.api import Day, Instant, PatientPageQuery, Text, Write
from portal.lib.ids import parse_uuid
from treatment.checks import owner_words
from treatment.courses.guards import TEXT_LENGTH
from treatment.courses.planning import MOST_PLANNED
from treatment.courses.proceeding import Code
from treatment.courses.reading import name_of
from treatment.lists import MORE_LENGTH, WHAT_LENGTH
from treatment.models import ChecklistItem, Course, Dose, Postponement, Protocol, Signature
from treatment.protocols.catalog import Row
from treatment.protocols.facts import facts_of
from treatment.protocols.signing import is_signed_off

CHANGES = 100_000_000
MOST_GIVEN_BEFORE = 500


@extend_schema_field({"type": "boolean", "const": True})
class Yes(serializers.BooleanField):
    """What a box says on a page: without it nothing is done."""

    default_error_messages = {"no": _("Nothing is done without it: say true, when it is so.")}

    def to_internal_value(self, data: Any) -> bool:
        if super().to_internal_value(data) is not True:
            self.fail("no")
        return True


class _Plain(serializers.DecimalField):
    """A number as text, written as people write it: digits and a point, no sign and no exponent."""

    written: ClassVar[str]
    default_error_messages = {"plain": _("Write a number like 21 or 21.5, as text.")}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or re.fullmatch(self.written, data, re.ASCII) is None:
            self.fail("plain")
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,4}(\.[0-9]{1,2})?$"})
class Amount(_Plain):
    """An amount of up to four digits, to the hundredth."""

    written = r"[0-9]{1,4}(\.[0-9]{1,2})?"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=6, decimal_places=2, **kwargs)


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9])?$"})
class Size(_Plain):
    """A weight or a height, to the tenth."""

    written = r"[0-9]{1,3}(\.[0-9])?"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=4, decimal_places=1, **kwargs)


@extend_schema_field(
    {
        "type": "object",
        "description": "The new day of each dose, by the dose's id.",
        "propertyNames": {"format": "uuid"},
        "additionalProperties": {"type": "string", "format": "date"},
        "minProperties": 1,
        "maxProperties": MOST_PLANNED,
    }
)
class DaysField(serializers.DictField):
    """Days by the ids of doses."""

    child = Day()
    default_error_messages = {
        "dose": _("Name each dose by its id."),
        "many": _("These are more doses than any plan has."),
    }

    def to_internal_value(self, data: Any) -> dict[UUID, Any]:
        found = super().to_internal_value(data)
        days = {parse_uuid(name): day for name, day in found.items()}
        if None in days or len(days) != len(found):
            self.fail("dose")
        if len(days) > MOST_PLANNED:
            self.fail("many")
        return {dose_id: day for dose_id, day in days.items() if dose_id is not None}


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
        return is_signed_off(protocol, self.context["site"])

    def get_facts(self, protocol: Protocol) -> dict[str, Any]:
        return facts_of(protocol.pk).content


class SignatureRead(serializers.Serializer[Any]):
    """A named person's sign-off."""

    role = serializers.ChoiceField(choices=Signature.Role.choices)
    name = serializers.CharField()
    signed_at = serializers.DateTimeField()
    demo = serializers.BooleanField(help_text=_("Given in demo mode: not for clinical use."))


class TherapyVersionLineRead(serializers.Serializer[Any]):
    """One version of a therapy, and who signed it."""

    code = serializers.SlugField(source="protocol.therapy.code")
    version = serializers.IntegerField(source="protocol.version")
    name = serializers.CharField(source="facts.name")
    loaded_at = serializers.DateTimeField(source="protocol.loaded_at")
    signed_off = serializers.BooleanField(
        help_text=_("Every role that has to sign this version has done so.")
    )
    demo_only = serializers.BooleanField(
        source="in_demo", help_text=_("Signed off in demo mode: not for clinical use.")
    )
    withdrawn = serializers.SerializerMethodField(help_text=_("Nothing is ordered on it any more."))
    signatures = SignatureRead(many=True)
    missing = serializers.ListField(
        child=serializers.CharField(), help_text=_("The roles that have not signed yet, in words.")
    )

    def get_withdrawn(self, row: Row) -> bool:
        return row.withdrawal is not None


class TherapyVersionRead(TherapyVersionLineRead):
    """One version of a therapy with every fact, its source and its status."""

    brands = serializers.ListField(source="facts.brands", child=serializers.CharField())
    facts = serializers.SerializerMethodField(help_text=_("As the data state them, with sources."))
    may_sign = serializers.SerializerMethodField(help_text=_("You can sign this version off now."))

    def get_facts(self, row: Row) -> dict[str, Any]:
        return row.facts.content

    def get_may_sign(self, row: Row) -> bool:
        return bool(self.context["may_sign"])


class CourseRead(serializers.Serializer[Any]):
    """A course of treatment."""

    id = serializers.UUIDField()
    patient = serializers.UUIDField(source="patient_id")
    therapy = serializers.SlugField(source="order.protocol.therapy.code")
    name = serializers.SerializerMethodField()
    starts_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)
    paused_on = serializers.DateField(
        allow_null=True, help_text=_("Its doses wait since that day, until a prescriber goes on with it.")
    )
    version = serializers.IntegerField(
        source="protocol.version", help_text=_("Of the protocol, after all moves.")
    )
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
    outcome = serializers.CharField(
        help_text=_("The state; of a dose that was given also partly_given or stopped_for_reaction.")
    )
    earliest = serializers.DateField()
    target = serializers.DateField()
    latest = serializers.DateField(allow_null=True)
    given_on = serializers.DateField(allow_null=True)
    given_at = serializers.DateTimeField(allow_null=True)

    def get_name(self, dose: Dose) -> str:
        return name_of(dose.course)


class ProposedDateRead(serializers.Serializer[Any]):
    """A planned dose and the days that the protocol's rule proposes for it. Nothing is moved yet."""

    dose = serializers.UUIDField()
    number = serializers.IntegerField()
    planned = serializers.DateField(help_text=_("The day that stands."))
    earliest = serializers.DateField()
    target = serializers.DateField(help_text=_("The day that is proposed."))
    latest = serializers.DateField(allow_null=True)


class PhaseRead(serializers.Serializer[Any]):
    """The next phase of a course that nobody has planned."""

    key = serializers.CharField(source="phase.key")
    name = serializers.CharField(source="phase.name")
    number = serializers.IntegerField(help_text=_("The number of its first dose."))


class CheckRead(serializers.Serializer[Any]):
    """A regular check: when it was last done and when it is next due."""

    check = serializers.CharField(source="fact", help_text=_("Its name in the facts of the therapy."))
    label = serializers.CharField()  # type: ignore[assignment]
    owner = serializers.ChoiceField(choices=ChecklistItem.Owner.choices)
    who = serializers.SerializerMethodField(help_text=_("Whose turn it is, in words."))
    last_done = serializers.DateField(allow_null=True)
    due = serializers.DateField(
        allow_null=True, help_text=_("Null: the data give no interval, or its time is over.")
    )
    until = serializers.DateField(allow_null=True)
    every_months = serializers.IntegerField(allow_null=True)
    overdue = serializers.SerializerMethodField()

    def get_who(self, check: Any) -> str:
        return owner_words(check.owner)

    def get_overdue(self, check: Any) -> bool:
        return bool(check.is_overdue(self.context["today"]))


class OpenItemRead(serializers.Serializer[Any]):
    """Something before a dose, and whose turn it is. `id` only for what can be ticked."""

    id = serializers.UUIDField(allow_null=True)
    label = serializers.CharField()  # type: ignore[assignment]
    who = serializers.CharField()
    done = serializers.BooleanField()
    word = serializers.CharField(help_text=_("How it stands. Empty for lines of other parts of the portal."))
    due = serializers.DateField(allow_null=True)


class PutOffRead(serializers.Serializer[Any]):
    """Why a dose waits, whose turn it is, and when somebody looks again."""

    reason = serializers.ChoiceField(choices=Postponement.Reason.choices)
    owner = serializers.ChoiceField(choices=Postponement.Owner.choices)
    recheck_on = serializers.DateField()
    note = serializers.CharField(allow_blank=True)
    by = serializers.CharField(source="made_by.name")


class StopRead(serializers.Serializer[Any]):
    """One thing that stands against giving a dose today."""

    code = serializers.ChoiceField(choices=[code.value for code in Code])
    words = serializers.CharField()


class DoseDetailRead(DoseRead):
    """A dose with what is before it, and what holds it back."""

    before = OpenItemRead(many=True)
    stops = StopRead(
        many=True,
        help_text=_(
            "What stands against giving it today. Empty means that nothing known stops it, not that it is safe."
        ),
    )
    put_off = PutOffRead(allow_null=True, help_text=_("While this is not null the dose is not given."))
    warnings = serializers.ListField(
        child=serializers.CharField(),
        help_text=_(
            "For the team: what to know about giving it today, or about the day it was given: outside its window, or no shortest interval is known."
        ),
    )


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


class LineVersionRead(serializers.Serializer[Any]):
    """One version of an entry as it stood."""

    version = serializers.IntegerField()
    what = serializers.CharField(allow_blank=True)
    more = serializers.CharField(allow_blank=True, help_text=_("What happens, or how it is taken."))
    none_known = serializers.BooleanField(help_text=_("The answer “No known allergies”."))
    ended = serializers.BooleanField(help_text=_("With this version it left the list."))
    by_patient = serializers.BooleanField()
    written_by = serializers.CharField()
    written_at = serializers.DateTimeField()


class OrderWrite(Write):
    """A prescriber's order: a plan of the newest version of a therapy, its first day here, and why."""

    therapy = serializers.SlugField(max_length=60, help_text=_("Its code."))
    version = serializers.IntegerField(
        min_value=1,
        max_value=CHANGES,
        help_text=_("The one that you read; it has to be the one that is ordered on."),
    )
    path = serializers.SlugField(
        max_length=40, help_text=_("The key of one of the plans in the facts, under portal.paths.")
    )
    first_on = Day(help_text=_("The day of the first dose here, on the center's calendar."))
    given_before = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=MOST_GIVEN_BEFORE,
        help_text=_("Doses given elsewhere before. They count for the phase."),
    )  # fmt: skip
    indication = Text(max_length=TEXT_LENGTH, help_text=_("Why this therapy, for the team and the patient."))
    replaces = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text=_("The course that ends with this order, if one does.")
    )  # fmt: skip
    sign = Yes(help_text=_("True: you sign this order as the prescriber. No order, no schedule."))


class ReasonWrite(Write):
    """Why."""

    reason = Text(max_length=TEXT_LENGTH)


class DatesWrite(ReasonWrite):
    """New days for planned doses, as proposed or others. Each window moves with its day."""

    days = DaysField(allow_empty=False)
    confirm = Yes(help_text=_("True: you confirm these dates as the prescriber."))


class PhaseWrite(ReasonWrite):
    """The first day of the next phase."""

    first_on = Day()


class CheckWrite(Write):
    """A regular check that was done."""

    check = serializers.CharField(max_length=160, help_text=_("Its name in the facts of the therapy."))
    done_on = Day(help_text=_("On the center's calendar."))


class SignOffWrite(Write):
    """A named person's sign-off of one version. It cannot be taken back."""

    read = Yes(help_text=_("True: you have read every fact of this version and its sources."))


class GivenWrite(Write):
    """A dose was given, whole, in part, or until a reaction stopped it."""

    given_at = Instant()
    extent = serializers.ChoiceField(choices=Dose.Extent.choices, required=False, default="whole")
    how_much = Text(
        required=False, allow_blank=True, default="", max_length=TEXT_LENGTH,
        help_text=_("Needed when it was not the whole dose."),
    )  # fmt: skip
    amount_mg = Amount(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("Needed for a medicine with a limit for the lifetime."),
    )
    expires_on = Day(
        required=False, allow_null=True, default=None, help_text=_("As it stands on the package.")
    )
    line_site = Text(required=False, allow_blank=True, default="", max_length=100)
    product = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    lot = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    reaction = serializers.BooleanField(required=False, allow_null=True, default=None)
    reaction_grade = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=5,
        help_text=_("CTCAE, graded by staff. With 3 or more, or a reaction without a grade, the next dose waits for a neurologist."),
    )  # fmt: skip
    note = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    although = Text(
        required=False, allow_blank=True, default="", max_length=TEXT_LENGTH,
        help_text=_("Why it was really given although something in `stops` stands against it. Audited."),
    )  # fmt: skip
    early_reason = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=TEXT_LENGTH,
        help_text=_("From a neurologist, for a dose before the shortest interval."),
    )


class GoAheadWrite(Write):
    """A dose waits no more."""

    reason = Text(
        required=False, allow_blank=True, default="", max_length=TEXT_LENGTH,
        help_text=_("Needed after a reaction, from a neurologist."),
    )  # fmt: skip


class MissedWrite(ReasonWrite):
    """A dose was not given."""


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
