"""What of the library may be shown, and in which order."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Sum, When
from django.db.models.functions import Length

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
