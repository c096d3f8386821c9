"""The only place that knows every app's pages."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from portal.lib import gallery
from portal.views import api, demo, first, health, pages, staff, today

to_sign_in = RedirectView.as_view(pattern_name="account_login", query_string=True)


@login_not_required
def admin_door(request: HttpRequest) -> HttpResponseBase:
    """To our sign-in page; whoever is signed in already and is sent here has no right to the set-up pages: 404, not an endless way."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise Http404
    return to_sign_in(request)


portal_urls: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("help/", pages.help, name="help"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("privacy/", pages.privacy, name="privacy"),
    path("design/", gallery.design, name="design"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("api/schema/", api.Schema.as_view(), name="api-schema"),
    path("api/docs/", api.docs, name="api-docs"),
    path("api/docs/<slug:noun>/", api.noun, name="api-docs-noun"),
    path("patients/", staff.patient_list, name="staff-patients"),
    path("patients/<uuid:patient_id>/", staff.summary, name="summary"),
    path("patients/<uuid:patient_id>/seen/", first.problem_seen, name="problem-seen"),
]
if settings.DEMO:
    portal_urls.append(path("demo/mails/", demo.mails, name="demo-mails"))

# Second factors and passkeys are there, and get their pages when SECOND_FACTORS switches them on.
sign_in_urls: list[URLPattern | URLResolver] = [
    path("", include("allauth.account.urls")),
    path("sessions/", include("allauth.usersessions.urls")),
]
if settings.SECOND_FACTORS:
    sign_in_urls.append(path("2fa/", include("allauth.mfa.urls")))

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include((portal_urls, "portal"))),
    path("", include("accounts.urls")),
    path("accounts/", include(sign_in_urls)),
    path("", include("patients.urls")),
    path("learn/", include("education.urls")),
    path("", include("treatment.urls")),
    path("", include("scheduling.urls")),
    path("", include("journal.urls")),
    path("", include("messaging.urls")),
    path("api/v1/", include("portal.api_urls")),
    # Django's own sign-in door leads to ours: no way past the limits and the second factor.
    path("admin/login/", admin_door),
    path("admin/logout/", RedirectView.as_view(pattern_name="account_logout")),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
    path("admin/", admin.site.urls),
    path("cms/", include("education.cms_urls")),
]

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.forbidden"
handler404 = "portal.views.errors.not_found"
handler500 = "portal.views.errors.server_error"
