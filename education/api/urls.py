"""Addresses below /api/v1/education/."""

from __future__ import annotations

from django.urls import path

from education.api import views

app_name = "education-api"

urlpatterns = [
    path("topics/", views.TopicList.as_view(), name="topic-list"),
    path("articles/", views.ArticleList.as_view(), name="article-list"),
    path("articles/search/", views.ArticleSearch.as_view(), name="article-search"),
    path("articles/<slug:slug>/", views.ArticleDetail.as_view(), name="article-detail"),
]
