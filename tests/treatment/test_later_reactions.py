"""A reaction that shows after its dose was noted: noted beside the record, and held as one that was noted with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction
from django.urls import reverse

from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time_words import day as day_words
from tests.api.asking import call, is_problem
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_pages import dated, posted
from tests.treatment.test_proceeding import after_three, ahead, codes, days, held, in_the_middle
from treatment.courses import ending, guards, later_reactions
from treatment.courses.proceeding import Act, Code
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement
from treatment.outcomes.problems import to_look_at
from treatment.readiness import board


def last_given(ward: Ward, course: Course) -> Dose:
    return [dose for dose in ward.doses(course) if dose.given_on is not None][-1]


def note(ward: Ward, dose: Dose, grade: int | None, by: Any = None, **more: Any) -> Dose:
    who = by or ward.nurse
    said = {
        "since": ward.today,
        "words": "Fever and a rash at home",
        "id": uuid7(),
        "now": ward.at(ward.today),
        **more,
    }
    with ward.acting(who):
        return later_reactions.note_later_reaction(
            by=who, patient=ward.patient, dose_id=dose.pk, grade=grade, **said
        )


@pytest.mark.parametrize(("grade", "holds"), [(1, False), (2, False), (3, True), (5, True), (None, True)])
def test_from_grade_3_and_without_a_grade_the_next_dose_waits_for_a_prescriber(
    ward: Ward, grade: int | None, holds: bool
) -> None:
    course = after_three(ward, reaction=False)
    dose = last_given(ward, course)
    assert held(ward, course) is None
    note(ward, dose, grade)
    for act in (Act.GIVE, Act.START, Act.RELEASE, Act.MIX, Act.BOOK):
        assert (Code.REACTION in codes(ward, course, act)) is holds, act
    row = held(ward, course)
    assert (row is not None) is holds
    assert "treatment.late-reaction team" in acts_of(ward.patient)
    with ward.acting(ward.nurse):
        told = list(to_look_at(ward.nurse, ward.at(ward.today)))
        week = board.week_of(ward.nurse, ward.planned(course).target, ward.at(ward.today))
    assert bool(told) is holds
    (on_board,) = (one for one in week.rows if one.patient.pk == ward.patient.pk)
    assert (on_board.readiness.worst == "put_off") is holds
    if not holds:
        return
    assert "A reaction to the dose before" in told[0].words
    assert row is not None
    assert row.reason == "reaction"
    with ward.acting(ward.nurse):  # the patient reads a hold's note
        assert Postponement.objects.for_user(ward.nurse).get(pk=row.pk).note == ""
    with pytest.raises(guards.NotAPrescriber):
        ahead(ward, course, "It is over", ward.nurse)
    ahead(ward, course, "Slower, with an antihistamine")
    assert codes(ward, course) == []


def test_what_was_noted_with_the_dose_stays_and_each_note_stands_beside_it(ward: Ward) -> None:
    course = after_three(ward, reaction=False, note="All went well.")
    dose = last_given(ward, course)
    with ward.acting(ward.nurse):
        before = InfusionRecord.objects.for_user(ward.nurse).get(dose=dose).details
    once = uuid7()
    note(ward, dose, 1, id=once)
    note(ward, dose, 1, id=once)  # pressed twice
    note(ward, dose, 3, words="Worse at night", since=ward.today - days(2))
    with ward.acting(ward.nurse):
        assert InfusionRecord.objects.for_user(ward.nurse).get(dose=dose).details == before
        found = later_reactions.of_dose(ward.nurse, ward.patient, dose.pk)
    assert [(one.grade, one.words, one.since) for one in found] == [
        (1, "Fever and a rash at home", ward.today),
        (3, "Worse at night", ward.today - days(2)),
    ]
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with ward.acting(ward.nurse), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE treatment_change SET kind = 'moved'")


def test_a_look_before_it_lifts_nothing_and_a_mild_note_after_a_grave_one_neither(ward: Ward) -> None:
    course = after_three(ward, reaction=True, reaction_grade=3)
    dose = last_given(ward, course)
    ahead(ward, course, "Slower")
    note(ward, dose, 4, now=ward.at(ward.today, 11))
    note(ward, dose, 1, now=ward.at(ward.today, 12))
    assert codes(ward, course) == [Code.REACTION]


def test_the_drug_waits_in_the_course_that_goes_on_with_it(ward: Ward) -> None:
    """The dose was given on a course that another route of the same drug has replaced since."""
    old = in_the_middle(ward)
    dose = last_given(ward, old)
    new = ward.order("ocrelizumab_sc", ward.today, replaces=old.pk, now=ward.at(ward.today, 8))
    steroids = ward.order("ivmp", ward.today, path="three_days", now=ward.at(ward.today, 9))
    note(ward, dose, 3)
    row = held(ward, new)
    assert row is not None
    assert row.reason == "reaction"
    assert held(ward, steroids) is None


def test_without_a_planned_dose_the_next_order_waits(ward: Ward) -> None:
    old = in_the_middle(ward)
    dose = last_given(ward, old)
    with ward.acting(ward.neurologist):
        ending.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=old.pk, reason="Changed", id=uuid7(),
            now=ward.at(ward.today, 8),
        )  # fmt: skip
    note(ward, dose, None)
    new = ward.order("ocrelizumab_sc", ward.today, now=ward.at(ward.today, 12))
    assert held(ward, new) is not None


def test_what_cannot_be_is_refused(ward: Ward) -> None:
    course = after_three(ward, reaction=False)
    dose = last_given(ward, course)
    with pytest.raises(later_reactions.NotGiven):
        note(ward, ward.planned(course), 3)
    assert dose.given_on is not None
    for since in (dose.given_on - days(1), ward.today + days(1)):
        with pytest.raises(later_reactions.SinceWhen):
            note(ward, dose, 3, since=since)
    with pytest.raises(guards.TextMissing):
        note(ward, dose, 3, words=" ")
    for grade in (0, 6):
        with pytest.raises(guards.GradeWithoutReaction):
            note(ward, dose, grade)
    for stranger in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            note(ward, dose, 3, by=stranger)
    assert held(ward, course) is None


def test_the_database_lets_no_patient_write_one(ward: Ward) -> None:
    course = after_three(ward, reaction=False)
    with ward.acting(ward.maya):
        made = Change(
            patient=ward.patient, course=course, dose=last_given(ward, course), kind="reaction", made_by=ward.maya,
            made_at=ward.at(ward.today), created_at=ward.at(ward.today),
        )  # fmt: skip
        made.reason = {"words": "Itching", "grade": 1, "since": ward.today.isoformat()}
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            made.save(force_insert=True)


def test_it_is_noted_on_the_page_of_the_dose_and_read_where_the_dose_is(ward: Ward) -> None:
    course = after_three(ward, reaction=False)
    dose = last_given(ward, course)
    nurse, maya = signed_in(ward.nurse), signed_in(ward.maya)
    url = reverse("treatment:patient-later-reaction", args=[ward.patient.pk, dose.pk])
    of_course = reverse("treatment:patient-course", args=[ward.patient.pk, course.pk])
    assert url in nurse.get(of_course).content.decode()
    assert (
        url in nurse.get(reverse("treatment:patient-chair", args=[ward.patient.pk, dose.pk])).content.decode()
    )
    assert maya.get(url).status_code == 404
    form = posted(grade="3", words="Hives at home, two days", **dated("since", ward.today - days(1)))
    refused = nurse.post(url, {**form, "words": ""})
    assert refused.status_code == 422
    assert "Write what it was in a few words." in refused.content.decode()
    assert nurse.post(url, form).status_code == 302
    for page in (of_course, url, reverse("treatment:patient-chair", args=[ward.patient.pk, dose.pk])):
        text = nurse.get(page).content.decode()
        assert "Hives at home, two days" in text
        assert "Grade (CTCAE): 3." in text
    review = reverse("treatment:patient-review", args=[ward.patient.pk, ward.planned(course).pk])
    looked = signed_in(ward.neurologist).get(review).content.decode()
    assert "Hives at home, two days" in looked
    assert f"since {day_words(ward.today - days(1))}" in looked
    own = maya.get(reverse("treatment:history")).content.decode()
    assert "A reaction that showed later" in own
    assert f"since {day_words(ward.today - days(1))}" in own
    for page in (own, maya.get(reverse("treatment:home")).content.decode()):
        assert "Hives at home" not in page
        assert "CTCAE" not in page


def test_a_program_notes_and_reads_it_for_the_team_only(ward: Ward) -> None:
    course = after_three(ward, reaction=False)
    dose = last_given(ward, course)
    url = f"/api/v1/treatment/doses/{dose.pk}/reactions/?patient={ward.patient.pk}"
    nurse = signed_in(ward.nurse)
    body = {"since": (ward.today - days(1)).isoformat(), "grade": None, "words": "A fever at home"}
    key = uuid7()
    for _try in range(2):
        assert call(nurse, "POST", url, body, key=key).status_code == 200
    (row,) = call(nurse, "GET", url).json()["results"]
    assert (row["grade"], row["words"], row["by"]) == (None, "A fever at home", ward.nurse.name)
    assert held(ward, course) is not None
    before = f"/api/v1/treatment/doses/{ward.planned(course).pk}/reactions/?patient={ward.patient.pk}"
    assert is_problem(call(nurse, "POST", before, body), 409)
    early = {**body, "since": (ward.today - timedelta(days=200)).isoformat()}
    assert is_problem(call(nurse, "POST", url, early), 422)
    assert call(signed_in(ward.maya), "GET", url).status_code in (403, 404)
