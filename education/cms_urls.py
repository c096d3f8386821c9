"""Everything below /cms/: Wagtail's editor behind the portal's own doors."""

from django.urls import include, path, re_path
from wagtail.admin import urls as wagtail_urls
from wagtail.utils.urlpatterns import decorate_urlpatterns

from education import cms_views

urlpatterns = [
    path("login/", cms_views.door("account_login")),
    path("logout/", cms_views.door("account_logout")),
    re_path(r"^password_reset/.*$", cms_views.door("account_reset_password")),
    path("account/", cms_views.door("accounts:display")),
    re_path(r"^(users|groups)/.*$", cms_views.editors_only(cms_views.nothing_here)),
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
    *decorate_urlpatterns([path("", include(wagtail_urls))], cms_views.editors_only),
]
