"""The list before a dose: evidence, days, to whom it applies; and the questions, which stop a dose before the person travels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.urls import reverse

import portal.context
from accounts.models import OutgoingMail
from accounts.services import open_mail
from clinic.cover import leads_of, put_on_call
from clinic.models import OpeningHours, TeamMember
from patients.models import Draft
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import services
from treatment.courses import reading
from treatment.courses.planning import add_months
from treatment.models import Applies, ChecklistItem, Course, Dose, DoseAnswer, ItemNote
from treatment.readiness import answers, items
from treatment.readiness.dose import DoseStanding, standing_of_dose


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def course(ward: Ward) -> Course:
    """Natalizumab: one dose given, the next one tomorrow."""
    start = ward.today - days(27)
    made = ward.order("natalizumab", start)
    ward.give(made, start)
    return made


def posted(**more: Any) -> dict[str, Any]:
    return {"draft": str(uuid7()), "draft_version": "0", **more}


def line(ward: Ward, dose: Dose, part: str, now: datetime | None = None) -> items.Line:
    """How the line of a fact stands for the nurse."""
    with ward.acting(ward.nurse):
        found = items.lines_for(ward.nurse, ward.patient, dose, now or ward.at(ward.today, 9))
    return next(one for one in found if one.item.fact.endswith(part))


def note(ward: Ward, dose: Dose, part: str, state: str, **more: Any) -> ChecklistItem:
    given = {"by": ward.nurse, "id": uuid7(), "now": ward.at(ward.today, 9), **more}
    with ward.acting(given["by"]):
        return items.note_item(
            patient=ward.patient, item_id=line(ward, dose, part).item.pk, state=state, **given
        )


def answer(ward: Ward, dose: Dose, **more: Any) -> DoseAnswer:
    """No concern anywhere, but for what is named: infection="yes"."""
    said = {
        name: more.pop(name)
        for name in list(more)
        if name in ("infection", "new_neuro", "pregnancy", "allergies", "new_meds")
    }
    given = {"by": ward.maya, "id": uuid7(), "now": ward.at(ward.today, 9), "place": "phone", **more}
    with ward.acting(given["by"]):
        asked = answers.questions_for(
            ward.nurse if given["by"] == ward.nurse else ward.maya, ward.patient, dose
        )
        all_said = {
            one.fact: said.get(one.fact.rsplit(".", 1)[1], "no" if one.concern_if == "yes" else "yes")
            for one in asked
        }
        row = answers.answer(patient=ward.patient, dose_id=dose.pk, said=all_said, **given)
        assert row.answers  # opened here, where the key is within reach
    return row


def waiting_mails(kind: str) -> list[dict[str, str]]:
    found = [open_mail(mail) for mail in OutgoingMail.objects.filter(kind=kind)]
    return [mail for mail in found if mail is not None]


# --- Lines ------------------------------------------------------------------------------------------------------------


def test_each_line_has_who_until_when_and_a_word(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    page = signed_in(ward.maya).get(reverse("treatment:ready", args=[dose.pk])).content.decode()
    for words in (
        "Your insurer says yes",
        "Who has it: Your insurer",
        "The medicine is ordered",
        "Plan who drives you",
    ):
        assert words in page
    assert "No day is set. Ask your infusion center." in page  # the blood test: no text states a day
    assert "Only for people whose last JC virus test was negative or low" in page
    assert "safe" not in page.partition("<main")[2].lower().replace("safety program", "")
    staff = signed_in(ward.nurse).get(reverse("treatment:patient-ready", args=[ward.patient.pk, dose.pk]))
    assert "Who has it: The patient" in staff.content.decode()
    for stranger in (ward.elsewhere, ward.carer):
        path = reverse("treatment:patient-ready", args=[ward.patient.pk, dose.pk])
        assert signed_in(stranger).get(path).status_code == 404


def test_evidence_stays_with_its_day_and_an_approval_holds_for_later_doses(
    ward: Ward, course: Course
) -> None:
    first, second = [dose for dose in ward.doses(course) if dose.is_planned][:2]
    note(ward, first, "log.authorization", "waiting", text="Sent on Monday")
    assert line(ward, first, "log.authorization").standing.code == "waiting"
    until = second.target
    note(ward, first, "log.authorization", "done", day=ward.today, valid_until=until, text="Letter 4711")
    assert line(ward, first, "log.authorization").standing.code == "done"
    later = line(ward, second, "log.authorization")
    assert (later.standing.code, later.carried) == ("done", True)
    third = [dose for dose in ward.doses(course) if dose.is_planned][2]
    assert line(ward, third, "log.authorization").standing.code == "open"
    page = signed_in(ward.maya).get(reverse("treatment:ready", args=[first.pk])).content.decode()
    assert "Letter 4711" in page
    with ward.acting(ward.nurse):
        rows = ItemNote.objects.for_user(ward.nurse, ward.patient).newest_first()
        assert [(row.state, row.text) for row in rows] == [
            ("done", "Letter 4711"),
            ("waiting", "Sent on Monday"),
        ]


def test_a_virus_test_holds_for_the_months_of_the_version_and_no_longer(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    drawn = ward.today - days(30)
    item = note(ward, dose, "chk.jcv_current", "done", day=drawn, valid_until=ward.today + days(900))
    assert item.valid_until == add_months(drawn, 6)
    assert note(ward, dose, "chk.jcv_current", "done", day=ward.today - days(200)).valid_until is not None
    assert line(ward, dose, "chk.jcv_current").standing.code == "runs_out"


def test_the_team_sets_when_blood_is_drawn_and_when_the_result_is_due(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    nurse = signed_in(ward.nurse)
    item = line(ward, dose, "chk.jcv_current").item
    path = reverse("treatment:patient-item-note", args=[ward.patient.pk, item.pk])
    page = nurse.get(path).content.decode()
    assert "Result due by" in page
    assert "To be drawn by" in page
    assert "Is the JCV result less than 6 months old" in page  # where the line comes from

    def dated(name: str, on: date) -> dict[str, str]:
        return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}

    wrong = posted(state="open", **dated("draw_by", dose.target), **dated("due_on", ward.today))
    told = nurse.post(path, wrong)
    assert told.status_code == 422
    assert "The blood has to be drawn before the result is due." in told.content.decode()
    told = nurse.post(path, posted(state="done", **dated("day", ward.today + days(1))))
    assert told.status_code == 422
    right = posted(
        state="waiting", text="Drawn today", **dated("draw_by", ward.today), **dated("due_on", dose.target)
    )
    assert nurse.post(path, right).status_code == 302
    standing = line(ward, dose, "chk.jcv_current").standing
    assert (standing.code, standing.due) == ("waiting", dose.target)
    late = posted(state="open", **dated("due_on", dose.target + days(1)))
    assert nurse.post(path, late).status_code == 422


def test_a_patient_writes_on_their_own_lines_and_a_tick_does_not_answer_questions(
    ward: Ward, course: Course
) -> None:
    dose, maya = ward.planned(course), signed_in(ward.maya)
    driver = line(ward, dose, "log.driver").item
    path = reverse("treatment:item-note", args=[driver.pk])
    assert maya.post(path, posted(state="done", text="My sister drives")).status_code == 302
    assert line(ward, dose, "log.driver").standing.code == "done"
    for part, state in (("log.supply", "done"), ("log.driver", "waiting"), ("log.driver", "not_needed")):
        with pytest.raises(NotAllowed):
            note(ward, dose, part, state, by=ward.maya)
    for part in ("chk.infection", "chk.new_neuro"):
        with pytest.raises(items.AnswerTheQuestions):
            note(ward, dose, part, "done", by=ward.maya)
        with ward.acting(ward.maya), pytest.raises(items.AnswerTheQuestions):
            services.settle_item(
                by=ward.maya, patient=ward.patient, item_id=line(ward, dose, part).item.pk, done=True, id=uuid7(),
                now=ward.at(ward.today),
            )  # fmt: skip
    for stranger in (ward.elsewhere, ward.carer):
        with pytest.raises(NotAllowed):
            note(ward, dose, "log.driver", "done", by=stranger)
    assert "treatment.item-noted self" in acts_of(ward.patient)


def test_what_is_not_for_a_person_is_not_asked_again(ward: Ward, course: Course) -> None:
    first, second = [dose for dose in ward.doses(course) if dose.is_planned][:2]
    note(ward, first, "log.premed_home", "not_needed", by=ward.maya)
    assert line(ward, second, "log.premed_home").standing.code == "not_needed"
    answer(ward, first, pregnancy="not_me")
    with ward.acting(ward.maya):
        asked = answers.questions_for(ward.maya, ward.patient, second)
        assert not any(one.fact.endswith("pregnancy") for one in asked)
        groups = Applies.objects.for_user(ward.maya, ward.patient).order_by("group")
        assert [(row.group, row.applies) for row in groups] == [
            ("could_become_pregnant", False), ("medicine_at_home", False),
        ]  # fmt: skip
    note(ward, first, "log.premed_home", "open")  # the team says that it is for this person after all
    assert line(ward, second, "log.premed_home").standing.code == "open"


def test_what_a_patient_said_is_not_for_them_the_nurse_asks_all_the_same(ward: Ward, course: Course) -> None:
    """The pregnancy question of natalizumab has no line: nothing else could take a slip back."""
    dose = ward.planned(course)
    answer(ward, dose, pregnancy="not_me")
    with ward.acting(ward.nurse):
        asked = answers.questions_for(ward.nurse, ward.patient, dose)
    assert any(one.fact.endswith("pregnancy") for one in asked)
    answer(ward, dose, by=ward.nurse, place="chair", pregnancy="yes")
    with ward.acting(ward.maya):
        asked = answers.questions_for(ward.maya, ward.patient, dose)
    assert any(one.fact.endswith("pregnancy") for one in asked)


def test_a_team_without_leads_and_nobody_on_call_is_told_all_of_it(ward: Ward, course: Course) -> None:
    TeamMember.objects.filter(team=ward.clinic.team, role__in=("neurologist", "coordinator")).delete()
    answer(ward, ward.planned(course), infection="yes")
    assert ward.nurse.email in {mail["to"] for mail in waiting_mails("stop-notice")}


def test_nothing_can_be_noted_for_a_dose_that_was_given(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    item = line(ward, dose, "log.driver").item
    ward.give(course, ward.today)
    with pytest.raises(items.DoseIsOver):
        note(ward, dose, "log.driver", "done")
    with pytest.raises(items.DoseIsOver):
        answer(ward, dose)
    maya = signed_in(ward.maya)
    assert maya.get(reverse("treatment:questions", args=[dose.pk])).status_code == 302
    assert "Note it" not in maya.get(reverse("treatment:item-note", args=[item.pk])).content.decode()


# --- Questions --------------------------------------------------------------------------------------------------------


def test_a_fever_shows_the_phone_first_stops_the_dose_and_tells_the_team(ward: Ward, course: Course) -> None:
    dose, maya, nurse = ward.planned(course), signed_in(ward.maya), signed_in(ward.nurse)
    page = maya.get(reverse("treatment:questions", args=[dose.pk])).content.decode()
    main = page[page.index("<h1") :]
    assert main.index("tel:") < main.index("Do you have a fever")
    told = maya.post(reverse("treatment:questions", args=[dose.pk]), posted(q1="yes"))  # one answer is enough
    assert told.status_code == 302
    page = maya.get(told["Location"]).content.decode()
    main = page[page.index("<h1") :]
    assert main.index("Call first, before you travel") < main.index("tel:") < main.index("What was named")
    assert "Stay at home until you have talked with us." in main
    ready = maya.get(reverse("treatment:ready", args=[dose.pk])).content.decode()
    assert "Stopped: call before anybody travels" in ready
    assert "Call us before you travel" in maya.get("/").content.decode()
    first = nurse.get("/").content.decode()
    first = first[first.index("What first?") :]
    assert "an answer says call first" in first
    assert "cough" not in first  # that there is a concern, never what
    mails = waiting_mails("stop-notice")
    assert {mail["to"] for mail in mails} == {person.email for person in leads_of(ward.clinic.team.pk)}
    assert ward.neurologist.email in {mail["to"] for mail in mails}
    assert not any(
        word in (mail["subject"] + mail["body"]).lower()
        for mail in mails
        for word in ("fever", "infus", "dose")
    )


def test_whoever_is_on_call_is_told_and_nobody_else_and_once(ward: Ward, course: Course) -> None:
    now = ward.at(ward.today, 9)
    with ward.acting(ward.neurologist):
        put_on_call(
            by=ward.neurologist, team=ward.clinic.team, user=ward.nurse, starts_at=now - days(1), ends_at=now + days(1),
            id=uuid7(),
        )  # fmt: skip
    id = uuid7()
    for _twice in range(2):
        answer(ward, ward.planned(course), infection="yes", id=id, now=now)
    assert [mail["to"] for mail in waiting_mails("stop-notice")] == [ward.nurse.email]
    answer(ward, ward.planned(course), by=ward.nurse, new_neuro="yes", now=now)
    assert len(waiting_mails("stop-notice")) == 1  # the nurse who asked knows it


@pytest.mark.parametrize(("weekday", "hour", "is_open"), [(0, 10, True), (6, 10, False), (0, 23, False)])
def test_the_page_says_whether_anybody_is_there(
    ward: Ward, course: Course, monkeypatch: pytest.MonkeyPatch, weekday: int, hour: int, is_open: bool
) -> None:
    site = ward.patient.site
    for number in range(5):
        OpeningHours.objects.create(site=site, weekday=number, opens=time(8), closes=time(17))
    row = answer(ward, ward.planned(course), infection="yes")
    day = ward.today - days(ward.today.weekday()) + days(weekday)
    monkeypatch.setattr(portal.context, "present", lambda: ward.at(day, hour))
    portal.context.forget_site()
    page = signed_in(ward.maya).get(reverse("treatment:answer", args=[row.pk])).content.decode()
    assert ("Nobody looks at that list every minute" in page) == is_open
    assert ("Nobody may see it before then" in page) == (not is_open)
    portal.context.forget_site()
    main = page[page.index("<h1") :]
    assert f"tel:{site.day_phone if is_open else site.after_hours_phone}" in main


def test_no_concern_settles_the_lines_for_a_day_and_reassures_nobody(ward: Ward, course: Course) -> None:
    dose, now = ward.planned(course), ward.at(ward.today, 9)
    row = answer(ward, dose, now=now)
    assert (row.level, row.answers["concerns"]) == ("none", [])
    assert line(ward, dose, "chk.infection", now + timedelta(hours=24)).standing.settled
    assert line(ward, dose, "chk.infection", now + timedelta(hours=25)).standing.code == "again"
    page = signed_in(ward.maya).get(reverse("treatment:answer", args=[row.pk])).content.decode()
    assert "Your nurse asks again at the chair." in page
    for words in ("all is well", "you are fine", "safe to", "good news"):
        assert words not in page.lower()
    assert "call first" not in signed_in(ward.nurse).get("/").content.decode()
    assert waiting_mails("stop-notice") == []


def test_asked_again_at_the_chair_by_the_nurse(ward: Ward, course: Course) -> None:
    dose, nurse = ward.planned(course), signed_in(ward.nurse)
    path = reverse("treatment:patient-questions", args=[ward.patient.pk, dose.pk])
    assert nurse.post(path, posted(q1="yes")).status_code == 422  # where was it asked?
    told = nurse.post(path, posted(q1="yes", place="chair"))
    assert told.status_code == 302
    with ward.acting(ward.nurse):
        row = DoseAnswer.objects.for_user(ward.nurse, ward.patient).get()
        assert (row.place, row.level, row.answered_by_id) == ("chair", "call_first", ward.nurse.pk)
    at_home = answer(ward, dose, place="chair")
    assert at_home.place == "home"  # a patient cannot say that the nurse asked


def test_ready_is_no_reason_to_skip_the_questions_at_the_chair(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    start = ward.at(dose.target, 8)
    with ward.acting(ward.nurse):
        for one in items.lines_for(ward.nurse, ward.patient, dose, start):
            if one.said.valid_hours is None:
                items.note_item(
                    by=ward.nurse, patient=ward.patient, item_id=one.item.pk, state="done", id=uuid7(), now=start
                )  # fmt: skip
    answer(ward, dose, now=ward.at(dose.target, 7))  # at home, an hour ago: all else is done

    def found(hour: int) -> DoseStanding:
        with ward.acting(ward.nurse):
            checked = standing_of_dose(ward.nurse, ward.patient, dose, ward.at(dose.target, hour))
            return replace(checked, overdue=[])

    def left(hour: int) -> int:
        with ward.acting(ward.nurse):
            fresh = [one for one in reading.doses_of(ward.nurse, ward.patient) if one.pk == dose.pk]
            return items.open_counts(ward.nurse, fresh, ward.at(dose.target, hour))[dose.pk]

    at_home = found(9)
    assert at_home.readiness.words == "Ready for the nurse to review, who asks again at the chair"
    assert (at_home.ask_at_chair, left(9)) == (True, 2)
    answer(ward, dose, by=ward.nurse, place="phone", now=ward.at(dose.target, 9))
    assert found(10).ask_at_chair  # the phone is not the chair
    answer(ward, dose, by=ward.nurse, place="chair", now=ward.at(dose.target, 10))
    there = found(11)
    assert there.readiness.words == "Ready for the nurse to review"
    assert (there.ask_at_chair, left(11)) == (False, 0)
    with ward.acting(ward.nurse):
        day_after = standing_of_dose(ward.nurse, ward.patient, dose, ward.at(dose.target + days(1), 11))
    assert day_after.ask_at_chair  # an answer counts for 24 hours, there as well
    assert day_after.readiness.worst != "ready"


def test_the_pages_say_that_the_chair_is_still_to_come(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    answer(ward, dose, now=present())
    path = reverse("treatment:patient-ready", args=[ward.patient.pk, dose.pk])
    nurse = signed_in(ward.nurse)
    page = nurse.get(path).content.decode()
    assert "Answered. Asked again at the chair" in page
    assert "Not yet asked at the chair" in page
    answer(ward, dose, by=ward.nurse, place="chair", now=present())
    assert "Not yet asked at the chair" not in nurse.get(path).content.decode()


def test_the_team_reads_who_has_a_line_and_is_not_called_you(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    mine = signed_in(ward.maya).get(f"/treatment/ready/{dose.pk}/").content.decode()
    assert "No time is booked yet" in mine
    assert "Who has it: You" in mine
    theirs = (
        signed_in(ward.nurse).get(f"/patients/{ward.patient.pk}/treatment/ready/{dose.pk}/").content.decode()
    )
    assert "No time is booked yet" in theirs
    assert "Who has it: The patient" in theirs
    assert "Who has it: You" not in theirs


def test_nobody_ticks_the_questions_away_for_a_later_dose(ward: Ward, course: Course) -> None:
    first, second = [dose for dose in ward.doses(course) if dose.is_planned][:2]
    noted = note(ward, first, "chk.infection", "done", valid_until=second.target + days(9))
    assert noted.valid_until is None
    near = ward.at(second.target, 8)
    assert line(ward, second, "chk.infection", near).standing.code == "open"
    with pytest.raises(items.AnswerTheQuestions):
        note(ward, first, "chk.infection", "not_needed")


def test_every_question_has_to_be_answered_unless_one_is_enough(ward: Ward, course: Course) -> None:
    dose, maya = ward.planned(course), signed_in(ward.maya)
    path = reverse("treatment:questions", args=[dose.pk])
    told = maya.post(path, posted(q1="no", q2="no"))
    assert told.status_code == 422
    assert "Answer this question, or only the one that worries you." in told.content.decode()
    with ward.acting(ward.maya), pytest.raises(answers.AnswerAll):
        answers.answer(
            by=ward.maya, patient=ward.patient, dose_id=dose.pk, said={"natalizumab.chk.allergies": "yes"}, place="",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    row = answer(ward, dose, allergies="yes")
    assert row.level == "tell_nurse"
    assert line(ward, dose, "chk.infection").standing.code == "chair"  # the nurse asks again there


def test_a_new_medicine_is_told_and_the_list_of_medicines_stays_open(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = answer(ward, dose, new_meds="yes")
    assert row.level == "tell_nurse"
    assert line(ward, dose, "chk.new_meds").standing.code == "open"
    assert "something for the nurse to know" in signed_in(ward.nurse).get("/").content.decode()
    answer(ward, dose)
    assert line(ward, dose, "chk.new_meds").standing.code == "done"


def test_only_the_team_lifts_a_stop_and_says_what_was_agreed(ward: Ward, course: Course) -> None:
    dose, nurse = ward.planned(course), signed_in(ward.nurse)
    row = answer(ward, dose, infection="yes")
    answer(ward, dose)  # all fine a minute later: the stop stays
    assert line(ward, dose, "chk.infection").standing.code == "stopped"
    path = reverse("treatment:patient-answer-review", args=[ward.patient.pk, row.pk])
    assert nurse.post(path, posted(agreed=" ", lift="yes")).status_code == 422
    assert (
        nurse.post(path, posted(agreed="No fever since noon. Hana decides.", lift="yes")).status_code == 302
    )
    assert line(ward, dose, "chk.infection").standing.code == "chair"
    page = signed_in(ward.maya).get(reverse("treatment:answer", args=[row.pk])).content.decode()
    assert "No fever since noon. Hana decides." in page
    assert f"Looked at by {ward.nurse.name}" in page
    with ward.acting(ward.neurologist), pytest.raises(answers.AlreadyReviewed):
        answers.review(
            by=ward.neurologist, patient=ward.patient, answer_id=row.pk, agreed="x", lift=False, id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    for stranger, status in ((ward.elsewhere, 404), (ward.carer, 404), (ward.maya, 404)):
        assert signed_in(stranger).post(path, posted(agreed="x", lift="yes")).status_code == status
    assert "an answer says call first" not in nurse.get("/").content.decode()


def test_a_stop_that_stays_is_looked_at_but_stopped(ward: Ward, course: Course) -> None:
    dose = ward.planned(course)
    row = answer(ward, dose, infection="yes")
    with ward.acting(ward.nurse):
        answers.review(
            by=ward.nurse, patient=ward.patient, answer_id=row.pk, agreed="Come next week.", lift=False, id=uuid7(),
            now=ward.at(ward.today, 10),
        )  # fmt: skip
    assert line(ward, dose, "chk.infection").standing.code == "stopped"


def test_the_message_begins_with_the_concern_and_waits_as_urgent(ward: Ward, course: Course) -> None:
    row, maya = answer(ward, ward.planned(course), infection="yes"), signed_in(ward.maya)
    told = maya.post(reverse("treatment:answer-write", args=[row.pk]))
    assert told["Location"] == reverse("messaging:new")
    with ward.acting(ward.maya):
        (draft,) = Draft.objects.filter(owner=ward.maya, kind="message")
        assert draft.fields["topic"] == ["infection"]
        assert "Do you have a fever" in draft.fields["text"][0]
        assert draft.fields["text"][0].rstrip().endswith("Yes")


def test_once_under_an_id_and_never_for_somebody_else(ward: Ward, course: Course) -> None:
    dose, id = ward.planned(course), uuid7()
    assert answer(ward, dose, id=id).pk == answer(ward, dose, id=id).pk == id
    with pytest.raises(DifferentContent):
        answer(ward, dose, id=id, infection="yes")
    for stranger in (ward.elsewhere, ward.carer):
        with ward.acting(stranger), pytest.raises(NotAllowed):
            answers.answer(
                by=stranger, patient=ward.patient, dose_id=dose.pk, said={}, place="phone", id=uuid7(),
                now=datetime.now(UTC),
            )  # fmt: skip
    foreign: UUID = uuid7()
    assert signed_in(ward.maya).get(reverse("treatment:ready", args=[foreign])).status_code == 404
    assert acts_of(ward.patient).count("treatment.questions-answered self") == 1
