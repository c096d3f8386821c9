"""Allergies and medicines: one list for the patient and the team, each entry with who wrote it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import drafted
from patients.requests import once_of
from patients.services import record_view
from portal.lib.problems import DomainError
from treatment import lists
from treatment.forms import AllergyForm, MedicineForm
from treatment.models import Allergy, Medicine
from treatment.pages import Asked

GET_POST = ["GET", "HEAD", "POST"]
FORMS: dict[str, Any] = {"allergy": AllergyForm, "medicine": MedicineForm}
MODELS: dict[str, Any] = {"allergy": Allergy, "medicine": Medicine}
ADD: dict[str, Any] = {"allergy": gettext_lazy("Add an allergy"), "medicine": gettext_lazy("Add a medicine")}
CHANGE: dict[str, Any] = {
    "allergy": gettext_lazy("Change an allergy"),
    "medicine": gettext_lazy("Change a medicine"),
}


@require_safe
def both(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """What stands now, and what was ended."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "lists.view")
    allergies = lists.allergies_of(asked.user, asked.patient)
    return asked.page(
        "lists",
        allergies=_rows(asked, "allergy", [line for line in allergies if not line.none_known]),
        none_known=next((line for line in allergies if line.none_known), None),
        medicines=_rows(asked, "medicine", lists.medicines_of(asked.user, asked.patient)),
        ended=_rows(
            asked,
            "allergy",
            [
                line
                for line in lists.allergies_of(asked.user, asked.patient, ended=True)
                if not line.none_known
            ],
        )
        + _rows(asked, "medicine", lists.medicines_of(asked.user, asked.patient, ended=True)),
        add_allergy=asked.url("allergy-add"),
        add_medicine=asked.url("medicine-add"),
        none_url=asked.url("allergy-none"),
    )


def _rows(asked: Asked, kind: str, lines: list[lists.Line]) -> list[dict[str, Any]]:
    return [{"line": line, "url": asked.url(kind, line.entry)} for line in lines]


@require_http_methods(GET_POST)
def add(request: HttpRequest, kind: str, patient_id: UUID | None = None) -> HttpResponse:
    """A new entry."""
    return _entry_page(Asked(request, patient_id), kind, None)


@require_http_methods(GET_POST)
def change(
    request: HttpRequest, kind: str, patient_id: UUID | None = None, allergy_id: UUID | None = None,
    medicine_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """One entry: change it, end it, and what it said before."""
    return _entry_page(Asked(request, patient_id), kind, allergy_id or medicine_id)


def _entry_page(asked: Asked, kind: str, entry: UUID | None) -> HttpResponse:
    versions = lists.versions_of(asked.user, asked.patient, MODELS[kind], entry) if entry is not None else []
    newest = versions[-1] if versions else None
    if newest is not None and newest.none_known:
        raise Http404
    record_view(asked.user, asked.patient, "lists.view", entry)
    initial = (
        {"what": newest.what, "more": newest.more, "version": str(newest.version)}
        if newest is not None
        else {}
    )
    page = drafted(
        asked.request, FORMS[kind], kind=kind, patient=asked.patient, target=entry, initial=initial
    )
    context = asked.context(
        up=asked.url("lists"),
        newest=newest,
        before=versions[:-1][::-1],
        title=CHANGE[kind] if entry is not None else ADD[kind],
        end_url=asked.url(f"{kind}-end", entry) if newest is not None and not newest.ended else "",
    )
    template = "treatment/entry.html"
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            _save(asked, kind, entry, page.form.cleaned_data, page.id)
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            messages.success(asked.request, _("Saved in the list."))
            return redirect(asked.url("lists"))
    return page.render(template, context)


def _save(asked: Asked, kind: str, entry: UUID | None, data: dict[str, Any], id: UUID) -> None:
    version = int(data["version"]) if data["version"].isdecimal() and len(data["version"]) < 6 else 0
    if kind == "allergy":
        lists.save_allergy(
            by=asked.user, patient=asked.patient, id=id, what=data["what"], reaction=data["more"], entry=entry,
            version=version, now=asked.now,
        )  # fmt: skip
    else:
        lists.save_medicine(
            by=asked.user, patient=asked.patient, id=id, what=data["what"], how=data["more"], entry=entry,
            version=version, now=asked.now,
        )  # fmt: skip


@require_POST
def end(
    request: HttpRequest, kind: str, patient_id: UUID | None = None, allergy_id: UUID | None = None,
    medicine_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """End an entry: it leaves the list, its history stays."""
    asked = Asked(request, patient_id)
    entry = allergy_id or medicine_id
    assert entry is not None
    lists.versions_of(asked.user, asked.patient, MODELS[kind], entry)
    said = request.POST.get("version", "")
    version = int(said) if said.isascii() and said.isdecimal() and len(said) < 6 else 0
    try:
        lists.end_entry(
            by=asked.user, patient=asked.patient, kind=kind, entry=entry, version=version, id=once_of(request),
            now=asked.now,
        )  # fmt: skip
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Ended. You find it below, under what was ended."))
    return redirect(asked.url("lists"))


@require_POST
def none_known(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """The answer "No known allergies"."""
    asked = Asked(request, patient_id)
    try:
        lists.say_no_known_allergies(by=asked.user, patient=asked.patient, id=once_of(request), now=asked.now)
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("Saved: no known allergies."))
    return redirect(asked.url("lists"))
