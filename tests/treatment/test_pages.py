"""The patient's page, the card on Today, the team's pages: words, doors, and as many statements for five as for one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.lib.contributions import before_dose
from portal.lib.ids import uuid7
from portal.lib.time_words import day
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward, before_the_rule
from treatment import forms, services, words
from treatment.models import Course, Dose
from treatment.protocols.facts import InfusionNeed


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def running(ward: Ward) -> Course:
    """Natalizumab: two doses given, the third due in eight days."""
    start = ward.today - days(48)
    course = ward.order("natalizumab", start)
    ward.give(course, start, note="All went well.")
    ward.give(course, start + days(28), reaction=True, reaction_grade=1, note="Itching.")
    return course


def posted(**more: Any) -> dict[str, Any]:
    return {"draft": str(uuid7()), "draft_version": "0", **more}


def dated(name: str, on: date) -> dict[str, str]:
    return {f"{name}_day": str(on.day), f"{name}_month": str(on.month), f"{name}_year": str(on.year)}


# --- The patient ----------------------------------------------------------------------------------------------------------


def test_my_treatment_says_what_comes_and_what_is_open(ward: Ward, running: Course) -> None:
    text = signed_in(ward.maya).get("/treatment/").content.decode()
    target = ward.planned(running).target
    assert "Day 21 of 28 since your last infusion." in text
    assert f"Planned for the week of {day(target - days(target.weekday()))}" in text
    assert "(in 8 days)" in text
    assert "Demo only: not signed off" in text
    assert "Who has it: The lab" in text
    assert "Who has it: You" in text
    assert "Itching." in text
    assert reverse("treatment:questions", args=[ward.planned(running).pk]) in text
    assert "Plan about 2 and a half hours at the center." in text
    assert "safe to" not in text.lower()


def test_today_has_the_card_above_the_appointments(ward: Ward, running: Course) -> None:
    maya = signed_in(ward.maya)
    text = maya.get("/").content.decode()
    assert text.index("Planned for the week of") < text.index("No appointment is booked.")
    assert "are still open before it." in text
    listed = maya.get("/treatment/").content.decode().partition("What to bring")[0]
    mine = listed.count("Who has it: You<")
    assert mine > 1
    assert f"{mine} of them are yours." in " ".join(text.split())
    assert "Planned for the week of" not in signed_in(ward.clinic["samuel"]).get("/").content.decode()
    assert (
        "No dose is planned right now."
        in signed_in(ward.clinic["samuel"]).get("/treatment/").content.decode()
    )


def test_today_keeps_the_door_open_when_no_dose_is_planned(ward: Ward) -> None:
    start = ward.today - days(100)
    course = ward.order("alemtuzumab", start)
    for number in range(5):
        ward.give(course, start + days(number))
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Done", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    text = signed_in(ward.maya).get("/").content.decode()
    assert "A regular check is due" in text
    assert "Thyroid" in text or "thyroid" in text
    assert 'href="/treatment/"' in text
    assert "See my treatment" not in signed_in(ward.clinic["samuel"]).get("/").content.decode()


def test_other_apps_add_lines_before_the_dose(
    ward: Ward, running: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(before_dose, "_entries", {})
    before_dose.add(
        10, lambda *args: [{"label": "A time is booked", "who": "You", "url": "/x/", "done": True}], name="x"
    )
    text = signed_in(ward.maya).get("/treatment/").content.decode()
    assert "A time is booked" in text
    assert 'href="/x/"' in text


def test_the_patient_ticks_their_own_items_only(ward: Ward, running: Course) -> None:
    maya = signed_in(ward.maya)
    with ward.acting(ward.maya):
        dose = services.next_dose(ward.maya, ward.patient)
        assert dose is not None
        items = services.before(ward.maya, ward.patient, dose, ward.at(ward.today))
    mine = next(item for item in items if item.owner == "you")
    theirs = next(item for item in items if item.owner == "lab")
    assert maya.post(f"/treatment/items/{mine.id}/", {"once": str(uuid7()), "done": "1"}).status_code == 302
    assert maya.post(f"/treatment/items/{theirs.id}/", {"once": str(uuid7()), "done": "1"}).status_code == 403
    with ward.acting(ward.maya):
        after = services.before(ward.maya, ward.patient, dose, ward.at(ward.today))
    assert [item.id for item in after if item.done] == [mine.id]


def test_an_answer_about_infection_is_open_again_after_a_day(ward: Ward, running: Course) -> None:
    with ward.acting(ward.nurse):
        dose = services.next_dose(ward.nurse, ward.patient)
        assert dose is not None
        now = ward.at(ward.today)
        item = next(
            one for one in services.before(ward.nurse, ward.patient, dose, now) if "fever" in one.label
        )
        assert item.id is not None
        services.settle_item(
            by=ward.nurse, patient=ward.patient, item_id=item.id, done=True, id=uuid7(), now=now
        )

        def done(hours: int) -> bool:
            lines = services.before(ward.nurse, ward.patient, dose, now + timedelta(hours=hours))
            return next(one.done for one in lines if one.id == item.id)

        assert done(24)
        assert not done(25)


# --- The team ---------------------------------------------------------------------------------------------------------------


def test_the_order_form_offers_signed_versions_only_outside_demo_mode(ward: Ward, settings: Any) -> None:
    hana, url = signed_in(ward.neurologist), f"/patients/{ward.patient.pk}/treatment/order/"
    assert "Nothing can be ordered yet" in hana.get(url).content.decode()
    protocol = ward.protocol("ublituximab")
    form = posted(
        plan=f"{protocol.pk}:standard", indication="Relapsing MS", sign="on", **dated("first_on", ward.today)
    )
    assert hana.post(url, form).status_code == 422
    settings.DEMO = True
    page = hana.get(url).content.decode()
    assert "NOT signed off: demo only." in page
    assert "Plasma exchange" not in page
    assert hana.post(url, {**form, "draft": str(uuid7()), "sign": ""}).status_code == 422
    answer = hana.post(url, {**form, "draft": str(uuid7())})
    assert answer.status_code == 302
    course = hana.get(answer["Location"]).content.decode()
    assert "Demo only: not signed off" in course
    assert day(ward.today + days(14)) in course
    assert signed_in(ward.nurse).get(url).status_code == 403


def test_a_dose_is_noted_with_time_lot_and_reaction(ward: Ward, running: Course) -> None:
    nurse, dose = signed_in(ward.nurse), ward.planned(running)
    url = f"/patients/{ward.patient.pk}/treatment/doses/{dose.pk}/given/"
    assert "This is 8 days before the planned day." in nurse.get(url).content.decode()
    form = posted(
        given_at="25:00",
        extent="whole",
        lot="L-77",
        reaction="yes",
        note="Hives.",
        **dated("given_on", ward.today),
    )
    refused = nurse.post(url, form)
    assert refused.status_code == 422
    assert "L-77" in refused.content.decode()
    ungraded = nurse.post(url, {**form, "given_at": "00:00"})
    assert ungraded.status_code == 422
    assert "Choose the grade, or say that it is not graded yet." in ungraded.content.decode()
    form["reaction_grade"] = "2"
    assert nurse.post(url, {**form, "given_at": "00:00"}).status_code == 302
    text = nurse.get(f"/patients/{ward.patient.pk}/treatment/{running.pk}/").content.decode()
    assert "L-77" in text
    assert "12:00 am" in text
    assert "New dates are proposed" in text


def test_a_neurologist_confirms_the_dates_that_the_page_showed(ward: Ward) -> None:
    start = ward.today - days(40)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    ward.give(course, start + days(33))
    hana = signed_in(ward.neurologist)
    url = f"/patients/{ward.patient.pk}/treatment/{course.pk}/dates/"
    page = hana.get(url)
    shown = page.context["form"]["shown"].value()
    assert day(start + days(61)) in page.content.decode()
    answer = hana.post(url, posted(shown=shown, reason="Five days late", confirm="on"))
    assert answer.status_code == 302
    assert ward.planned(course).target == start + days(61)
    after = hana.get(url).content.decode()
    assert "No new dates are proposed." in after
    text = hana.get(f"/patients/{ward.patient.pk}/treatment/{course.pk}/").content.decode()
    assert "Five days late" in text
    assert signed_in(ward.nurse).get(url).status_code == 403


def test_a_late_dose_is_shown_as_late(ward: Ward) -> None:
    start = ward.today - days(230)
    course = ward.order("ocrelizumab_iv", start)
    ward.give(course, start)
    ward.give(course, start + days(14))
    url = f"/patients/{ward.patient.pk}/"
    assert "Late" in signed_in(ward.nurse).get(f"{url}treatment/{course.pk}/").content.decode()
    assert "Late" in signed_in(ward.nurse).get(url).content.decode()
    assert "This is later than planned" in signed_in(ward.maya).get("/treatment/").content.decode()


def test_missed_date_phase_end_and_check_pages(ward: Ward) -> None:
    start = ward.today - days(400)
    with before_the_rule():
        course = ward.order("alemtuzumab", start)
        for number in range(5):
            ward.give(course, start + days(number))
    base = f"/patients/{ward.patient.pk}/treatment/{course.pk}"
    hana, nurse = signed_in(ward.neurologist), signed_in(ward.nurse)
    assert "The next phase has no day yet" in nurse.get(f"{base}/").content.decode()
    first = ward.today + days(2)
    assert (
        hana.post(f"{base}/phase/", posted(reason="A year later", **dated("day", first))).status_code == 302
    )
    dose = ward.planned(course)
    dose_url = f"/patients/{ward.patient.pk}/treatment/doses/{dose.pk}"
    assert nurse.post(f"{dose_url}/missed/", posted(reason="A cold")).status_code == 422
    assert (
        hana.post(f"{dose_url}/date/", posted(reason="Sooner", **dated("day", ward.today))).status_code == 302
    )
    assert ward.planned(course).target == ward.today
    assert nurse.post(f"{dose_url}/missed/", posted(reason="A cold")).status_code == 302
    check = {
        "once": str(uuid7()),
        "fact": "alemtuzumab.mon.thyroid_function_tsh",
        **dated("done_on", ward.today),
    }
    assert nurse.post(f"{base}/check/", check).status_code == 302
    assert nurse.post(f"{base}/check/", {**check, "once": str(uuid7()), "fact": "x"}).status_code == 422
    text = nurse.get(f"{base}/").content.decode()
    assert f"Last done {day(ward.today)}" in text
    assert "Overdue" in text
    assert hana.post(f"{base}/end/", posted(reason="Another therapy")).status_code == 302
    text = nurse.get(f"{base}/").content.decode()
    assert "Another therapy" in text
    with ward.acting(ward.nurse):
        states = set(Dose.objects.for_user(ward.nurse).values_list("state", flat=True))
        ended = services.course_or_404(ward.nurse, ward.patient, course.pk)
        checks = services.regular_checks(ward.nurse, ward.patient, ended)
    assert states == {"given", "missed", "cancelled"}
    assert any(one.due is not None and one.until is not None for one in checks), "checks go on after the end"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9:30 am", (9, 30)), ("9.30", (9, 30)), ("14:05", (14, 5)), ("12 am", (0, 0)), ("12:15 PM", (12, 15)),
        ("7 pm", (19, 0)), ("9", None), ("25:00", None), ("13 pm", None), ("noon", None), ("9:75", None), ("٩:٣٠", None),
    ],
)  # fmt: skip
def test_times_as_people_type_them(typed: str, meant: tuple[int, int] | None) -> None:
    found = forms.clock_of(typed)
    assert (found and (found.hour, found.minute)) == meant


def test_lengths_are_said_to_the_half_hour_and_never_guessed() -> None:
    assert words.length_words(None) == "Ask your infusion center how long it takes."
    assert words.length_words(InfusionNeed(15, 60, 60, 10)) == "Plan about 2 and a half hours at the center."
    assert words.length_words(InfusionNeed(45, 210, 60, 10)) == "Plan about 5 and a half hours at the center."
    assert words.length_words(InfusionNeed(10, 30, 10, 10)) == "Plan about 1 hour at the center."


# --- As many statements for five as for one -----------------------------------------------------------------------------------


def statements(client: Any, path: str) -> int:
    """The fewest of two: once in twenty seconds a request also notes when the person was last seen."""
    client.get(path)
    return min(_counted(client, path), _counted(client, path))


def _counted(client: Any, path: str) -> int:
    with CaptureQueriesContext(connection) as counted:
        assert client.get(path).status_code == 200
    return len(counted)


def test_pages_ask_as_often_for_five_doses_as_for_one(ward: Ward) -> None:
    start = ward.today - days(28 * 5)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    maya, nurse = signed_in(ward.maya), signed_in(ward.nurse)
    summary = f"/patients/{ward.patient.pk}/"
    paths = [
        (maya, "/treatment/"), (maya, "/treatment/lists/"), (maya, "/"), (nurse, f"{summary}treatment/"),
        (nurse, f"{summary}treatment/{course.pk}/"), (nurse, summary),
    ]  # fmt: skip
    with ward.acting(ward.maya):
        services.save_medicine(
            by=ward.maya, patient=ward.patient, id=uuid7(), what="Iron", now=ward.at(ward.today)
        )
    before = [statements(client, path) for client, path in paths]
    for number in range(1, 5):
        ward.give(course, start + days(28 * number))
        with ward.acting(ward.maya):
            services.save_medicine(
                by=ward.maya,
                patient=ward.patient,
                id=uuid7(),
                what=f"Vitamin {number}",
                now=ward.at(ward.today),
            )
    assert [statements(client, path) for client, path in paths] == before


def test_the_list_of_therapies_asks_as_often_for_ten_as_for_any(ward: Ward) -> None:
    assert statements(signed_in(ward.nurse), "/therapies/") < 20
