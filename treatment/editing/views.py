"""The editor of a therapy: a draft of the site, one page for each fact, then a next version with its reason."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from patients.requests import once_of
from portal.lib.forms import status_of
from portal.lib.problems import DomainError
from portal.lib.time import now as present
from treatment import words
from treatment.editing import differing, kinds, rules, services
from treatment.editing.forms import FactForm, MakeForm
from treatment.editing.kinds import Kind
from treatment.models import Protocol, ProtocolDraft
from treatment.protocols import catalog
from treatment.protocols.facts import Facts
from treatment.protocols.signing import home_site
from treatment.views.catalog import clinician

GET_POST = ["GET", "HEAD", "POST"]
SHORT = 160


@require_http_methods(GET_POST)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """The draft with all its facts; without one, how a new version is made and the button that begins it."""
    user = clinician(request)
    newest = catalog.versions_of(code, home_site(user))[0]
    if request.method == "POST":
        services.begin(by=user, code=code, now=present())
        return redirect("treatment:edit", code)
    draft = services.draft_of(user, code)
    context: dict[str, Any] = {"row": newest, "may_edit": services.may_edit(user), "draft": draft}
    if draft is not None:
        context |= {
            "sections": [_section(draft, kind) for kind in kinds.KINDS],
            "differs": differing.differences(newest.facts.content, draft.content),
            "wrong": rules.wrong_in(_whole(draft, newest), newest.facts.content),
        }
    return render(request, "treatment/editing/draft.html", context)


def _whole(draft: ProtocolDraft, newest: catalog.Row) -> dict[str, Any]:
    return services.with_sources_of(draft.content, newest.facts.content)


def _section(draft: ProtocolDraft, kind: Kind) -> dict[str, Any]:
    """A kind of fact with its facts, each with its status, its sources and the page on which it is changed."""
    code, facts = draft.therapy.code, Facts(draft.content)
    rows = []
    for index, fact in enumerate(kinds.facts_in(draft.content, kind)):
        name = kinds.name_of(kind, fact) or str(fact.get("text") or kind.title)
        state = words.status_words(str(fact.get("status"))) if kind.sourced else None
        rows.append(
            {
                "name": name if len(name) <= SHORT else f"{name[:SHORT]}…",
                "url": reverse("treatment:edit-fact", args=[code, kind.code, index]),
                "state": state,
                "source": "; ".join(words.source_words(facts, fact)) if kind.sourced else "",
            }
        )
    may_add = kind.many or not rows
    return {
        "title": kind.title,
        "rows": rows,
        "add": reverse("treatment:edit-add", args=[code, kind.code]) if may_add else "",
    }


def _kind(code: str) -> Kind:
    if code not in kinds.BY_CODE:
        raise Http404
    return kinds.BY_CODE[code]


@require_http_methods(GET_POST)
def fact(request: HttpRequest, code: str, kind: str, index: int | None = None) -> HttpResponse:
    """One fact: its pieces, its source, its status. What is refused stays on the page with the reason."""
    user = clinician(request)
    draft, what = services.draft_or_404(user, code), _kind(kind)
    if not services.may_edit(user):
        raise services.MayNotEdit
    rows = kinds.facts_in(draft.content, what)
    if index is None and not what.many and rows:
        raise Http404
    if request.method != "POST" and index is not None and index >= len(rows):
        raise Http404
    shown = rows[index] if index is not None and index < len(rows) else {}
    data = request.POST if request.method == "POST" else None
    form = FactForm(data, kind=what, content=draft.content, initial=FactForm.initial_of(what, shown))
    page: dict[str, Any] = {
        "was": services.digest(what, shown) if shown else "",
        "newest": [],
        "status": None,
    }
    if data is not None:
        done = _act(request, draft, what, index, form, page)
        if done is not None:
            return done
    context = {
        "form": form,
        "kind": what,
        "name": kinds.name_of(what, shown),
        "back": reverse("treatment:edit", args=[code]),
        "therapy": Facts(draft.content).name,
        "may_remove": index is not None and (what.many or what.may_lack),
        **page,
    }
    status = page["status"] or status_of(form)
    return render(request, "treatment/editing/fact.html", context, status=status)


def _act(
    request: HttpRequest,
    draft: ProtocolDraft,
    kind: Kind,
    index: int | None,
    form: FactForm,
    page: dict[str, Any],
) -> HttpResponse | None:
    """Save or take out; None when the page comes again with what was typed and the reason."""
    user, code, now = clinician(request), draft.therapy.code, present()
    was = request.POST.get("was", "")[:40]
    page["was"] = was
    removing = "remove" in request.POST
    if not removing and not form.is_valid():
        return None
    try:
        if removing:
            services.remove_fact(
                by=user, code=code, kind=kind, index=index or 0, was=was, id=once_of(request), now=now
            )
        else:
            services.save_fact(
                by=user, code=code, kind=kind, index=index, fact=form.fact(), new_source=form.new_source, was=was,
                id=once_of(request), now=now,
            )  # fmt: skip
    except services.NotRight as error:
        for wrong in error.wrong:
            form.say(wrong.part, wrong.sentence)
    except services.FactChanged as error:
        form.add_error(None, str(error.message))
        page["status"] = error.status
        if error.newest is not None:
            page["newest"] = differing.lines_of(services.draft_or_404(user, code).content, kind, error.newest)
            page["was"] = services.digest(kind, error.newest)
    except DomainError as error:
        if error.status == 403:
            raise
        form.add_error(None, str(error.message))
        page["status"] = error.status
    else:
        messages.success(
            request, _("Taken out of the draft.") if removing else _("The fact stands in the draft.")
        )
        return redirect("treatment:edit", code)
    return None


@require_http_methods(GET_POST)
def make(request: HttpRequest, code: str) -> HttpResponse:
    """Everything that differs from the newest version, why it is made, and the button that makes it."""
    user = clinician(request)
    site = home_site(user)
    newest = catalog.versions_of(code, site)[0]
    once = request.POST.get("once") if request.method == "POST" else None
    if once and (made := Protocol.objects.filter(pk=once_of(request), made_by=user).first()) is not None:
        return redirect("treatment:version", code, made.version)  # the second press of the button
    draft = services.draft_or_404(user, code)
    if not services.may_edit(user) or site is None:
        raise services.MayNotEdit
    form = MakeForm(request.POST if request.method == "POST" else None)
    status = None
    if form.is_valid():
        seen = request.POST.get("newest", "")
        try:
            made = services.make_from_draft(
                by=user, code=code, newest=int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else 0,
                reason=form.cleaned_data["reason"], id=once_of(request), now=present(),
            )  # fmt: skip
        except services.NotRight as error:
            for wrong in error.wrong[:20]:
                form.add_error(None, wrong.words)
        except DomainError as error:
            form.add_error(None, str(error.message))
            status = error.status
        else:
            said = _(
                "Version %(number)d is made. It needs three signatures before anything is ordered on it."
            )
            messages.success(request, said % {"number": made.version})
            return redirect("treatment:version", code, made.version)
    base = newest.facts.content
    context = {
        "form": form,
        "row": newest,
        "draft": draft,
        "differs": differing.differences(base, draft.content),
        "relaxed": services.relaxed(draft.content, base, site),
        "wrong": [] if form.is_bound else rules.wrong_in(_whole(draft, newest), base),
    }
    return render(request, "treatment/editing/make.html", context, status=status or status_of(form))


@require_http_methods(GET_POST)
def discard(request: HttpRequest, code: str) -> HttpResponse:
    """Throw the draft away, on a page of its own: it cannot be brought back."""
    user = clinician(request)
    newest = catalog.versions_of(code, home_site(user))[0]
    if request.method == "POST":
        services.discard(by=user, code=code)
        messages.success(request, _("The draft is gone. No version was changed."))
        return redirect("treatment:therapy", code)
    draft = services.draft_or_404(user, code)
    if not services.may_edit(user):
        raise services.MayNotEdit
    return render(request, "treatment/editing/discard.html", {"row": newest, "draft": draft})
