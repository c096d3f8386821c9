"""For the team: the red-flag questions as data, with version, source and signature; and the signature itself."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from clinic.services import is_clinician
from messaging.topics import Topic
from messaging.views.shared import signed_in
from messaging.writing import redflags, triage
from patients.requests import once_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present

STATUS_WORDS = {
    "sourced": gettext_lazy("seen in the source"),
    "partly_sourced_verify": gettext_lazy("partly seen in the source, to be checked"),
    "verify": gettext_lazy("to be checked"),
}


def _clinician(request: HttpRequest) -> User:
    user = signed_in(request)
    if not is_clinician(user):
        raise Http404
    return user


@require_safe
def rulesets(request: HttpRequest) -> HttpResponse:
    """Every question with its source and status, by topic and by therapy; who signed this version."""
    return show(request, _clinician(request))


def show(request: HttpRequest, user: User, *, problem: str = "", status: int = 200) -> HttpResponse:
    rules = redflags.newest()
    signature = triage.signature_of(rules)
    context = {
        "rules": rules,
        "signature": signature,
        "may_sign": signature is None and triage.may_sign(user),
        "groups": groups_of(rules),
        "words": [
            {
                "words": group.words,
                "source": group.source,
                "status_words": STATUS_WORDS[group.status],
            }
            for group in rules.words
        ],
        "problem": problem,
    }
    return render(request, "messaging/rulesets.html", context, status=status)


def groups_of(rules: redflags.Ruleset) -> list[dict[str, Any]]:
    """What is asked, under the words a person knows it by."""
    found: list[dict[str, Any]] = [
        {"label": Topic(topic).label, "questions": [_row(raw) for raw in rules.topics.get(topic, ())]}
        for topic in Topic.values
    ]
    return found + [
        {
            "label": _("On %(therapy)s") % {"therapy": therapy.replace("_", " ")},
            "questions": [_row(raw) for raw in asked],
        }
        for therapy, asked in rules.therapies.items()
    ]


def _row(raw: dict[str, Any]) -> dict[str, Any]:
    level = _("Emergency: call now") if raw["level"] == redflags.EMERGENCY else _("Call first")
    return {**raw, "level_words": level, "status_words": STATUS_WORDS[raw["status"]]}


@require_POST
def sign(request: HttpRequest) -> HttpResponse:
    """Sign this version by name. A neurologist's act; it cannot be taken back."""
    user = _clinician(request)
    version = request.POST.get("version", "")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    try:
        made = triage.sign(by=user, version=number, id=once_of(request), now=present())
    except DomainError as error:
        return show(request, user, problem=str(error.message), status=error.status)
    messages.success(request, _("Signed by %(name)s.") % {"name": made.name})
    return redirect("messaging:rulesets")
