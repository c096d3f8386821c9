"""The floors: what Django itself costs for an empty answer and for a template of 50 plain rows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

ROWS: list[dict[str, Any]] = [
    {"id": number, "title": f"Row {number}", "text": "Some words that stand in a row. " * 3}
    for number in range(50)
]
SOURCE = """<!DOCTYPE html><html lang="en"><head><title>Fifty</title></head><body><ul>
{% for row in rows %}<li><a href="/{{ row.id }}/">{{ row.title }}</a><p>{{ row.text }}</p></li>{% endfor %}</ul></body></html>"""


def hello(request: HttpRequest) -> HttpResponse:
    """A bare view: no query, no template, no middleware."""
    return HttpResponse("hello", content_type="text/plain")


def fifty(request: HttpRequest) -> HttpResponse:
    """Fifty rows through a compiled template, without a query."""
    return HttpResponse(_compiled().render({"rows": ROWS}))


def _compiled() -> Any:
    global _template
    if _template is None:
        _template = engines["django"].from_string(SOURCE)
    return _template


_template: Any = None

urlpatterns = [path("floor/hello/", hello), path("floor/fifty/", fifty)]
