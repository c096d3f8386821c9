"""The overdue board and "What first?": the worst first, the same few statements however many people there are; and who keeps the duties."""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from patients.models import Patient
from patients.relations import StillKeeps, end_team, let_team_in
from patients.services import teams_looking_after
from portal.lib import actor
from portal.lib.actor import reading_many
from portal.lib.first import SOON, TODAY
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acting_system, acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import services as treatment
from treatment.courses.planning import add_months
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.ledger import board, contributed, keepers, services
from treatment.ledger.duties import State
from treatment.ledger.reading import Line, ledger_of


def begin(ward: Ward, patient: Patient, code: str, ago: int) -> None:
    """A course of a patient whose first dose was given so many days ago."""
    start = ward.today - timedelta(days=ago)
    with ward.acting(ward.neurologist):
        course = treatment.sign_order(
            by=ward.neurologist, patient=patient, protocol_id=ward.protocol(code).pk, first_on=start, indication="MS", path="standard",
            id=uuid7(), in_demo=True, now=ward.at(start, 7),
        )  # fmt: skip
        first = treatment.doses_of(ward.neurologist, patient, course)[0]
        treatment.record_infusion(
            by=ward.neurologist, patient=patient, dose_id=first.pk, id=uuid7(), given_at=ward.at(start), now=ward.at(start, 16)
        )  # fmt: skip


def more_patients(ward: Ward, count: int) -> list[Patient]:
    from datetime import date

    from patients.services import enroll_patient

    with acting_system():
        return [
            enroll_patient(
                site=ward.clinic.site, name=f"Person {number}", date_of_birth=date(1980, 1, 1), by=ward.nurse, team=ward.clinic.team
            )
            for number in range(count)
        ]  # fmt: skip


def shown(ward: Ward, user: Any, show: str = "overdue") -> str:
    answer = signed_in(user).get(reverse("treatment:overdue"), {"show": show})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


# --- The board ----------------------------------------------------------------------------------------------------------------


def test_the_worst_come_first(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)  # one month has passed
    begin(ward, ward.other, "alemtuzumab", 170)  # five have
    text = shown(ward, ward.nurse)
    assert text.index("Samuel Okafor") < text.index("Maya Lindqvist")
    assert "5 due days have passed" in text
    assert "Blood test: thyroid" in text[: text.index("Maya Lindqvist")]  # every 3 months
    assert "Blood test: thyroid" not in text[text.index("Maya Lindqvist") :]
    assert "Your own check" not in text
    assert acts_of(ward.patient).count("overdue.view team") == 1


def test_what_is_done_leaves_the_board_and_what_is_near_stands_on_its_own_list(ward: Ward) -> None:
    begin(ward, ward.patient, "natalizumab", 175)  # JC virus and the program are due at 6 months
    assert "Blood test: JC virus" not in shown(ward, ward.nurse)
    assert "Blood test: JC virus" in shown(ward, ward.nurse, "soon")
    with ward.acting(ward.nurse):
        services.enter_result(
            by=ward.nurse, patient=ward.patient, id=uuid7(), test="jcv", taken_on=ward.today, now=ward.at(ward.today, 9),
            values=[{"code": "index", "number": "0.2", "unit": "index"}], assay="Stratify JCV",
        )  # fmt: skip
    assert "Blood test: JC virus" not in shown(ward, ward.nurse, "soon")
    assert "Waits for a second look" in shown(ward, ward.nurse, "waiting")


def test_what_nobody_has_decided_has_a_list(ward: Ward) -> None:
    begin(ward, ward.patient, "ocrelizumab_iv", 10)
    text = shown(ward, ward.neurologist, "undecided")
    assert "Blood test: hepatitis B" in text
    assert "Nobody is in this list." in shown(ward, ward.neurologist)


def test_the_board_is_for_teams_and_shows_only_their_patients(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    for person in (ward.maya, ward.carer):
        assert signed_in(person).get(reverse("treatment:overdue")).status_code == 404
    assert "Maya" not in shown(ward, ward.elsewhere)


def test_as_many_statements_for_six_as_for_one(ward: Ward) -> None:
    nurse = signed_in(ward.nurse)

    def add(patient: Patient) -> None:
        """Somebody with an overdue check, one that is due soon, one that nobody has decided about, and a result that waits."""
        begin(ward, patient, "alemtuzumab", 80)
        with ward.acting(ward.nurse):
            services.enter_result(
                by=ward.nurse, patient=patient, id=uuid7(), test="skin", taken_on=ward.today, now=ward.at(ward.today, 9), words="Nothing new."
            )  # fmt: skip

    def count(path: str) -> int:
        with CaptureQueriesContext(connection) as made:
            assert nurse.get(path).status_code == 200
        return len(made)

    pages = [
        "/",
        *(
            f"{reverse('treatment:overdue')}?show={show}"
            for show in ("overdue", "soon", "waiting", "undecided")
        ),
    ]
    add(ward.patient)
    nurse.get("/")
    before = [count(path) for path in pages]
    for patient in more_patients(ward, 5):
        add(patient)
    assert [count(path) for path in pages] == before
    with ward.acting(ward.nurse), CaptureQueriesContext(connection) as made:
        assert len(board.worst_first(board.everybody(ward.nurse, ward.at(ward.today)), State.OVERDUE)) == 6
    assert sum("treatment_" in one["sql"] for one in made) == 5


def test_what_first_has_one_line_for_a_patient_however_many_checks_are_overdue(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 170)
    html = signed_in(ward.nurse).get("/").content.decode()
    assert "regular checks are overdue, the first since" in html
    assert "1 patient has overdue checks." in " ".join(html.split())
    listed = signed_in(ward.nurse).get("/api/v1/patients/first/").json()["results"]
    assert [line["key"] for line in listed if line["key"] == "checks"] == ["checks"]


def test_a_missed_lab_is_for_today_from_the_seventh_day_on_as_the_data_say(ward: Ward) -> None:
    """Alemtuzumab: "alert at 1 day overdue, escalate at 7 days". The first monthly tests are due on the same day of the next month."""
    start = ward.today - timedelta(days=50)
    if start.day > 28:
        start -= timedelta(days=3)  # a day that every month has
    begin(ward, ward.patient, "alemtuzumab", (ward.today - start).days)
    due = start + timedelta(days=monthrange(start.year, start.month)[1])

    def ranks(days: int) -> list[int]:
        with ward.acting(ward.nurse), reading_many():
            return [one.rank for one in contributed.problems(ward.nurse, ward.at(due + timedelta(days=days)))]

    assert ranks(0) == []
    assert ranks(1) == ranks(6) == [SOON]
    assert ranks(7) == [TODAY]


def test_other_checks_wait_for_a_whole_interval_before_they_are_for_today(ward: Ward) -> None:
    """Natalizumab's data name no days for a missed lab: three months and eight days after the start its check is 8 days late, and soon."""
    begin(ward, ward.patient, "natalizumab", 100)
    with ward.acting(ward.nurse), reading_many():
        assert {one.rank for one in contributed.problems(ward.nurse, ward.at(ward.today))} == {SOON}


# --- Who keeps them ------------------------------------------------------------------------------------------------------------------


def hand_over(ward: Ward, team: Any, reason: str = "Moved to the other side of town", by: Any = None) -> Any:
    by = by or ward.nurse
    with ward.acting(by):
        return keepers.hand_over(
            by=by, patient=ward.patient, team_id=team.pk if team is not None else None, reason=reason, id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip


def end(ward: Ward, by: Any = None, team: Any = None) -> Any:
    by = by or ward.nurse
    with ward.acting(by):
        return end_team(
            by=by,
            patient=ward.patient,
            team_id=(team or ward.clinic.team).pk,
            id=uuid7(),
            now=ward.at(ward.today),
        )


def test_a_teams_access_cannot_end_while_it_keeps_duties(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    with pytest.raises(StillKeeps) as told:
        end(ward)
    assert "Blood test: thyroid" in str(told.value.message)
    page = reverse("patients:team-end", args=[ward.patient.pk, ward.clinic.team.pk])
    nurse = signed_in(ward.nurse)
    assert "still keeps something" in nurse.get(page).content.decode()
    refused = nurse.post(page, {"once": str(uuid7())})
    assert refused.status_code == 409
    assert signed_in(ward.nurse).get(reverse("portal:summary", args=[ward.patient.pk])).status_code == 200


def test_the_duties_of_a_course_that_has_ended_hold_the_relation_too(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    with ward.acting(ward.neurologist):
        course = treatment.courses_of(ward.neurologist, ward.patient)[0]
        treatment.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Done", id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip
    with pytest.raises(StillKeeps):
        end(ward)


def test_another_team_takes_them_over_and_then_the_access_can_end(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    assert signed_in(ward.elsewhere).get(reverse("portal:summary", args=[ward.patient.pk])).status_code == 404
    hand_over(ward, ward.clinic.other_team)
    assert "Maya Lindqvist" in shown(ward, ward.elsewhere)
    assert "Maya Lindqvist" not in shown(ward, ward.nurse)  # on the new keeper's board now
    with ward.acting(ward.elsewhere):
        assert keepers.keeper_of(ward.elsewhere, ward.patient).team == ward.clinic.other_team
    end(ward)
    assert signed_in(ward.nurse).get(reverse("portal:summary", args=[ward.patient.pk])).status_code == 404
    with acting_system():
        assert [team.name for team in teams_looking_after(ward.patient)] == ["Rehab team"]
    acts = acts_of(ward.patient)
    assert "duty.handed-over team" in acts
    assert any(act.startswith("grant.team ") for act in acts)
    assert any(act.startswith("grant.team-ended") for act in acts)
    with pytest.raises(StillKeeps):
        end(ward, by=ward.elsewhere, team=ward.clinic.other_team)  # now it is theirs


def test_a_center_elsewhere_can_take_them_over(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    hand_over(ward, None, reason="Lakeside MS Center, Dr. Ito")
    with ward.acting(ward.nurse):
        assert keepers.keeper_of(ward.nurse, ward.patient).name == "Another center"
    end(ward)
    with acting_system():
        assert teams_looking_after(ward.patient) == []


def test_a_hand_over_names_a_team_of_the_center_and_a_reason(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    with pytest.raises(keepers.NoSuchTeam):
        hand_over(ward, ward.clinic.other_team, reason=" ")
    with pytest.raises(keepers.KeepsThem):
        hand_over(ward, ward.clinic.team)
    ward.clinic.other_team.active = False
    ward.clinic.other_team.save()
    with pytest.raises(keepers.NoSuchTeam):
        hand_over(ward, ward.clinic.other_team)
    for person in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            hand_over(ward, ward.clinic.other_team, by=person)
        with pytest.raises(NotAllowed):
            end(ward, by=person)
    with ward.acting(ward.maya), pytest.raises(NotAllowed):
        let_team_in(by=ward.maya, patient=ward.patient, team=ward.clinic.other_team)


def test_without_duties_the_access_ends_at_once_and_only_ones_own_teams(ward: Ward) -> None:
    with ward.acting(ward.nurse), pytest.raises(NotAllowed):
        end_team(
            by=ward.nurse,
            patient=ward.patient,
            team_id=ward.clinic.other_team.pk,
            id=uuid7(),
            now=ward.at(ward.today),
        )
    page = reverse("patients:team-end", args=[ward.patient.pk, ward.clinic.team.pk])
    answer = signed_in(ward.nurse).post(page, {"once": str(uuid7())})
    assert answer.status_code == 302
    assert signed_in(ward.nurse).get(page).status_code == 404
    assert (
        signed_in(ward.maya).get(reverse("treatment:ledger")).status_code == 200
    )  # the record stays with the patient
    with actor.unit_of_work(actor.Actor(user_id=ward.nurse.pk)), pytest.raises((NotAllowed, Http404)):
        end_team(
            by=ward.nurse,
            patient=ward.patient,
            team_id=ward.clinic.team.pk,
            id=uuid7(),
            now=ward.at(ward.today),
        )


# --- Doses given elsewhere -----------------------------------------------------------------------------------------------------------


def given_elsewhere(ward: Ward, therapy: str, ago: int, *, confirmed: bool = True, **more: Any) -> Any:
    told = Told(doses_given=5, last_on=ward.today - timedelta(days=ago), place="Lakeside MS Center", **more)
    with ward.acting(ward.nurse):
        return elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy=therapy, told=told, confirmed=confirmed, id=uuid7(), now=ward.at(ward.today, 9)
        )  # fmt: skip


def ledger(ward: Ward, user: Any = None) -> dict[str, Line]:
    user = user or ward.nurse
    with ward.acting(user):
        return {line.test.code: line for line in ledger_of(user, ward.patient, ward.at(ward.today, 12))}


def test_doses_given_elsewhere_start_the_duties_once_they_are_confirmed(ward: Ward) -> None:
    row = given_elsewhere(ward, "alemtuzumab", 400, confirmed=False)
    assert not ledger(ward)
    told = Told(doses_given=5, last_on=row.last_on, place="Lakeside MS Center")
    with ward.acting(ward.nurse):
        elsewhere.confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, told=told, id=uuid7(), now=ward.at(ward.today, 9)
        )  # fmt: skip
    for reader in (ward.nurse, ward.maya):
        lines = ledger(ward, reader)
        for code in ("blood_count", "kidneys", "urine", "thyroid"):
            assert (lines[code].due, lines[code].until) == (ward.today, add_months(row.last_on, 48)), code
    assert "Maya Lindqvist" in shown(ward, ward.nurse, "soon")
    with pytest.raises(StillKeeps):
        end(ward)
    with ward.acting(ward.nurse):
        elsewhere.withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, id=uuid7(), now=ward.at(ward.today, 10)
        )
    assert not ledger(ward)


def test_the_heart_is_watched_yearly_after_mitoxantrone_elsewhere(ward: Ward) -> None:
    given_elsewhere(ward, "mitoxantrone", 800, lifetime_mg_m2=Decimal(60))
    heart = ledger(ward)["heart"]
    assert [duty.due.watch.fact for duty in heart.alive] == ["mitoxantrone.mon.lvef_after_stopping"]
    assert heart.due == ward.today


def test_an_order_here_goes_on_where_the_other_center_ended(ward: Ward) -> None:
    """Before its first dose here the checks of a running treatment count on; with it they start from both."""
    given_elsewhere(ward, "natalizumab", 25, first_on=ward.today - timedelta(days=800))
    jcv = ledger(ward)["jcv"]
    assert not jcv.alive
    ward.order("natalizumab", ward.today + timedelta(days=3), given_before=5, now=ward.at(ward.today, 10))
    assert ledger(ward)["jcv"].due == ward.today
    assert ledger(ward)["pml"].moves


def test_as_many_statements_for_doses_elsewhere_of_six_as_of_one(ward: Ward) -> None:
    def counted() -> int:
        with ward.acting(ward.nurse), actor.reading_many(), CaptureQueriesContext(connection) as asked:
            assert board.everybody(ward.nurse, ward.at(ward.today, 12))
        return len(asked)

    given_elsewhere(ward, "alemtuzumab", 60)
    few = counted()
    for patient in more_patients(ward, 5):
        with ward.acting(ward.nurse):
            elsewhere.note_elsewhere(
                by=ward.nurse, patient=patient, therapy="alemtuzumab",
                told=Told(doses_given=5, last_on=ward.today - timedelta(days=90)), confirmed=True, id=uuid7(), now=ward.at(ward.today, 9),
            )  # fmt: skip
    assert counted() == few


def decide(ward: Ward, fact: str, *, applies: bool, every_months: int | None = None, ago: int) -> None:
    with ward.acting(ward.neurologist):
        services.decide(
            by=ward.neurologist, patient=ward.patient, fact=fact, applies=applies, every_months=every_months,
            reason="The gland was taken out.", id=uuid7(), now=ward.at(ward.today - timedelta(days=ago), 9),
        )  # fmt: skip


def test_a_no_is_asked_again_after_doses_elsewhere_and_the_patient_does_not_read_the_old_one(
    ward: Ward,
) -> None:
    fact = "alemtuzumab.mon.thyroid_function_tsh"
    begin(ward, ward.patient, "alemtuzumab", 200)
    decide(ward, fact, applies=False, ago=150)
    own, team = reverse("treatment:ledger"), reverse("treatment:patient-ledger", args=[ward.patient.pk])
    words = "it does not apply. The gland was taken out."
    assert words in " ".join(signed_in(ward.maya).get(own).content.decode().split())
    assert "Blood test: thyroid" not in shown(ward, ward.neurologist, "undecided")
    given_elsewhere(ward, "alemtuzumab", 100)
    assert ledger(ward)["thyroid"].state is State.OVERDUE
    assert words not in " ".join(signed_in(ward.maya).get(own).content.decode().split())
    page = " ".join(signed_in(ward.neurologist).get(team).content.decode().split())
    assert f"{words} This was said before the newest dose. It has to be decided again." in page
    assert "Blood test: thyroid" in shown(ward, ward.neurologist, "undecided")
    decide(ward, fact, applies=False, ago=0)
    assert ledger(ward)["thyroid"].state is State.NOT_APPLYING
    assert "Blood test: thyroid" not in shown(ward, ward.neurologist, "undecided")


def test_a_patient_who_comes_back_is_on_the_board_again(ward: Ward) -> None:
    """The duties went to another center; then a dose is given here: somebody here keeps them again."""
    start = ward.today - timedelta(days=90)
    course = ward.order("alemtuzumab", start)
    ward.give(course, start)
    with ward.acting(ward.nurse):
        keepers.hand_over(
            by=ward.nurse, patient=ward.patient, team_id=None, reason="Lakeside", id=uuid7(), now=ward.at(start + timedelta(days=20))
        )  # fmt: skip
    assert "Maya Lindqvist" not in shown(ward, ward.nurse)
    ward.give(course, start + timedelta(days=30))
    assert "Maya Lindqvist" in shown(ward, ward.nurse)
    with ward.acting(ward.nurse):
        assert keepers.keeper_of(ward.nurse, ward.patient).team == ward.clinic.team
    with pytest.raises(StillKeeps):
        end(ward)


def test_a_keeper_that_is_not_in_use_any_more_takes_nobody_off_the_board(ward: Ward) -> None:
    begin(ward, ward.patient, "alemtuzumab", 50)
    hand_over(ward, ward.clinic.other_team)
    assert "Maya Lindqvist" not in shown(ward, ward.nurse)
    ward.clinic.other_team.active = False
    ward.clinic.other_team.save()
    assert "Maya Lindqvist" in shown(ward, ward.nurse)
