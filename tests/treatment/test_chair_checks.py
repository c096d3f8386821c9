"""What the nurse checks in the chair before the start: asked for by the version, kept with its words, in the way of the start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.lib.ids import uuid7
from portal.lib.time import now as present
from tests.api.asking import call
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_chair import Chair, at, minutes
from treatment.chair.checks import NoChecks, checks_of
from treatment.chair.details import NothingSaid, NotPossible
from treatment.chair.flow import OutOfOrder, State
from treatment.courses.proceeding import CheckStops, NotAsked, NotChecked
from treatment.models import Protocol
from treatment.protocols.facts import Facts

MADE = "ocrelizumab_iv.chk.premed_given"
KNOWN = "ocrelizumab_iv.chk.hbv_known"
FINE = {MADE: "yes", KNOWN: "yes"}


@pytest.fixture
def chair(ward: Ward) -> Chair:
    """Ocrelizumab, due yesterday; the questions to the patient were asked at the chair, the checks were not made."""
    chair = Chair(ward, ward.order("ocrelizumab_iv", ward.today - timedelta(days=1)))
    chair.now = max(chair.now, ward.at(ward.today, 0) + minutes(5))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ward, "check_there", lambda *_args: None)
        chair.ask()
    return chair


@pytest.mark.django_db
def test_every_question_of_a_therapy_that_can_be_ordered_reaches_somebody(ward: Ward) -> None:
    left_out = []
    for protocol in Protocol.objects.at(None).filter(version=1):
        facts = Facts(protocol.content)
        reached = {said.fact for said in facts.before_dose}
        reached |= {question.fact for question in facts.questions}
        there = {check.fact for check in facts.chair_checks}
        assert not reached & there, "asked twice"
        rows = {row["key"] for row in protocol.content["pre_infusion_checklist"]}
        left_out += sorted(rows - reached - there) if facts.can_be_ordered else []
    assert left_out == []


def test_it_starts_only_after_the_checks_of_today(chair: Chair) -> None:
    with pytest.raises(NotChecked):
        chair.note("started")
    row = chair.note("checks", answers=FINE)
    assert [(one["fact"], one["said"], one["concern"]) for one in row.details["answers"]] == [
        (KNOWN, "yes", False),
        (MADE, "yes", False),
    ]
    assert row.details["answers"][1]["text"] == "Were the steroid and antihistamine given on time?"
    assert chair.stand.state is State.WAITING
    assert chair.note("started", 1).kind == "started"


def test_checks_of_the_day_before_do_not_count(ward: Ward) -> None:
    chair = Chair(ward, ward.order("ocrelizumab_iv", ward.today - timedelta(days=1)))
    midnight = ward.at(ward.today, 0)
    chair.now = midnight - minutes(5)
    chair.note("checks", answers=FINE)
    chair.now = midnight + minutes(5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ward, "check_there", lambda *_args: None)
        with pytest.raises(NotChecked):
            chair.note("started")
    chair.note("checks", answers=FINE)
    assert chair.note("started").kind == "started"


def test_not_checked_anybody_of_the_team_starts_with_a_reason(chair: Chair) -> None:
    row = chair.note("started", although="Checked on paper, the page did not load")
    assert row.details["although"] == "Checked on paper, the page did not load"


def test_a_concern_is_settled_or_a_neurologist_says_why(chair: Chair) -> None:
    ward = chair.ward
    chair.note("checks", answers={**FINE, MADE: "no"})
    with pytest.raises(CheckStops) as refused:
        chair.note("started")
    assert "do not start the infusion" in str(refused.value.message)
    assert "Were the steroid" in str(refused.value.message)
    assert "hepatitis" not in str(refused.value.message)
    with pytest.raises(CheckStops):
        chair.note("started", although="It will be fine")
    chair.note("checks", 20, answers=FINE)  # given in the meantime
    assert chair.note("started").kind == "started"
    chair.correct(chair_start(chair), take_back=True)
    chair.note("checks", 1, answers={**FINE, KNOWN: "no"})
    with pytest.raises(CheckStops):
        chair.note("started", although="It will be fine")
    assert chair.note("started", by=ward.neurologist, although="The result came by phone").kind == "started"


def chair_start(chair: Chair) -> Any:
    from treatment.chair.reading import record_of

    with chair.ward.acting(chair.ward.nurse):
        return record_of(chair.ward.nurse, chair.ward.patient, chair.dose.pk).of_kind("started")[0]


def test_a_correction_counts_and_what_is_taken_back_does_not(chair: Chair) -> None:
    wrong = chair.note("checks", answers={**FINE, MADE: "no"})
    right = chair.correct(wrong, said={"answers": FINE})
    assert not any(one["concern"] for one in right.details["answers"])
    chair.note("started", 1)
    chair.correct(chair_start(chair), take_back=True)
    chair.correct(right, take_back=True)
    with pytest.raises(NotChecked):
        chair.note("started", 1)


def test_one_id_is_one_line(chair: Chair) -> None:
    id = uuid7()
    first, again = (chair.note("checks", id=id, answers=FINE) for _again in range(2))
    assert first.pk == again.pk


@pytest.mark.parametrize(
    ("answers", "refused"),
    [
        ({}, NothingSaid),
        ({MADE: "yes"}, NothingSaid),
        ({**FINE, KNOWN: "na"}, NotPossible),
        ({**FINE, KNOWN: "perhaps"}, NotPossible),
        ({**FINE, "ocrelizumab_iv.chk.infection": "no"}, NotPossible),
        ({**FINE, "natalizumab.chk.jcv_current": "yes"}, NotPossible),
    ],
)
def test_all_checks_and_only_those_of_the_version(
    answers: dict[str, str], refused: type[Exception], chair: Chair
) -> None:
    with pytest.raises(refused):
        chair.note("checks", answers=answers)
    assert chair.stand.state is State.WAITING


def test_what_may_not_apply_can_be_answered_so(ward: Ward) -> None:
    chair = Chair(ward, ward.order("ublituximab", ward.today - timedelta(days=1)))
    test = "ublituximab.chk.preg_test"
    assert [check.may_not_apply for check in checks_of(chair.dose)] == [False, True, False]
    answers = {check.fact: "na" if check.fact == test else "yes" for check in checks_of(chair.dose)}
    row = chair.note("checks", answers=answers)
    assert [one["concern"] for one in row.details["answers"]] == [False, False, False]


def test_a_version_without_checks_asks_for_none(ward: Ward, client: Client) -> None:
    chair = Chair(ward, ward.order("natalizumab", ward.today - timedelta(days=1)))
    with pytest.raises(NoChecks):
        chair.note("checks", answers={"natalizumab.chk.line": "yes"})
    client.force_login(ward.nurse)
    assert "Checks before the start" not in client.get(at(ward, chair)).content.decode()
    assert "?note=checks" not in client.get(at(ward, chair)).content.decode()
    assert client.post(at(ward, chair) + "?note=checks", {}).status_code == 404
    chair.note("started")
    assert chair.stand.state is State.RUNNING


def test_after_the_start_checks_are_only_noted_for_before_it(chair: Chair) -> None:
    start = chair.note("started", although="In a hurry")
    chair.now += minutes(10)
    with pytest.raises(OutOfOrder):
        chair.note("checks", answers=FINE)
    row = chair.note("checks", answers=FINE, at=start.at - minutes(2), noted_later=True)
    assert row.noted_later
    assert chair.stand.state is State.RUNNING


def test_the_screen_leads_through_the_checks_to_the_start(chair: Chair, client: Client) -> None:
    ward = chair.ward
    chair.now = present() - minutes(2)
    client.force_login(ward.nurse)
    listed = client.get(at(ward, chair, "ready")).content.decode()
    assert "The nurse also checks in the chair, before the start" in listed
    assert "Were the steroid and antihistamine given on time?" in listed
    page = client.get(at(ward, chair)).content.decode()
    assert "Not yet checked at the chair" in page
    url = at(ward, chair) + "?note=checks"
    assert url in page
    asked = client.get(url).content.decode()
    assert "Were the steroid and antihistamine given on time?" in asked
    assert "checked" not in asked[asked.index("<form") :].replace("unchecked", "").split("</form>")[0]
    draft = str(uuid7())
    half = client.post(url, {"draft": draft, "draft_version": "0", "c1": "yes", "words": "Vial read twice"})
    assert half.status_code == 422
    assert "Answer this check." in half.content.decode()
    assert "Vial read twice" in half.content.decode()
    done = client.post(
        url, {"draft": str(uuid7()), "draft_version": "0", "c1": "yes", "c2": "no"}, follow=True
    )
    words = done.content.decode()
    assert "do not start the infusion" in words
    assert "Start now" not in words
    assert "Not yet checked at the chair" not in words
    client.post(url, {"draft": str(uuid7()), "draft_version": "0", "c1": "yes", "c2": "yes"})
    assert "Start now" in client.get(at(ward, chair)).content.decode()


def test_a_correction_shows_what_was_answered(chair: Chair, client: Client) -> None:
    ward = chair.ward
    chair.now = present()  # the page asks about now, which at midnight is another day than an hour ago
    row = chair.note("checks", answers={**FINE, MADE: "no"})
    client.force_login(ward.nurse)
    url = reverse("treatment:patient-chair-correct", args=[ward.patient.pk, chair.dose.pk, row.pk])
    page = client.get(url).content.decode()
    assert page.count("checked") >= 2
    sent = {
        "draft": str(uuid7()),
        "draft_version": "0",
        "c1": "yes",
        "c2": "yes",
        "why": "I ticked the wrong one",
    }
    assert client.post(url, sent).status_code == 302
    assert "Start now" in client.get(at(ward, chair)).content.decode()


def test_patients_read_nothing_of_it(chair: Chair, client: Client) -> None:
    ward = chair.ward
    chair.note("checks", answers={**FINE, MADE: "no"})
    client.force_login(ward.maya)
    assert client.get(at(ward, chair)).status_code == 404
    listed = client.get(reverse("treatment:ready", args=[chair.dose.pk])).content.decode()
    assert "The nurse also checks" not in listed
    assert "do not start the infusion" not in listed


def test_through_the_api(chair: Chair) -> None:
    ward = chair.ward
    url = f"/api/v1/treatment/doses/{chair.dose.pk}/chair/?patient={ward.patient.pk}"
    nurse = signed_in(ward.nurse)
    told = call(nurse, "GET", url).json()["checks"]
    assert [(one["fact"], one["concern_if"], one["may_not_apply"]) for one in told] == [
        (KNOWN, "no", False),
        (MADE, "no", False),
    ]
    refused = call(nurse, "POST", url, {"kind": "started"})
    assert (refused.status_code, refused.json()["type"].partition("#")[2]) == (409, "not-checked")
    twice = [{"fact": KNOWN, "said": "yes"}, {"fact": KNOWN, "said": "no"}]
    assert call(nurse, "POST", url, {"kind": "checks", "answers": twice}).status_code == 422
    assert call(nurse, "POST", url, {"kind": "checks"}).status_code == 422
    answers = [{"fact": fact, "said": said} for fact, said in {**FINE, MADE: "no"}.items()]
    row = call(nurse, "POST", url, {"kind": "checks", "answers": answers}).json()["rows"][-1]
    assert [one["concern"] for one in row["details"]["answers"]] == [False, True]
    refused = call(nurse, "POST", url, {"kind": "started"})
    assert (refused.status_code, refused.json()["type"].partition("#")[2]) == (409, "check-stops")
    answers = [{"fact": fact, "said": said} for fact, said in FINE.items()]
    assert call(nurse, "POST", url, {"kind": "checks", "answers": answers}).status_code == 201
    assert call(nurse, "POST", url, {"kind": "started"}).json()["state"] == "running"


def test_both_the_questions_and_the_checks_stand_in_the_way(ward: Ward) -> None:
    chair = Chair(ward, ward.order("ocrelizumab_iv", ward.today - timedelta(days=1)))
    chair.was_asked = True
    with pytest.raises(NotAsked):
        chair.note("started")
