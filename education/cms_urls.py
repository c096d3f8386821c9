"""Everything below /cms/: Wagtail's editor behind the portal's own doors."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path
from wagtail.admin import urls as wagtail_urls

from education import cms_views


def guarded(patterns: list[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """The same patterns, every view of them for editors only."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            guarded(pattern.url_patterns)
        elif pattern.callback is not None:
            pattern.callback = cms_views.editors_only(pattern.callback)
    return patterns


urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", cms_views.door("account_login")),
    path("logout/", cms_views.door("account_logout")),
    re_path(r"^password_reset/.*$", cms_views.door("account_reset_password")),
    path("account/", cms_views.door("accounts:display")),
    re_path(r"^(users|groups)/.*$", cms_views.editors_only(cms_views.nothing_here)),
    path("articles/", cms_views.editors_only(cms_views.desk), name="education-desk"),
    path(
        "articles/<uuid:article_id>/review/",
        cms_views.editors_only(cms_views.review),
        name="education-review",
    ),
    path(
        "articles/<uuid:article_id>/adopt/",
        cms_views.editors_only(cms_views.adopt),
        name="education-adopt",
    ),
    *guarded([path("", include(wagtail_urls))]),
]
