"""`/api/v1/treatment/`: making a version of a therapy, and following a change of its label. For people who work in a team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.lib.api import Day, Line, Query, Text, Write, listed, paged
from portal.lib.time import now as present
from treatment.api import serializers as shapes
from treatment.api.therapies import TherapyView
from treatment.courses.guards import TEXT_LENGTH
from treatment.editing import services as editing
from treatment.labelchange import moving, services
from treatment.models import LabelChange
from treatment.protocols import catalog

MOST_COURSES = 500
MOST_VERSIONS = 1_000_000


@extend_schema_field({"type": "object", "additionalProperties": True})
class FactsField(serializers.BaseSerializer[Any]):
    """All the facts of a version, as an answer gives them. What they may say is asked when the version is made."""

    def to_internal_value(self, data: Any) -> Any:
        return data

    def to_representation(self, instance: Any) -> Any:
        return instance


class VersionWrite(Write):
    """A next version: all of its facts, each with its source and status, and why it is made."""

    based_on = serializers.IntegerField(
        min_value=1,
        max_value=MOST_VERSIONS,
        help_text=_("The version that you read; it has to be the newest."),
    )
    facts = FactsField(
        help_text=_(
            "All of them. Null means not known. Which therapy it is and who signs stay as they are; sources are only added."
        )
    )
    reason = Text(max_length=editing.REASON_LENGTH, help_text=_("It stays with the version."))


class LabelChangeWrite(Write):
    """What changed about a label, and where it says so."""

    what = Text(max_length=services.WHAT_LENGTH)
    source = Line(  # type: ignore[assignment]
        max_length=services.SOURCE_LENGTH, help_text=_("The label or letter, with its section and date.")
    )
    changed_on = Day()
    withdraw = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MOST_VERSIONS), required=False, default=list, max_length=100,
        help_text=_("Versions that nothing is ordered on any more from this moment."),
    )  # fmt: skip


class CourseMovesWrite(Write):
    """Courses that a prescriber moves to a version."""

    version = serializers.IntegerField(min_value=1, max_value=MOST_VERSIONS)
    courses = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST_COURSES)
    reason = Text(max_length=TEXT_LENGTH)


class TellWrite(Write):
    """What everybody on the therapy reads, in one message each."""

    text = Text(max_length=services.TEXT_LENGTH)


class LabelChangeRead(serializers.Serializer[Any]):
    """A change of a label that was noted at the center."""

    id = serializers.UUIDField()
    therapy = serializers.SlugField(source="therapy.code")
    what = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    changed_on = serializers.DateField()
    noted_at = serializers.DateTimeField()
    noted_by = serializers.CharField(source="noted_by.name")
    withdrawn = serializers.SerializerMethodField(help_text=_("The versions that were withdrawn for it."))

    def get_withdrawn(self, change: LabelChange) -> list[int]:
        return [one.protocol.version for one in change.withdrawals.all()]


class DiffersRead(serializers.Serializer[Any]):
    """A fact in which two versions differ."""

    kind = serializers.CharField()
    title = serializers.CharField()
    name = serializers.CharField()
    what = serializers.ChoiceField(choices=["added", "removed", "changed"])
    lines = serializers.SerializerMethodField(help_text=_("Each piece with its old and new words."))

    def get_lines(self, one: Any) -> list[dict[str, str]]:
        return [{"label": line.label, "old": line.old, "new": line.new} for line in one.lines]


class TouchedRead(serializers.Serializer[Any]):
    """A running course that the change touches."""

    course = serializers.UUIDField(source="course.pk")
    patient = serializers.UUIDField(source="patient.pk")
    blocked = serializers.SerializerMethodField(help_text=_("Why it cannot be moved, or empty."))
    doses = serializers.SerializerMethodField(
        help_text=_("What the move would change about planned doses, in words.")
    )

    def get_blocked(self, one: Any) -> str:
        return one.effect.blocked if one.effect else ""

    def get_doses(self, one: Any) -> list[str]:
        return one.effect.lines if one.effect else []


class OnVersionRead(serializers.Serializer[Any]):
    """The courses on one version."""

    version = serializers.IntegerField(source="protocol.version")
    withdrawn = serializers.BooleanField()
    differs = DiffersRead(many=True)
    courses = TouchedRead(many=True)


class TextNamedRead(serializers.Serializer[Any]):
    """A text that names the therapy."""

    kind = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()


class LabelChangeDetailRead(LabelChangeRead):
    """A change with the courses, the texts and the people that it touches."""

    compared_with = serializers.SerializerMethodField(
        help_text=_("The version that courses would move to; null: there is none yet.")
    )
    versions = serializers.SerializerMethodField()
    elsewhere = serializers.SerializerMethodField(
        help_text=_("Courses with other teams of the center: a number.")
    )
    texts = serializers.SerializerMethodField()
    told = serializers.SerializerMethodField(help_text=_("How many people were told, each time."))

    def get_compared_with(self, change: LabelChange) -> int | None:
        found: int | None = self.context["target"]
        return found

    @extend_schema_field(OnVersionRead(many=True))
    def get_versions(self, change: LabelChange) -> Any:
        return OnVersionRead(self.context["groups"], many=True).data

    def get_elsewhere(self, change: LabelChange) -> int:
        return int(self.context["elsewhere"])

    @extend_schema_field(TextNamedRead(many=True))
    def get_texts(self, change: LabelChange) -> Any:
        return self.context["texts"]

    def get_told(self, change: LabelChange) -> list[int]:
        return [one.told for one in services.notices_of(change)]


class StayedRead(serializers.Serializer[Any]):
    """A course that was not moved."""

    course = serializers.UUIDField()
    reason = serializers.CharField()


class CourseMovesRead(serializers.Serializer[Any]):
    """Which courses were moved, and which were not."""

    moved = serializers.ListField(child=serializers.UUIDField())
    stayed = StayedRead(many=True)


class VersionsView(TherapyView):
    """Versions: everybody of a team reads them; those whose role signs make them."""

    @extend_schema(responses={200: paged(shapes.TherapyVersionLineRead)})
    def get(self, request: Request, code: str) -> Response:
        """For the team: every version of a therapy with its signatures, the newest first."""
        self.team_member()
        rows = catalog.versions_of(code, self.site)
        return listed(self, shapes.TherapyVersionLineRead(rows, many=True).data)

    @extend_schema(request=VersionWrite, responses={201: shapes.TherapyVersionRead})
    def post(self, request: Request, code: str) -> Response:
        """Make the next version of a therapy at your center. Versions are never edited; a new one is unsigned."""
        self.team_member()
        catalog.versions_of(code, self.site)
        wanted = self.body(VersionWrite)
        made = editing.make_version(
            by=self.person, code=code, based_on=wanted["based_on"], content=wanted["facts"], reason=wanted["reason"],
            id=self.once, now=present(),
        )  # fmt: skip
        response = self.read_version(code, made.version)
        response.status_code = 201
        return response


class LabelChangeList(TherapyView):
    @extend_schema(responses={200: paged(LabelChangeRead)})
    def get(self, request: Request, code: str) -> Response:
        """For the team: the label changes of a therapy, the newest first."""
        self.team_member()
        catalog.versions_of(code, self.site)
        return listed(self, LabelChangeRead(services.changes_of(code, self.site), many=True).data)

    @extend_schema(request=LabelChangeWrite, responses={201: LabelChangeRead})
    def post(self, request: Request, code: str) -> Response:
        """Note a change of a label with its source and date, and withdraw versions at once."""
        self.team_member()
        catalog.versions_of(code, self.site)
        wanted = self.body(LabelChangeWrite)
        made = services.note_change(by=self.person, code=code, id=self.once, now=present(), **wanted)
        return Response(LabelChangeRead(made).data, status=201)


class ChangeView(TherapyView):
    """One label change."""

    def change(self, change_id: UUID) -> LabelChange:
        """A change of the person's center. Raises Http404."""
        self.team_member()
        return services.change_or_404(self.person, change_id)

    def read(self, change: LabelChange, version: int | None = None) -> Response:
        """The change with everything that it touches."""
        rows = services.targets(change)
        target = next((row for row in rows if row.protocol.version == version), None)
        if target is None and version is not None:
            raise Http404
        target = target or next(iter(rows), None)
        groups = services.touched_by(self.person, change, target.protocol if target else None, present())
        seen = sum(len(group.courses) for group in groups)
        context = {
            "target": target.protocol.version if target else None,
            "groups": groups,
            "elsewhere": services.elsewhere(self.person, change, seen),
            "texts": services.dependent_texts(self.person, change),
        }
        return Response(LabelChangeDetailRead(change, context=context).data)


class VersionQuery(Query):
    """Which version courses would move to."""

    version = serializers.IntegerField(required=False, min_value=1, max_value=MOST_VERSIONS)


class LabelChangeDetail(ChangeView):
    queries = {"get": VersionQuery}

    @extend_schema(responses={200: LabelChangeDetailRead})
    def get(self, request: Request, change_id: UUID) -> Response:
        """For the team: a change with every course, text and person that it touches."""
        return self.read(self.change(change_id), self.asked.get("version"))


class LabelChangeMove(ChangeView):
    @extend_schema(request=CourseMovesWrite, responses={200: CourseMovesRead})
    def post(self, request: Request, change_id: UUID) -> Response:
        """For prescribers: move courses to another version. What cannot be moved stays, with the reason."""
        change = self.change(change_id)
        moving.prescribes(self.person)
        wanted = self.body(CourseMovesWrite)
        moved, stayed = services.move_all(
            by=self.person, change=change, course_ids=wanted["courses"], version=wanted["version"],
            reason=wanted["reason"], id=self.once, now=present(),
        )  # fmt: skip
        content = {
            "moved": [course.pk for course in moved],
            "stayed": [{"course": course.pk, "reason": why} for course, why in stayed],
        }
        return Response(CourseMovesRead(content).data)


class LabelChangeTell(ChangeView):
    @extend_schema(request=TellWrite, responses={200: LabelChangeDetailRead})
    def post(self, request: Request, change_id: UUID) -> Response:
        """One message to each of your teams' patients who is on the therapy. The mail about it says nothing about medicine."""
        change = self.change(change_id)
        wanted = self.body(TellWrite)
        services.tell(by=self.person, change=change, id=self.once, now=present(), **wanted)
        return self.read(change)
