"""What of the library may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, F, Q, Sum, Value, When, Window
from django.db.models.functions import Length, Mod, RowNumber

if TYPE_CHECKING:
    from education.models import Article  # noqa: F401 - named in the class below


class ArticleQuerySet(models.QuerySet["Article"]):
    """Articles. Patients' pages read only through `for_readers`."""

    def for_readers(self) -> ArticleQuerySet:
        """Live articles a reader may see: clinically reviewed, or adopted by the site; in demo mode all live ones."""
        live = self.filter(live=True)
        if settings.DEMO:
            return live
        return live.filter(Q(review="clinical") | Q(adopted_at__isnull=False))

    def with_people(self) -> ArticleQuerySet:
        """With topic, author and reviewer in the same statement."""
        return self.select_related("topic", "author", "reviewed_by")

    def listed(self) -> ArticleQuerySet:
        """Without what only the reading page shows: a list of many is not slowed down by their texts."""
        return self.defer("body", "sources", "search_text", "emergency_if", "call_if")

    def first_of_each_shelf(self, most: int, *, shorter_first: bool = False) -> ArticleQuerySet:
        """At most `most` articles of each topic, each with `on_shelf`, the number of all of its topic. One statement."""
        order = [Length("search_text").asc()] if shorter_first else []
        shelf = Window(Count("pk"), partition_by="topic_id")
        place = Window(RowNumber(), partition_by="topic_id", order_by=[*order, "position", "title"])
        found = self.annotate(on_shelf=shelf, place=place).filter(place__lte=most)
        return found.order_by("topic__position", "topic__name", "place")

    def at_turn(self, number: int) -> ArticleQuerySet:
        """The one article whose turn it is when each of them, in their order, has its turn and then the first again."""
        place = Window(RowNumber(), order_by=["topic__position", "position", "title"])
        return self.annotate(place=place, of=Window(Count("pk"))).filter(
            place=Mod(Value(number), F("of")) + 1
        )

    def in_order(self) -> ArticleQuerySet:
        """By shelf, then by place on the shelf."""
        return self.order_by("topic__position", "position", "title")

    def shorter_first(self) -> ArticleQuerySet:
        """By shelf, then by length of the text."""
        return self.order_by("topic__position", Length("search_text"), "position", "title")

    def holding(self, words: Collection[str], most: int) -> list[UUID]:
        """The ids of at most `most` articles in which these folded words stand, the best first: a title counts for three."""
        weight = Case(When(occurrences__in_title=True, then=3), default=1)
        found = self.filter(occurrences__word__word__in=words).values("pk").annotate(score=Sum(weight))
        return [row["pk"] for row in found.order_by("-score", "topic__position", "position", "pk")[:most]]
