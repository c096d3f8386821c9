"""The OpenAPI file is what the code says, and the documentation is drawn from it without a script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.renderers import OpenApiYamlRenderer

from portal import api_docs
from portal.lib.contributions import api_nouns
from portal.openapi import SchemaGenerator
from tests.api.asking import is_problem, program
from tests.patients.world import Clinic, signed_in


def test_the_committed_file_is_what_the_code_says() -> None:
    """Red after a change of the API: run `make openapi` and look at the difference."""
    schema: Any = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    made = OpenApiYamlRenderer().render(schema, renderer_context={})  # type: ignore[no-untyped-call]
    assert api_docs.FILE.read_bytes() == made


def test_it_is_3_1_and_names_every_operation_once() -> None:
    schema = api_docs.schema()
    assert schema["openapi"] == "3.1.0"
    operations = [one for methods in schema["paths"].values() for one in methods.values()]
    assert len({one["operationId"] for one in operations}) == len(operations) > 75
    assert all(one.get("description") for one in operations)
    assert {noun for one in operations for noun in one["tags"]} == set(api_nouns)
    assert set(schema["components"]["securitySchemes"]) == {"session", "token"}


def test_bodies_take_nothing_else_and_acts_ask_for_their_key() -> None:
    schema = api_docs.schema()
    for name, shape in schema["components"]["schemas"].items():
        assert (shape.get("additionalProperties") is False) == name.endswith("Write"), name
    for path, methods in schema["paths"].items():
        for method, one in methods.items():
            names = {parameter["name"] for parameter in one.get("parameters", [])}
            free = path.endswith(
                (
                    "/drafts/{id}/",
                    "/trackers/",
                    "/{thread_id}/seen/",
                    "/{result_id}/seen/",
                    "/display/",
                    "/programs/{token_id}/end/",
                    "/decide/",
                    "/plan-preview/",
                )
            )
            assert ("Idempotency-Key" in names) == (method != "get" and not free), f"{method} {path}"


@pytest.mark.parametrize("query", ["", "?notation=json"])
def test_the_file_is_served_to_people_and_programs_who_are_signed_in(clinic: Clinic, query: str) -> None:
    path = f"/api/schema/{query}"
    assert is_problem(Client().get(path), 401)
    for client in (signed_in(clinic["maya"]), program(clinic["maya"], "journal:read")):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("application/json" if query else "application/yaml")
        assert b"3.1.0" in answer.content
    assert is_problem(signed_in(clinic["maya"]).post(path), 405)
    assert is_problem(signed_in(clinic["maya"]).get("/api/schema/?notation=xml"), 400)


def test_every_operation_and_every_rule_stands_on_the_pages(clinic: Clinic) -> None:
    client, found = signed_in(clinic["maya"]), 0
    first = client.get("/api/docs/").content.decode()
    for noun, operations in api_docs.operations().items():
        assert f'href="/api/docs/{noun}/"' in first
        page = client.get(f"/api/docs/{noun}/").content.decode()
        for operation in operations:
            found += 1
            assert f"{operation.method} {operation.path}" in page
            for field in (*operation.parameters, *operation.body, *operation.answer):
                assert f"<code>{field.name}</code>" in page
        assert "{'" not in page
    assert found == sum(len(methods) for methods in api_docs.schema()["paths"].values())
    for rule in api_docs.rules():
        assert f'id="{rule.code}"' in first
    assert {"slot-taken", "different-content", "not-allowed"} <= {rule.code for rule in api_docs.rules()}


def test_the_pages_need_no_script_and_nobody_reads_them_unsigned(clinic: Clinic) -> None:
    answer = signed_in(clinic["maya"]).get("/api/docs/journal/")
    assert "'unsafe" not in answer["Content-Security-Policy"]
    sources: list[Any] = re.findall(r'<script[^>]+src="([^"]+)"', answer.content.decode())
    assert all(source.startswith("/static/") for source in sources)
    for path in ("/api/docs/", "/api/docs/journal/"):
        assert Client().get(path).status_code == 302
    assert signed_in(clinic["maya"]).get("/api/docs/no-such-noun/").status_code == 404
