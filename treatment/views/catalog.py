"""The therapies as data, for everybody who works in a team; and the sign-off of a version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.requests import once_of
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment.editing import differing
from treatment.forms import SignOffForm
from treatment.labelchange.services import changes_of
from treatment.models import Signature
from treatment.protocols import catalog, signing
from treatment.protocols.signing import home_site


def clinician(request: HttpRequest) -> User:
    """The signed-in team member. Raises Http404 for everybody else."""
    if not isinstance(request.user, User) or not is_clinician(request.user):
        raise Http404
    return request.user


@require_safe
def therapies(request: HttpRequest) -> HttpResponse:
    """Every therapy with its newest version and its sign-off."""
    user = clinician(request)
    site = home_site(user)
    rows = [{"row": row, "mine": catalog.waits_for(user, row)} for row in catalog.newest_protocols(site)]
    context = {"rows": rows, "jurisdiction": site.get_jurisdiction_display() if site else ""}
    return render(request, "treatment/therapies.html", context)


def _version(user: User, code: str, number: int | None) -> tuple[catalog.Row, list[catalog.Row]]:
    versions = catalog.versions_of(code, home_site(user))
    if number is None:
        return versions[0], versions
    found = next((row for row in versions if row.protocol.version == number), None)
    if found is None:
        raise Http404
    return found, versions


@require_safe
def therapy(request: HttpRequest, code: str, version: int | None = None) -> HttpResponse:
    """One version of a therapy: every fact, its source and its status in words."""
    user = clinician(request)
    row, versions = _version(user, code, version)
    site = home_site(user)
    jurisdiction = site.jurisdiction if site else ""
    role = signing.role_to_sign(user, row.protocol) if row.withdrawal is None else None
    context = {
        "row": row,
        "versions": versions,
        "sections": catalog.sections_of(row.facts, jurisdiction),
        "differing": catalog.differing_in(row.facts, jurisdiction),
        "jurisdiction": site.get_jurisdiction_display() if site else "",
        "may_sign": role is not None,
        "is_newest": row is versions[0],
        "made": _made(row, versions),
        "changes": changes_of(code, site),
    }
    return render(request, "treatment/therapy.html", context)


def _made(row: catalog.Row, versions: list[catalog.Row]) -> dict[str, Any] | None:
    """Who made a version, why, and what differs from the one it was made from; None for a version of the file."""
    protocol = row.protocol
    if protocol.made_by_id is None:
        return None
    base = next((one for one in versions if one.protocol.pk == protocol.based_on_id), None)
    return {
        "by": User.objects.get(pk=protocol.made_by_id).name,
        "reason": protocol.reason,
        "base": base.protocol.version if base else None,
        "differs": differing.differences(base.facts.content, row.facts.content) if base else [],
    }


def _signed_by(user: User, row: catalog.Row) -> bool:
    """True for the second press of a button: the first one has signed already."""
    return any(signature.user_id == user.pk for signature in row.signatures)


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Sign one version off in one's own role: a page of its own, because it cannot be taken back."""
    user = clinician(request)
    row, _versions = _version(user, code, version)
    role = signing.role_to_sign(user, row.protocol)
    if role is None and request.method == "POST" and not _signed_by(user, row):
        raise signing.NoRoleToSign
    form = SignOffForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = signing.sign_off(by=user, protocol_id=row.protocol.pk, id=once_of(request), now=present())
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Signed by %(name)s.") % {"name": made.name})
            return redirect("treatment:version", code, version)
    context = {"row": row, "form": form, "role": Signature.Role(role).label if role else ""}
    return render(request, "treatment/sign.html", context, status=status_of(form))
