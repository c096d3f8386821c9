"""Results: a unit or nothing, a second pair of eyes, a note, and who has seen it. Nothing is changed, nothing is deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from django.http import Http404
from django.urls import reverse

from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time_words import day
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import checks
from treatment.courses.guards import NotAPrescriber
from treatment.ledger import services
from treatment.ledger.duties import State
from treatment.ledger.reading import Line, duty_of, ledger_of
from treatment.models import Course, Result, ResultContent, ResultRelease

IGG = {"code": "igg", "number": "6.1", "unit": "g/L"}


@pytest.fixture
def course(ward: Ward) -> Course:
    """Ocrelizumab, begun 100 days ago."""
    start = ward.today - timedelta(days=100)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    return course


def enter(ward: Ward, *values: dict[str, str], test: str = "immunoglobulins", **more: Any) -> UUID:
    by = more.pop("by", ward.nurse)
    given = {"taken_on": ward.today - timedelta(days=3), "id": uuid7(), "now": ward.at(ward.today, 9), **more}
    with ward.acting(by):
        return services.enter_result(
            by=by, patient=ward.patient, test=test, values=values or [IGG], **given
        ).pk


def look(ward: Ward, result_id: UUID, by: Any = None) -> None:
    by = by or ward.neurologist
    with ward.acting(by):
        services.look_at(
            by=by, patient=ward.patient, result_id=result_id, id=uuid7(), now=ward.at(ward.today, 10)
        )


def release(ward: Ward, result_id: UUID, note: str = "Your antibodies are low. We talk about it.") -> None:
    with ward.acting(ward.nurse):
        services.release(
            by=ward.nurse, patient=ward.patient, result_id=result_id, note=note, id=uuid7(), now=ward.at(ward.today, 11)
        )  # fmt: skip


def lines(ward: Ward) -> dict[str, Line]:
    with ward.acting(ward.nurse):
        return {line.test.code: line for line in ledger_of(ward.nurse, ward.patient, ward.at(ward.today, 12))}


def page(ward: Ward, user: Any, name: str = "ledger", *args: Any) -> str:
    own = user == ward.maya
    path = reverse(
        f"treatment:{name}" if own else f"treatment:patient-{name}",
        args=args if own else [ward.patient.pk, *args],
    )
    answer = signed_in(user).get(path)
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


# --- What can be entered -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["", " ", "5", "-", "10^9", "x" * 21])
def test_a_number_without_its_unit_is_refused(ward: Ward, course: Course, unit: str) -> None:
    with pytest.raises(services.UnitMissing):
        enter(ward, {**IGG, "unit": unit})
    assert "immunoglobulins" in lines(ward)
    assert lines(ward)["immunoglobulins"].last_done is None


@pytest.mark.parametrize("number", ["", "1,200", "6.1 g", "six", "-1", "1e3", "６.1", "12345678", "0.12345"])
def test_what_is_no_plain_number_is_refused(ward: Ward, course: Course, number: str) -> None:
    with pytest.raises(services.NotPossible):
        enter(ward, {**IGG, "number": number})


def test_other_bad_input_is_refused_with_its_reason(ward: Ward, course: Course) -> None:
    with ward.acting(ward.nurse), pytest.raises(services.NothingFound):
        services.enter_result(
            by=ward.nurse, patient=ward.patient, id=uuid7(), test="mri", taken_on=ward.today, now=ward.at(ward.today)
        )  # fmt: skip
    with pytest.raises(services.AssayMissing):
        enter(ward, {"code": "index", "number": "0.2", "unit": "index"}, test="jcv")
    with pytest.raises(services.UnitMissing):
        enter(ward, {"code": "index", "number": "0.2", "unit": "%"}, test="jcv", assay="Stratify JCV")
    with pytest.raises(services.NotPossible, match="future"):
        enter(ward, taken_on=ward.today + timedelta(days=1))
    with pytest.raises(services.NotPossible):
        enter(ward, taken_on=date(1979, 12, 31))
    with pytest.raises(services.NotPossible):
        enter(ward, {**IGG, "code": "alt"})
    with pytest.raises(services.NotPossible):
        enter(ward, IGG, {**IGG, "number": "7"})
    with pytest.raises(Http404):
        enter(ward, test="no_such_test")
    with pytest.raises(Http404):
        enter(ward, test="self_check")
    for person in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            enter(ward, by=person)


def test_the_form_keeps_everything_and_says_what_is_missing(ward: Ward, course: Course) -> None:
    nurse, taken = signed_in(ward.nurse), ward.today - timedelta(days=1)
    path = reverse("treatment:patient-result-new", args=[ward.patient.pk, "immunoglobulins"])
    form = {
        "draft": str(uuid7()), "draft_version": "0", "taken_on_day": str(taken.day), "taken_on_month": str(taken.month),
        "taken_on_year": str(taken.year), "number_igg": "6.1", "unit_igg": "", "mark": "out",
    }  # fmt: skip
    told = nurse.post(path, form)
    text = told.content.decode()
    assert told.status_code == 422
    assert "Add the unit of IgG" in text
    assert 'value="6.1"' in text
    done = nurse.post(path, {**form, "unit_igg": "g/L"})
    assert done.status_code == 302
    assert "IgG 6.1 g/L" in nurse.get(done["Location"]).content.decode()


def test_once_under_an_id_and_not_twice_for_one_day(ward: Ward, course: Course) -> None:
    id = uuid7()
    assert enter(ward, id=id) == enter(ward, id=id) == id
    with pytest.raises(DifferentContent):
        enter(ward, {**IGG, "number": "7"}, id=id)
    with pytest.raises(services.AlreadyThere):
        enter(ward)
    assert enter(ward, {**IGG, "number": "6.4"}) != id  # a second one of the day
    assert acts_of(ward.patient).count("result.entered team") == 2


# --- From the entry to the patient -----------------------------------------------------------------------------------------------


def test_the_second_look_is_somebody_elses_and_comes_before_the_release(ward: Ward, course: Course) -> None:
    made = enter(ward)
    with pytest.raises(services.NotTheSamePerson):
        look(ward, made, by=ward.nurse)
    with pytest.raises(services.NotLookedAt):
        release(ward, made)
    look(ward, made)
    look(ward, made, by=ward.neurologist)  # twice is once
    with pytest.raises(services.NotPossible):
        release(ward, made, note="  ")
    release(ward, made)
    with pytest.raises(services.AlreadyReleased):
        release(ward, made, note="Something else.")
    assert [act for act in acts_of(ward.patient) if act.startswith("result.")] == [
        "result.entered team", "result.checked team", "result.released team"
    ]  # fmt: skip


def test_before_the_release_the_patient_knows_that_it_is_there_and_not_what(
    ward: Ward, course: Course
) -> None:
    made = enter(ward, words="Rather low")
    taken = ward.today - timedelta(days=3)
    for look_first in (False, True):
        if look_first:
            look(ward, made)
        for name, args in (("ledger", ()), ("ledger-test", ("immunoglobulins",))):
            text = page(ward, ward.maya, name, *args)
            assert "6.1" not in text
            assert "Rather low" not in text
        assert f"Your team is looking at the result of {day(taken)}." in page(ward, ward.maya)
    with ward.acting(ward.maya):
        assert Result.objects.for_user(ward.maya, ward.patient).count() == 1
        assert not ResultContent.objects.for_user(ward.maya, ward.patient).exists()
        assert not ResultContent.objects.all().exists()  # the database says the same on its own
    release(ward, made)
    text = page(ward, ward.maya)
    assert "IgG 6.1 g/L" in text
    assert "Your antibodies are low. We talk about it." in text


def test_who_has_seen_it_is_noted_once_and_shown_to_the_team(ward: Ward, course: Course) -> None:
    made = enter(ward)
    look(ward, made)
    release(ward, made)
    maya = signed_in(ward.maya)
    assert "Your team released 1 new result" in maya.get("/").content.decode()
    assert "Not seen by the patient yet." in page(ward, ward.nurse, "result", made)
    assert "1 result is new for you." in page(ward, ward.maya)
    assert "new for you" not in page(ward, ward.maya)
    assert "new result" not in maya.get("/").content.decode()
    assert f"Seen by the patient: {ward.maya.name}" in page(ward, ward.nurse, "result", made)
    assert acts_of(ward.patient).count("result.seen self") == 1


def test_the_page_of_a_test_has_chart_table_and_every_note(ward: Ward, course: Course) -> None:
    for days, number in ((90, "9.8"), (40, "<0.2"), (3, "6.1")):
        made = enter(ward, {**IGG, "number": number}, taken_on=ward.today - timedelta(days=days))
        look(ward, made)
        release(ward, made, note=f"Note for {number}.")
    text = page(ward, ward.maya, "ledger-test", "immunoglobulins")
    assert "3 numbers from" in text
    assert "The lowest is &lt;0.2, the highest 9.8, the newest 6.1." in text
    assert text.count('<svg class="chart__plot" role="img"') == 1
    assert text.count("Note for") == 3
    assert "&lt;0.2 g/L" in text
    for word in ("too low", "normal", "abnormal", "safe"):
        assert word not in text.lower()


def test_makers_are_never_drawn_together(ward: Ward, course: Course) -> None:
    for days, assay in ((60, "Stratify JCV"), (30, "Stratify JCV"), (5, "Labcorp JCV")):
        enter(
            ward, {"code": "index", "number": "0.3", "unit": "index"}, test="jcv", assay=assay, taken_on=ward.today - timedelta(days=days)
        )  # fmt: skip
    text = page(ward, ward.nurse, "ledger-test", "jcv")
    assert "Index, Stratify JCV" in text
    assert "Index, Labcorp JCV" in text
    assert text.count('role="img"') == 1  # one number alone is no trend


# --- Wrong entries ----------------------------------------------------------------------------------------------------------------------


def test_a_correction_leaves_the_wrong_entry_and_takes_it_from_the_patient_at_once(
    ward: Ward, course: Course
) -> None:
    wrong = enter(ward, {**IGG, "number": "61"})
    look(ward, wrong)
    release(ward, wrong, note="All is as before.")
    assert "61 g/L" in page(ward, ward.maya)
    right = enter(ward, corrects=wrong, why="The point was missing.", taken_on=ward.today - timedelta(days=4))
    text = page(ward, ward.maya)
    assert "61 g/L" not in text
    assert "Your team is correcting the result of" in text
    team = page(ward, ward.nurse, "result", wrong)
    assert "IgG 61 g/L" in team
    assert "Corrected" in team
    with pytest.raises(services.Corrected):
        enter(ward, corrects=wrong, why="Again.")
    with pytest.raises(services.Corrected):
        look(ward, wrong)
    look(ward, right)
    release(ward, right, note="The number was typed wrong. It is 6.1.")
    text = page(ward, ward.maya)
    assert "is correcting" not in text
    assert "IgG 6.1 g/L" in text
    assert lines(ward)["immunoglobulins"].last_done == ward.today - timedelta(days=4)


def test_a_result_of_somebody_else_is_taken_back_and_counts_for_nothing(ward: Ward, course: Course) -> None:
    made = enter(ward)
    assert lines(ward)["immunoglobulins"].last_done is not None
    with ward.acting(ward.neurologist), pytest.raises(services.NotPossible):
        services.withdraw_result(
            by=ward.neurologist, patient=ward.patient, id=uuid7(), result_id=made, why=" ", now=ward.at(ward.today)
        )  # fmt: skip
    with ward.acting(ward.neurologist):
        row = services.withdraw_result(
            by=ward.neurologist, patient=ward.patient, id=uuid7(), result_id=made, why="Another Maya.", now=ward.at(ward.today)
        )  # fmt: skip
    assert lines(ward)["immunoglobulins"].last_done is None
    look(ward, row.pk, by=ward.nurse)
    release(ward, row.pk, note="A result of somebody else stood here. It was not yours.")
    text = page(ward, ward.maya, "ledger-test", "immunoglobulins")
    assert "6.1" not in text
    assert "It was not yours." in text


def test_a_correction_is_about_the_same_test_and_needs_its_reason(ward: Ward, course: Course) -> None:
    made = enter(ward)
    for more in ({"why": ""}, {"why": "x" * 1001}):
        with pytest.raises(services.NotPossible):
            enter(ward, corrects=made, **more)
    with pytest.raises(services.NotPossible):
        enter(
            ward,
            {"code": "alt", "number": "30", "unit": "U/L"},
            test="liver",
            corrects=made,
            why="The wrong test.",
        )
    with ward.acting(ward.nurse), pytest.raises(Http404):
        services.result_or_404(ward.nurse, ward.other, made)


@pytest.mark.parametrize(
    "table",
    ["result", "resultcontent", "resultlook", "resultrelease", "resultseen", "dutydecision", "dutykeeper"],
)
def test_the_app_can_neither_change_nor_delete_what_was_entered(ward: Ward, table: str) -> None:
    with ward.acting(ward.nurse), connection.cursor() as cursor:
        for statement in (
            f"DELETE FROM treatment_{table}",
            f"UPDATE treatment_{table} SET created_at = now()",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(statement)


# --- What is due follows from what was done -----------------------------------------------------------------------------------------------


def test_a_result_moves_the_next_day_and_the_old_list_of_checks_too(ward: Ward) -> None:
    start = ward.today - timedelta(days=75)
    course = ward.order("alemtuzumab", start)
    for number in range(5):
        ward.give(course, start + timedelta(days=number))
    assert lines(ward)["kidneys"].state is State.OVERDUE
    assert lines(ward)["kidneys"].missed == 2
    enter(ward, {"code": "creatinine", "number": "80", "unit": "umol/L"}, test="kidneys", taken_on=ward.today)
    assert lines(ward)["kidneys"].state is State.LATER
    with ward.acting(ward.nurse):
        found = {check.fact: check for check in checks.regular_checks(ward.nurse, ward.patient, course)}
        noted = found["alemtuzumab.mon.serum_creatinine"]
    assert noted.last_done == ward.today
    assert noted.due == lines(ward)["kidneys"].due


def test_a_check_noted_as_done_counts_without_a_result(ward: Ward, course: Course) -> None:
    on = ward.today - timedelta(days=2)
    with ward.acting(ward.nurse):
        checks.note_check(
            by=ward.nurse, patient=ward.patient, course_id=course.pk, fact="ocrelizumab_iv.mon.mri_brain", done_on=on, id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    assert lines(ward)["mri"].last_done == on


def test_the_patients_page_says_what_until_when_and_what_is_next(ward: Ward) -> None:
    start = ward.today - timedelta(days=20)
    course = ward.order("alemtuzumab", start)
    for number in range(5):
        ward.give(course, start + timedelta(days=number))
    text = page(ward, ward.maya)
    line = lines(ward)["thyroid"]
    assert line.due is not None
    assert line.until is not None
    assert f"Next by {day(line.due)}." in text
    assert f"It goes on until {day(line.until)} or longer: each new dose starts this time again." in text
    assert "Blood test: thyroid" in text
    assert "No last day is known. It goes on until your team tells you." in text  # the skin exam
    assert "Vital signs" not in text
    assert "Whom to call" in text
    staff = page(ward, ward.nurse)
    assert "The data give no last day: it goes on until the team ends it." in staff
    assert "Who has it: The patient" in staff  # the own check
    assert "Who has it: You" in text
    assert "Who has it: You" not in staff


def test_without_a_treatment_nothing_is_watched(ward: Ward) -> None:
    assert "Nothing is watched regularly right now." in page(ward, ward.maya)


# --- A prescriber's word ----------------------------------------------------------------------------------------------------------------------


FACT = "ocrelizumab_iv.mon.serum_immunoglobulins"


def decide(ward: Ward, by: Any, **more: Any) -> None:
    said = {
        "fact": FACT,
        "applies": True,
        "every_months": 6,
        "reason": "Before each infusion",
        "id": uuid7(),
        **more,
    }
    with ward.acting(by):
        services.decide(by=by, patient=ward.patient, now=ward.at(ward.today, 9), **said)


def test_only_a_prescriber_decides_with_a_reason(ward: Ward, course: Course) -> None:
    with pytest.raises(NotAPrescriber):
        decide(ward, ward.nurse)
    for more in ({"reason": " "}, {"every_months": 0}, {"every_months": 61}, {"applies": False}):
        with pytest.raises(services.NotPossible):
            decide(ward, ward.neurologist, **more)
    with pytest.raises(Http404):
        decide(ward, ward.neurologist, fact="natalizumab.mon.rems_re_authorisation")
    assert lines(ward)["immunoglobulins"].state is State.ASK
    decide(ward, ward.neurologist)
    found = duty_of(lines(ward).values(), FACT)
    assert found is not None
    assert (found.due.every_months, found.state) == (6, State.LATER)
    assert "it applies. Every 6 months. Before each infusion" in page(ward, ward.maya)
    decide(ward, ward.neurologist, applies=False, every_months=None, reason="B cells are back")
    assert "it does not apply. B cells are back" in page(ward, ward.maya)
    assert lines(ward)["immunoglobulins"].state is State.NOT_APPLYING
    assert acts_of(ward.patient).count("duty.decided team") == 2
    text = " ".join(
        signed_in(ward.neurologist)
        .get(reverse("treatment:patient-ledger-decide", args=[ward.patient.pk, FACT]))
        .content.decode()
        .split()
    )
    assert text.index("B cells are back") < text.index("Before each infusion")
    assert "The data mention 6 months as a habit of centers" in text


def test_what_was_released_is_a_copy_that_stays(ward: Ward, course: Course) -> None:
    made = enter(ward)
    look(ward, made)
    release(ward, made)
    with ward.acting(ward.maya):
        row = ResultRelease.objects.for_user(ward.maya, ward.patient).get(result_id=made)
        assert row.details["values"] == [IGG]
        assert "why" not in row.details


def test_a_release_tells_the_patient_in_fixed_words(ward: Ward, course: Course) -> None:
    from accounts.models import OutgoingMail
    from accounts.services import open_mail

    made = enter(ward)
    look(ward, made)
    assert not OutgoingMail.objects.filter(kind="answer-notice").exists()
    release(ward, made)
    (mail,) = [open_mail(one) for one in OutgoingMail.objects.filter(kind="answer-notice")]
    assert mail is not None
    assert mail["to"] == ward.maya.email
    assert not any(
        word in f"{mail['subject']} {mail['body']}".lower() for word in ("result", "blood", "test", "antibod")
    )
