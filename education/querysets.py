"""What of the library may be shown, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Length, Lower

from education.search_words import close_enough

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

    def matching(self, asked: list[str]) -> ArticleQuerySet:
        """Articles in which at least one asked word, or one spelled much like it, stands; the best first.

        `asked` are folded words (`search_words.asked_words`). The `%>` operator uses the trigram index; its threshold is
        `pg_trgm.word_similarity_threshold` (see `services.search`), and each word then has its own.
        """
        if not asked:
            return self.none()
        near, close = Q(), Q()
        score: Any = Value(0.0)
        annotations: dict[str, Any] = {}
        for number, word in enumerate(asked):
            body, title = f"near_{number}", f"titled_{number}"
            annotations[body] = TrigramWordSimilarity(word, "search_text")
            annotations[title] = TrigramWordSimilarity(word, Lower("title"))
            least = close_enough(word)
            near |= Q(search_text__trigram_word_similar=word)
            close |= Q(**{f"{body}__gte": least})
            zero = Value(0.0)
            score = (
                score
                + Case(When(**{f"{body}__gte": least}, then=F(body)), default=zero)
                + Case(When(**{f"{title}__gte": least}, then=F(title)), default=zero)
            )
        found = self.filter(near).annotate(**annotations).filter(close)
        ranked: ArticleQuerySet = found.annotate(score=score).order_by(
            "-score", "topic__position", "position", "pk"
        )
        return ranked
