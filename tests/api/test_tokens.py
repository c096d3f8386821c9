"""Tokens: made by the command, shown once, hashed, scoped, dated, ended at once, never a way into pages; the trail names them."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken
from accounts.tokens import known_scopes, token_for
from patients.models import AuditEvent
from patients.services import revoke_grant
from portal.lib.ids import uuid7
from portal.lib.time import now
from tests.api.asking import call, is_problem, program, site_day, token_of
from tests.patients.world import Clinic, acting, acting_system, signed_in

THREADS, ENTRIES, ME = "/api/v1/messaging/threads/", "/api/v1/journal/entries/", "/api/v1/patients/me/"


def issued(*arguments: str) -> str:
    out = StringIO()
    call_command("issue_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_token_and_nothing_else(clinic: Clinic) -> None:
    text = issued(
        "maya@example.com", "--scopes", "journal:read", "journal:write", "--days", "7", "--name", "My watch"
    )
    assert text.count("\n") == 1
    token = token_for(text.strip(), now())
    assert token is not None
    assert (token.user, token.label, token.scopes) == (
        clinic["maya"],
        "My watch",
        ["journal:read", "journal:write"],
    )
    assert timedelta(days=6) < token.expires_at - now() <= timedelta(days=7)
    assert text.strip().encode() not in bytes(token.digest)
    assert len(bytes(token.digest)) == 32


def test_without_scopes_it_may_all_that_the_person_may_and_lasts_30_days(clinic: Clinic) -> None:
    token = token_for(issued("MAYA@example.com").strip(), now())
    assert token is not None
    assert token.scopes == known_scopes()
    assert timedelta(days=29) < token.expires_at - now() <= timedelta(days=30)
    assert {scope.partition(":")[0] for scope in known_scopes()} >= {
        "education", "journal", "messaging", "patients", "scheduling",
    }  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [
        ["nobody@example.com"],
        ["maya@example.com", "--scopes", "journal:everything"],
        ["maya@example.com", "--scopes", ","],
        ["maya@example.com", "--days", "0"],
        ["maya@example.com", "--days", "367"],
    ],
)
def test_the_command_says_what_is_wrong(clinic: Clinic, arguments: list[str]) -> None:
    with pytest.raises(CommandError, match=r"Nobody|scope|days"):
        issued(*arguments)
    assert not ApiToken.objects.exists()


def test_a_token_does_only_what_its_scopes_say(clinic: Clinic) -> None:
    client = program(clinic["maya"], "journal:read")
    assert call(client, "GET", ENTRIES).status_code == 200
    written = call(client, "POST", ENTRIES, {"occurred_on": site_day(), "note": "A walk."})
    assert is_problem(written, 403)
    assert "journal:write" in written.json()["title"]
    assert is_problem(call(client, "GET", THREADS), 403)


def test_every_view_says_its_noun() -> None:
    from portal.lib.api import ApiView
    from portal.lib.contributions import api_nouns
    from tests.registry.resolver import ours

    views = {
        name: address.view.cls for name, address in ours().items() if address.pattern.startswith("api/v1/")
    }
    assert [
        name for name, view in views.items() if not issubclass(view, ApiView) or view.noun not in api_nouns
    ] == []
    assert [name for name, view in views.items() if not name.startswith(f"{view.noun}-api:")] == []


@pytest.mark.parametrize(
    "how", ["wrong secret", "wrong prefix", "cut", "no token", "basic", "NUL", "not ASCII", "long"]
)
def test_a_wrong_token_is_nobody_also_beside_a_session(clinic: Clinic, how: str) -> None:
    _token, text = token_of(clinic["maya"])
    said = {
        "wrong secret": f"Bearer {text[:-1]}{'A' if text[-1] != 'A' else 'B'}",
        "wrong prefix": f"Bearer portal_22222222_{text.split('_', 2)[2]}",
        "cut": f"Bearer {text[:20]}",
        "no token": "Bearer ",
        "basic": "Basic bWF5YTpwdw==",
        "NUL": "Bearer portal_\x00_x",
        "not ASCII": "Bearer portal_é_é",
        "long": "Bearer portal_" + "x" * 5_000,
    }[how]
    client = signed_in(clinic["maya"])
    answer = call(client, "GET", ME, headers={"Authorization": said})
    assert is_problem(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_by_itself(clinic: Clinic) -> None:
    _token, text = token_of(clinic["maya"], days=2)
    client = Client(headers={"Authorization": f"Bearer {text}"})
    with time_machine.travel(now() + timedelta(days=2, seconds=-5)):
        assert client.get(ME).status_code == 200
    with time_machine.travel(now() + timedelta(days=2, seconds=5)):
        assert client.get(ME).status_code == 401


def test_a_token_stops_when_it_is_ended_when_the_account_is_closed_and_when_the_access_is(
    clinic: Clinic,
) -> None:
    maya, jonas = program(clinic["maya"]), program(clinic["jonas"])
    hers = {"patient": str(clinic.maya.pk)}
    assert jonas.get(THREADS, hers).status_code == 200
    with acting(clinic["maya"]):
        grant = clinic.maya.grants.get(kind="carer")
        revoke_grant(patient=clinic.maya, by=clinic["maya"], grant_id=grant.pk)
    assert jonas.get(THREADS, hers).status_code == 404

    token = ApiToken.objects.get(user=clinic["maya"])
    assert maya.get(ME).status_code == 200
    ended = signed_in(clinic["maya"]).post(reverse("accounts:program-end", args=[token.pk]))
    assert ended.status_code == 302
    assert maya.get(ME).status_code == 401

    rosa = program(clinic["rosa"])
    assert rosa.get("/api/v1/messaging/work/").status_code == 200
    clinic["rosa"].is_active = False
    clinic["rosa"].save(update_fields=["is_active"])
    assert rosa.get("/api/v1/messaging/work/").status_code == 401


@pytest.mark.parametrize("path", ["/", "/journal/", "/account/programs/", "/api/docs/", "/me/"])
def test_tokens_open_no_pages(clinic: Clinic, path: str) -> None:
    answer = program(clinic["maya"]).get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


def test_the_page_of_programs(clinic: Clinic) -> None:
    token, text = token_of(clinic["maya"], "journal:read", "messaging:read")
    browser = signed_in(clinic["maya"])
    page = browser.get("/account/programs/").content.decode()
    assert "Test program" in page
    assert "Not used yet" in page
    assert f"portal_{token.prefix}" in page
    assert text not in page
    Client(headers={"Authorization": f"Bearer {text}"}).get(ENTRIES)
    assert "Last used" in browser.get("/account/programs/").content.decode()
    assert "Test program" not in signed_in(clinic["samuel"]).get("/account/programs/").content.decode()
    assert (
        signed_in(clinic["samuel"]).post(reverse("accounts:program-end", args=[token.pk])).status_code == 404
    )
    browser.post(reverse("accounts:program-end", args=[token.pk]))
    page = browser.get("/account/programs/").content.decode()
    assert "No program has access" in page
    assert "ended by you" in page


def test_the_last_use_is_kept_to_the_minute(clinic: Clinic) -> None:
    client = program(clinic["maya"])
    with time_machine.travel(now(), tick=False) as clock:
        client.get(ME)
        first = ApiToken.objects.get().last_used_at
        assert first is not None
        clock.shift(timedelta(seconds=59))
        client.get(ME)
        assert ApiToken.objects.get().last_used_at == first
        clock.shift(timedelta(seconds=1))
        client.get("/api/v1/no-such-thing/")
        assert ApiToken.objects.get().last_used_at == first + timedelta(minutes=1)


def test_the_trail_says_that_a_token_was_used_in_the_capacity_of_its_person(clinic: Clinic) -> None:
    program(clinic["maya"]).get(ENTRIES)
    program(clinic["jonas"]).get(THREADS, {"patient": str(clinic.maya.pk)})
    program(clinic["peter"]).get(THREADS, {"patient": str(clinic.maya.pk)})
    signed_in(clinic["maya"]).get(ENTRIES)
    made = call(program(clinic["rosa"]), "POST", "/api/v1/patients/", {
        "name": "Nora New", "date_of_birth": "1990-01-31", "email": "nora@example.com", "team": str(clinic.team.pk),
    })  # fmt: skip
    assert made.status_code == 201
    tokens = {token.user_id: f"token:{token.pk}" for token in ApiToken.objects.all()}
    with acting_system():
        events = AuditEvent.objects.for_system().of(clinic.maya).order_by("-seq")[:4]
        found = [(event.act, event.capacity, event.system) for event in reversed(events)]
        enrolled = AuditEvent.objects.for_system().get(patient_id=made.json()["id"], act="patient.enrolled")
    assert found == [
        ("journal.view", "self", tokens[clinic["maya"].pk]),
        ("threads.list", "carer", tokens[clinic["jonas"].pk]),
        ("record.refused", "none", f"refusal {tokens[clinic['peter'].pk]}"),
        ("journal.view", "self", ""),
    ]
    assert enrolled.system == f"enrolment {tokens[clinic['rosa'].pk]}"
    page = signed_in(clinic["maya"]).get("/me/trail/?all=1").content.decode()
    assert page.count("Through a program") == 3


def test_the_chain_with_tokens_verifies(clinic: Clinic) -> None:
    program(clinic["maya"]).get(ENTRIES)
    out = StringIO()
    call_command("verify_trail", stdout=out)


def test_a_session_needs_the_csrf_token_and_a_token_does_not(clinic: Clinic) -> None:
    entry = {"occurred_on": site_day(), "note": "A walk."}
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(clinic["maya"])
    assert is_problem(call(browser, "POST", ENTRIES, entry), 403)
    _token, text = token_of(clinic["maya"])
    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text}"})
    assert call(strict, "POST", ENTRIES, entry, key=uuid7()).status_code == 201
