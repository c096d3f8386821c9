"""Plans of the patient: theirs alone, compared with days, never advised about, and a question only when the patient asks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.urls import reverse

from patients.models import Draft, Question
from patients.services import DifferentContent
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment.dayof import plans
from treatment.models import LifePlan

WORDS = "Walking in the hills with my sister"


@pytest.fixture
def course(ward: Ward) -> Any:
    """The second dose is two weeks after the first one, which was given a week ago."""
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=7))
    ward.give(course, ward.today - timedelta(days=7))
    return course


def save(ward: Ward, first: date | None = None, last: date | None = None, **more: Any) -> plans.Plan:
    said = {
        "by": ward.maya,
        "id": uuid7(),
        "kind": "travel",
        "note": WORDS,
        "now": ward.at(ward.today),
        **more,
    }
    with ward.acting(said["by"]):
        return plans.save_plan(patient=ward.patient, starts_on=first, ends_on=last, **said)


def meets(ward: Ward, plan: plans.Plan) -> list[plans.Meets]:
    with ward.acting(ward.maya):
        return plans.meeting(plan, plans.around(ward.maya, ward.patient, ward.at(ward.today)))


def test_a_plan_marks_the_planned_dose_in_its_days_and_says_nothing_more(ward: Ward, course: Any) -> None:
    dose = ward.planned(course)
    plan = save(ward, dose.target - timedelta(days=2), dose.target + timedelta(days=2))
    (found,) = meets(ward, plan)
    assert found.kind == "window"
    assert f"dose {dose.number}" in found.words
    page = signed_in(ward.maya).get(reverse("treatment:life-plan", args=[plan.id])).content.decode()
    assert found.words in page
    assert "Only your team can say that" in page
    for word in ("you should", "we recommend", "do not travel", "safe to", "no problem"):
        assert word not in page.lower()


@pytest.mark.parametrize(("first", "last", "count"), [(-9, -1, 0), (-9, 0, 1), (0, 9, 1), (1, 9, 0)])
def test_the_first_and_last_day_count(ward: Ward, course: Any, first: int, last: int, count: int) -> None:
    dose = ward.planned(course)
    edge = dose.earliest if last <= 0 else (dose.latest or dose.target)
    plan = save(ward, edge + timedelta(days=first), edge + timedelta(days=last))
    assert sum(item.kind == "window" for item in meets(ward, plan)) == count


def test_no_days_no_comparison(ward: Ward, course: Any) -> None:
    plan = save(ward, kind="pregnancy")
    assert meets(ward, plan) == []
    assert "Without days" in signed_in(ward.maya).get(reverse("treatment:life-plans")).content.decode()


def test_a_booked_time_in_the_days_is_marked(
    ward: Ward, course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.lib.contributions import DoseTime, Registry
    from treatment.dayof import day

    at = ward.at(ward.today + timedelta(days=3), 9)
    registry: Registry[Any] = Registry()
    registry.add(1, lambda user, patient, now: [DoseTime(uuid7(), at, True, "/x/")], name="test")
    monkeypatch.setattr(day, "dose_times", registry)
    plan = save(ward, ward.today + timedelta(days=3))
    assert [item.kind for item in meets(ward, plan)] == ["booked"]


def test_nobody_but_the_patient_finds_it_and_the_words_are_sealed(ward: Ward, course: Any) -> None:
    plan = save(ward, ward.today, kind="pregnancy")
    for person in (ward.nurse, ward.neurologist, ward.carer, ward.elsewhere):
        with ward.acting(person):
            assert not LifePlan.objects.for_user(person, ward.patient).exists()
            assert not LifePlan.objects.exists()  # row-level security, not only the query set
            with pytest.raises(Http404):
                plans.plan_or_404(person, ward.patient, plan.id)
        with pytest.raises(NotAllowed):
            save(ward, by=person)
        assert signed_in(person).get(reverse("treatment:life-plan", args=[plan.id])).status_code == 404
    with actor.unit_of_work(actor.system("tests")), connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(one)::text FROM treatment_lifeplan one")
        raw = cursor.fetchone()[0]
    assert "pregnancy" not in raw
    assert "hills" not in raw
    summary = signed_in(ward.nurse).get(reverse("portal:summary", args=[ward.patient.pk])).content.decode()
    assert "hills" not in summary


def test_once_under_an_id_and_changed_from_the_version_that_was_read(ward: Ward, course: Any) -> None:
    id = uuid7()
    assert save(ward, id=id).id == save(ward, id=id).id == id
    with pytest.raises(DifferentContent):
        save(ward, id=id, note="Else")
    changed = save(ward, ward.today, plan_id=id, version=1, note="Else")
    assert (changed.version, changed.note) == (2, "Else")
    with pytest.raises(plans.PlanChanged):
        save(ward, ward.today, plan_id=id, version=1, note="Other")
    assert [act for act in acts_of(ward.patient) if act.startswith("plan.")].count("plan.written self") == 1


def test_days_that_cannot_be_are_refused_beside_what_was_typed(ward: Ward, course: Any) -> None:
    with pytest.raises(plans.PlanDaysWrong):
        save(ward, ward.today, ward.today - timedelta(days=1))
    with pytest.raises(plans.PlanDaysWrong):
        save(ward, None, ward.today)
    with pytest.raises(plans.PlanTooFar):
        save(ward, ward.today, ward.today + timedelta(days=800))
    form = {
        "draft": str(uuid7()), "draft_version": "0", "kind": "travel", "note": WORDS, "starts_on_0": "5", "starts_on_1": "6",
        "starts_on_2": "2027", "ends_on_0": "4", "ends_on_1": "6", "ends_on_2": "2027",
    }  # fmt: skip
    told = signed_in(ward.maya).post(reverse("treatment:life-plan-new"), _named(form))
    assert told.status_code == 422
    assert WORDS in told.content.decode()


def _named(form: dict[str, str]) -> dict[str, str]:
    parts = {"_0": "_day", "_1": "_month", "_2": "_year"}
    return {name[:-2] + parts[name[-2:]] if name[-2:] in parts else name: said for name, said in form.items()}


def test_the_question_is_the_patients_own_until_they_show_it(ward: Ward, course: Any) -> None:
    dose, maya = ward.planned(course), signed_in(ward.maya)
    plan = save(ward, dose.target, dose.target)
    path, once = reverse("treatment:life-plan-question", args=[plan.id]), {"once": str(uuid7())}
    for _twice in range(2):
        assert maya.post(path, once).status_code == 302
    with ward.acting(ward.maya):
        (question,) = Question.objects.for_user(ward.maya, ward.patient)
        assert WORDS in question.text
        assert f"dose {dose.number}" in question.text
        assert question.text.endswith("What does this mean for my treatment?")
        assert plans.plan_or_404(ward.maya, ward.patient, plan.id).asked_at is not None
    with ward.acting(ward.nurse):
        assert not Question.objects.exists()


def test_a_message_is_begun_and_waits_to_be_sent(ward: Ward, course: Any) -> None:
    plan, maya = save(ward, ward.today), signed_in(ward.maya)
    told = maya.post(reverse("treatment:life-plan-write", args=[plan.id]))
    assert told["Location"] == reverse("messaging:new")
    with ward.acting(ward.maya):
        (draft,) = Draft.objects.filter(owner=ward.maya, kind="message")
        assert draft.fields["topic"] == ["question"]
        assert WORDS in draft.fields["text"][0]


def test_taken_off_it_is_gone(ward: Ward, course: Any) -> None:
    plan, maya = save(ward, ward.today), signed_in(ward.maya)
    path, once = reverse("treatment:life-plan-end", args=[plan.id]), {"once": str(uuid7())}
    assert maya.post(path, once).status_code == maya.post(path, once).status_code == 302
    assert maya.get(reverse("treatment:life-plan", args=[plan.id])).status_code == 404
    assert "not written down a plan" in maya.get(reverse("treatment:life-plans")).content.decode()


def test_ten_plans_cost_as_many_statements_as_one(ward: Ward, course: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    maya, path = signed_in(ward.maya), reverse("treatment:life-plans")
    save(ward, ward.today)
    maya.get(path)
    with CaptureQueriesContext(connection) as one:
        maya.get(path)
    for number in range(9):
        save(ward, ward.today + timedelta(days=number))
    with CaptureQueriesContext(connection) as ten:
        maya.get(path)
    assert len(ten) == len(one)
