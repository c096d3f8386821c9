"""How journal entries look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from journal.models import EntryRevision
from journal.services import NOTE_LENGTH, Words
from journal.symptoms import BY_CODE, LEAST, MOST, MOST_FOLLOWED, SYMPTOMS
from portal.lib.api import Day, PatientPageQuery, Text, Write

NAMES = [(symptom.code, symptom.label) for symptom in SYMPTOMS]
CHANGES = 100_000_000


class EntryListQuery(PatientPageQuery):
    """Which entries."""

    start = serializers.DateField(required=False, help_text=_("The first day."))
    end = serializers.DateField(required=False, help_text=_("The last day."))


@extend_schema_field(
    {
        "type": "object",
        "description": "By symptom: 0 is none, 4 is very much.",
        "properties": {
            symptom.code: {"type": "integer", "minimum": LEAST, "maximum": MOST} for symptom in SYMPTOMS
        },
        "additionalProperties": False,
    }
)
class ScoresField(serializers.DictField):
    """Scores by symptom: 0 is none, 4 is very much."""

    child = serializers.IntegerField(min_value=LEAST, max_value=MOST)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(BY_CODE))):
            raise serializers.ValidationError(
                {name[:100]: [_("There is no such symptom.")] for name in unknown[:20]}
            )
        return super().to_internal_value(data)


class SymptomRead(serializers.Serializer[Any]):
    """A symptom that can be followed. What is sensitive is never shown to carers."""

    code = serializers.ChoiceField(choices=NAMES)
    name = serializers.CharField(source="label")
    question = serializers.CharField()
    sensitive = serializers.BooleanField()
    followed = serializers.BooleanField()


class EntryRead(serializers.Serializer[Any]):
    """An entry as far as it is open to you: the team sees the copy that the patient shared."""

    id = serializers.UUIDField()
    occurred_on = serializers.DateField()
    recorded_at = serializers.DateTimeField()
    backfilled = serializers.BooleanField(help_text=_("Written later than on the day itself."))
    version = serializers.IntegerField(help_text=_("Goes up with each change; send it with the next one."))
    scores = ScoresField()
    note = serializers.CharField(allow_blank=True)
    shared = serializers.BooleanField(help_text=_("The team sees it."))
    shared_at = serializers.DateTimeField(allow_null=True)
    taken_back_at = serializers.DateTimeField(allow_null=True)


class VersionRead(serializers.Serializer[Any]):
    """One version of an entry as it stood."""

    version = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=EntryRevision.Kind.choices)
    at = serializers.DateTimeField()
    occurred_on = serializers.DateField(source="content.occurred_on")
    scores = ScoresField(source="content.scores")
    note = serializers.CharField(source="content.note", allow_blank=True)


class SharingRead(serializers.Serializer[Any]):
    """Whether new entries are shown to the team, and since when."""

    new_entries = serializers.BooleanField()
    since = serializers.DateTimeField(allow_null=True)


class EntryContent(Write):
    """Words for an entry: a score for one symptom at least, or a note."""

    scores = ScoresField(required=False, default=dict)
    note = Text(required=False, allow_blank=True, default="", max_length=NOTE_LENGTH)

    def words(self) -> Words:
        """The entry as the services take it. Call on valid data."""
        data = self.validated_data
        return Words(data["occurred_on"], data["scores"], data["note"])


class EntryWrite(EntryContent):
    """An entry to write."""

    occurred_on = Day(help_text=_("Today or up to 60 days back, on the center's calendar."))
    share = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text=_("Show it to the team; null does what the standing choice says."),
    )


class EntryChangeWrite(EntryContent):
    """Other words for an entry, all of them: what is left out is gone."""

    occurred_on = Day()
    version = serializers.IntegerField(min_value=1, max_value=CHANGES, help_text=_("The one that you saw."))
    share = serializers.BooleanField()


class TrackersWrite(Write):
    """The symptoms to follow."""

    codes = serializers.ListField(child=serializers.ChoiceField(choices=NAMES), max_length=MOST_FOLLOWED)
