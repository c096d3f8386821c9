"""How journal entries look to a program, and what it may send."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from journal.chart_words import RANGE_WORDS
from journal.charting import FOUR_WEEKS
from journal.models import EntryRevision, Report
from journal.report_content import PARTS
from journal.reports import MOST_QUESTIONS, MOST_SYMPTOMS, QUESTION_LENGTH, TEXT_LENGTH, ReportWords
from journal.services import NOTE_LENGTH, Words
from journal.symptoms import BY_CODE, LEAST, MOST, MOST_FOLLOWED, SYMPTOMS
from portal.lib.api import Day, PatientPageQuery, PatientQuery, Text, Write

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


# --- Charts --------------------------------------------------------------------------------------------------


class ChartQuery(PatientQuery):
    """Which days."""

    range = serializers.ChoiceField(
        required=False,
        choices=list(RANGE_WORDS.items()),
        default=FOUR_WEEKS.code,
        help_text=_("How many days up to today; a year comes in weeks."),
    )


class LevelRead(serializers.Serializer[Any]):
    """A word of the scale as a number."""

    level = serializers.IntegerField(
        min_value=LEAST, max_value=MOST, help_text=_("0 is none, 4 is the most.")
    )
    word = serializers.CharField(help_text=_("The same as a word."))


class SpanRead(LevelRead):
    """The words of one place on an axis: the one in the middle, how far they lie apart, on how many days there was one."""

    lowest = serializers.IntegerField(min_value=LEAST, max_value=MOST)
    highest = serializers.IntegerField(min_value=LEAST, max_value=MOST)
    days = serializers.IntegerField(min_value=1, help_text=_("Days with a word."))


class DatePointRead(SpanRead):
    """A place on an axis of days. Places without a word are not there: a gap is never a zero."""

    starts_on = serializers.DateField(help_text=_("The day, or the first day of the week."))


class CyclePointRead(SpanRead):
    """A place on the axis of a treatment cycle. Places without a word are not there."""

    first_day = serializers.IntegerField(
        min_value=1, help_text=_("Day of the cycle; 1 is the day of the infusion.")
    )


class ChartRead(serializers.Serializer[Any]):
    """One symptom, with the sentence that only counts."""

    code = serializers.ChoiceField(choices=NAMES)
    name = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField(help_text=_("It counts, and says nothing else."))


class DateChartRead(ChartRead):
    """One symptom by date."""

    points = DatePointRead(many=True)


class CycleChartRead(ChartRead):
    """One symptom by day of treatment cycle; without points while too few days have a word, and then the sentence says so."""

    days_in_place = serializers.IntegerField(min_value=1, help_text=_("1, or 7 when cycles are long."))
    this_cycle = CyclePointRead(many=True)
    earlier_cycles = CyclePointRead(many=True, help_text=_("The newest full cycles, six at most."))


class DateChartsRead(serializers.Serializer[Any]):
    """Charts by date, one for each symptom with a word in these days."""

    starts_on = serializers.DateField()
    ends_on = serializers.DateField()
    days_in_place = serializers.IntegerField(min_value=1, help_text=_("1, or 7 for a year."))
    infusions = serializers.ListField(child=serializers.DateField(), help_text=_("Never shown to carers."))
    infusions_sentence = serializers.CharField(allow_blank=True)
    scale = LevelRead(many=True)
    charts = DateChartRead(many=True)


class CycleChartsRead(serializers.Serializer[Any]):
    """Charts by day of treatment cycle; none while fewer than two cycles are over."""

    last_days = serializers.IntegerField(
        help_text=_("The days at the end of a cycle that the sentences compare.")
    )
    scale = LevelRead(many=True)
    charts = CycleChartRead(many=True)


# --- Reports -------------------------------------------------------------------------------------------------


class ReportPointRead(LevelRead):
    """A day with a word."""

    day = serializers.DateField()


class ReportSymptomRead(serializers.Serializer[Any]):
    """One symptom of a report: three months in days with a word, as they were when it was written."""

    code = serializers.ChoiceField(choices=NAMES)
    name = serializers.CharField()
    sentence = serializers.CharField(help_text=_("It counts, and says nothing else."))
    points = ReportPointRead(many=True)
    infusions = serializers.ListField(child=serializers.DateField())


class ReportDoseRead(serializers.Serializer[Any]):
    """An infusion that was given."""

    name = serializers.CharField()
    given_on = serializers.DateField()


class ReportPartsRead(serializers.Serializer[Any]):
    """What stands in a report."""

    from_on = serializers.DateField(help_text=_("The first day of its small charts."))
    until_on = serializers.DateField(help_text=_("The last day of its small charts."))
    why = serializers.CharField(allow_blank=True)
    questions = serializers.ListField(child=serializers.CharField())
    symptoms = ReportSymptomRead(many=True)
    how = serializers.CharField(allow_blank=True)
    doses = ReportDoseRead(many=True)
    reactions = serializers.CharField(allow_blank=True)


class ReportShareRead(serializers.Serializer[Any]):
    """That the team sees a report: since when, and for which visit."""

    shared_at = serializers.DateTimeField()
    visit = serializers.UUIDField(
        source="visit_id",
        allow_null=True,
        help_text=_("An appointment; null is for the team without a visit."),
    )
    visit_words = serializers.CharField(
        source="snapshot.visit", allow_blank=True, help_text=_("The visit in words, as it was when shared.")
    )


class ReportLineRead(serializers.Serializer[Any]):
    """A report in a list: one version. Its words never change."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    replaces = serializers.UUIDField(
        source="replaces_id", allow_null=True, help_text=_("The version that it was written from.")
    )
    state = serializers.ChoiceField(choices=Report.State.choices)
    written_at = serializers.DateTimeField()
    approved_at = serializers.DateTimeField(allow_null=True)
    share = ReportShareRead(allow_null=True, help_text=_("What the team sees of it now; null is nothing."))


class ReportRead(ReportLineRead):
    """A report in full, for the patient."""

    content = ReportPartsRead(source="parts")
    left_out = serializers.ListField(
        child=serializers.ChoiceField(choices=list(PARTS.items())),
        help_text=_("Parts that are kept for you: the team does not get them."),
    )


class SharedReportLineRead(ReportShareRead):
    """A report that the patient shared, in a list."""

    id = serializers.UUIDField(source="report_id", help_text=_("The same as the patient's own report has."))


class SharedReportRead(SharedReportLineRead):
    """What the patient shared: a copy that nobody can change."""

    visit_now = serializers.CharField(
        allow_blank=True, help_text=_("The visit as it is now; empty when it is not to come any more.")
    )
    content = ReportPartsRead(source="parts")


class ReportWrite(Write):
    """A report in your own words, all of them: what is left out is gone. One part at least is needed."""

    why = Text(required=False, allow_blank=True, default="", max_length=TEXT_LENGTH)
    questions = serializers.ListField(
        required=False,
        default=list,
        child=Text(allow_blank=True, max_length=QUESTION_LENGTH),
        max_length=MOST_QUESTIONS,
    )
    symptoms = serializers.ListField(
        required=False,
        default=list,
        child=serializers.ChoiceField(choices=NAMES),
        max_length=MOST_SYMPTOMS,
        help_text=_(
            "Shown with all days you noted in the last three months, also those you did not share. "
            "A symptom without a word in them stays out."
        ),
    )
    how = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=TEXT_LENGTH,
        help_text=_("How it has been, in your words."),
    )
    reactions = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=TEXT_LENGTH,
        help_text=_("Reactions after infusions."),
    )
    left_out = serializers.ListField(
        required=False,
        default=list,
        child=serializers.ChoiceField(choices=list(PARTS.items())),
        max_length=len(PARTS),
        help_text=_("Parts that stay out of what the team gets. Your words are kept for you."),
    )

    def words(self) -> ReportWords:
        """The report as the services take it. Call on valid data."""
        data = self.validated_data
        return ReportWords(**{**data, "questions": [text for text in data["questions"] if text]})


class ReportShareWrite(Write):
    """For what a report is shared."""

    visit = serializers.UUIDField(
        source="visit_id",
        allow_null=True,
        help_text=_("One of your next appointments; null shows it to the team without a visit."),
    )
