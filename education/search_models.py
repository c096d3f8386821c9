"""The index of the search: which words stand in which article. Written with the article, read by `services.search`."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class SearchWord(models.Model):
    """A folded word (`search_words.fold`) that stands, or stood once, in the library."""

    word = models.CharField(max_length=80, unique=True)

    class Meta:
        indexes = [GinIndex(fields=["word"], name="searchword_trigrams", opclasses=["gin_trgm_ops"])]
        constraints = [models.CheckConstraint(condition=~Q(word=""), name="searchword_not_blank")]

    def __str__(self) -> str:
        return self.word


class SearchOccurrence(models.Model):
    """A word that stands in an article, once for each word."""

    word = models.ForeignKey(SearchWord, on_delete=models.CASCADE, related_name="occurrences")
    article = models.ForeignKey("education.Article", on_delete=models.CASCADE, related_name="occurrences")
    in_title = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["word", "article"], name="occurrence_once")]

    def __str__(self) -> str:
        return f"{self.word_id} in {self.article_id}"
