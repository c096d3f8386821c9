"""Pages of the ledger about one patient: all tests, one test, one result, and the acts of the team."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients.drafting import DraftedPage, drafted
from patients.relations import own_teams
from patients.requests import once_of
from patients.services import record_view
from portal.lib.problems import DomainError, NotAllowed
from treatment.courses.guards import NotAPrescriber
from treatment.ledger import forms, keepers, services, shown, words
from treatment.ledger.known import Test
from treatment.ledger.models import Result
from treatment.ledger.reading import Line, decisions_of, duty_of, known_tests, ledger_of
from treatment.models import DutyDecision
from treatment.pages import Asked

GET_POST = ["GET", "HEAD", "POST"]


@require_safe
def home(request: HttpRequest, patient_id: UUID | None = None) -> HttpResponse:
    """What is watched and until when, the newest result of each test and its note, and what is due next."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "ledger.view")
    lines = ledger_of(asked.user, asked.patient, asked.now)
    results = shown.results_of(asked.user, asked.patient, team=asked.is_staff)
    said = decisions_of(asked.user, asked.patient)
    rows = [row for row in shown.line_rows(asked, lines, results, said) if shown.is_shown(asked, row)]
    new = _newly_seen(asked, [row["newest"].row for row in rows if row["newest"] is not None])
    found: dict[str, Any] = {
        "watched": [row for row in rows if shown.is_watched(row)],
        "others": [row for row in rows if not shown.is_watched(row)],
        "new": new,
        "up": asked.url("home"),
    }
    if asked.is_staff:
        tests = known_tests(lines)
        found |= {
            "waiting": [
                {
                    "row": row,
                    "label": tests[row.test].label if row.test in tests else row.test,
                    "stage": shown.stage_of(row),
                    "url": asked.url("result", row.pk),
                }
                for row in results
                if not hasattr(row, "release") and not hasattr(row, "correction")
            ],
            "tests": [
                {"label": test.label, "url": asked.url("result-new", code)} for code, test in tests.items()
            ],
            "may_enter": asked.capacity == "team",
            "keeper": keepers.keeper_of(asked.user, asked.patient),
            "owner_url": asked.url("ledger-owner") if asked.capacity == "team" else "",
            "decide": asked.may_prescribe and asked.capacity == "team",
        }
    return asked.page("ledger", **found)


def _newly_seen(asked: Asked, results: list[Result]) -> set[UUID]:
    """The results that the patient has before them for the first time; noted as seen."""
    if asked.capacity != "self":
        return set()
    new = {row.pk for row in results if hasattr(row, "release") and not row.seen.all()}
    services.note_seen(by=asked.user, patient=asked.patient, results=results, now=asked.now)
    return new


def _line(asked: Asked, code: str, lines: list[Line]) -> tuple[Test, Line | None]:
    """A test that this patient's pages know. Raises Http404."""
    line = next((line for line in lines if line.test.code == code), None)
    test = line.test if line is not None else known_tests(lines).get(code)
    if test is None:
        raise Http404
    return test, line


@require_safe
def one_test(request: HttpRequest, test: str, patient_id: UUID | None = None) -> HttpResponse:
    """One test: its trend as charts and as a table, and every result with its note."""
    asked = Asked(request, patient_id)
    record_view(asked.user, asked.patient, "ledger.view")
    lines = ledger_of(asked.user, asked.patient, asked.now)
    kind, line = _line(asked, test, lines)
    results = shown.results_of(asked.user, asked.patient, kind.code, team=asked.is_staff)
    if line is None and not results:
        raise Http404
    if not asked.is_staff:
        open_ones = [row for row in results if hasattr(row, "release") and not hasattr(row, "correction")]
    else:
        open_ones = results
    new = _newly_seen(asked, open_ones)
    rows = [shown.shown(asked, kind, row) for row in open_ones]
    return asked.page(
        "ledger_test",
        test=kind,
        row=shown.line_rows(asked, [line], results)[0] if line is not None else None,
        rows=rows,
        new=new,
        charts=shown.charts_of(asked, kind, rows),
        enter=asked.url("result-new", kind.code) if asked.capacity == "team" and kind.owner != "you" else "",
        up=asked.url("ledger"),
    )


def _place(code: str) -> UUID:
    """The place of a draft: a test or a duty has no row, so its name stands for it."""
    return uuid5(NAMESPACE_URL, code)


# --- The team: one result ------------------------------------------------------------------------------------------------------


def _of_team(asked: Asked) -> None:
    """Yours to see but not to change: 403, asked after the thing itself was found."""
    if asked.capacity != "team":
        raise NotAllowed


def _result(asked: Asked, result_id: UUID) -> tuple[Result, Test]:
    row = services.result_or_404(asked.user, asked.patient, result_id)
    found = shown.results_of(asked.user, asked.patient, row.test, team=True)
    whole = next(one for one in found if one.pk == row.pk)
    return whole, _line(asked, row.test, ledger_of(asked.user, asked.patient, asked.now))[0]


@require_safe
def result(request: HttpRequest, patient_id: UUID, result_id: UUID) -> HttpResponse:
    """One entry for the team: what was found, who did what with it, what is next."""
    asked = Asked(request, patient_id, staff_only=True)
    row, test = _result(asked, result_id)
    record_view(asked.user, asked.patient, "ledger.view", row.pk)
    acts = asked.capacity == "team" and not hasattr(row, "correction")
    looked = hasattr(row, "look")
    return asked.page(
        "result",
        test=test,
        one=shown.shown(asked, test, row),
        steps=words.result_steps(row),
        seen=list(row.seen.all()),
        look_url=asked.url("result-look", row.pk)
        if acts and not looked and row.entered_by_id != asked.user.pk
        else "",
        own_entry=acts and not looked and row.entered_by_id == asked.user.pk,
        release_url=asked.url("result-release", row.pk)
        if acts and looked and not hasattr(row, "release")
        else "",
        correct_url=asked.url("result-correct", row.pk) if acts and not row.withdrawn else "",
        withdraw_url=asked.url("result-withdraw", row.pk) if acts and not row.withdrawn else "",
        corrected_by=asked.url("result", row.correction.pk) if hasattr(row, "correction") else "",
        corrects=asked.url("result", row.corrects_id) if row.corrects_id else "",
        up=asked.url("ledger-test", row.test),
    )


@require_http_methods(GET_POST)
def enter(request: HttpRequest, patient_id: UUID, test: str) -> HttpResponse:
    """Enter what a test found."""
    asked = Asked(request, patient_id, staff_only=True)
    kind = _line(asked, test, ledger_of(asked.user, asked.patient, asked.now))[0]
    if kind.owner == "you":
        raise Http404
    _of_team(asked)
    record_view(asked.user, asked.patient, "ledger.view")
    page = drafted(
        request, forms.ResultForm, kind="result", patient=asked.patient, target=_place(kind.code), test=kind, latest=asked.today,
        correcting=False,
    )  # fmt: skip
    return _entry(asked, page, kind, None)


@require_http_methods(GET_POST)
def correct(request: HttpRequest, patient_id: UUID, result_id: UUID) -> HttpResponse:
    """A new entry in place of a wrong one; the wrong one stays readable for the team."""
    asked = Asked(request, patient_id, staff_only=True)
    row, kind = _result(asked, result_id)
    if row.withdrawn:
        raise Http404
    _of_team(asked)
    record_view(asked.user, asked.patient, "ledger.view", row.pk)
    details = row.content.details
    initial: dict[str, Any] = {
        "taken_on": row.taken_on, "words": details["words"], "assay": details["assay"], "mark": details["mark_code"] or "none"
    }  # fmt: skip
    for value in details["values"]:
        initial |= {f"number_{value['code']}": value["number"], f"unit_{value['code']}": value["unit"]}
    page = drafted(
        request, forms.ResultForm, kind="result", patient=asked.patient, target=row.pk, test=kind, latest=asked.today,
        correcting=True, initial=initial,
    )  # fmt: skip
    return _entry(asked, page, kind, row)


def _entry(asked: Asked, page: DraftedPage, kind: Test, wrong: Result | None) -> HttpResponse:
    back = asked.url("result", wrong.pk) if wrong is not None else asked.url("ledger")
    context = asked.context(test=kind, wrong=wrong, up=back)
    made: list[Result] = []

    def act(data: dict[str, Any]) -> None:
        form: Any = page.form
        made.append(
            services.enter_result(
                by=asked.user, patient=asked.patient, id=page.id, test=kind.code, now=asked.now,
                corrects=wrong.pk if wrong is not None else None, why=data.get("why", ""), **form.details(),
            )
        )  # fmt: skip

    return _finish(
        asked, page, "treatment/result_form.html", context, act, _("Entered. It waits for a second look by somebody else."),
        lambda: asked.url("result", made[0].pk),
    )  # fmt: skip


@require_http_methods(GET_POST)
def withdraw(request: HttpRequest, patient_id: UUID, result_id: UUID) -> HttpResponse:
    """Take back an entry that is none of this patient's."""
    asked = Asked(request, patient_id, staff_only=True)
    row, kind = _result(asked, result_id)
    if row.withdrawn:
        raise Http404
    _of_team(asked)
    record_view(asked.user, asked.patient, "ledger.view", row.pk)
    page = drafted(request, forms.WithdrawForm, kind="result-withdraw", patient=asked.patient, target=row.pk)
    made: list[Result] = []

    def act(data: dict[str, Any]) -> None:
        made.append(
            services.withdraw_result(
                by=asked.user,
                patient=asked.patient,
                id=page.id,
                result_id=row.pk,
                why=data["why"],
                now=asked.now,
            )
        )

    context = asked.context(test=kind, one=shown.shown(asked, kind, row), up=asked.url("result", row.pk))
    return _finish(
        asked, page, "treatment/result_withdraw.html", context, act, _("Taken back. It counts for nothing any more."),
        lambda: asked.url("result", made[0].pk),
    )  # fmt: skip


@require_POST
def look(request: HttpRequest, patient_id: UUID, result_id: UUID) -> HttpResponse:
    """The second look: compared with the report, by somebody else."""
    asked = Asked(request, patient_id, staff_only=True)
    services.result_or_404(asked.user, asked.patient, result_id)
    try:
        services.look_at(
            by=asked.user, patient=asked.patient, result_id=result_id, id=once_of(request), now=asked.now
        )
    except DomainError as error:
        if error.status == 403:
            raise
        messages.error(request, str(error.message))
    else:
        messages.success(
            request, _("Noted: you compared it with the report. Now it can be released with a note.")
        )
    return redirect(asked.url("result", result_id))


@require_http_methods(GET_POST)
def release(request: HttpRequest, patient_id: UUID, result_id: UUID) -> HttpResponse:
    """Release a checked result with a plain note."""
    asked = Asked(request, patient_id, staff_only=True)
    row, kind = _result(asked, result_id)
    _of_team(asked)
    record_view(asked.user, asked.patient, "ledger.view", row.pk)
    page = drafted(request, forms.ReleaseForm, kind="result-release", patient=asked.patient, target=row.pk)
    back = asked.url("result", row.pk)

    def act(data: dict[str, Any]) -> None:
        services.release(
            by=asked.user,
            patient=asked.patient,
            result_id=row.pk,
            note=data["note"],
            id=page.id,
            now=asked.now,
        )

    context = asked.context(
        test=kind, one=shown.shown(asked, kind, row), looked=hasattr(row, "look"), up=back
    )
    return _finish(
        asked, page, "treatment/result_release.html", context, act, _("Released. The patient can read it now."), lambda: back
    )  # fmt: skip


# --- The team: duties -----------------------------------------------------------------------------------------------------------


@require_http_methods(GET_POST)
def decide(request: HttpRequest, patient_id: UUID, fact: str) -> HttpResponse:
    """A prescriber says whether a duty applies and how often; what was said before stands below."""
    asked = Asked(request, patient_id, staff_only=True)
    duty = duty_of(ledger_of(asked.user, asked.patient, asked.now), fact)
    if duty is None:
        raise Http404
    _of_team(asked)
    if not asked.may_prescribe:
        raise NotAPrescriber
    record_view(asked.user, asked.patient, "ledger.view")
    initial = {"applies": "yes", "every_months": duty.decided.every_months if duty.decided else None}
    page = drafted(
        request, forms.DecisionForm, kind="duty-decision", patient=asked.patient, target=_place(fact), initial=initial
    )  # fmt: skip
    back = asked.url("ledger")

    def act(data: dict[str, Any]) -> None:
        services.decide(
            by=asked.user, patient=asked.patient, fact=fact, applies=data["applies"] == "yes",
            every_months=data["every_months"], reason=data["reason"], id=page.id, now=asked.now,
        )  # fmt: skip

    said: Any = (
        DutyDecision.objects.for_user(asked.user, asked.patient).filter(fact=fact).select_related("by")
    )
    context = asked.context(line=words.duty_words(duty), said=said.order_by("-at", "-id"), up=back)
    return _finish(
        asked, page, "treatment/duty_decide.html", context, act, _("Kept, with your name and the reason."), lambda: back
    )  # fmt: skip


@require_http_methods(GET_POST)
def owner(request: HttpRequest, patient_id: UUID) -> HttpResponse:
    """Another team, or a center elsewhere, takes the duties over."""
    asked = Asked(request, patient_id, staff_only=True)
    _of_team(asked)
    record_view(asked.user, asked.patient, "ledger.view")
    page = drafted(
        request, forms.KeeperForm, kind="duty-keeper", patient=asked.patient, teams=keepers.choices(asked.user, asked.patient)
    )  # fmt: skip
    back = asked.url("ledger")

    def act(data: dict[str, Any]) -> None:
        keepers.hand_over(
            by=asked.user, patient=asked.patient, team_id=None if data["team"] == keepers.ELSEWHERE else UUID(data["team"]),
            reason=data["reason"], id=page.id, now=asked.now,
        )  # fmt: skip

    context = asked.context(
        keeper=keepers.keeper_of(asked.user, asked.patient), history=keepers.history_of(asked.user, asked.patient), up=back,
        ends=[
            {"name": team.name, "url": reverse("patients:team-end", args=[asked.patient.pk, team.pk])}
            for team in own_teams(asked.user, asked.patient)
        ],
    )  # fmt: skip
    return _finish(
        asked, page, "treatment/duty_owner.html", context, act, _("Handed over, with the reason."), lambda: back
    )  # fmt: skip


def _finish(
    asked: Asked, page: DraftedPage, template: str, context: dict[str, Any], act: Callable[[dict[str, Any]], None], said: str,
    back: Callable[[], str],
) -> HttpResponse:  # fmt: skip
    if page.later:
        return page.finish_later(template, context)
    if page.form.is_valid():
        try:
            act(page.form.cleaned_data)
        except DomainError as error:
            if error.status == 403:
                raise
            page.refuse(error)
        else:
            page.done()
            messages.success(asked.request, said)
            return redirect(back())
    return page.render(template, context)
