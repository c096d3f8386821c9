"""`/api/v1/education/`: the library. It is the same for everybody who is signed in."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from education import services
from education.api.serializers import (
    ArticleLineRead,
    ArticleListQuery,
    ArticleRead,
    ArticleSearchQuery,
    TopicRead,
)
from portal.lib.api import ApiView, Key, by_id, listed, page_of, paged, whole, words
from portal.lib.text import clean_line

ORDER = (
    Key("topic__position", lambda article: article.topic.position, whole),
    Key("position", lambda article: article.position, whole),
    Key("title", lambda article: article.title, words),
    by_id(),
)


class EducationView(ApiView):
    noun = "education"


class TopicList(EducationView):
    @extend_schema(responses={200: paged(TopicRead)})
    def get(self, request: Request) -> Response:
        """The shelves of the library that hold something, in their order."""
        topics = [shelf.topic for shelf in services.shelves()]
        return listed(self, TopicRead(topics, many=True).data)


class ArticleList(EducationView):
    queries = {"get": ArticleListQuery}

    @extend_schema(responses={200: paged(ArticleLineRead)})
    def get(self, request: Request) -> Response:
        """The articles that readers may see, shelf by shelf."""
        articles = services.published_articles()
        if "topic" in self.asked:
            articles = articles.filter(topic__slug=self.asked["topic"])
        rows, cursor = page_of(self, articles, ORDER)
        return listed(self, ArticleLineRead(rows, many=True).data, cursor)


class ArticleSearch(EducationView):
    queries = {"get": ArticleSearchQuery}

    @extend_schema(responses={200: paged(ArticleLineRead)})
    def get(self, request: Request) -> Response:
        """Search by words, spelled right or nearly right: at most 20 articles, the best first, on one page."""
        found = services.search(clean_line(self.asked["q"]))
        return listed(self, ArticleLineRead([hit.article for hit in found.hits], many=True).data)


class ArticleDetail(EducationView):
    @extend_schema(responses={200: ArticleRead})
    def get(self, request: Request, slug: str) -> Response:
        """One article with its sources."""
        article = services.article_by_slug(slug)
        if article is None:
            raise Http404
        return Response(ArticleRead(article).data)
