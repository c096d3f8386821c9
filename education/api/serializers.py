"""How articles look to a program."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from education.blocks import plain_pieces
from education.models import Article
from portal.lib.api import PageQuery, Query


class ArticleListQuery(PageQuery):
    """All articles on their shelves."""

    topic = serializers.SlugField(required=False, max_length=80, help_text=_("Only this shelf."))


class ArticleSearchQuery(Query):
    """What to look for."""

    q = serializers.CharField(
        max_length=200, allow_blank=True, help_text=_("Words, spelled right or nearly right.")
    )


class TopicRead(serializers.Serializer[Any]):
    """A shelf of the library."""

    slug = serializers.SlugField()
    name = serializers.CharField()
    intro = serializers.CharField(allow_blank=True)


class ArticleLineRead(serializers.Serializer[Any]):
    """An article in a list."""

    slug = serializers.SlugField()
    title = serializers.CharField()
    topic = serializers.SlugField(source="topic.slug")
    summary = serializers.ListField(
        child=serializers.CharField(), source="points", help_text=_("The 20-second summary, up to 3 points.")
    )
    review = serializers.ChoiceField(
        choices=Article.Review.choices, help_text=_("How the published text was checked.")
    )
    reviewed_at = serializers.DateTimeField(allow_null=True)
    next_review_on = serializers.DateField(allow_null=True)


class SourceRead(serializers.Serializer[Any]):
    """Where a fact was read, and how much of it."""

    title = serializers.CharField()
    where = serializers.CharField()
    status = serializers.CharField()


class ArticleRead(ArticleLineRead):
    """A whole article in plain text; the numbers to call are those of the clinic's site."""

    emergency_if = serializers.ListField(child=serializers.CharField(), source="emergency_lines")
    call_if = serializers.ListField(child=serializers.CharField(), source="call_lines")
    text = serializers.SerializerMethodField(help_text=_("The paragraphs, steps and cells in their order."))
    sources = serializers.SerializerMethodField()

    def get_text(self, article: Article) -> list[str]:
        return plain_pieces(article.body)

    @extend_schema_field(SourceRead(many=True))
    def get_sources(self, article: Article) -> list[dict[str, str]]:
        """What the author read."""
        return [
            {name: str(block.value.get(name) or "") for name in ("title", "where", "status")}
            for block in article.sources
        ]
