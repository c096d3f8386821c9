"""Demo mode only: the mails that were sent and the current second-factor codes, so that anyone can try them."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.services import recent_mails

SHOWN = 30


@require_safe
@login_not_required
def mails(request: HttpRequest) -> HttpResponse:
    """The newest mails, opened, and each enrolled demo user's current code. 404 outside demo mode."""
    if not settings.DEMO:
        raise Http404
    codes = []
    for authenticator in Authenticator.objects.filter(type=Authenticator.Type.TOTP).select_related("user"):
        secret = decrypt(authenticator.data["secret"])
        counter = next(iter(yield_hotp_counters_from_time()))
        codes.append((authenticator.user.email, format_hotp_value(hotp_value(secret, counter))))
    return render(request, "portal/demo_mails.html", {"mails": recent_mails(SHOWN), "codes": codes})
