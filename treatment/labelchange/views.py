"""Pages of a label change: note it, see whom and what it touches, move courses, tell people."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from patients.requests import once_of
from portal.lib.forms import Option, status_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment.courses.guards import is_prescriber
from treatment.editing.services import MayNotEdit, may_edit
from treatment.labelchange import moving, services
from treatment.labelchange.forms import ChangeForm, MoveForm, TellForm
from treatment.models import LabelChange
from treatment.protocols import catalog
from treatment.protocols.signing import home_site
from treatment.views.catalog import clinician


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Note a change with its source and date; versions can be withdrawn in the same step."""
    user = clinician(request)
    versions = catalog.versions_of(code, home_site(user))
    if not may_edit(user):
        raise MayNotEdit
    choices = [
        (str(row.protocol.version), _("Version %(number)d") % {"number": row.protocol.version})
        for row in versions
        if row.withdrawal is None
    ]
    form = ChangeForm(request.POST if request.method == "POST" else None, versions=choices)
    status = None
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = services.note_change(
                by=user, code=code, what=data["what"], source=data["source"], changed_on=data["changed_on"],
                withdraw=[int(number) for number in data.get("withdraw", [])], id=once_of(request), now=present(),
            )  # fmt: skip
        except DomainError as error:
            form.add_error(None, str(error.message))
            status = error.status
        else:
            messages.success(
                request, _("The change is noted. Look now at the courses and texts that it touches.")
            )
            return redirect("treatment:label-change", made.pk)
    context = {"form": form, "row": versions[0]}
    return render(request, "treatment/labelchange/new.html", context, status=status or status_of(form))


@require_safe
def change(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One change: the courses on each version with every difference, the texts that name the therapy, who was told."""
    user = clinician(request)
    return _page(request, user, services.change_or_404(user, change_id))


def _page(
    request: HttpRequest, user: User, found: LabelChange, *, move: MoveForm | None = None, tell: TellForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    rows = services.targets(found)
    asked = (request.POST if request.method == "POST" else request.GET).get("to", "")
    target = next((row for row in rows if str(row.protocol.version) == asked), rows[0] if rows else None)
    groups = services.touched_by(user, found, target.protocol if target else None, present())
    seen = sum(len(group.courses) for group in groups)
    choices = courses_to_move(groups)
    editor = may_edit(user)
    context = {
        "change": found,
        "row": catalog.versions_of(found.therapy.code, found.site)[0],
        "withdrawn": list(found.withdrawals.select_related("protocol").defer("protocol__content")),
        "targets": rows,
        "target": target,
        "groups": groups,
        "elsewhere": services.elsewhere(user, found, seen),
        "texts": services.dependent_texts(user, found),
        "notices": services.notices_of(found),
        "move": move or (MoveForm(courses=choices) if choices and is_prescriber(user) else None),
        "tell": (tell or TellForm(initial={"text": notice_text()})) if seen and editor else None,
    }
    return render(request, "treatment/labelchange/change.html", context, status=status)


def courses_to_move(groups: list[services.OnVersion]) -> list[tuple[str, Option]]:
    """The courses that a prescriber can move now."""
    return [
        (
            str(one.course.pk),
            Option(one.patient.name, _("Now on version %(number)d") % {"number": group.protocol.version}),
        )
        for group in groups
        for one in group.courses
        if one.effect is not None and not one.effect.blocked
    ]


def notice_text() -> str:
    """What the message begins with: neutral, calm, and open to change before it is sent."""
    return _(
        "There is news about a medicine that you get here. We are going through what it means for each person.\n\n"
        "Please do not skip or move a visit because of this message. If something changes for you, we will talk with you first.\n\n"
        "If you feel unwell or notice something new, call us. If you have a question, write back here."
    )


@require_POST
def move(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """A prescriber moves the chosen courses to a version; what cannot be moved stays, with the reason."""
    user = clinician(request)
    found = services.change_or_404(user, change_id)
    moving.prescribes(user)
    ids = {one: parse_uuid(one) for one in request.POST.getlist("courses")}
    form = MoveForm(request.POST, courses=[(one, one) for one, id in ids.items() if id is not None])
    version = request.POST.get("to", "")
    if not form.is_valid():
        return _again(request, user, found, form)
    try:
        moved, stayed = services.move_all(
            by=user, change=found, course_ids=[id for one in form.cleaned_data["courses"] if (id := ids[one]) is not None],
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
            reason=form.cleaned_data["reason"], id=once_of(request), now=present(),
        )  # fmt: skip
    except DomainError as error:
        form.add_error(None, str(error.message))
        return _again(request, user, found, form, status=error.status)
    if moved:
        said = ngettext("%(count)d course was moved.", "%(count)d courses were moved.", len(moved))
        messages.success(request, said % {"count": len(moved)})
    for course, why in stayed:
        messages.warning(
            request, _("%(name)s was not moved: %(why)s") % {"name": course.patient.name, "why": why}
        )
    return redirect("treatment:label-change", found.pk)


def _again(
    request: HttpRequest, user: User, found: LabelChange, form: MoveForm, status: int = 422
) -> HttpResponse:
    """The page with what was chosen and typed, and the reason why nothing was moved."""
    rows = services.targets(found)
    target = next((row for row in rows if str(row.protocol.version) == request.POST.get("to")), None)
    groups = services.touched_by(user, found, target.protocol if target else None, present())
    form.fields["courses"].choices = courses_to_move(groups)  # type: ignore[attr-defined]
    return _page(request, user, found, move=form, status=status)


@require_POST
def tell(request: HttpRequest, change_id: UUID) -> HttpResponse:
    """One message to each patient of the person's teams who is on the therapy."""
    user = clinician(request)
    found = services.change_or_404(user, change_id)
    if not may_edit(user):
        raise MayNotEdit
    form = TellForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            made = services.tell(
                by=user, change=found, text=form.cleaned_data["text"], id=once_of(request), now=present()
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
            status = error.status
        else:
            said = ngettext(
                "%(count)d message is on its way.", "%(count)d messages are on their way.", made.told
            )
            messages.success(request, said % {"count": made.told})
            return redirect("treatment:label-change", found.pk)
    return _page(request, user, found, tell=form, status=status)


__all__ = ["change", "move", "new", "tell"]
