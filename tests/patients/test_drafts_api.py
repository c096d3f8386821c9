"""`/api/v1/patients/drafts/<id>/`: works, anonymous, stranger, wrong method, bad input; refusals are problem documents."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from patients.models import Draft
from patients.questions import add_question
from portal.lib.ids import uuid7
from tests.patients.world import Clinic, acting, acting_system, acts_of, signed_in


def body(clinic: Clinic, **more: Any) -> dict[str, Any]:
    return {
        "version": 0, "kind": "question", "patient": str(clinic.maya.pk), "target": "", "resume": "/me/questions/",
        "fields": {"text": ["Does it hu"]}, **more,
    }  # fmt: skip


def put(client: Client, id: UUID, data: Any, **more: Any) -> Any:
    text = data if isinstance(data, str | bytes) else json.dumps(data)
    return client.put(f"/api/v1/patients/drafts/{id}/", text, content_type="application/json", **more)


def is_problem(answer: Any) -> bool:
    return (
        answer["Content-Type"].startswith("application/problem+json")
        and answer.json()["status"] == answer.status_code
    )


def test_save_read_and_throw_away(clinic: Clinic) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    answer = put(client, id, body(clinic))
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert answer.json()["clock"].endswith(("am", "pm"))
    assert put(client, id, body(clinic, version=1, fields={"text": ["Does it hurt?"]})).json()["version"] == 2
    read = client.get(f"/api/v1/patients/drafts/{id}/").json()
    assert read["fields"] == {"text": ["Does it hurt?"]}
    assert client.delete(f"/api/v1/patients/drafts/{id}/").status_code == 204
    assert client.get(f"/api/v1/patients/drafts/{id}/").status_code == 404
    assert client.delete(f"/api/v1/patients/drafts/{id}/").status_code == 404


def test_an_older_version_gets_the_newer_text(clinic: Clinic) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    put(client, id, body(clinic))
    answer = put(client, uuid7(), body(clinic, fields={"text": ["from another tab"]}))
    assert answer.status_code == 409
    assert is_problem(answer)
    assert answer.json()["fields"] == {"text": ["Does it hu"]}
    assert answer.json()["id"] == str(id)
    assert answer.json()["version"] == 1


def test_after_sending_it_is_gone(clinic: Clinic) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    put(client, id, body(clinic))
    with acting(clinic["maya"]):
        add_question(patient=clinic.maya, by=clinic["maya"], id=id, text="Does it hurt?")
    answer = put(client, id, body(clinic, version=1, fields={"text": ["late"]}))
    assert answer.status_code == 410
    assert is_problem(answer)


def test_nobody_is_told_to_sign_in(clinic: Clinic) -> None:
    for method in ("get", "put", "delete"):
        answer = getattr(Client(), method)(
            f"/api/v1/patients/drafts/{uuid7()}/", content_type="application/json"
        )
        assert answer.status_code == 401, method
        assert is_problem(answer)


@pytest.mark.parametrize("name", ["samuel", "rosa", "stranger"])
def test_somebody_elses_draft_is_not_there(clinic: Clinic, name: str) -> None:
    id = uuid7()
    put(signed_in(clinic["maya"]), id, body(clinic))
    client = signed_in(clinic[name])
    for answer in (
        client.get(f"/api/v1/patients/drafts/{id}/"),
        client.delete(f"/api/v1/patients/drafts/{id}/"),
        put(client, id, body(clinic)),
    ):
        assert answer.status_code == 404
        assert is_problem(answer)
        assert b"Does it hu" not in answer.content
    with acting_system():
        assert Draft.objects.get(pk=id).owner_id == clinic["maya"].pk


def test_a_strangers_try_stands_on_the_trail(clinic: Clinic) -> None:
    assert put(signed_in(clinic["samuel"]), uuid7(), body(clinic)).status_code == 404
    assert acts_of(clinic.maya)[-1] == "record.refused none"


def test_a_request_without_the_token_is_refused(clinic: Clinic) -> None:
    client = signed_in(clinic["maya"], enforce_csrf_checks=True)
    answer = put(client, uuid7(), body(clinic))
    assert answer.status_code == 403
    assert is_problem(answer)


@pytest.mark.parametrize("method", ["post", "patch"])
def test_other_methods_are_refused(clinic: Clinic, method: str) -> None:
    answer = getattr(signed_in(clinic["maya"]), method)(f"/api/v1/patients/drafts/{uuid7()}/")
    assert answer.status_code == 405
    assert is_problem(answer)


BAD = {
    "not json": "{",
    "empty": "",
    "a list": "[]",
    "a number": "1",
    "null": "null",
    "deep": "[" * 5000 + "]" * 5000,
    "deep object": '{"fields":' * 5000 + "1" + "}" * 5000,
    "not utf-8": b"\xff\xfe{}",
    "nan": '{"version": NaN}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_what_cannot_be_read_is_a_400(clinic: Clinic, text: Any) -> None:
    answer = put(signed_in(clinic["maya"]), uuid7(), text)
    assert answer.status_code == 400
    assert is_problem(answer)


WRONG: dict[str, dict[str, Any]] = {
    "version missing": {"version": None}, "version negative": {"version": -1}, "version huge": {"version": 10**30},
    "version words": {"version": "x"}, "version a list": {"version": [1]}, "version bool": {"version": {}},
    "kind missing": {"kind": None}, "kind unknown": {"kind": "nonsense"}, "kind long": {"kind": "x" * 500},
    "kind a number": {"kind": 5}, "kind with NUL": {"kind": "question\x00"}, "patient words": {"patient": "maya"},
    "patient a list": {"patient": []}, "patient null": {"patient": None}, "fields a list": {"fields": ["x"]},
    "fields text": {"fields": "x"}, "fields null": {"fields": None}, "values text": {"fields": {"text": "x"}},
    "values deep": {"fields": {"text": [["x"]]}}, "values null": {"fields": {"text": [None]}},
    "surrogate": {"fields": {"text": ["\ud800"]}}, "NUL": {"fields": {"text": ["a\x00b"]}},
    "many values": {"fields": {"text": ["x"] * 500}}, "resume surrogate": {"resume": "/\ud800"}, "resume long": {"resume": "/" * 400},
    "resume NUL": {"resume": "/\x00"}, "target long": {"target": "x" * 100}, "too long": {"fields": {"text": ["x" * 70_000]}},
    "too many": {"fields": {f"f{n}": ["x"] for n in range(400)}},
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_wrong_shapes_are_refused_and_nothing_is_kept(clinic: Clinic, wrong: dict[str, Any]) -> None:
    answer = put(signed_in(clinic["maya"]), uuid7(), body(clinic, **wrong))
    assert 400 <= answer.status_code < 500
    assert is_problem(answer)
    with acting_system():
        assert not Draft.objects.exists()


def test_field_names_with_strange_signs_do_no_harm(clinic: Clinic) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    for name in ("\ud800", "a\x00b", "__proto__", "csrfmiddlewaretoken", "x" * 5000, ""):
        answer = put(client, id, body(clinic, fields={name: ["x"]}))
        assert answer.status_code < 500, name


@pytest.mark.parametrize(
    "resume", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_a_kept_link_never_leads_away(clinic: Clinic, resume: str) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    assert put(client, id, body(clinic, resume=resume)).status_code == 200
    with acting_system():
        assert Draft.objects.get(pk=id).resume == "/"


def test_a_body_past_the_limit_is_refused_unread(clinic: Clinic) -> None:
    answer = put(
        signed_in(clinic["maya"]), uuid7(), json.dumps(body(clinic, fields={"text": ["x" * 2_000_000]}))
    )
    assert answer.status_code == 413
    assert is_problem(answer)


def test_another_patients_id_in_the_target_is_only_a_label(clinic: Clinic) -> None:
    client, id = signed_in(clinic["maya"]), uuid7()
    answer = put(client, id, body(clinic, target=str(clinic.samuel.pk)))
    assert answer.status_code == 200
    with acting_system():
        assert Draft.objects.get(pk=id).patient_id == clinic.maya.pk
