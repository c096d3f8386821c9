"""Pages of patients: profile, who can see them, who looked, carers, questions; and two doors for staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from clinic.services import is_clinician, teams_of
from patients import forms
from patients.access import grants_of, people_with_access, teams_with_access
from patients.areas import Scope
from patients.drafting import drafted
from patients.drafts import draft_or_404, drop_draft
from patients.emergency import HOURS, open_in_emergency, open_records
from patients.enrolment import add_carer, add_patient, end_carer
from patients.models import Patient
from patients.profile import save_profile
from patients.questions import (
    TOP,
    add_question,
    change_question,
    move_question,
    question_or_404,
    questions_of,
    remove_question,
)
from patients.reading import read_trail
from patients.requests import once_of
from patients.services import get_patient_or_404, record_many, record_view
from portal.lib.contributions import draft_kinds, profile_links
from portal.lib.forms import status_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in


def _own(request: HttpRequest) -> tuple[User, Patient]:
    """The signed-in patient. Raises Http404 for everybody else."""
    patient = get_patient_or_404(request)
    assert isinstance(request.user, User)
    return request.user, patient


def _clinician(request: HttpRequest) -> User:
    """The signed-in team member. Raises Http404 for everybody else."""
    if not isinstance(request.user, User) or not is_clinician(request.user):
        raise Http404
    return request.user


# --- The patient's own details -----------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name, phone and how to be reached, with a draft of what is not saved yet."""
    user, patient = _own(request)
    names = ("name", "preferred_name", "phone", "contact_note")
    initial = {name: getattr(patient, name) or "" for name in names}
    page = drafted(
        request, forms.ProfileForm, kind="profile", patient=patient, one_by_one=True, initial=initial
    )
    record_view(user, patient, "profile.view")
    context = {
        "patient": patient,
        "links": [link for contribute in profile_links for link in contribute(user, patient)],
    }
    if page.later:
        return page.finish_later("patients/profile.html", context)
    if page.form.is_valid():
        try:
            save_profile(patient=patient, by=user, id=page.id, **page.form.cleaned_data)
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Your details are saved."))
            return redirect("patients:profile")
    return page.render("patients/profile.html", context)


# --- Who can see, who looked -------------------------------------------------------------------------------


@require_GET
def access(request: HttpRequest) -> HttpResponse:
    """Everybody who may see the record today, what they may see, and emergency access of the past."""
    user, patient = _own(request)
    record_view(user, patient, "access.view")
    now = present()
    grants = grants_of(user, patient)
    emergency = people_with_access(grants, "break_glass", now)
    carers = people_with_access(grants, "carer", now)
    context = {
        "teams": teams_with_access(grants, now),
        "carers": [carer for carer in carers if carer.open_now],
        "emergency_now": [one for one in emergency if one.open_now],
        "emergency_past": [one for one in emergency if not one.open_now],
        "hours": HOURS,
    }
    return render(request, "patients/access.html", context)


@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Who looked and who changed something; `all=1` adds the patient's own acts, `before` goes back page by page."""
    user, patient = _own(request)
    record_view(user, patient, "trail.view")
    own = request.GET.get("all") == "1"
    before = request.GET.get("before", "")
    place = int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None
    page = read_trail(user=user, patient=patient, own=own, before=place)
    return render(request, "patients/trail.html", {"page": page, "own": own, "first": place is None})


# --- Carers ------------------------------------------------------------------------------------------------


@require_GET
def carers(request: HttpRequest) -> HttpResponse:
    """The people who help, and the button that ends their access."""
    user, patient = _own(request)
    record_view(user, patient, "carers.view")
    people = people_with_access(grants_of(user, patient), "carer", present())
    context = {
        "carers": [person for person in people if person.open_now],
        "past": [person for person in people if not person.open_now],
    }
    return render(request, "patients/carers.html", context)


@require_http_methods(["GET", "POST"])
def carer_add(request: HttpRequest) -> HttpResponse:
    """Open chosen parts of the record to somebody until a last day."""
    user, patient = _own(request)
    page = drafted(request, forms.CarerForm, kind="carer", patient=patient, one_by_one=True)
    if page.later:
        return page.finish_later("patients/carer_add.html")
    if page.form.is_valid():
        try:
            add_carer(patient=patient, by=user, id=page.id, now=present(), **page.form.cleaned_data)
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            words = _("%(name)s can help you now. We sent a mail that says how to sign in.")
            if Scope.MESSAGES in page.form.cleaned_data["scopes"]:
                words += " " + _(
                    "They can also read the messages you have written until now, but not the ones you hid."
                )
            messages.success(request, words % {"name": page.form.cleaned_data["called"]})
            return redirect("patients:carers")
    return page.render("patients/carer_add.html")


@require_POST
def carer_end(request: HttpRequest, grant_id: UUID) -> HttpResponse:
    """End a carer's access at once."""
    user, patient = _own(request)
    end_carer(patient=patient, by=user, id=once_of(request), grant_id=grant_id)
    messages.success(request, _("Done. This person can no longer see anything of yours."))
    return redirect("patients:carers")


# --- Questions for the next visit --------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def questions(request: HttpRequest) -> HttpResponse:
    """The list in the patient's order, with a form for one more."""
    user, patient = _own(request)
    page = drafted(request, forms.QuestionForm, kind="question", patient=patient)
    record_view(user, patient, "questions.view")
    if not page.later and page.form.is_valid():
        try:
            add_question(patient=patient, by=user, id=page.id, text=page.form.cleaned_data["text"])
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Your question is on the list."))
            return redirect("patients:questions")
    found = questions_of(user, patient)
    waiting = [question for question in found if question.asked_at is None]
    context = {
        "top": waiting[:TOP],
        "rest": waiting[TOP:],
        "last": waiting[-1].pk if waiting else None,
        "asked": [question for question in found if question.asked_at is not None],
    }
    if page.later:
        return page.finish_later("patients/questions.html", context)
    return page.render("patients/questions.html", context)


@require_http_methods(["GET", "POST"])
def question_edit(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """Change the words, tick it as asked, write down the answer."""
    user, patient = _own(request)
    question = question_or_404(user, patient, question_id)
    initial = {
        "text": question.text,
        "answer": question.answer or "",
        "asked": ["yes"] if question.asked_at or request.GET.get("asked") == "1" else [],
    }
    page = drafted(
        request, forms.AnswerForm, kind="answer", patient=patient, target=question.pk, initial=initial
    )
    record_view(user, patient, "questions.view")
    if page.later:
        return page.finish_later("patients/question.html", {"question": question})
    if page.form.is_valid():
        data = page.form.cleaned_data
        try:
            change_question(
                patient=patient,
                by=user,
                id=page.id,
                question_id=question.pk,
                text=data["text"],
                answer=data["answer"],
                asked=bool(data["asked"]),
                now=present(),
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            messages.success(request, _("Your question is saved."))
            return redirect("patients:questions")
    return page.render("patients/question.html", {"question": question})


@require_POST
def question_move(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """One place up or down."""
    user, patient = _own(request)
    up = request.POST.get("to") != "down"
    move_question(patient=patient, by=user, id=once_of(request), question_id=question_id, up=up)
    return redirect("patients:questions")


@require_POST
def question_remove(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """Take a question off the list."""
    user, patient = _own(request)
    remove_question(patient=patient, by=user, id=once_of(request), question_id=question_id)
    messages.success(request, _("The question is off your list."))
    return redirect("patients:questions")


# --- Unsent writing ----------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def draft_drop(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Ask once, then throw away what was not sent."""
    assert isinstance(request.user, User)
    draft = draft_or_404(user=request.user, id=draft_id)
    if request.method == "POST":
        drop_draft(user=request.user, id=draft_id)
        messages.success(request, _("Your unsent writing is thrown away."))
        return redirect("portal:today")
    context = {"draft": draft, "label": draft_kinds.get(draft.kind, draft.kind)}
    return render(request, "patients/draft_drop.html", context)


# --- Doors for staff ---------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def enroll(request: HttpRequest) -> HttpResponse:
    """A nurse adds a patient to one of their teams; the patient is invited by mail."""
    user = _clinician(request)
    teams = teams_of(user)
    choices = [(str(team.pk), team.name) for team in teams]
    today = today_in(present(), teams[0].site.time_zone)
    form = forms.EnrollForm(request.POST if request.method == "POST" else None, teams=choices, today=today)
    if form.is_valid():
        data = dict(form.cleaned_data)
        team_id = parse_uuid(data.pop("team"))
        assert team_id is not None
        try:
            done = add_patient(by=user, id=once_of(request), team_id=team_id, **data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            messages.success(request, _("The patient is added. An invitation is on its way."))
            return redirect("portal:summary", patient_id=done.result)
    return render(request, "patients/enroll.html", {"form": form}, status=status_of(form))


@require_http_methods(["GET", "POST"])
def break_glass(request: HttpRequest) -> HttpResponse:
    """Open one record for four hours, with a reason that the patient reads. Others do not find the page."""
    response: HttpResponse = _break_glass(request, _clinician(request))
    return response


@reauthentication_required
def _break_glass(request: HttpRequest, user: User) -> HttpResponse:
    form = forms.EmergencyForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _signed_in_freshly(request, user, form):
        try:
            open_in_emergency(by=user, id=once_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error.message))
        else:
            return redirect("patients:break-glass-open")
    context = {"form": form, "hours": HOURS}
    return render(request, "patients/break_glass.html", context, status=status_of(form))


def _signed_in_freshly(request: HttpRequest, user: User, form: Any) -> bool:
    """Somebody without a password or second factor cannot show again who they are: they sign in anew first."""
    if get_reauthentication_flows(user):
        return True
    newest = max((record["at"] for record in get_authentication_records(request, user)), default=0)
    if present().timestamp() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
        return True
    form.add_error(None, _("Sign out and sign in again, then come back here within 5 minutes."))
    return False


@require_GET
def break_glass_open(request: HttpRequest) -> HttpResponse:
    """The records that are open to this person in an emergency right now: the answer to every try."""
    user = _clinician(request)
    records = open_records(user, present())
    record_many(user, [patient for patient, _until in records], "patient.listed")
    return render(request, "patients/break_glass_open.html", {"records": records, "hours": HOURS})
