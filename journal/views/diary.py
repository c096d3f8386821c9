"""Pages of the journal: the patient's own, a carer's read-only one, and what the team sees."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from journal import reading, reports, services
from journal.calendar import DAYS_BACK
from journal.contributed import same_as_yesterday
from journal.forms import EntryForm, SymptomsForm, name_of
from journal.models import JournalEntry
from journal.symptoms import MOST_FOLLOWED, in_order
from patients.drafting import DraftedPage, drafted
from patients.models import Patient
from patients.requests import once_of
from patients.services import capacity_of, get_patient_or_404, record_view
from portal.lib.forms import status_of
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from portal.lib.time import today_in

STAFF = ("team", "break_glass")


def _mine(request: HttpRequest) -> tuple[User, Patient, datetime, date]:
    """The person, their own record, this instant (UTC) and the day on the clinic's clock. Raises Http404."""
    assert isinstance(request.user, User)
    patient = get_patient_or_404(request)
    now = present()
    return request.user, patient, now, today_in(now, patient.site.time_zone)


def _entry_or_404(user: User, patient: Patient, entry_id: UUID) -> JournalEntry:
    found = JournalEntry.objects.for_user(user, patient).filter(pk=entry_id).first()
    if found is None:
        raise Http404
    return found


def _before(request: HttpRequest) -> date | None:
    """The day before which a page of weeks begins; anything else in the address means the newest page."""
    asked = request.GET.get("before", "")
    try:
        return date.fromisoformat(asked) if len(asked) == 10 else None
    except ValueError:
        return None


# --- The patient's own pages ---------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The journal by week, newest first."""
    user, patient, _now, today = _mine(request)
    record_view(user, patient, "journal.view")
    context = {
        "patient": patient,
        "page": reading.journal_page(user, patient, before=_before(request), today=today),
        "followed": reading.followed(user, patient),
        "standing": services.standing_grant(user, patient),
    }
    return render(request, "journal/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Quick entry: at most four presses, a note and another day for those who want them."""
    user, patient, now, today = _mine(request)
    chosen = reading.followed(user, patient)
    standing = services.standing_grant(user, patient)
    asks: dict[str, Any] = {"symptoms": chosen or [], "today": today, "standing": standing is not None}
    page = drafted(
        request,
        EntryForm,
        kind="journal-entry",
        patient=patient,
        resume=reverse("journal:new"),
        one_by_one=True,
        **asks,
    )
    context = {
        "patient": patient,
        "followed": chosen,
        "standing": standing,
        "same": same_as_yesterday(
            reading.entries_of_day(user, patient, today - timedelta(days=1)), chosen or [], today
        ),
        "days_back": DAYS_BACK,
    }
    if page.later:
        return page.finish_later("journal/new.html", context)
    if "more" in request.POST:
        page.keep()
        if page.conflict is not None:
            return page.render_again("journal/new.html", context, status=409)
        return redirect("journal:new")
    if "same" in request.POST:
        _fill_with_earlier(request, page, user, patient, asks)
    if page.form.is_valid():
        assert isinstance(page.form, EntryForm)
        try:
            made = services.write_entry(
                by=user,
                patient=patient,
                id=page.id,
                words=page.form.words(),
                share=page.form.shares(),
                now=now,
            )
        except DomainError as error:
            page.refuse(error)
        else:
            page.done()
            return redirect("journal:saved", made.pk)
    return page.render("journal/new.html", context)


def _fill_with_earlier(
    request: HttpRequest, page: DraftedPage, user: User, patient: Patient, asks: dict[str, Any]
) -> None:
    """ "Same as yesterday": the posted form with the words of that entry, for today. Raises Http404."""
    source = parse_uuid(request.POST.get("same"))
    if source is None:
        raise Http404
    (earlier,) = reading.shown(user, patient, [_entry_or_404(user, patient, source)])
    data = request.POST.copy()
    data["day"] = asks["today"].isoformat()
    for part in ("other_day_day", "other_day_month", "other_day_year"):
        data.pop(part, None)
    for symptom in asks["symptoms"]:
        if symptom.code in earlier.scores:
            data[name_of(symptom)] = str(earlier.scores[symptom.code])
        else:
            data.pop(name_of(symptom), None)
    page.form = EntryForm(data, **asks)


@require_safe
def saved(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """What was saved, in words, with Change and Undo."""
    user, patient, now, _today = _mine(request)
    found = _entry_or_404(user, patient, entry_id)
    if found.taken_back_at is not None:
        return redirect("journal:entry", entry_id)
    record_view(user, patient, "journal.entry-view", found.pk)
    (entry,) = reading.shown(user, patient, [found])
    # After a change, Undo here would take the whole entry back: that button is on the entry's own page.
    fresh = found.version == 1 and services.can_undo(found, now)
    context = {"patient": patient, "entry": entry, "can_undo": fresh}
    return render(request, "journal/saved.html", context)


@require_safe
def entry(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One entry with the history of its changes."""
    return _entry_page(request, entry_id)


def _entry_page(request: HttpRequest, entry_id: UUID, problem: DomainError | None = None) -> HttpResponse:
    user, patient, now, _today = _mine(request)
    found = _entry_or_404(user, patient, entry_id)
    record_view(user, patient, "journal.entry-view", found.pk)
    (shown,) = reading.shown(user, patient, [found])
    context = {
        "patient": patient,
        "entry": shown,
        "history": reading.history_of(user, found),
        "can_undo": services.can_undo(found, now),
        "problem": problem,
    }
    return render(request, "journal/entry.html", context, status=problem.status if problem else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Other words for an entry; what stood there before stays in its history."""
    user, patient, now, today = _mine(request)
    found = _entry_or_404(user, patient, entry_id)
    if found.taken_back_at is not None:
        return redirect("journal:entry", entry_id)
    record_view(user, patient, "journal.entry-view", found.pk)
    (shown,) = reading.shown(user, patient, [found])
    codes = {symptom.code for symptom in reading.followed(user, patient) or []} | set(shown.scores)
    page = drafted(
        request,
        EntryForm,
        kind="journal-change",
        patient=patient,
        target=found.pk,
        one_by_one=True,
        symptoms=in_order(codes),
        today=today,
        standing=False,
        words=services.Words(shown.occurred_on, shown.scores, shown.note),
        shared=shown.shared,
    )
    context = {"patient": patient, "entry": shown, "newest": None}
    if page.later:
        return page.finish_later("journal/edit.html", context)
    if page.form.is_valid():
        assert isinstance(page.form, EntryForm)
        try:
            services.change_entry(
                by=user,
                patient=patient,
                entry_id=found.pk,
                id=page.id,
                version=_version(request),
                words=page.form.words(),
                share=page.form.shares(),
                now=now,
            )
        except DomainError as error:
            page.refuse(error)
            if isinstance(error, services.ChangedElsewhere):
                context["newest"] = shown
        else:
            page.done()
            return redirect("journal:saved", found.pk)
    elif found.changed_at and page.state.saved_at and page.state.saved_at < found.changed_at:
        context["newest"] = shown  # the draft is older than the entry: both stand on the page
    return page.render("journal/edit.html", context)


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def _act(request: HttpRequest, entry_id: UUID, do: Callable[..., JournalEntry]) -> HttpResponse | None:
    """Run an act of one button on one entry; the page with the reason when it is refused, else None."""
    user, patient, now, _today = _mine(request)
    try:
        do(by=user, patient=patient, entry_id=entry_id, id=once_of(request), now=now)
    except DomainError as error:
        return _entry_page(request, entry_id, error)
    return None


@require_POST
def undo(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Take an entry back within ten minutes."""
    return _act(request, entry_id, services.take_back) or redirect("journal:entry", entry_id)


@require_POST
def share(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Show this entry to the team."""
    refused = _act(request, entry_id, services.share_entry)
    if refused is None:
        messages.success(request, _("Your team can see this entry now."))
    return refused or redirect("journal:entry", entry_id)


@require_POST
def unshare(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """Stop showing this entry to the team."""
    refused = _act(request, entry_id, services.unshare_entry)
    if refused is None:
        messages.success(
            request,
            _(
                "Your team no longer sees this entry. If someone read it before, they may remember it "
                "or have written about it in your record."
            ),
        )
    return refused or redirect("journal:entry", entry_id)


@require_http_methods(["GET", "HEAD", "POST"])
def symptoms(request: HttpRequest) -> HttpResponse:
    """Choose up to three symptoms to follow."""
    user, patient, now, _today = _mine(request)
    chosen = reading.followed(user, patient)
    if request.method == "POST":
        form = SymptomsForm(request.POST)
        if form.is_valid():
            services.choose_symptoms(by=user, patient=patient, codes=form.cleaned_data["codes"], now=now)
            messages.success(request, _("Saved. These are the symptoms you note from now on."))
            return redirect("journal:new")
    else:
        form = SymptomsForm(initial={"codes": [symptom.code for symptom in chosen or []]})
    context = {"patient": patient, "form": form, "most": MOST_FOLLOWED}
    return render(request, "journal/symptoms.html", context, status=status_of(form))


@require_safe
def sharing(request: HttpRequest) -> HttpResponse:
    """What the team sees: the very rows they see, and the choice for new entries."""
    user, patient, _now, today = _mine(request)
    record_view(user, patient, "journal.view")
    context = {
        "patient": patient,
        "page": reading.shared_page(user, patient, before=_before(request), today=today),
        "standing": services.standing_grant(user, patient),
        "reports": reports.shared_reports(user, patient),
    }
    return render(request, "journal/sharing.html", context)


@require_POST
def sharing_start(request: HttpRequest) -> HttpResponse:
    """Share every new entry from now on."""
    user, patient, now, _today = _mine(request)
    services.share_new_entries(by=user, patient=patient, id=once_of(request), now=now)
    messages.success(
        request, _("New entries are shared with your team from now on. Older ones stay as they are.")
    )
    return redirect("journal:sharing")


@require_POST
def sharing_stop(request: HttpRequest) -> HttpResponse:
    """Keep new entries private again."""
    user, patient, now, _today = _mine(request)
    services.keep_new_entries_private(by=user, patient=patient, id=once_of(request), now=now)
    messages.success(request, _("New entries are private again. What you shared before stays shared."))
    return redirect("journal:sharing")


@require_POST
def sharing_stop_all(request: HttpRequest) -> HttpResponse:
    """Withdraw everything that was shared."""
    user, patient, now, _today = _mine(request)
    services.stop_all_sharing(by=user, patient=patient, id=once_of(request), now=now)
    messages.success(
        request,
        _(
            "Your team no longer sees your journal. If someone read something before, they may remember it "
            "or have written about it in your record."
        ),
    )
    return redirect("journal:sharing")


# --- Others' pages -------------------------------------------------------------------------------------------


@require_safe
def patient_home(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """A carer reads what the patient opened to them; what is sensitive is not there at all."""
    assert isinstance(request.user, User)
    patient = get_patient_or_404(request, patient_id, area="journal")
    if capacity_of(request.user, patient) != "carer":
        raise Http404
    record_view(request.user, patient, "journal.view")
    today = today_in(present(), patient.site.time_zone)
    page = reading.journal_page(request.user, patient, before=_before(request), today=today)
    return render(request, "journal/patient_home.html", {"patient": patient, "page": page})


@require_safe
def shared(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """What a patient shared with the team, for the team."""
    assert isinstance(request.user, User)
    patient = get_patient_or_404(request, patient_id, area="shared_journal")
    if capacity_of(request.user, patient) not in STAFF:
        raise Http404
    record_view(request.user, patient, "journal.shared-view")
    today = today_in(present(), patient.site.time_zone)
    page = reading.shared_page(request.user, patient, before=_before(request), today=today)
    context = {"patient": patient, "page": page, "reports": reports.shared_reports(request.user, patient)}
    return render(request, "journal/shared.html", context)
