"""What becomes of a dose: in part, stopped, put off; and what follows is only proposed. The drug of a dose, pauses and switches."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test.utils import CaptureQueriesContext

from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, NotAllowed
from tests.patients.world import acts_of
from tests.treatment.conftest import ZONE, Ward
from treatment import services
from treatment.courses import guards, pausing, planning, proceeding
from treatment.models import Change, Course, Dose, InfusionRecord, Postponement
from treatment.outcomes import problems
from treatment.outcomes import services as outcomes


def days(count: int) -> timedelta:
    return timedelta(days=count)


def put_off(ward: Ward, course: Course, **more: Any) -> Postponement:
    by = more.pop("by", ward.nurse)
    more = {
        "reason": "infection", "owner": "nurse", "recheck_on": ward.today + days(7), "note": "A cough", "id": uuid7(),
        "now": ward.at(ward.today), "dose_id": ward.planned(course).pk, **more,
    }  # fmt: skip
    with ward.acting(by):
        return outcomes.postpone(by=by, patient=ward.patient, **more)


def ahead(ward: Ward, course: Course, by: Any = None, reason: str = "") -> Dose:
    by = by or ward.nurse
    dose_id = ward.planned(course).pk
    with ward.acting(by):
        return outcomes.go_ahead(
            by=by, patient=ward.patient, dose_id=dose_id, id=uuid7(), now=ward.at(ward.today), reason=reason
        )


def proposed(ward: Ward, course: Course) -> dict[int, date]:
    with ward.acting(ward.nurse):
        fresh = services.course_or_404(ward.nurse, ward.patient, course.pk)
        moves = services.proposed_moves(ward.nurse, ward.patient, fresh, ward.at(ward.today))
        return {dose.number: move.window.target for dose, move in moves}


def in_the_middle(ward: Ward) -> Course:
    """Ocrelizumab: both halves given, the next full dose due today."""
    start = ward.today - days(182)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    return course


# --- In part, and stopped -------------------------------------------------------------------------------------------


def test_a_dose_in_part_counts_as_given_says_how_much_and_only_proposes(ward: Ward) -> None:
    course = in_the_middle(ward)
    before = [dose.target for dose in ward.doses(course)]
    with pytest.raises(guards.HowMuchMissing):
        ward.give(course, ward.today - days(3), extent="part")
    given = ward.give(
        course, ward.today - days(3), extent="part", how_much="About 400 of 600 mg", reaction=False
    )
    assert (given.state, given.extent, given.outcome) == ("given", "part", "partly_given")
    after = [dose.target for dose in ward.doses(course)]
    assert after[: len(before)] == before  # nothing moved
    assert proposed(ward, course)[4] == ward.today - days(3) + days(182)
    with ward.acting(ward.maya):
        record = InfusionRecord.objects.for_user(ward.maya).get(dose=given)
        assert record.details["how_much"] == "About 400 of 600 mg"
    assert "treatment.partly-given team" in acts_of(ward.patient)


def test_after_a_stop_the_next_dose_waits_for_a_prescriber(ward: Ward) -> None:
    course = in_the_middle(ward)
    given = ward.give(course, ward.today - days(2), extent="stopped", how_much="A third", reaction=None)
    assert given.outcome == "stopped_for_reaction"
    with ward.acting(ward.nurse):
        waiting = Postponement.objects.for_user(ward.nurse).open().get()
        assert (waiting.reason, waiting.owner, waiting.note) == ("reaction", "clinic", "A third")
        assert waiting.dose.number == given.number + 1
        assert InfusionRecord.objects.for_user(ward.nurse).get(dose=given).details["reaction"] is True
    with pytest.raises(guards.NotAPrescriber):
        ahead(ward, course)
    with pytest.raises(guards.NotAPrescriber):  # nor by putting it off for another reason
        put_off(ward, course)
    with pytest.raises(proceeding.DosePutOff):
        ward.give(course, ward.today)
    with pytest.raises(guards.TextMissing):  # and not without a word
        ahead(ward, course, ward.neurologist)
    ahead(ward, course, ward.neurologist, "Settled in an hour; slower next time")
    with ward.acting(ward.nurse):
        assert not Postponement.objects.for_user(ward.nurse).open().exists()


# --- Put off --------------------------------------------------------------------------------------------------------


def test_a_dose_that_is_put_off_is_not_given_until_somebody_says_so(ward: Ward) -> None:
    course = in_the_middle(ward)
    id = uuid7()
    row = put_off(ward, course, id=id)
    assert put_off(ward, course, id=id).pk == row.pk
    assert acts_of(ward.patient).count("treatment.put-off team") == 1
    with pytest.raises(DifferentContent):
        put_off(ward, course, id=id, reason="wish")
    with pytest.raises(proceeding.DosePutOff):
        ward.give(course, ward.today - days(1))
    assert proposed(ward, course) == {3: ward.today + days(7), 4: ward.today + days(189)}
    assert ward.planned(course).target == ward.today  # nothing moved
    ahead(ward, course)
    assert ward.give(course, ward.today - days(1)).state == "given"
    with pytest.raises(outcomes.NothingWaits):
        ahead(ward, course)


def test_put_off_again_the_newer_word_holds_and_the_old_one_stays(ward: Ward) -> None:
    course = in_the_middle(ward)
    first = put_off(ward, course)
    second = put_off(ward, course, reason="supply", owner="insurer", recheck_on=ward.today + days(20))
    with ward.acting(ward.nurse):
        rows = {row.pk: row for row in Postponement.objects.for_user(ward.nurse)}
    assert rows[first.pk].ended_how == "again"
    assert rows[second.pk].ended_at is None
    assert proposed(ward, course)[3] == ward.today + days(20)


def test_a_prescriber_accepts_what_was_proposed_and_a_second_look_finds_nothing(ward: Ward) -> None:
    course = in_the_middle(ward)
    put_off(ward, course)
    wanted = proposed(ward, course)
    by_number = {dose.number: dose.pk for dose in ward.doses(course)}
    with ward.acting(ward.neurologist):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="After the infection", id=uuid7(),
            targets={by_number[number]: day for number, day in wanted.items()},
            now=ward.at(ward.today, 12),
        )  # fmt: skip
    assert [dose.target for dose in ward.doses(course)][2:4] == [ward.today + days(7), ward.today + days(189)]
    assert proposed(ward, course) == {}


@pytest.mark.parametrize("ahead_days", [-1, 367])
def test_the_day_to_look_again_lies_within_a_year(ward: Ward, ahead_days: int) -> None:
    course = in_the_middle(ward)
    with pytest.raises(outcomes.DayToLookMissing):
        put_off(ward, course, recheck_on=ward.today + days(ahead_days))


def test_only_the_next_dose_is_put_off_and_only_by_the_team(ward: Ward) -> None:
    course = in_the_middle(ward)
    with pytest.raises(proceeding.EarlierDoseOpen):
        put_off(ward, course, dose_id=ward.doses(course)[3].pk)
    with pytest.raises(proceeding.DoseNotOpen):
        put_off(ward, course, dose_id=ward.doses(course)[0].pk)
    for who in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            put_off(ward, course, by=who)


def test_without_a_rule_only_a_course_that_has_not_begun_is_proposed_for_later(ward: Ward) -> None:
    course = ward.order("alemtuzumab", ward.today + days(2), now=ward.at(ward.today))
    put_off(ward, course, reason="approval", owner="insurer", recheck_on=ward.today + days(9))
    first = [ward.today + days(9 + number) for number in range(5)]
    again = planning.add_months(first[-1], 12)
    assert list(proposed(ward, course).values()) == [*first, *(again + days(number) for number in range(3))]


def test_without_a_rule_nothing_is_proposed_in_the_middle(ward: Ward) -> None:
    start = ward.today - days(2)
    course = ward.order("alemtuzumab", start)
    ward.give(course, start)
    put_off(ward, course, recheck_on=ward.today + days(3))
    assert proposed(ward, course) == {}


def test_a_missed_or_ended_dose_waits_no_more(ward: Ward) -> None:
    course = in_the_middle(ward)
    put_off(ward, course)
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="Not in time", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
        assert Postponement.objects.for_user(ward.nurse).get().ended_how == "settled"


def test_nobody_gets_around_a_stop_by_noting_the_next_dose_as_missed(ward: Ward) -> None:
    start = ward.today - days(40)
    course = ward.order("natalizumab", start)
    ward.give(course, start, extent="stopped", how_much="Half")
    more: dict[str, Any] = {
        "dose_id": ward.planned(course).pk,
        "reason": "Not now",
        "now": ward.at(ward.today),
    }
    with ward.acting(ward.nurse), pytest.raises(guards.NotAPrescriber):
        services.mark_missed(by=ward.nurse, patient=ward.patient, id=uuid7(), **more)
    with ward.acting(ward.neurologist):
        services.mark_missed(by=ward.neurologist, patient=ward.patient, id=uuid7(), **more)


def test_a_dose_that_is_put_off_is_booked_from_the_day_to_look_again(ward: Ward) -> None:
    course = in_the_middle(ward)
    put_off(ward, course, recheck_on=ward.today + days(12))
    for who in (ward.maya, ward.carer):
        with ward.acting(who):
            offered = services.dose_for_booking(who, ward.patient)
        assert offered is not None
        assert offered.not_before == ward.today + days(12)


def test_the_teams_first_list_says_when_to_look_again(ward: Ward) -> None:
    course = in_the_middle(ward)
    put_off(ward, course)
    with ward.acting(ward.nurse):
        assert list(problems.to_look_at(ward.nurse, ward.at(ward.today + days(6)))) == []
        (found,) = problems.to_look_at(ward.nurse, ward.at(ward.today + days(7)))
        assert "sign of infection" in found.words
        assert str(found.owner) == "Your nurse"
    with ward.acting(ward.carer):
        assert list(problems.to_look_at(ward.carer, ward.at(ward.today + days(7)))) == []


# --- Its drug -------------------------------------------------------------------------------------------------------


def step(ward: Ward, course: Course, kind: str, **more: Any) -> Any:
    with ward.acting(ward.nurse):
        return outcomes.note_drug_step(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, kind=kind, id=uuid7(),
            now=ward.at(ward.today), **more,
        )  # fmt: skip


def test_a_drug_is_ordered_released_and_mixed_in_that_order(ward: Ward) -> None:
    course = in_the_middle(ward)
    for kind in ("released", "mixed", "returned"):
        with pytest.raises(outcomes.StepOutOfOrder):
            step(ward, course, kind, note="x")
    step(ward, course, "ordered")
    step(ward, course, "released", product="Ocrevus", lot="OC-1", expires_on=ward.today + days(30))
    with pytest.raises(guards.ProductExpired):
        step(ward, course, "mixed", expires_on=ward.today - days(1))
    found = step(ward, course, "mixed")
    with ward.acting(ward.nurse):
        assert found.product == {
            "product": "Ocrevus", "lot": "OC-1", "expires_on": str(ward.today + days(30)),
        }  # fmt: skip
    assert found.following == ("returned",)
    with pytest.raises(guards.TextMissing):
        step(ward, course, "returned")
    again = step(ward, course, "returned", note="The patient is ill")
    with ward.acting(ward.nurse):
        assert (again.product["lot"], again.following) == ("", ("ordered",))
    assert [act for act in acts_of(ward.patient) if act.startswith("drug.")] == [
        f"drug.{kind} team" for kind in ("ordered", "released", "mixed", "returned")
    ]


def test_nothing_is_mixed_for_a_dose_that_waits(ward: Ward) -> None:
    course = in_the_middle(ward)
    step(ward, course, "ordered")
    step(ward, course, "released")
    put_off(ward, course)
    with pytest.raises(proceeding.DosePutOff):
        step(ward, course, "mixed")


def test_the_record_keeps_product_lot_expiry_and_line_and_an_expired_product_is_refused(ward: Ward) -> None:
    course = in_the_middle(ward)
    day = ward.today - days(1)
    with pytest.raises(guards.ProductExpired):
        ward.give(course, day, product="Ocrevus", lot="OC-1", expires_on=day - days(1))
    given = ward.give(course, day, product="Ocrevus", lot="OC-1", expires_on=day, line_site="Left forearm")
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=given).details
    assert (details["lot"], details["expires_on"], details["line_site"]) == ("OC-1", str(day), "Left forearm")


# --- Pause and go on ------------------------------------------------------------------------------------------------


def pause(ward: Ward, course: Course, by: Any = None) -> Course:
    by = by or ward.neurologist
    with ward.acting(by):
        return pausing.pause_course(
            by=by, patient=ward.patient, course_id=course.pk, reason="Surgery", id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip


def resume(ward: Ward, course: Course, first_on: date) -> Course:
    with ward.acting(ward.neurologist):
        return pausing.resume_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, first_on=first_on, reason="Healed",
            id=uuid7(), now=ward.at(ward.today, 12),
        )  # fmt: skip


def test_a_paused_treatment_has_no_next_dose_and_takes_no_act(ward: Ward) -> None:
    course = in_the_middle(ward)
    with pytest.raises(guards.NotAPrescriber):
        pause(ward, course, ward.nurse)
    assert pause(ward, course).paused_on == ward.today
    with pytest.raises(Conflict):
        pause(ward, course)
    with ward.acting(ward.maya):
        assert services.next_dose(ward.maya, ward.patient) is None
        assert services.dose_for_booking(ward.maya, ward.patient) is None
    with pytest.raises(proceeding.CoursePaused):
        ward.give(course, ward.today - days(1))
    with pytest.raises(proceeding.CoursePaused):
        put_off(ward, course)
    assert proposed(ward, course) == {}


def test_going_on_sets_the_next_dose_and_the_later_ones_at_the_protocols_distance(ward: Ward) -> None:
    course = in_the_middle(ward)
    pause(ward, course)
    with pytest.raises(Conflict):
        resume(ward, ward.order("ivmp", ward.today, path="three_days"), ward.today)
    resumed = resume(ward, course, ward.today + days(60))
    assert resumed.paused_on is None
    planned = [dose.target for dose in ward.doses(course) if dose.is_planned]
    assert planned == [ward.today + days(60 + 182 * number) for number in range(len(planned))]
    with ward.acting(ward.nurse):
        kinds = list(Change.objects.for_user(ward.nurse).values_list("kind", flat=True))
    assert {"paused", "resumed", "moved"} == set(kinds)
    assert proposed(ward, course) == {}


def test_going_on_below_the_minimum_gap_is_refused_and_nothing_is_lost(ward: Ward) -> None:
    start = ward.today - days(40)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    pause(ward, course)
    with pytest.raises(services.TooEarly):
        resume(ward, course, start + days(14 + 151))
    with ward.acting(ward.nurse):
        assert services.course_or_404(ward.nurse, ward.patient, course.pk).is_paused


# --- Switch ---------------------------------------------------------------------------------------------------------


def test_a_switch_ends_the_old_treatment_with_the_same_signature_and_keeps_both(ward: Ward) -> None:
    course = in_the_middle(ward)
    put_off(ward, course)
    new = ward.order("natalizumab", ward.today, replaces=course.pk, indication="New activity")
    old = next(dose.course for dose in ward.doses(course))
    assert old.ended_on == ward.today
    assert {dose.state for dose in ward.doses(course)} == {"given", "cancelled"}
    with ward.acting(ward.nurse):
        change = Change.objects.for_user(ward.nurse).get(kind="switched")
        assert (change.course_id, change.to_course_id, change.reason) == (course.pk, new.pk, "New activity")
        assert not Postponement.objects.for_user(ward.nurse).open().exists()
    with pytest.raises(Conflict):
        ward.order("rituximab", ward.today, path="single", replaces=course.pk)
    with ward.acting(ward.nurse):
        assert len(services.courses_of(ward.nurse, ward.patient)) == 2  # the refused order left nothing


def test_a_switch_of_the_route_keeps_the_minimum_gap_of_the_drug(ward: Ward) -> None:
    start = ward.today - days(100)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    with pytest.raises(services.TooEarly):
        ward.order("ocrelizumab_sc", start + days(14 + 151), replaces=course.pk, now=ward.at(ward.today))
    assert ward.planned(course).course.is_running  # nothing ended
    first = start + days(14 + 152)
    new = ward.order("ocrelizumab_sc", first, replaces=course.pk, now=ward.at(ward.today))
    dose = ward.planned(new)
    assert dose.not_before == first
    with ward.acting(ward.neurologist), pytest.raises(services.TooEarly):
        services.confirm_moves(
            by=ward.neurologist, patient=ward.patient, course_id=new.pk, targets={dose.pk: first - days(1)},
            reason="Sooner", id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


# --- The clock ------------------------------------------------------------------------------------------------------

# Wall times in New York on both changes of the clock, the day that they lie on, and the day of the next dose, 28 days on.
CLOCK = [
    ("2026-03-07T23:59", date(2026, 3, 7), date(2026, 4, 4)),
    ("2026-03-08T00:30", date(2026, 3, 8), date(2026, 4, 5)),
    ("2026-03-08T02:30", date(2026, 3, 8), date(2026, 4, 5)),  # this time is not on the clock
    ("2026-03-08T23:30", date(2026, 3, 8), date(2026, 4, 5)),
    ("2025-11-02T00:30", date(2025, 11, 2), date(2025, 11, 30)),
    ("2025-11-02T01:30", date(2025, 11, 2), date(2025, 11, 30)),  # this time is on the clock twice
    ("2025-11-02T23:59", date(2025, 11, 2), date(2025, 11, 30)),
]


@pytest.mark.parametrize(("wall", "day", "following"), CLOCK)
def test_a_dose_lies_on_the_sites_day_on_every_change_of_the_clock(
    ward: Ward, wall: str, day: date, following: date
) -> None:
    at = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(ZONE))
    course = ward.order("natalizumab", day - days(3), now=ward.at(day - days(5)))
    with ward.acting(ward.nurse):
        given = services.record_infusion(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, id=uuid7(), given_at=at,
            now=at + timedelta(hours=3),
        )  # fmt: skip
        assert given.given_on == day
        moves = services.proposed_moves(ward.nurse, ward.patient, course, at + timedelta(hours=4))
    assert moves[0][1].window.target == following


# --- What it costs --------------------------------------------------------------------------------------------------


def test_more_doses_that_were_put_off_cost_no_more_statements(ward: Ward) -> None:
    from django.db import connection

    from tests.patients.world import signed_in

    course = in_the_middle(ward)
    url = f"/patients/{ward.patient.pk}/treatment/{course.pk}/"
    counts = []
    for _round in range(2):
        put_off(ward, course)
        step(ward, course, "ordered")
        step(ward, course, "returned", note="x")
        client = signed_in(ward.nurse)
        client.get(url)
        with CaptureQueriesContext(
            connection,
        ) as counted:
            assert client.get(url).status_code == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]
