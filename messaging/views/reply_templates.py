"""Pages of reply templates, for everybody who works in a team: read, write, review, take out of use."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from messaging import services
from messaging.composing import reply_templates as templates
from messaging.models import ReplyTemplate
from messaging.views.shared import signed_in
from patients.requests import once_of
from portal.lib import forms
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present

WHO = [("all", gettext_lazy("Everybody at the clinic")), ("team", gettext_lazy("My team only"))]


class TemplateForm(forms.Form):
    """The words of a template. A blank stands in square brackets."""

    title = forms.PlainTextField(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("Staff choose it by these words. Patients never see them."),
        max_length=templates.LONGEST_TITLE,
        error_messages={"required": gettext_lazy("Give the template a title.")},
    )
    body = forms.LongTextField(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy(
            "Put what has to be filled in each time into square brackets, such as [day] or [phone number]. "
            "Never write about one patient here."
        ),
        max_length=templates.LONGEST_BODY,
        widget=forms.TextArea(rows=10),
        error_messages={"required": gettext_lazy("Write the text of the template.")},
    )
    who = forms.ChoiceField(label=gettext_lazy("Who can use it"), choices=WHO, initial="all")


def staff_only(request: HttpRequest) -> User:
    """Somebody who works in a team. 404 for everybody else."""
    user = signed_in(request)
    if not services.works_here(user):
        raise Http404
    return user


@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """What waits for a review first, then what is in use."""
    user, now = staff_only(request), present()
    found = list(
        templates.open_to(user)
        .filter(state__in=[templates.State.WAITING, templates.State.IN_USE])
        .order_by("title", "id")
    )
    rows = [row_of(template, user, now) for template in found]
    context = {
        "waiting": [row for row in rows if row["template"].state == templates.State.WAITING],
        "used": [row for row in rows if row["template"].state == templates.State.IN_USE],
    }
    return render(request, "messaging/reply_templates.html", context)


def row_of(template: ReplyTemplate, user: User, now: Any) -> dict[str, Any]:
    return {
        "template": template,
        "url": reverse("messaging:template", args=[template.pk]),
        "overdue": templates.is_overdue(template, now),
        "blanks": templates.blanks_of(template.body),
        "own": template.written_by_id == user.pk,
    }


@require_safe
def template_detail(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """One version, who wrote and who reviewed it, and what can be done with it."""
    user = staff_only(request)
    return show(request, user, templates.template_or_404(user, template_id))


def show(
    request: HttpRequest, user: User, template: ReplyTemplate, *, problem: Any = "", status: int = 200
) -> HttpResponse:
    versions = templates.open_to(user).filter(family=template.family).order_by("-version")
    now = present()
    context = {
        **row_of(template, user, now),
        "versions": [row_of(version, user, now) for version in versions],
        "problem": problem,
        "waits": template.state == templates.State.WAITING,
        "in_use": template.state == templates.State.IN_USE,
        "zone": template.site.time_zone,
    }
    return render(request, "messaging/reply_template.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """Write a template."""
    return write(request, staff_only(request), None)


@require_http_methods(["GET", "HEAD", "POST"])
def template_change(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Write the next version; the one in use stays until the new one is reviewed."""
    user = staff_only(request)
    return write(request, user, templates.template_or_404(user, template_id))


def write(request: HttpRequest, user: User, replaces: ReplyTemplate | None) -> HttpResponse:
    initial = {}
    if replaces is not None:
        who = "team" if replaces.team_id else "all"
        initial = {"title": replaces.title, "body": replaces.body, "who": who}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            template = templates.write(
                by=user,
                id=once_of(request),
                title=form.cleaned_data["title"],
                body=form.cleaned_data["body"],
                team_only=form.cleaned_data["who"] == "team",
                now=present(),
                replaces=replaces,
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("Saved. It can be used when somebody else has reviewed it."))
            return redirect("messaging:template", template.pk)
    context = {"form": form, "replaces": replaces}
    return render(request, "messaging/reply_template_write.html", context, status=status_of(form))


@require_POST
def template_decide(request: HttpRequest, template_id: UUID) -> HttpResponse:
    """Put it to use, keep it for another year, or take it out of use."""
    user = staff_only(request)
    template = templates.template_or_404(user, template_id)
    decision = request.POST.get("decision", "")
    try:
        if decision == "approve":
            templates.approve(by=user, template_id=template_id, now=present())
            messages.success(request, _("In use from now on."))
        elif decision == "keep":
            templates.keep(by=user, template_id=template_id, now=present())
            messages.success(request, _("Reviewed. It stays in use."))
        elif decision == "retire":
            templates.retire(by=user, template_id=template_id)
            messages.success(request, _("Not used any more."))
        else:
            raise BadRequest
    except DomainError as error:
        return show(request, user, template, problem=error.message, status=error.status)
    return redirect("messaging:template", template_id)
