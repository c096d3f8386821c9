"""The OpenAPI file for programs, and the documentation of the API for people. Both ask for a sign-in: see docs/decisions/0016."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request

from portal import api_docs
from portal.lib.api import ApiView, Query
from portal.lib.api_access import ANY_TOKEN
from portal.lib.contributions import api_nouns
from portal.lib.errors import API


class SchemaQuery(Query):
    """In which notation."""

    notation = serializers.ChoiceField(choices=["yaml", "json"], required=False, default="yaml")


class Schema(ApiView):
    """The OpenAPI file as it is committed, for everybody who is signed in and every working token."""

    noun = ANY_TOKEN
    queries = {"get": SchemaQuery}

    def get(self, request: Request) -> HttpResponse:
        """YAML, or JSON with `?notation=json`."""
        if self.asked["notation"] == "json":
            return HttpResponse(api_docs.schema_json(), content_type="application/json")
        return HttpResponse(api_docs.schema_text(), content_type="application/yaml; charset=utf-8")


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """How the API works, what it holds, and every rule that can say no."""
    context = {
        "nouns": api_docs.nouns(),
        "rules": api_docs.rules(),
        "limits": settings.API_LIMITS,
        "base": API,
        "issue": "manage.py issue_token you@example.com --scopes journal:read journal:write --days 30",
        "ask": f'curl -H "Authorization: Bearer $TOKEN" {settings.PUBLIC_URL}{API}journal/entries/',
    }
    return render(request, "api/docs.html", context)


@require_safe
def noun(request: HttpRequest, noun: str) -> HttpResponse:
    """Everything that can be done with one noun. 404 for a word that is none."""
    operations = api_docs.operations().get(noun)
    if operations is None or noun not in api_nouns:
        raise Http404
    return render(
        request, "api/noun.html", {"noun": noun, "words": api_nouns[noun], "operations": operations}
    )
