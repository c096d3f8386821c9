"""The patient's plans: a list with what meets each of them, one plan, and the ways to ask about it. The patient's alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import DraftedPage, drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.contributions import begin_message
from portal.lib.problems import DomainError
from treatment.dayof import plans
from treatment.dayof.forms import PlanForm
from treatment.dayof.plans import Plan
from treatment.pages import Asked

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """All plans, with what of the treatment lies in their days."""
    asked = Asked(request, None)
    record_view(asked.user, asked.patient, "plan.view")
    found = plans.plans_of(asked.user, asked.patient)
    near = plans.around(asked.user, asked.patient, asked.now) if found else plans.Around([])
    return asked.page(
        "plans",
        up=asked.url("home"),
        add=asked.url("life-plan-new"),
        rows=[
            {"plan": plan, "meets": plans.meeting(plan, near), "url": asked.url("life-plan", plan.id)}
            for plan in found
        ],
    )


@require_safe
def one(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """One plan: its days, what meets them, and how to ask."""
    asked = Asked(request, None)
    plan = plans.plan_or_404(asked.user, asked.patient, plan_id)
    record_view(asked.user, asked.patient, "plan.view", plan.id)
    near = plans.around(asked.user, asked.patient, asked.now)
    return asked.page(
        "plan",
        up=asked.url("life-plans"),
        plan=plan,
        meets=plans.meeting(plan, near),
        change=asked.url("life-plan-change", plan.id),
        end=asked.url("life-plan-end", plan.id),
        question=asked.url("life-plan-question", plan.id),
        write=asked.url("life-plan-write", plan.id) if begin_message.all() else "",
    )


@require_http_methods(GET_POST)
def new(request: HttpRequest) -> HttpResponse:
    """Write a plan down."""
    asked = Asked(request, None)
    return _form(asked, drafted(request, PlanForm, kind="life-plan", patient=asked.patient), None)


@require_http_methods(GET_POST)
def change(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Other words or days for a plan."""
    asked = Asked(request, None)
    plan = plans.plan_or_404(asked.user, asked.patient, plan_id)
    initial = {
        "kind": plan.kind,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "note": plan.note,
    }
    page = drafted(
        request, PlanForm, kind="life-plan", patient=asked.patient, target=plan.id, initial=initial
    )
    return _form(asked, page, plan)


def _form(asked: Asked, page: DraftedPage, plan: Plan | None) -> HttpResponse:
    context: dict[str, Any] = asked.context(
        up=asked.url("life-plan", plan.id) if plan is not None else asked.url("life-plans"), plan=plan
    )
    template = "treatment/plan_form.html"
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            made = plans.save_plan(
                by=asked.user,
                patient=asked.patient,
                id=page.id,
                plan_id=plan.id if plan is not None else None,
                version=_version(asked.request, plan),
                now=asked.now,
                **page.form.cleaned_data,
            )
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            return redirect(asked.url("life-plan", made.id))
    return page.render(template, context)


def _version(request: HttpRequest, plan: Plan | None) -> int:
    """The version that was read: the form carries it."""
    said = request.POST.get("plan_version", "")
    if plan is None:
        return 0
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else plan.version


@require_POST
def end(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Take a plan off the list."""
    asked = Asked(request, None)
    plans.end_plan(by=asked.user, patient=asked.patient, plan_id=plan_id, id=once_of(request), now=asked.now)
    messages.success(request, _("The plan is off your list."))
    return redirect(asked.url("life-plans"))


@require_POST
def question(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """Put the question about it on the patient's own list."""
    asked = Asked(request, None)
    try:
        plans.put_on_questions(
            by=asked.user, patient=asked.patient, plan_id=plan_id, id=once_of(request), now=asked.now
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("The question is on your list for the next visit."))
    return redirect(asked.url("life-plan", plan_id))


@require_POST
def write(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """A message to the team that begins with the plan. It waits as a draft until the patient sends it."""
    asked = Asked(request, None)
    plan = plans.plan_or_404(asked.user, asked.patient, plan_id)
    record_view(asked.user, asked.patient, "plan.view", plan.id)
    text = plans.question_text(asked.user, asked.patient, plan, asked.now)
    plans.note_asked(by=asked.user, patient=asked.patient, plan_id=plan_id, now=asked.now)
    begin = begin_message.all()[0]
    return redirect(begin(asked.user, asked.patient, "question", text))
