"""While the red-flag questions are unsigned, everybody who relies on them reads that they are off: the team, administrators, patients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from clinic.models import Site
from messaging.checks import red_flags_are_signed
from messaging.writing import redflags, triage
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward

SignIn = Callable[[User], Client]
TEAM = "The red-flag questions are not signed: patients are asked nothing, and no words are looked for."
PATIENT = "Nothing checks your words for urgent signs"


def sign(ward: Ward) -> None:
    with ward.acting(ward.hana):
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=timezone.now())


def test_the_teams_today_says_so_until_it_is_signed(ward: Ward, signed_in: SignIn) -> None:
    nurse = signed_in(ward.rosa)
    page = nurse.get(reverse("portal:today")).content.decode()
    assert TEAM in page
    assert f'href="{reverse("messaging:rulesets")}"' in page
    call = reverse("messaging:call", args=[ward.of_maya.pk])
    assert "No red-flag questions are asked here" in nurse.get(call).content.decode()
    sign(ward)
    assert TEAM not in nurse.get(reverse("portal:today")).content.decode()
    assert "No red-flag questions are asked here" not in nurse.get(call).content.decode()


def test_a_demo_asks_unsigned_questions_and_says_nothing(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "DEMO", True)
    assert TEAM not in signed_in(ward.rosa).get(reverse("portal:today")).content.decode()
    assert red_flags_are_signed() == []


def test_administrators_read_it_on_the_set_up_page_and_in_the_deploy_check(
    ward: Ward, signed_in: SignIn
) -> None:
    admin = signed_in(ward.world.users["admin"])
    said = "The red-flag questions (version 1) are not signed"
    assert said in admin.get("/admin/").content.decode()
    (warning,) = red_flags_are_signed()
    assert warning.id == "messaging.I002"
    assert said in str(warning.msg)
    sign(ward)
    assert said not in admin.get("/admin/").content.decode()
    assert red_flags_are_signed() == []


def test_before_there_is_a_clinic_the_check_says_nothing(db: None) -> None:
    assert not Site.objects.exists()
    assert red_flags_are_signed() == []


def test_patients_read_the_phone_before_the_form(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start()
    for user, url in (
        (ward.maya, reverse("messaging:new")),
        (ward.maya, reverse("messaging:thread", args=[thread_id])),
        (ward.jonas, reverse("messaging:patient-new", args=[ward.of_maya.pk])),
    ):
        page = signed_in(user).get(url).content.decode()
        above = page[: page.index("<textarea")]
        assert PATIENT in above
        assert 'href="tel:' in above[above.index(PATIENT) :]
        assert 'href="tel:911"' in above
    sign(ward)
    assert PATIENT not in signed_in(ward.maya).get(reverse("messaging:new")).content.decode()
    page = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread_id])).content.decode()
    assert PATIENT not in page
