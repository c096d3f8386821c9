"""Nothing is done twice: every writing method needs an Idempotency-Key, a retry gets the first result, other content is 409."""

from __future__ import annotations

import pytest

from journal.models import JournalEntry
from portal.lib.ids import uuid7
from tests.api.asking import call, is_problem, site_day
from tests.patients.world import Clinic, acting, acts_of, signed_in
from tests.registry.ground import Ground
from tests.registry.people import MAYA
from tests.registry.resolver import ours
from tests.registry.states import signed_in as client_of

ENTRIES = "/api/v1/journal/entries/"
FREE = {
    ("patients-api:draft-save", "put"), ("patients-api:draft-save", "delete"),
    ("journal-api:trackers", "put"), ("messaging-api:thread-seen", "post"), ("treatment-api:result-seen", "post"),
    ("accounts-api:display", "put"), ("accounts-api:program-end", "post"),
    ("messaging-api:template-decide", "post"), ("treatment-api:plan-preview", "post"),
}  # fmt: skip


def entry(**more: object) -> dict[str, object]:
    return {"occurred_on": site_day(), "scores": {"tiredness": 2}, "note": "A walk.", **more}


def test_every_writing_method_needs_a_key_but_those_that_change_nothing_when_repeated(ground: Ground) -> None:
    client, asked = client_of(ground.users[MAYA]), set()
    for name, address in ours().items():
        if not address.pattern.startswith("api/v1/"):
            continue
        for method in ("post", "put", "delete"):
            if hasattr(address.view.cls, method) and (name, method) not in FREE:
                answer = call(client, method.upper(), ground.url(name, address.kwargs, MAYA), {}, key=None)
                assert is_problem(answer, 400), f"{method} {name}: {answer.status_code}"
                assert "Idempotency-Key" in answer.json()["title"]
                asked.add(name)
    assert len(asked) >= 25


@pytest.mark.parametrize("key", ["", "1", "not-a-uuid", "01999999-9999-7999-8999-99999999999", "x" * 400])
def test_a_key_is_a_uuid(clinic: Clinic, key: str) -> None:
    assert is_problem(call(signed_in(clinic["maya"]), "POST", ENTRIES, entry(), key=key), 400)


def test_a_retry_gets_the_first_result_and_does_nothing(clinic: Clinic) -> None:
    client, key = signed_in(clinic["maya"]), uuid7()
    first = call(client, "POST", ENTRIES, entry(), key=key)
    again = call(client, "POST", ENTRIES, entry(), key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.json()["id"] == str(key)
    assert acts_of(clinic.maya).count("journal.written self") == 1
    with acting(clinic["maya"]):
        assert JournalEntry.objects.for_user(clinic["maya"]).count() == 1


def test_the_same_key_with_other_content_is_a_conflict(clinic: Clinic) -> None:
    client, key = signed_in(clinic["maya"]), uuid7()
    call(client, "POST", ENTRIES, entry(), key=key)
    for other in (entry(note="A run."), entry(share=True)):
        answer = call(client, "POST", ENTRIES, other, key=key)
        assert is_problem(answer, 409)
        assert answer.json()["type"].endswith("#different-content")
    another = call(client, "POST", "/api/v1/patients/me/questions/", {"text": "May I swim?"}, key=key)
    assert is_problem(another, 409)
    assert is_problem(call(signed_in(clinic["samuel"]), "POST", ENTRIES, entry(), key=key), 409)


def test_deleting_twice_with_one_key_is_deleting_once(clinic: Clinic) -> None:
    client, key = signed_in(clinic["maya"]), uuid7()
    path = f"/api/v1/patients/me/questions/{uuid7()}/"
    made = call(client, "POST", "/api/v1/patients/me/questions/", {"text": "May I swim?"}).json()
    path = f"/api/v1/patients/me/questions/{made['id']}/"
    assert [call(client, "DELETE", path, key=key).status_code for _try in range(2)] == [204, 204]
    assert call(client, "DELETE", path).status_code == 404


def test_a_refused_act_leaves_its_key_free(clinic: Clinic) -> None:
    client, key = signed_in(clinic["maya"]), uuid7()
    assert is_problem(call(client, "POST", ENTRIES, {"occurred_on": entry()["occurred_on"]}, key=key), 422)
    assert call(client, "POST", ENTRIES, entry(), key=key).status_code == 201
