"""The list before one dose, its questions, what came of them, and the evidence of each line. One view serves the patient and the team."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import DraftedPage, drafted
from patients.services import record_view
from portal.lib.contributions import before_dose, begin_message
from portal.lib.problems import DomainError
from treatment import checks, words
from treatment.courses import reading
from treatment.models import ChecklistItem, Dose, DoseAnswer, ItemNote
from treatment.pages import Asked
from treatment.readiness import answers, forms, items
from treatment.readiness.dose import standing_of_dose
from treatment.readiness.items import Line

GET_POST = ["GET", "HEAD", "POST"]
SHOWN = 10
State = ChecklistItem.State


# --- The list ---------------------------------------------------------------------------------------------------------


@require_safe
def dose_list(request: HttpRequest, dose_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """Everything before one dose: how each line stands, who has it, until when, and what shows it."""
    asked = Asked(request, patient_id)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    found = standing_of_dose(asked.user, asked.patient, dose, asked.now, whole=True)
    given = DoseAnswer.objects.for_user(asked.user, asked.patient).newest_first().filter(dose=dose)[:SHOWN]
    notes = _newest_notes(asked, dose)
    rows = [_row(asked, dose, line, notes.get(line.item.pk)) for line in found.lines]
    rows.sort(key=lambda row: row["line"].standing.settled)
    more = [row for entry in before_dose for row in entry(asked.user, asked.patient, dose, asked.now)]
    return asked.page(
        "ready",
        dose=dose,
        name=reading.name_of(dose.course),
        unsigned=dose.course.order.demo_only,
        planned=words.when_words(dose),
        day=dose.counted_on,
        left=words.left_words(asked.today, dose.counted_on),
        readiness=found.readiness,
        rows=rows,
        open=sum(not row["line"].standing.settled for row in rows)
        + len(found.overdue)
        + bool(found.stops)
        + sum(not row["done"] for row in more),
        more=more,
        overdue=[{"check": check, "who": _who(asked, check.owner)} for check in found.overdue],
        signs=[asked.url("self-check-done", row.pk) for row in found.self_checks],
        put_off=found.put_off,
        against=[stop.words for stop in found.against] if asked.is_staff else [],
        paused=dose.is_planned and dose.course.is_paused,
        ask_at_chair=found.ask_at_chair,
        chair_checks=reading.facts_for(dose.course).chair_checks if asked.is_staff and _is_open(dose) else [],
        stops=[{"row": row, "url": asked.url("answer", row.pk)} for row in found.stops],
        answers=[{"row": row, "url": asked.url("answer", row.pk)} for row in given],
        questions=asked.url("questions", dose.pk) if _is_open(dose) else "",
        up=asked.url("course", dose.course_id) if asked.is_staff else asked.url("home"),
    )


def _who(asked: Asked, owner: str) -> str:
    """Whose turn it is, for the reader: "You" on the patient's page is "The patient" on the team's."""
    return str(words.STAFF_OWNERS[owner]) if asked.is_staff else checks.owner_words(owner)


def _is_open(dose: Dose) -> bool:
    return dose.is_planned and dose.course.is_running


def _newest_notes(asked: Asked, dose: Dose) -> dict[UUID, ItemNote]:
    """The newest evidence of each line: one statement."""
    notes: Any = ItemNote.objects.for_user(asked.user, asked.patient).filter(item__dose=dose)
    found: dict[UUID, ItemNote] = {}
    for note in notes.newest_first():
        found.setdefault(note.item_id, note)
    return found


def _row(asked: Asked, dose: Dose, line: Line, note: ItemNote | None) -> dict[str, Any]:
    """A line as the page shows it."""
    mine = asked.is_staff or line.item.owner == ChecklistItem.Owner.YOU
    link = {"questions": asked.url("questions", dose.pk), "lists": asked.url("lists")}
    return {
        "line": line,
        "who": _who(asked, line.item.owner),
        "applies": words.applies_words(line.said.applies_to) if line.said.applies_to else "",
        "ask_for_day": line.standing.due is None and not line.standing.settled,
        "note": note,
        "link": link.get(line.said.link or "", "") if _is_open(dose) and not line.standing.settled else "",
        "mine": mine,
        "edit": asked.url("item-note", line.item.pk) if mine or note is not None else "",
    }


# --- The questions ----------------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def questions(request: HttpRequest, dose_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The questions before a dose. A phone number stands above them; one worrying answer is enough."""
    asked = Asked(request, patient_id)
    dose = reading.dose_or_404(asked.user, asked.patient, dose_id)
    record_view(asked.user, asked.patient, "treatment.view", dose.pk)
    up = asked.url("ready", dose.pk)
    at_chair = asked.is_staff and request.GET.get("at") == "chair"
    if not _is_open(dose):
        messages.error(request, str(items.DoseIsOver.default_message))
        return redirect(up)
    page = drafted(
        request, forms.QuestionsForm, kind="dose-answers", patient=asked.patient, target=dose.pk,
        questions=answers.questions_for(asked.user, asked.patient, dose), staff=asked.is_staff,
        at_chair=at_chair,
    )  # fmt: skip
    context = asked.context(
        up=up, dose=dose, name=reading.name_of(dose.course), unsigned=dose.course.order.demo_only,
        has_rems=bool(reading.facts_for(dose.course).content["rems"]),
    )  # fmt: skip
    return _sent(
        asked, page, "treatment/questions.html", context, lambda: _answered(asked, page, dose, at_chair)
    )


def _answered(asked: Asked, page: DraftedPage, dose: Dose, at_chair: bool) -> HttpResponse:
    """To what was answered; the nurse at the chair goes back to the record when nothing worries."""
    form: Any = page.form
    made = answers.answer(
        by=asked.user, patient=asked.patient, dose_id=dose.pk, said=form.said,
        place=form.cleaned_data.get("place", ""), id=page.id, now=asked.now,
    )  # fmt: skip
    if at_chair and made.level == DoseAnswer.Level.NONE:
        messages.success(asked.request, _("The answers are noted."))
        return redirect(asked.url("chair", dose.pk))
    return redirect(asked.url("answer", made.pk))


def _sent(asked: Asked, page: DraftedPage, template: str, context: dict[str, Any], act: Any) -> HttpResponse:
    """A form page: kept for later, done, or shown again with what is wrong."""
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            answer: HttpResponse = act()
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            return answer
    return page.render(template, context)


@require_safe
def answer(request: HttpRequest, answer_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """What was answered. For the patient: whom to call first, then the message. For the team: who has talked with the patient."""
    asked = Asked(request, patient_id)
    row = answers.answer_or_404(asked.user, asked.patient, answer_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    may_write = not asked.is_staff and row.level != DoseAnswer.Level.NONE and bool(begin_message.all())
    needs = row.level != DoseAnswer.Level.NONE and row.reviewed_at is None
    may_lift = asked.capacity == "team" and row.stops and not needs and answers.may_lift(asked.user)
    return asked.page(
        "answer",
        row=row,
        concerns=row.answers["concerns"],
        calls=[line for line in row.answers["concerns"] if line["level_code"] == DoseAnswer.Level.CALL_FIRST],
        write=asked.url("answer-write", row.pk) if may_write else "",
        review=asked.url("answer-review", row.pk) if asked.capacity == "team" and needs else "",
        lift=asked.url("answer-lift", row.pk) if may_lift else "",
        up=asked.url("ready", row.dose_id),
    )


@require_POST
def write(request: HttpRequest, answer_id: UUID) -> HttpResponse:
    """A message to the team that begins with the concerns. It waits as a draft until the patient sends it."""
    asked = Asked(request, None)
    row = answers.answer_or_404(asked.user, asked.patient, answer_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    begin = begin_message.all()[0]
    topic, text = answers.message_topic(row), answers.message_text(row)
    return redirect(begin(asked.user, asked.patient, topic, text))


@require_http_methods(GET_POST)
def review(request: HttpRequest, patient_id: UUID, answer_id: UUID) -> HttpResponse:
    """Somebody of the team has talked with the patient: what was agreed, and what happens with the stopped lines."""
    asked = Asked(request, patient_id, staff_only=True)
    row = answers.answer_or_404(asked.user, asked.patient, answer_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    may_lift = row.stops and answers.may_lift(asked.user)
    page = drafted(
        request, forms.AgreedForm, kind="dose-agreed", patient=asked.patient, target=row.pk, may_lift=may_lift
    )
    back = asked.url("answer", row.pk)

    def act() -> HttpResponse:
        said = page.form.cleaned_data
        answers.review(
            by=asked.user, patient=asked.patient, answer_id=row.pk, agreed=said["agreed"],
            lift=said.get("lift") == answers.YES, id=page.id, now=asked.now,
        )  # fmt: skip
        messages.success(request, _("Noted what was agreed."))
        return redirect(back)

    stays = row.stops and not may_lift
    context = asked.context(up=back, row=row, concerns=row.answers["concerns"], stays=stays)
    return _sent(asked, page, "treatment/answer_review.html", context, act)


@require_http_methods(GET_POST)
def lift(request: HttpRequest, patient_id: UUID, answer_id: UUID) -> HttpResponse:
    """A neurologist or a nurse lifts the stop of an answer that was looked at, with the reason."""
    asked = Asked(request, patient_id, staff_only=True)
    row = answers.answer_or_404(asked.user, asked.patient, answer_id)
    record_view(asked.user, asked.patient, "treatment.view", row.pk)
    page = drafted(request, forms.LiftForm, kind="dose-lift", patient=asked.patient, target=row.pk)
    back = asked.url("answer", row.pk)

    def act() -> HttpResponse:
        answers.lift_stop(
            by=asked.user, patient=asked.patient, answer_id=row.pk, reason=page.form.cleaned_data["reason"],
            id=page.id, now=asked.now,
        )  # fmt: skip
        messages.success(request, _("The stop is lifted."))
        return redirect(back)

    context = asked.context(up=back, row=row, concerns=row.answers["concerns"])
    return _sent(asked, page, "treatment/answer_lift.html", context, act)


# --- The evidence of a line -------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def item_note(request: HttpRequest, item_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """One line: where it comes from, its evidence so far, and a form for what became of it."""
    asked = Asked(request, patient_id)
    item = items.item_or_404(asked.user, asked.patient, item_id)
    record_view(asked.user, asked.patient, "treatment.view", item.pk)
    facts, said = reading.facts_for(item.dose.course), items.said_of(item)
    mine = asked.is_staff or item.owner == ChecklistItem.Owner.YOU
    stopped = item.state == State.CONCERN
    page = _note_page(asked, item)
    fact = facts.statement(item.fact) or {}
    back = asked.url("ready", item.dose_id)
    rows: Any = ItemNote.objects.for_user(asked.user, asked.patient).filter(item=item)
    context = asked.context(
        up=back,
        item=item,
        said=said,
        who=_who(asked, item.owner),
        applies=words.applies_words(said.applies_to) if said.applies_to else "",
        status=words.status_words(str(fact.get("status", ""))),
        sources=words.source_words(facts, fact),
        text=fact.get("item") or fact.get("question") or "",
        notes=[{"note": note, "word": State(note.state).label} for note in rows.newest_first()[:SHOWN]],
        may=mine and _is_open(item.dose),
        stopped=stopped,
        can_answer=asked.url("questions", item.dose_id) if said.link == "questions" else "",
    )

    def act() -> HttpResponse:
        data = page.form.cleaned_data
        items.note_item(
            by=asked.user, patient=asked.patient, item_id=item.pk, state=data["state"], text=data["text"],
            day=data.get("day"), valid_until=data.get("valid_until"), draw_by=data.get("draw_by"),
            due_on=data.get("due_on"), id=page.id, now=asked.now,
        )  # fmt: skip
        messages.success(request, _("Noted."))
        return redirect(back)

    return _sent(asked, page, "treatment/item_note.html", context, act)


def _note_page(asked: Asked, item: ChecklistItem) -> DraftedPage:
    said = items.said_of(item)
    more: dict[str, Any] = {"patient": asked.patient, "target": item.pk}
    if not asked.is_staff:
        questions_only = said.link == "questions"
        return drafted(
            asked.request, forms.OwnNoteForm, kind="dose-note", for_some=bool(said.applies_to),
            questions=questions_only, **more,
        )  # fmt: skip
    initial = {"state": item.state, "draw_by": item.draw_by, "due_on": item.due_on}
    return drafted(
        asked.request, forms.NoteForm, kind="dose-note", is_test=said.kind in ("lab", "scan"), latest=asked.today,
        initial=initial, **more,
    )  # fmt: skip
