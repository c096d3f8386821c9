"""A label change: versions withdrawn at once, courses listed with each difference and moved by a prescriber, texts listed, people told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import MailingLetter
from portal.lib import actor
from portal.lib.contributions import texts_naming
from portal.lib.ids import uuid7
from portal.lib.time_words import day as day_words
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from treatment import services as treatment
from treatment.courses.guards import NotAPrescriber, NotSignedOff
from treatment.editing import making
from treatment.labelchange import moving, services
from treatment.models import ChecklistItem, Course, LabelChange, Protocol, VersionMove, Withdrawal
from treatment.protocols import catalog, signing

CODE = "ocrelizumab_iv"
MAINTENANCE = "ocrelizumab_iv.phase.maintenance_standard_infusion"
API = "/api/v1/treatment/"


def next_version(ward: Ward, by: Any = None, **phase: Any) -> Protocol:
    """The next version of ocrelizumab; `phase` are other values of its maintenance, `before` another list before a dose."""
    newest = ward.protocol(CODE)
    content = Protocol.objects.get(pk=newest.pk).content
    before = phase.pop("before", None)
    for row in content["regimen"]:
        if row["key"] == MAINTENANCE:
            row.update(phase)
    if before:
        content["portal"]["before_dose"].append(before)
    by = by or ward.neurologist
    with ward.acting(by):
        return making.make_version(
            by=by, code=CODE, based_on=newest.version, content=content, reason="The label", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip


def sign(ward: Ward, protocol: Protocol) -> Protocol:
    for one in (ward.nurse, ward.neurologist, ward.pharmacist):
        signing.sign_off(by=one, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    return protocol


def noted(ward: Ward, *withdraw: int) -> LabelChange:
    with ward.acting(ward.nurse):
        return services.note_change(
            by=ward.nurse, code=CODE, what="A longer gap between doses", source="Label, section 2, March 2026",
            changed_on=ward.today, withdraw=withdraw, id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip


def on_maintenance(ward: Ward) -> Course:
    """Ocrelizumab with both halves given: the third dose is about five months away."""
    first = ward.today - timedelta(days=30)
    course = ward.order(CODE, first)
    ward.give(course, first)
    ward.give(course, first + timedelta(days=14))
    return course


def dated(on: date) -> dict[str, str]:
    return {"changed_on_day": str(on.day), "changed_on_month": str(on.month), "changed_on_year": str(on.year)}


# --- Noting it ---------------------------------------------------------------------------------------------------------------


def test_a_withdrawn_version_is_not_ordered_on_from_that_moment(ward: Ward, settings: Any) -> None:
    nurse = signed_in(ward.nurse)
    path = f"/therapies/{CODE}/label-change/"
    body = {"what": "A new warning", "source": "", "withdraw": ["1"], **dated(ward.today)}
    answer = nurse.post(path, {**body, "once": str(uuid7())})
    assert answer.status_code == 422
    assert "Name the source." in answer.content.decode()
    assert "A new warning" in answer.content.decode()
    assert not Withdrawal.objects.exists()
    once, body = str(uuid7()), {**body, "source": "Letter of the maker"}
    for _press in range(2):
        answer = nurse.post(path, {**body, "once": once})
        assert answer.status_code == 302
    assert LabelChange.objects.count() == Withdrawal.objects.count() == 1
    shown = nurse.get(f"/therapies/{CODE}/").content.decode()
    assert "Withdrawn: nothing is ordered on it any more" in shown
    assert "Sign this version off" not in shown
    with pytest.raises(signing.IsWithdrawn):
        ward.order(CODE, ward.today)
    with pytest.raises(signing.IsWithdrawn):
        signing.sign_off(
            by=ward.nurse, protocol_id=ward.protocol(CODE).pk, id=uuid7(), now=ward.at(ward.today)
        )
    settings.DEMO = True
    codes = [row.facts.code for row in catalog.orderable_protocols(ward.clinic.site)]
    assert codes
    assert CODE not in codes


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"what": " "}, 422),
        ({"source": ""}, 422),
        ({"changed_on": date(1980, 1, 1)}, 422),
        ({"changed_on": date(2190, 1, 1)}, 422),
        ({"withdraw": [9]}, 404),
    ],
)
def test_a_change_without_its_parts_is_not_noted(ward: Ward, changes: dict[str, Any], status: int) -> None:
    body = {
        "what": "Something",
        "source": "A letter",
        "changed_on": str(ward.today),
        "withdraw": [1],
        **changes,
    }
    answer = signed_in(ward.nurse).post(
        f"{API}therapies/{CODE}/label-changes/", {**body, "changed_on": str(body["changed_on"])},
        content_type="application/json", headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    assert answer.status_code in (status, 400 if status == 422 else status)
    assert not LabelChange.objects.exists()
    assert not Withdrawal.objects.exists()


def test_the_database_refuses_to_take_a_withdrawal_back(ward: Ward) -> None:
    noted(ward, 1)
    for model in (LabelChange, Withdrawal):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            model.objects.all()._raw_delete("default")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            model.objects.update(id=uuid7())


# --- Moving courses --------------------------------------------------------------------------------------------------------------


def test_courses_are_listed_with_each_difference_and_moved_by_a_prescriber(ward: Ward) -> None:
    course = on_maintenance(ward)
    planned = ward.planned(course)
    first = course.protocol
    extra = {
        "fact": "ocrelizumab_iv.chk.allergies", "owner": "team", "label": "New allergies are talked over",
        "when": "every", "valid_hours": None, "link": None,
    }  # fmt: skip
    second = sign(ward, next_version(ward, min_interval_days=160, observation_minutes=90, before=extra))
    change = noted(ward, 1)
    page = f"/therapies/label-changes/{change.pk}/"
    hana, nurse = signed_in(ward.neurologist), signed_in(ward.nurse)
    text = " ".join(hana.get(page).content.decode().split())
    assert "Compared with version 2." in text
    assert "<del>152</del> now: <ins>160</ins>" in text
    assert "<del>60</del> now: <ins>90</ins>" in text
    assert "Maya Lindqvist" in text
    assert f"Dose 3 stays on {day_words(planned.target)}." in text
    end = ward.today - timedelta(days=16) + timedelta(days=160)
    assert f"Its shortest time ends on {day_words(end)}." in text
    assert "A neurologist moves courses." in nurse.get(page).content.decode()
    body = {"to": "2", "courses": [str(course.pk)], "reason": "The label asks for it", "once": str(uuid7())}
    assert nurse.post(f"{page}move/", body).status_code == 403
    answer = hana.post(f"{page}move/", {**body, "reason": ""})
    assert answer.status_code == 422
    assert "checked" in answer.content.decode(), "what was chosen stays chosen"
    for _press in range(2):
        assert hana.post(f"{page}move/", body).status_code == 302
    with ward.acting(ward.neurologist):
        moved = treatment.course_or_404(ward.neurologist, ward.patient, course.pk)
        moves = VersionMove.objects.for_user(ward.neurologist, ward.patient)
        rows = [(row.old_id, row.new_id, row.reason, row.change_id) for row in moves]
        items = ChecklistItem.objects.for_user(ward.neurologist, ward.patient).filter(fact=extra["fact"])
        assert {item.dose.state for item in items.select_related("dose")} == {"planned"}
        lines = treatment.before(ward.neurologist, ward.patient, ward.planned(course), ward.at(ward.today))
    assert (moved.protocol_id, moved.order.protocol_id) == (second.pk, first.pk)
    assert rows == [(first.pk, second.pk, "The label asks for it", change.pk)]
    assert "New allergies are talked over" in [line.label for line in lines]
    after = ward.planned(course)
    assert (after.target, after.not_before) == (planned.target, end)
    need = treatment.infusion_need(after)
    assert need is not None
    assert need.observation_minutes == 90
    history = hana.get(f"/patients/{ward.patient.pk}/treatment/{course.pk}/").content.decode()
    assert "From version 1 to 2" in history
    assert "The label asks for it" in history
    trail = signed_in(ward.maya).get(reverse("patients:trail"), {"all": "1"}).content.decode()
    assert "moved a treatment to another version of its protocol" in trail
    assert "saw the name on a list of treatments that a label change touches" in trail


def test_a_course_whose_dose_would_come_too_early_stays_with_the_reason(ward: Ward) -> None:
    course = on_maintenance(ward)
    sign(ward, next_version(ward, interval_days=210, min_interval_days=190, usual_window_days=[190, 220]))
    change = noted(ward)
    hana, page = signed_in(ward.neurologist), f"/therapies/label-changes/{change.pk}/"
    assert "By that version it is too early" in hana.get(page).content.decode()
    said = hana.get(f"{API}label-changes/{change.pk}/").json()
    assert (said["compared_with"], said["elsewhere"], said["told"]) == (2, 0, [])
    assert said["versions"][0]["courses"][0]["course"] == str(course.pk)
    assert "too early" in said["versions"][0]["courses"][0]["blocked"]
    assert {line["label"] for one in said["versions"][0]["differs"] for line in one["lines"]} == {
        "Days between two doses: the target",
        "Shortest time after the dose before",
        "Usual window",
    }
    answer = hana.post(
        f"{API}label-changes/{change.pk}/move/", {"version": 2, "courses": [str(course.pk)], "reason": "The label"},
        content_type="application/json", headers={"Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    assert answer.status_code == 200
    assert answer.json()["moved"] == []
    assert "Set another day for it first." in answer.json()["stayed"][0]["reason"]
    with ward.acting(ward.nurse):
        assert treatment.course_or_404(ward.nurse, ward.patient, course.pk).moved_to_id is None


def test_nothing_moves_to_a_version_that_is_not_signed_or_was_withdrawn(ward: Ward) -> None:
    course = on_maintenance(ward)
    second = next_version(ward, observation_minutes=90)

    def move(by: Any, to: Protocol) -> Course:
        with ward.acting(by):
            return moving.move_course(
                by=by, patient=ward.patient, course_id=course.pk, protocol_id=to.pk, reason="x", id=uuid7(),
                now=ward.at(ward.today),
            )  # fmt: skip

    with pytest.raises(NotSignedOff):
        move(ward.neurologist, second)
    sign(ward, second)
    with pytest.raises(NotAPrescriber):
        move(ward.nurse, second)
    assert move(ward.neurologist, second).protocol_id == second.pk
    with pytest.raises(moving.ThereAlready):
        move(ward.neurologist, second)
    noted(ward, 1)
    with pytest.raises(signing.IsWithdrawn):
        move(ward.neurologist, Protocol.objects.get(therapy__code=CODE, version=1))


def test_the_list_takes_as_many_statements_for_five_as_for_two(ward: Ward) -> None:
    on_maintenance(ward)
    sign(ward, next_version(ward, observation_minutes=90))
    change = noted(ward)
    nurse, page = signed_in(ward.nurse), f"/therapies/label-changes/{change.pk}/"
    nurse.get(page)

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert nurse.get(page).status_code == 200
        return len(seen)

    few = statements()
    from patients.services import enroll_patient

    for number in range(4):
        patient = enroll_patient(
            site=ward.clinic.site,
            name=f"Person {number}",
            date_of_birth=date(1980, 1, 1),
            by=ward.nurse,
            team=ward.clinic.team,
        )
        with ward.acting(ward.neurologist):
            treatment.sign_order(
                by=ward.neurologist, patient=patient, protocol_id=ward.protocol(CODE).pk, path="standard",
                first_on=ward.today, indication="x", id=uuid7(), now=ward.at(ward.today), in_demo=True,
            )  # fmt: skip
    assert statements() == few


def test_a_withdrawn_version_stands_on_what_first_until_the_course_is_moved(ward: Ward) -> None:
    course = on_maintenance(ward)
    second = sign(ward, next_version(ward, observation_minutes=90))
    words = "The treatment runs on a version that was withdrawn"
    nurse = signed_in(ward.nurse)
    assert words not in nurse.get("/").content.decode()
    change = noted(ward, 1)
    text = nurse.get("/").content.decode()
    assert words in text
    assert f"/therapies/label-changes/{change.pk}/" in text
    with ward.acting(ward.neurologist):
        moving.move_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, protocol_id=second.pk, reason="x", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    assert words not in nurse.get("/").content.decode()


# --- Texts and people ----------------------------------------------------------------------------------------------------------------


def test_every_text_that_names_the_therapy_is_listed(ward: Ward) -> None:
    change = noted(ward)
    asked: list[list[str]] = []

    def entry(user: Any, names: list[str]) -> list[dict[str, str]]:
        asked.append(names)
        return [{"kind": "Article", "title": "Ocrevus and you", "url": "/learn/x/"}]

    texts_naming.add(99, entry, name="test")
    try:
        page = signed_in(ward.nurse).get(f"/therapies/label-changes/{change.pk}/").content.decode()
    finally:
        del texts_naming._entries["test"]
    assert asked == [["ocrelizumab", "Ocrevus"]]
    assert 'Article: <a href="/learn/x/">Ocrevus and you</a>' in page
    assert 'Therapy: <a href="/therapies/ocrelizumab_sc/">' in page, "its facts name the same substance"


def test_people_on_the_therapy_get_one_message_each(ward: Ward) -> None:
    on_maintenance(ward)
    change = noted(ward)
    nurse, page = signed_in(ward.nurse), f"/therapies/label-changes/{change.pk}/"
    assert "There is news about a medicine that you get here." in nurse.get(page).content.decode()
    assert nurse.post(f"{page}tell/", {"text": "", "once": str(uuid7())}).status_code == 422
    once = str(uuid7())
    for _press in range(2):
        answer = nurse.post(f"{page}tell/", {"text": "There is news.", "once": once})
        assert answer.status_code == 302
    with actor.unit_of_work(actor.system("tests")):
        found = MailingLetter.objects.for_system().filter(mailing_id=UUID(once))
        letters = [(letter.patient_id, letter.words) for letter in found]
    assert letters == [(ward.patient.pk, "There is news.")]
    text = nurse.get(page).content.decode()
    assert "Rosa told 1 person" in text
    assert signed_in(ward.maya).get(page).status_code == 404
