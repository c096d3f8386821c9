"""A red answer keeps its dose stopped, with or without a line of its own, until a neurologist or a nurse lifts that with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.urls import reverse

from accounts.models import User
from clinic.models import TeamMember
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_readiness import course, days, line, note, posted
from treatment import services
from treatment.courses import proceeding
from treatment.courses.eyes import Eyes
from treatment.models import Course, Dose, DoseAnswer, StopLift
from treatment.outcomes import services as outcomes
from treatment.readiness import answers, board, items
from treatment.readiness.dose import standing_of_dose
from treatment.readiness.problems import answers_to_look_at

__all__ = ["course"]  # the fixture: natalizumab, the next dose is tomorrow

# Questions that mean "call first" and have no line in the list of natalizumab.
NO_LINE = ("antibiotics", "pml_screen", "pregnancy", "immune_meds")


def red(ward: Ward, dose: Dose, part: str) -> DoseAnswer:
    """The one answer that means "call first", as the version words it."""
    with ward.acting(ward.maya):
        asked = answers.questions_for(ward.maya, ward.patient, dose)
        question = next(one for one in asked if one.fact.endswith(f".chk.{part}"))
        assert question.on_concern == "call_first"
        return answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=dose.pk, said={question.fact: question.concern_if},
            place="home", id=uuid7(), now=ward.at(ward.today, 9),
        )  # fmt: skip


def stays(ward: Ward, row: DoseAnswer) -> None:
    """Looked at by the nurse: it stays stopped."""
    with ward.acting(ward.nurse):
        answers.review(
            by=ward.nurse, patient=ward.patient, answer_id=row.pk, agreed="Come when we call.", lift=False, id=uuid7(),
            now=ward.at(ward.today, 10),
        )  # fmt: skip


def lift(
    ward: Ward, row: DoseAnswer, by: User | None = None, reason: str = "The scan shows nothing new."
) -> None:
    who = by or ward.nurse
    with ward.acting(who):
        answers.lift_stop(
            by=who, patient=ward.patient, answer_id=row.pk, reason=reason, id=uuid7(), now=ward.at(ward.today, 11)
        )  # fmt: skip


def worst(ward: Ward, dose: Dose) -> str:
    with ward.acting(ward.nurse):
        return standing_of_dose(ward.nurse, ward.patient, dose, ward.at(ward.today, 12)).readiness.worst


def on_board(ward: Ward, dose: Dose) -> board.BoardRow | None:
    with ward.acting(ward.nurse):
        found = board.week_of(ward.nurse, dose.target, ward.at(ward.today, 12))
    return next((row for row in found.rows if row.dose.pk == dose.pk), None)


@pytest.mark.parametrize("part", NO_LINE)
def test_a_red_answer_without_a_line_stops_until_somebody_lifts_it(
    ward: Ward, course: Course, part: str
) -> None:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        lines = items.lines_for(ward.nurse, ward.patient, dose, ward.at(ward.today))
    assert not any(one.item.fact.endswith(f".chk.{part}") for one in lines)
    row = red(ward, dose, part)
    assert worst(ward, dose) == "stopped"
    stays(ward, row)
    assert worst(ward, dose) == "stopped"
    found = on_board(ward, dose)
    assert found is not None
    assert (found.readiness.worst, [stop.pk for stop in found.stops]) == ("stopped", [row.pk])
    lift(ward, row)
    assert worst(ward, dose) != "stopped"
    assert "treatment.stop-lifted team" in acts_of(ward.patient)


def test_every_page_of_a_dose_that_stays_stopped_says_so(ward: Ward, course: Course) -> None:
    dose, maya, nurse = ward.planned(course), signed_in(ward.maya), signed_in(ward.nurse)
    row = red(ward, dose, "pml_screen")
    stays(ward, row)
    ready = maya.get(reverse("treatment:ready", args=[dose.pk])).content.decode()
    assert "Stopped: call before anybody travels" in ready
    assert "keeps the dose stopped" in ready
    for path in ("/", reverse("treatment:home")):
        assert "Call us before you travel" in maya.get(path).content.decode()
    told = maya.get(reverse("treatment:answer", args=[row.pk])).content.decode()
    main = told[told.index("<h1") :]
    assert main.index("Call first, before you travel") < main.index("tel:") < main.index("Come when we call.")
    assert "the dose stays stopped" in main
    week = nurse.get(reverse("treatment:board"), {"week": dose.target.isoformat()}).content.decode()
    assert "Nobody has lifted the stop." in week
    first = nurse.get("/").content.decode()
    assert "is stopped by an answer, and nobody has lifted that" in first
    before = nurse.get(reverse("treatment:patient-answer", args=[ward.patient.pk, row.pk])).content.decode()
    assert "The dose stays stopped" in before
    assert reverse("treatment:patient-answer-lift", args=[ward.patient.pk, row.pk]) in before


def test_a_stop_is_lifted_on_its_page_with_a_reason_and_everybody_reads_it(
    ward: Ward, course: Course
) -> None:
    dose, nurse, maya = ward.planned(course), signed_in(ward.nurse), signed_in(ward.maya)
    row = red(ward, dose, "immune_meds")
    path = reverse("treatment:patient-answer-lift", args=[ward.patient.pk, row.pk])
    early = nurse.post(path, posted(reason="All clear"))
    assert early.status_code == 422  # nobody has noted what was agreed
    assert "Note first what was agreed with the patient." in early.content.decode()
    stays(ward, row)
    assert nurse.post(path, posted(reason=" ")).status_code == 422
    assert nurse.post(path, posted(reason="It was a vitamin. Hana decided.")).status_code == 302
    page = maya.get(reverse("treatment:answer", args=[row.pk])).content.decode()
    assert "It was a vitamin. Hana decided." in page
    assert f"Lifted by {ward.nurse.name}" in page
    assert "Call first, before you travel" not in page
    assert "Call us before you travel" not in maya.get("/").content.decode()
    again = nurse.post(path, posted(reason="Twice"))
    assert again.status_code == 422
    assert "This answer stops nothing any more." in again.content.decode()


def test_only_a_neurologist_or_a_nurse_of_the_team_lifts(ward: Ward, course: Course) -> None:
    row = red(ward, ward.planned(course), "pml_screen")
    with ward.acting(ward.pharmacist), pytest.raises(answers.NotToLift):
        answers.review(
            by=ward.pharmacist, patient=ward.patient, answer_id=row.pk, agreed="Fine.", lift=True, id=uuid7(),
            now=ward.at(ward.today, 10),
        )  # fmt: skip
    stays(ward, row)
    with pytest.raises(answers.NotToLift):
        lift(ward, row, ward.pharmacist)
    for stranger in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            lift(ward, row, stranger)
    page = signed_in(ward.pharmacist).get(reverse("treatment:patient-answer", args=[ward.patient.pk, row.pk]))
    assert (
        reverse("treatment:patient-answer-lift", args=[ward.patient.pk, row.pk]) not in page.content.decode()
    )
    lift(ward, row, ward.neurologist)


def test_without_the_role_a_look_never_lifts(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = red(ward, dose, "pml_screen")
    path = reverse("treatment:patient-answer-review", args=[ward.patient.pk, row.pk])
    farid = signed_in(ward.pharmacist)
    assert "The dose stays stopped. Only a neurologist or a nurse" in farid.get(path).content.decode()
    assert farid.post(path, posted(agreed="She calls Hana.", lift="yes")).status_code == 302
    assert worst(ward, dose) == "stopped"


def test_the_database_lets_no_patient_lift_a_stop(ward: Ward, course: Course) -> None:
    row = red(ward, ward.planned(course), "pml_screen")
    with ward.acting(ward.maya):
        made = StopLift(
            patient=ward.patient, answer=row, lifted_at=ward.at(ward.today), lifted_by=ward.maya,
            created_at=ward.at(ward.today),
        )  # fmt: skip
        made.reason = "I feel fine"
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            made.save(force_insert=True)


def test_a_line_that_two_answers_stop_opens_with_the_last_of_them(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    first, second = red(ward, dose, "infection"), red(ward, dose, "infection")
    stays(ward, first)
    lift(ward, first)
    assert (line(ward, dose, "chk.infection").standing.code, worst(ward, dose)) == ("stopped", "stopped")
    stays(ward, second)
    lift(ward, second)
    assert line(ward, dose, "chk.infection").standing.code != "stopped"
    assert worst(ward, dose) != "stopped"


def test_a_stop_goes_on_to_the_next_dose_when_its_own_was_not_given(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = red(ward, dose, "pml_screen")
    stays(ward, row)
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason="A possible sign of PML", id=uuid7(),
            now=ward.at(dose.target, 17),
        )  # fmt: skip
    following = ward.planned(course)
    assert worst(ward, following) == "stopped"
    found = on_board(ward, following)
    assert found is not None
    assert [stop.pk for stop in found.stops] == [row.pk]
    assert "Call us before you travel" in signed_in(ward.maya).get("/").content.decode()
    lift(ward, row)
    assert worst(ward, following) != "stopped"


def test_a_dose_that_was_given_although_lifts_nothing_for_the_next(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = red(ward, dose, "pml_screen")
    stays(ward, row)
    ward.give(course, dose.target, although="Hana decided it at the chair")
    following = ward.planned(course)
    assert following.pk != dose.pk
    assert worst(ward, following) == "stopped"
    with pytest.raises(proceeding.AnswerStops):
        ward.give(course, following.target)
    found = on_board(ward, following)
    assert found is not None
    assert [stop.pk for stop in found.stops] == [row.pk]
    assert "Call us before you travel" in signed_in(ward.maya).get("/").content.decode()
    with ward.acting(ward.nurse):
        assert board.counts_of(ward.nurse, ward.today)[1] == 1
        (told,) = answers_to_look_at(ward.nurse, ward.at(following.target - days(2)))
        assert "still stops the next one, and nobody has lifted that" in told.words
        assert not list(answers_to_look_at(ward.nurse, ward.at(following.target - days(20))))
    lift(ward, row)
    assert worst(ward, following) != "stopped"
    assert on_board(ward, following) is not None
    assert ward.give(course, following.target).state == Dose.State.GIVEN


def test_a_stopped_dose_is_not_noted_as_given_before_somebody_lifts_the_stop(
    ward: Ward, course: Course
) -> None:
    dose = ward.planned(course)
    row = red(ward, dose, "pml_screen")
    stays(ward, row)
    with pytest.raises(proceeding.AnswerStops):
        ward.give(course, dose.target)
    nurse = signed_in(ward.nurse)
    lift(ward, row)
    assert ward.give(course, dose.target).state == Dose.State.GIVEN
    assert nurse.get(reverse("treatment:patient-ready", args=[ward.patient.pk, dose.pk])).status_code == 200


def test_what_first_says_it_when_the_dose_is_near_only(ward: Ward, course: Course) -> None:
    planned = [dose for dose in ward.doses(course) if dose.is_planned]
    for dose in planned[:2]:
        stays(ward, red(ward, dose, "immune_meds"))

    def told(about: Dose) -> list[str]:
        with ward.acting(ward.nurse):
            return [one.words for one in answers_to_look_at(ward.nurse, ward.at(about.target - days(2)))]

    with ward.acting(ward.nurse):
        assert not list(answers_to_look_at(ward.nurse, ward.at(planned[0].target - days(20))))
    near = told(planned[0])  # both stop it; one of them was about the dose after it
    assert len(near) == 2
    assert sum("still stops the next one" in words for words in near) == 1
    assert len(told(planned[1])) == 2


# --- Every treatment of the same days -----------------------------------------------------------------------------


def beside(ward: Ward, course: Course) -> Course:
    """Steroids for a relapse from the same day on; the drug of the first dose is ordered."""
    first = ward.planned(course).target
    steroids = ward.order("ivmp", first, path="three_days", now=ward.at(ward.today, 7))
    dose = ward.planned(steroids)
    with ward.acting(ward.nurse):
        outcomes.note_drug_step(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, kind="ordered", id=uuid7(), now=ward.at(first, 7)
        )  # fmt: skip
    return steroids


def against(ward: Ward, dose: Dose, act: proceeding.Act) -> list[str]:
    with ward.acting(ward.nurse):
        found = proceeding.stops(Eyes(ward.nurse, ward.patient), dose, act, on=dose.target)
    return [str(stop.code) for stop in found]


SAME_DAY = (proceeding.Act.GIVE, proceeding.Act.START, proceeding.Act.RELEASE, proceeding.Act.MIX)


def test_a_red_answer_stops_the_dose_of_another_treatment_in_the_same_days_until_it_is_lifted(
    ward: Ward, course: Course
) -> None:
    steroids = beside(ward, course)
    own, other = ward.planned(course), ward.planned(steroids)
    assert [against(ward, other, act) for act in SAME_DAY] == [[]] * 4
    row = red(ward, own, "infection")
    for dose in (own, other):
        assert [against(ward, dose, act) for act in SAME_DAY] == [["answer"]] * 4
        assert worst(ward, dose) == "stopped"
        found = on_board(ward, dose)
        assert found is not None
        assert (found.readiness.worst, [stop.pk for stop in found.stops]) == ("stopped", [row.pk])
    with ward.acting(ward.nurse), pytest.raises(proceeding.AnswerStops):
        outcomes.note_drug_step(
            by=ward.nurse, patient=ward.patient, dose_id=other.pk, kind="released", id=uuid7(),
            now=ward.at(other.target, 8),
        )  # fmt: skip
    with pytest.raises(proceeding.AnswerStops):
        ward.give(steroids, other.target)
    nurse, maya = signed_in(ward.nurse), signed_in(ward.maya)
    week = nurse.get(reverse("treatment:board"), {"week": other.target.isoformat()}).content.decode()
    assert week.count("An answer says call first.") >= 2  # the steroids of the next days are stopped as well
    page = maya.get(reverse("treatment:ready", args=[other.pk])).content.decode()
    assert "Stopped: call before anybody travels" in page
    assert reverse("treatment:answer", args=[row.pk]) in page
    stays(ward, row)
    assert [against(ward, other, act) for act in SAME_DAY] == [["answer"]] * 4
    with pytest.raises(answers.NotToLift):
        lift(ward, row, ward.pharmacist)
    lift(ward, row)
    for dose in (own, other):
        assert [against(ward, dose, act) for act in SAME_DAY] == [[]] * 4
        assert worst(ward, dose) != "stopped"
    with ward.acting(ward.nurse):
        outcomes.note_drug_step(
            by=ward.nurse, patient=ward.patient, dose_id=other.pk, kind="released", id=uuid7(),
            now=ward.at(other.target, 8),
        )  # fmt: skip
    assert ward.give(steroids, other.target).state == Dose.State.GIVEN


def test_a_stop_is_said_when_the_dose_of_another_treatment_is_near(ward: Ward, course: Course) -> None:
    """The answer is about a dose that was moved away since; what lies in these days is stopped by it all the same."""
    own, other = ward.planned(course), ward.planned(beside(ward, course))
    row = red(ward, own, "infection")
    stays(ward, row)
    with ward.acting(ward.neurologist):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, targets={own.pk: own.target + days(9)},
            reason="After the infection", id=uuid7(), now=ward.at(ward.today, 11),
        )  # fmt: skip
    assert against(ward, other, proceeding.Act.GIVE) == ["answer"]
    with ward.acting(ward.nurse):
        (told,) = answers_to_look_at(ward.nurse, ward.at(ward.today, 12))
    assert "still stops the next one, and nobody has lifted that" in told.words


def test_a_stop_of_one_person_is_none_of_anothers(ward: Ward, course: Course) -> None:
    red(ward, ward.planned(course), "infection")
    ward.patient = ward.other
    theirs = ward.order("ocrelizumab_iv", ward.today + days(1), now=ward.at(ward.today, 7))
    dose = ward.planned(theirs)
    assert [against(ward, dose, act) for act in SAME_DAY if act is not proceeding.Act.MIX] == [[]] * 3
    found = on_board(ward, dose)
    assert found is not None
    assert not found.stops


# --- A stopped line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["open", "done"])
def test_a_patient_opens_no_stopped_line_and_keeps_their_words(
    ward: Ward, course: Course, state: str
) -> None:
    dose, maya = ward.planned(course), signed_in(ward.maya)
    red(ward, dose, "infection")
    item = line(ward, dose, "chk.infection").item
    path = reverse("treatment:item-note", args=[item.pk])
    page = maya.get(path).content.decode()
    assert "Only your team can open this line again." in page
    assert "Note it" not in page.partition("<main")[2]
    told = maya.post(path, posted(state="open", text="I feel well again"))
    assert told.status_code == 422
    assert "only your team can open it again. Nothing was changed." in told.content.decode()
    assert "I feel well again" in told.content.decode()
    with pytest.raises(items.LineIsStopped):
        note(ward, dose, "chk.infection", state, by=ward.maya)
    with ward.acting(ward.maya), pytest.raises(items.LineIsStopped):
        services.settle_item(
            by=ward.maya, patient=ward.patient, item_id=item.pk, done=False, id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip
    ticked = maya.post(
        reverse("treatment:item", args=[item.pk]), {"done": "0", "once": str(uuid7())}, follow=True
    )
    assert "only your team can open it again" in ticked.content.decode()
    assert line(ward, dose, "chk.infection").standing.code == "stopped"


def test_the_team_lifts_a_stop_where_the_answer_is_and_not_by_a_tick(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = red(ward, dose, "infection")
    for state in ("open", "done", "waiting", "not_needed"):
        with pytest.raises(items.LineIsStopped, match="Lift the stop on the page of that answer"):
            note(ward, dose, "chk.infection", state)
    stays(ward, row)
    lift(ward, row)
    assert line(ward, dose, "chk.infection").standing.code == "chair"
    assert TeamMember.objects.filter(user=ward.nurse, role="nurse").exists()  # what lets her
    assert (
        line(ward, dose, "chk.infection", ward.at(ward.today, 11) + timedelta(hours=25)).standing.code
        == "again"
    )
