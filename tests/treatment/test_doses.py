"""Orders, doses and new dates: who may, what blocks, what only warns, and that nothing moves by itself."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.http import Http404
from django.test import override_settings

from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of
from tests.treatment.conftest import Ward, before_the_rule
from treatment import services
from treatment.courses import guards, proceeding
from treatment.models import Course, Dose, InfusionRecord


def days(count: int) -> timedelta:
    return timedelta(days=count)


# --- Orders -------------------------------------------------------------------------------------------------------------


def test_an_order_makes_a_course_with_its_doses_once(ward: Ward) -> None:
    id = uuid7()
    first = ward.order("ocrelizumab_iv", ward.today, id=id)
    again = ward.order("ocrelizumab_iv", ward.today, id=id)
    assert first.pk == again.pk
    assert [(dose.number, (dose.target - ward.today).days) for dose in ward.doses(first)] == [
        (1, 0), (2, 14), (3, 182), (4, 364),
    ]  # fmt: skip
    assert acts_of(ward.patient).count("treatment.ordered team") == 1
    with pytest.raises(DifferentContent):
        ward.order("ocrelizumab_iv", ward.today + days(1), id=id)


@pytest.mark.parametrize("who", ["nurse", "pharmacist"])
def test_only_a_neurologist_signs_an_order(ward: Ward, who: str) -> None:
    with pytest.raises(guards.NotAPrescriber):
        ward.order("ocrelizumab_iv", ward.today, by=getattr(ward, who))


@pytest.mark.parametrize("who", ["maya", "carer", "elsewhere"])
def test_people_outside_the_team_cannot_order(ward: Ward, who: str) -> None:
    with pytest.raises(NotAllowed):
        ward.order("ocrelizumab_iv", ward.today, by=getattr(ward, who))


def test_outside_demo_mode_an_unsigned_version_is_refused_and_a_signed_one_is_not(ward: Ward) -> None:
    with override_settings(DEMO=False), pytest.raises(guards.NotSignedOff):
        ward.order("natalizumab", ward.today, in_demo=None)
    assert ward.order("ublituximab", ward.today).order.demo_only
    protocol = ward.protocol("natalizumab")
    for user in (ward.nurse, ward.neurologist, ward.pharmacist):
        assert not services.is_signed_off(protocol, ward.clinic.site)
        services.sign_off(by=user, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    with override_settings(DEMO=False):
        assert not ward.order("natalizumab", ward.today, in_demo=None).order.demo_only


@pytest.mark.parametrize("code", ["ivig", "plasma_exchange"])
def test_what_the_portal_cannot_plan_safely_cannot_be_ordered(ward: Ward, code: str) -> None:
    with pytest.raises(guards.CannotBeOrdered):
        ward.order(code, ward.today)


def test_one_medicine_runs_once_and_steroids_may_run_beside_it(ward: Ward) -> None:
    ward.order("ocrelizumab_iv", ward.today)
    with pytest.raises(guards.AlreadyRunning):
        ward.order("ocrelizumab_sc", ward.today)
    ward.order("ivmp", ward.today, path="three_days")
    with ward.acting(ward.maya):
        running = services.running_course(ward.maya, ward.patient)
        assert running is not None
        assert services.name_of(running) == "Ocrelizumab (drip)"


def test_the_minimum_holds_across_a_change_of_route(ward: Ward) -> None:
    start = ward.today - days(40)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Injection instead", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    assert {dose.state for dose in ward.doses(course)} == {"given", "cancelled"}
    with pytest.raises(services.TooEarly):
        ward.order("ocrelizumab_sc", start + days(151), now=ward.at(ward.today))
    ward.order("ocrelizumab_sc", start + days(152), now=ward.at(ward.today))


# --- Given ----------------------------------------------------------------------------------------------------------------


def test_recording_notes_the_sites_day_once_and_moves_nothing(ward: Ward) -> None:
    start = ward.today - days(60)
    course = ward.order("natalizumab", start)
    before = [dose.target for dose in ward.doses(course)]
    ward.give(course, start)
    id, dose_id = uuid7(), ward.planned(course).pk
    late = start + days(28 + 9)
    given = ward.give(course, late, id=id, dose_id=dose_id, lot="L-1", reaction=False)
    again = ward.give(course, late, id=id, dose_id=dose_id, lot="L-1", reaction=False)
    assert (given.pk, given.given_on, given.state) == (again.pk, late, "given")
    after = [dose.target for dose in ward.doses(course)]
    assert after[: len(before)] == before
    assert (
        len([dose for dose in ward.doses(course) if dose.is_planned and dose.target > late + days(300)]) >= 1
    )
    with ward.acting(ward.nurse):
        assert InfusionRecord.objects.for_user(ward.nurse).count() == 2
        moves = services.proposed_moves(ward.nurse, ward.patient, course, ward.at(ward.today))
        assert moves[0][1].window.target == late + days(28)
    with pytest.raises(DifferentContent):
        ward.give(course, late, id=id, dose_id=dose_id, lot="L-2")


def test_before_the_minimum_only_a_neurologist_notes_it_and_says_why(ward: Ward) -> None:
    start = ward.today - days(170)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    early = start + days(14 + 151)
    with pytest.raises(services.TooEarly):
        ward.give(course, early)
    with pytest.raises(services.TooEarly):
        ward.give(course, early, early_reason="She travels")
    with pytest.raises(services.TooEarly):
        ward.give(course, early, by=ward.neurologist)
    ward.give(course, early, by=ward.neurologist, early_reason="She travels")
    assert acts_of(ward.patient)[-1] == "treatment.given-early team"


def test_a_dose_on_its_minimum_day_is_given_without_more_words(ward: Ward) -> None:
    start = ward.today - days(170)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    assert ward.give(course, start + days(14 + 152)).state == "given"


def test_impossible_days_are_refused(ward: Ward) -> None:
    start = ward.today - days(40)
    course = ward.order("natalizumab", start)
    second = ward.doses(course)[1]
    with pytest.raises(proceeding.EarlierDoseOpen):
        ward.give(course, start + days(28), dose_id=second.pk)
    ward.give(course, start)
    with pytest.raises(proceeding.DayNotPossible):
        ward.give(course, start)
    with ward.acting(ward.nurse), pytest.raises(proceeding.DayNotPossible):
        services.record_infusion(
            by=ward.nurse, patient=ward.patient, dose_id=second.pk, id=uuid7(),
            given_at=ward.at(ward.today + days(1)), now=ward.at(ward.today),
        )  # fmt: skip
    with pytest.raises(proceeding.DoseNotOpen):
        ward.give(course, start + days(1), dose_id=ward.doses(course)[0].pk)


@pytest.mark.parametrize("who", ["maya", "carer", "elsewhere"])
def test_only_the_team_records(ward: Ward, who: str) -> None:
    course = ward.order("natalizumab", ward.today)
    with pytest.raises((NotAllowed, Http404)):
        ward.give(course, ward.today, by=getattr(ward, who), dose_id=ward.planned(course).pk)


def test_another_patients_dose_is_not_there(ward: Ward) -> None:
    course = ward.order("natalizumab", ward.today)
    dose = ward.planned(course)
    with ward.acting(ward.nurse), pytest.raises(Http404):
        services.record_infusion(
            by=ward.nurse, patient=ward.other, dose_id=dose.pk, id=uuid7(), given_at=ward.at(ward.today, 8),
            now=ward.at(ward.today),
        )  # fmt: skip


# --- Missed, proposed, confirmed ---------------------------------------------------------------------------------------------


def miss(ward: Ward, course: Course, day: object, dose_id: UUID | None = None) -> Dose:
    with ward.acting(ward.nurse):
        return services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=dose_id or ward.planned(course).pk, reason="A cold",
            id=uuid7(), now=ward.at(day),
        )  # fmt: skip


def test_a_missed_dose_is_proposed_anew_and_only_a_prescriber_confirms(ward: Ward) -> None:
    start = ward.today - days(30)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    miss(ward, course, ward.today)
    before = [dose.target for dose in ward.doses(course)]
    with ward.acting(ward.neurologist):
        proposed = services.proposed_moves(ward.neurologist, ward.patient, course, ward.at(ward.today))
    targets = {dose.pk: move.window.target for dose, move in proposed}
    assert list(targets.values())[:3] == [ward.today, ward.today + days(28), ward.today + days(56)]
    assert [dose.target for dose in ward.doses(course)] == before
    more = {"patient": ward.patient, "course_id": course.pk, "targets": targets, "reason": "After the cold"}
    with ward.acting(ward.nurse), pytest.raises(guards.NotAPrescriber):
        services.confirm_moves(by=ward.nurse, id=uuid7(), now=ward.at(ward.today), **more)
    id = uuid7()
    for _turn in range(2):
        with ward.acting(ward.neurologist):
            services.confirm_moves(by=ward.neurologist, id=id, now=ward.at(ward.today), **more)
    assert [dose.target for dose in ward.doses(course) if dose.is_planned] == list(targets.values())
    assert acts_of(ward.patient).count("treatment.moved team") == 1


def test_a_new_date_before_the_minimum_or_out_of_order_is_refused(ward: Ward) -> None:
    start = ward.today - days(20)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    third, fourth = [dose for dose in ward.doses(course) if dose.is_planned][:2]

    def move(**targets: object) -> None:
        with ward.acting(ward.neurologist):
            services.confirm_moves(
                by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Holiday", id=uuid7(),
                now=ward.at(ward.today),
                targets={{"third": third, "fourth": fourth}[name].pk: day for name, day in targets.items()},
            )  # fmt: skip

    with pytest.raises(services.TooEarly):
        move(third=start + days(14 + 151))
    with pytest.raises(services.TooEarly):
        move(third=fourth.target - days(100))
    with pytest.raises(proceeding.DayNotPossible):
        move(third=fourth.target)
    move(third=start + days(14 + 152))
    moved = next(dose for dose in ward.doses(course) if dose.pk == third.pk)
    assert (moved.target, moved.earliest) == (start + days(166), start + days(166))


def test_a_dose_whose_time_has_not_come_is_not_missed(ward: Ward) -> None:
    course = ward.order("natalizumab", ward.today)
    with pytest.raises(proceeding.DayNotPossible):
        miss(ward, course, ward.today - days(1))


def test_a_second_course_that_was_never_planned_waits_for_a_prescriber_and_its_minimum(ward: Ward) -> None:
    start = ward.today - days(360)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(5):
            ward.give(course, start + days(number))
    assert len(ward.doses(course)) == 5

    def plan(first_on: object) -> None:
        with ward.acting(ward.neurologist):
            services.plan_next_phase(
                by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=first_on, reason="A year",
                id=uuid7(), now=ward.at(ward.today),
            )  # fmt: skip

    with pytest.raises(services.TooEarly):
        plan(start + days(4 + 364))
    plan(start + days(4 + 365))
    assert [dose.target for dose in ward.doses(course)][5:] == [
        start + days(369 + number) for number in range(3)
    ]


# --- A day for a dose ----------------------------------------------------------------------------------------------------------


def test_a_day_blocks_before_the_minimum_and_warns_outside_the_window(ward: Ward) -> None:
    start = ward.today - days(20)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    dose = ward.planned(course)
    assert services.day_check(dose, start + days(165)).blocked
    early = services.day_check(dose, start + days(166))
    assert not early.blocked
    assert early.warnings
    assert services.day_check(dose, dose.target).warnings == []
    assert services.day_check(dose, start + days(185)).warnings


def test_without_a_known_minimum_an_early_day_only_warns(ward: Ward) -> None:
    course = ward.order("natalizumab", ward.today)
    second = ward.doses(course)[1]
    check = services.day_check(second, second.target - days(1))
    assert not check.blocked
    assert len(check.warnings) == 2


# --- Who sees ----------------------------------------------------------------------------------------------------------------------


def test_carers_find_no_row_and_see_only_what_an_appointment_needs(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today)
    with ward.acting(ward.carer):
        assert services.courses_of(ward.carer, ward.patient) == []
        assert services.next_dose(ward.carer, ward.patient) is None
        assert Dose.objects.count() == 0
        offered = services.dose_for_booking(ward.carer, ward.patient)
        assert offered is not None
        assert offered.dose_id == ward.planned(course).pk
        assert offered.need is not None
        assert offered.need.chair_minutes == 265
    with ward.acting(ward.elsewhere):
        assert services.dose_for_booking(ward.elsewhere, ward.patient) is None
        assert Dose.objects.count() == 0
