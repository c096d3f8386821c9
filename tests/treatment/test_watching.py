"""How long people are watched: by what was really given, and never shorter because a dose was missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from portal.lib.ids import uuid7
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_proceeding import days
from treatment import services
from treatment.chair import services as chair
from treatment.chair.reading import observation_minutes
from treatment.courses import preview, reading
from treatment.courses.eyes import Eyes
from treatment.courses.planning import Phase
from treatment.courses.watching import need_of, watching, watching_of
from treatment.elsewhere import services as elsewhere
from treatment.models import Course, Dose, GivenElsewhere, Protocol
from treatment.protocols.facts import Facts, facts_of

FIRST_12, LATER = (
    "natalizumab.phase.infusions_1_12",
    "natalizumab.phase.infusion_13_onward_no_hypersensitivity_ever_seen",
)


def lower(ward: Ward, minutes: int | None = 0) -> Protocol:
    """A version in which a prescriber has reduced the observation from infusion 13 on."""
    old = ward.protocol("natalizumab")
    content = {**old.content, "regimen": [dict(row) for row in old.content["regimen"]]}
    for row in content["regimen"]:
        if row["key"] == LATER:
            row["observation_minutes"] = minutes
    return Protocol.objects.create(
        therapy=old.therapy, version=old.version + 1, content=content, content_hash=f"lower-{minutes}"
    )


def told(ward: Ward, count: int | None, *, confirmed: bool = True) -> Any:
    with ward.acting(ward.nurse):
        return elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="natalizumab", confirmed=confirmed, id=uuid7(),
            told=elsewhere.Told(
                doses_given=count, first_on=ward.today - days(900), last_on=ward.today - days(200)
            ),
            now=ward.at(ward.today - days(190)),
        )  # fmt: skip


def from_number(ward: Ward, before: int) -> Course:
    """Natalizumab with so many doses given elsewhere, ordered here 150 days ago."""
    lower(ward)
    told(ward, before)
    return ward.order("natalizumab", ward.today - days(150), given_before=before)


def seen(ward: Ward, dose: Dose) -> int | None:
    with ward.acting(ward.nurse):
        return observation_minutes(ward.nurse, ward.patient, dose)


def skip(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        services.mark_missed(
            by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason="A cold", id=uuid7(), now=ward.at(dose.target, 17)
        )  # fmt: skip


def test_the_thirteenth_really_given_is_the_first_that_is_watched_shorter(ward: Ward) -> None:
    course = from_number(ward, 11)
    assert seen(ward, ward.planned(course)) == 60  # number 12
    ward.give(course, ward.today - days(150))
    later = ward.planned(course)
    assert (later.number, later.phase_key, seen(ward, later)) == (13, LATER, 0)


def test_a_missed_dose_never_makes_the_watch_shorter(ward: Ward) -> None:
    course = from_number(ward, 11)
    skip(ward, course)
    later = ward.planned(course)
    assert (later.number, later.phase_key) == (13, LATER)
    assert seen(ward, later) == 60  # eleven were really given
    ward.give(course, later.target)
    assert seen(ward, ward.planned(course)) == 0


def test_a_dose_in_part_is_none_of_the_first_12(ward: Ward) -> None:
    course = from_number(ward, 11)
    ward.give(course, ward.today - days(150), extent="part", how_much="Half")
    assert seen(ward, ward.planned(course)) == 60


def test_unknown_numbers_are_watched_the_longer_way(ward: Ward) -> None:
    course = from_number(ward, 11)
    ward.give(course, ward.today - days(150))
    dose = ward.planned(course)
    assert seen(ward, dose) == 0
    with ward.acting(ward.nurse):
        (row,) = GivenElsewhere.objects.for_user(ward.nurse, ward.patient)
        elsewhere.withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, id=uuid7(), now=ward.at(ward.today, 7)
        )  # fmt: skip
    told(ward, 11, confirmed=False)  # another word, and nobody has confirmed it
    assert seen(ward, dose) == 60


def test_doses_that_are_planned_before_it_are_taken_for_given(ward: Ward) -> None:
    course = from_number(ward, 10)
    with ward.acting(ward.nurse):
        found = [
            watching_of(Eyes(ward.nurse, ward.patient), dose)
            for dose in reading.doses_of(ward.nurse, ward.patient, course)
        ]
    assert [one.minutes for one in found[:4]] == [60, 60, 0, 0]  # numbers 11, 12, 13, 14
    assert not any(one.longer for one in found)


def test_the_chair_the_pages_and_the_booking_take_the_same_minutes(ward: Ward) -> None:
    course = from_number(ward, 11)
    skip(ward, course)
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        need = need_of(Eyes(ward.nurse, ward.patient), dose)
        assert need is not None
        assert need.observation_minutes == 60
        plain = reading.infusion_need(dose)
        assert plain is not None
        assert plain.observation_minutes == 0
    for who in (ward.nurse, ward.maya, ward.carer):
        with ward.acting(who):
            bookable = services.dose_for_booking(who, ward.patient)
        assert bookable is not None
        assert bookable.need == need
    nurse = signed_in(ward.nurse)
    for name, key in (("course", course.pk), ("given", dose.pk)):
        text = nurse.get(reverse(f"treatment:patient-{name}", args=[ward.patient.pk, key])).content.decode()
        assert "60 watching" in text
    page = nurse.get(reverse("treatment:patient-chair", args=[ward.patient.pk, dose.pk])).content.decode()
    assert "Observation: 60 minutes, as for an earlier dose." in page


def test_the_chair_does_not_let_the_observation_end_before_those_minutes(ward: Ward) -> None:
    course = from_number(ward, 11)
    skip(ward, course)
    dose = ward.planned(course)
    start = ward.at(dose.target, 8)

    def line(kind: str, minutes: int, **said: Any) -> Any:
        with ward.acting(ward.nurse):
            return chair.add_row(
                by=ward.nurse, patient=ward.patient, dose_id=dose.pk, kind=kind, said=said, id=uuid7(),
                now=start + timedelta(minutes=minutes),
            )  # fmt: skip

    ward.ask_there(dose, start)
    line("started", 0)
    line("ended", 60)
    line("observing", 61)
    with pytest.raises(chair.WatchedShorter):
        line("observed", 100)
    line("observed", 122)


def test_the_preview_says_the_same_of_missed_doses(ward: Ward) -> None:
    facts = facts_of(lower(ward).pk)
    first, until = date(2026, 1, 5), date(2027, 3, 1)

    def minutes(*happened: preview.Happened) -> dict[int, int | None]:
        made = preview.preview(facts, first_on=first, until=until, happened=happened, today=date(2028, 1, 1))
        sent = preview.answer(facts, made, version=2, approved=False, until=until)
        return {row["number"]: row["observation_minutes"] for row in sent["doses"]}

    plain = minutes()
    assert (plain[12], plain[13]) == (60, 0)
    missed = minutes(preview.Happened(1, first, "given"), preview.Happened(2, first + days(28), "missed"))
    assert (missed[13], missed[14]) == (60, 0)


# --- The arithmetic -------------------------------------------------------------------------------------------------


def version(*minutes: int | None) -> tuple[Facts, tuple[Phase, ...]]:
    """Phases of one dose each, the last one going on, with these minutes; none of them counts."""
    phases = tuple(
        Phase(key=str(index), name="", anchor=None, repeats=index == len(minutes) - 1)
        for index in range(len(minutes))
    )

    class Some:
        def __init__(self) -> None:
            self.phases = {phase.key: phase for phase in phases}

        def phase_content(self, key: str) -> dict[str, Any]:
            return {"observation_minutes": minutes[int(key)]}

    made: Any = Some()
    return made, phases


@pytest.mark.parametrize(
    ("minutes", "number", "given", "wanted"),
    [
        ((60, 15), 2, 1, (15, False)),
        ((60, 15), 2, 0, (60, True)),  # the first was missed: this is the first
        ((60, 15), 2, None, (60, True)),
        ((60, 15), 2, 40, (15, False)),  # more elsewhere never make it another phase than the plan's
        ((15, 60), 2, 0, (60, False)),  # and a longer one of the plan stays
        ((60, None), 2, 0, (None, False)),
        ((None, 15), 2, 0, (None, False)),  # nobody knows the minutes of the phase that holds
        ((None, 15), 2, 1, (15, False)),
        ((90, 60, 15), 3, 1, (60, True)),
    ],
)
def test_the_longest_of_the_phases_that_were_not_really_reached(
    minutes: tuple[int | None, ...], number: int, given: int | None, wanted: tuple[int | None, bool]
) -> None:
    facts, path = version(*minutes)
    found = watching(facts, path, number, given)
    assert (found.minutes, found.longer) == wanted


def test_a_phase_that_counts_holds_on_every_plan_until_so_many_were_given() -> None:
    facts, path = version(60, 0)
    counted = replace(path[0], count=12)
    facts.phases["0"] = counted
    for given, wanted in ((11, 60), (12, 0), (None, 60)):
        assert watching(facts, path[1:], 1, given).minutes == wanted
