"""The day of a dose: where and when, the phone first, and what a carer who keeps the appointments may read of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from tests.patients.world import signed_in
from tests.treatment.conftest import Ward


@pytest.fixture
def course(ward: Ward) -> Any:
    course = ward.order("ocrelizumab_iv", ward.today - timedelta(days=30))
    ward.give(course, ward.today - timedelta(days=30))
    ward.give(course, ward.today - timedelta(days=16))
    return course


def page_of(user: Any, name: str = "treatment:infusion-day", *args: Any) -> str:
    answer = signed_in(user).get(reverse(name, args=args))
    assert answer.status_code == 200
    html: str = answer.content.decode()
    return html[html.index("<h1") :]


def settle_site(ward: Ward, **fields: str) -> None:
    from clinic.models import Site

    Site.objects.filter(pk=ward.patient.site_id).update(**fields)


def test_the_phone_comes_first_then_when_and_what_the_center_says(ward: Ward, course: Any) -> None:
    settle_site(ward, parking="Garage B, level 2. The first hour is free.", how_to_find="Third floor, left.")
    page = page_of(ward.maya)
    order = [
        "Call first, before you travel",
        "tel:",
        "When",
        "How long",
        "Garage B",
        "What to bring",
        "Who drives",
    ]
    found = [page.index(words) for words in order]
    assert found == sorted(found)
    assert "Third floor, left." in page
    assert "No time is booked yet" in page
    assert "planned for the week of" in page.lower()
    for word in ("safe to", "all clear", "you may have"):
        assert word not in page.lower()


def test_what_nobody_has_written_says_ask(ward: Ward, course: Any) -> None:
    page = page_of(ward.maya)
    assert "Ask your infusion center where to park." in page
    assert "which way to go" in page


def test_the_length_is_the_versions_and_unknown_says_ask(ward: Ward, course: Any) -> None:
    from treatment.dayof.day import day_of
    from treatment.words import length_words

    with ward.acting(ward.maya):
        of = day_of(ward.maya, ward.patient, ward.at(ward.today))
        assert of is not None
        assert of.need is not None
        assert of.length == length_words(of.need)
        assert of.length in page_of(ward.maya)
    assert "Ask your infusion center" in length_words(None)


def test_a_booked_time_is_shown_from_whoever_keeps_times(
    ward: Ward, course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.lib.contributions import DoseTime, Registry
    from treatment.dayof import day

    dose = ward.planned(course)
    registry: Registry[Any] = Registry()
    at = ward.at(dose.target, 9)
    registry.add(1, lambda user, patient, now: [DoseTime(dose.pk, at, True, "/there/")], name="test")
    monkeypatch.setattr(day, "dose_times", registry)
    page = page_of(ward.maya)
    assert "at 9:00" in page
    assert 'href="/there/"' in page
    assert "No time is booked yet" not in page


def test_a_carer_reads_when_and_where_and_nothing_of_the_record(ward: Ward, course: Any) -> None:
    settle_site(ward, parking="Garage B.")
    page = page_of(ward.carer, "treatment:patient-infusion-day", ward.patient.pk)
    assert "Garage B." in page
    assert "tel:" in page
    for word in ("ocrelizumab", "Ocrelizumab", "Medicine at home", "See the list", "Wallet card"):
        assert word not in page
    with_name = signed_in(ward.carer).get("/").content.decode()
    assert reverse("treatment:patient-infusion-day", args=[ward.patient.pk]) in with_name


@pytest.mark.parametrize("what", ["put_off", "answer", "self_check"])
def test_a_carer_reads_to_call_first_and_never_why(ward: Ward, course: Any, what: str) -> None:
    from portal.lib.ids import uuid7
    from treatment.courses.reading import facts_for
    from treatment.outcomes import services as outcomes
    from treatment.readiness import answers
    from treatment.selfcheck import services as selfcheck

    dose, at = ward.planned(course), ward.at(ward.today)
    assert "Call us before you travel" not in page_of(
        ward.carer, "treatment:patient-infusion-day", ward.patient.pk
    )
    if what == "put_off":
        with ward.acting(ward.nurse):
            outcomes.postpone(
                by=ward.nurse, patient=ward.patient, dose_id=dose.pk, reason="infection", owner="nurse", note="Cough",
                recheck_on=ward.today + timedelta(days=3), id=uuid7(), now=at,
            )  # fmt: skip
    elif what == "answer":
        with ward.acting(ward.maya):
            said = {"ocrelizumab_iv.chk.infection": "yes"}
            answers.answer(
                by=ward.maya, patient=ward.patient, dose_id=dose.pk, said=said, place="home", id=uuid7(), now=at
            )  # fmt: skip
    else:
        with ward.acting(ward.maya):
            new = [selfcheck.signs_of(facts_for(course))[0].key]
            selfcheck.answer(by=ward.maya, patient=ward.patient, id=uuid7(), new=new, none=False, now=at)
    page = page_of(ward.carer, "treatment:patient-infusion-day", ward.patient.pk)
    assert "Call us before you travel" in page
    for word in ("Cough", "put off", "self-check", "ocrelizumab", "answer says"):
        assert word not in page


def test_strangers_find_nothing_and_the_team_reads_the_same(ward: Ward, course: Any) -> None:
    path = reverse("treatment:patient-infusion-day", args=[ward.patient.pk])
    assert signed_in(ward.elsewhere).get(path).status_code == 404
    assert signed_in(ward.maya).get(path).status_code == 404
    assert "as they read it" in signed_in(ward.nurse).get(path).content.decode()
    assert (
        signed_in(ward.carer).get(reverse("treatment:patient-after-care", args=[ward.patient.pk])).status_code
        == 404
    )


def test_the_nurses_own_phone_only_while_open(
    ward: Ward, course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinic.services import SiteState

    settle_site(ward, nurse_phone="555-0177")
    monkeypatch.setattr(SiteState, "is_open", lambda self, now: True)
    assert "tel:555-0177" in page_of(ward.maya)
    monkeypatch.setattr(SiteState, "is_open", lambda self, now: False)
    page = page_of(ward.maya)
    assert "tel:555-0177" not in page
    assert f"tel:{ward.patient.site.after_hours_phone}" in page


def test_a_dose_that_is_put_off_says_so(ward: Ward, course: Any) -> None:
    from portal.lib.ids import uuid7
    from treatment.outcomes import services as outcomes

    with ward.acting(ward.nurse):
        outcomes.postpone(
            by=ward.nurse, patient=ward.patient, dose_id=ward.planned(course).pk, reason="infection", owner="nurse",
            note="", recheck_on=ward.today + timedelta(days=3), id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    assert "It is put off" in page_of(ward.maya)


def test_without_a_plan_it_says_so_and_the_phone_stays(ward: Ward) -> None:
    page = page_of(ward.maya)
    assert "No infusion is planned here right now." in page
    assert "tel:" in page
