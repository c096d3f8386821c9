"""The therapies as data, for everybody who works in a team; and the sign-off of a version."""

from __future__ import annotations

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
from treatment.forms import SignOffForm
from treatment.models import Signature
from treatment.protocols import catalog, signing


def _clinician(request: HttpRequest) -> User:
    """The signed-in team member. Raises Http404 for everybody else."""
    if not isinstance(request.user, User) or not is_clinician(request.user):
        raise Http404
    return request.user


@require_safe
def therapies(request: HttpRequest) -> HttpResponse:
    """Every therapy with its newest version and its sign-off."""
    _clinician(request)
    return render(request, "treatment/therapies.html", {"rows": catalog.newest_protocols()})


def _version(code: str, number: int | None) -> tuple[catalog.Row, list[catalog.Row]]:
    versions = catalog.versions_of(code)
    if number is None:
        return versions[0], versions
    found = next((row for row in versions if row.protocol.version == number), None)
    if found is None:
        raise Http404
    return found, versions


@require_safe
def therapy(request: HttpRequest, code: str, version: int | None = None) -> HttpResponse:
    """One version of a therapy: every fact, its source and its status in words."""
    user = _clinician(request)
    row, versions = _version(code, version)
    role = signing.role_to_sign(user, row.protocol)
    context = {
        "row": row,
        "versions": versions,
        "sections": catalog.sections_of(row.facts),
        "may_sign": role is not None,
    }
    return render(request, "treatment/therapy.html", context)


def _signed_by(user: User, row: catalog.Row) -> bool:
    """True for the second press of a button: the first one has signed already."""
    return any(signature.user_id == user.pk for signature in row.signatures)


@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Sign one version off in one's own role: a page of its own, because it cannot be taken back."""
    user = _clinician(request)
    row, _versions = _version(code, version)
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
