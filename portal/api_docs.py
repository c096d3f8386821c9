"""The documentation of the API, read from docs/openapi.yaml: the file that programs read is the file that people read."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.lib.contributions import api_nouns
from portal.lib.problems import DomainError

FILE = Path(settings.BASE_DIR) / "docs" / "openapi.yaml"
DEEPEST = 3
OURS = (
    "portal",
    "accounts",
    "clinic",
    "patients",
    "messaging",
    "scheduling",
    "journal",
    "education",
    "treatment",
)


@dataclass(frozen=True, slots=True)
class Field:
    """One name in an address, a body or an answer: its kind in words, and what it says."""

    name: str
    kind: str
    words: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address."""

    id: str
    method: str
    path: str
    words: str
    parameters: list[Field]
    body: list[Field]
    status: str
    answer: list[Field]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can say no: its name in `type`, the status, and the sentence for a person."""

    code: str
    status: int
    words: str


@functools.cache
def schema_text() -> str:
    """The committed OpenAPI file; a test holds it against the code."""
    return FILE.read_text(encoding="utf-8")


@functools.cache
def schema() -> dict[str, Any]:
    """The same as data."""
    # The same safe loader in C, where PyYAML was built with it: a quarter of the time for the first reader after a start.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(schema_text(), Loader=loader)  # noqa: S506 - both are safe loaders
    return loaded


@functools.cache
def schema_json() -> str:
    """The same as JSON."""
    return json.dumps(schema(), ensure_ascii=False)


@functools.cache
def operations() -> dict[str, list[Operation]]:
    """What can be done, by noun."""
    found: dict[str, list[Operation]] = {}
    for path, methods in schema()["paths"].items():
        for method, described in methods.items():
            found.setdefault(described["tags"][0], []).append(_operation(path, method, described))
    return found


def _operation(path: str, method: str, described: dict[str, Any]) -> Operation:
    status, answer = next((code, one) for code, one in described["responses"].items() if code.startswith("2"))
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    shape = answer.get("content", {}).get("application/json", {}).get("schema")
    return Operation(
        id=described["operationId"],
        method=method.upper(),
        path=path,
        words=described.get("description", ""),
        parameters=[
            Field(one["name"], _kind(one["schema"]), one.get("description", ""), one.get("required", False))
            for one in described.get("parameters", [])
        ],
        body=_fields(body) if body else [],
        status=status,
        answer=_fields(shape) if shape else [],
    )


def _resolved(shape: dict[str, Any]) -> dict[str, Any]:
    """The shape that a reference or a wrapped reference names."""
    if "$ref" in shape:
        return _resolved(schema()["components"]["schemas"][shape["$ref"].rpartition("/")[2]])
    for wrapped in ("allOf", "oneOf", "anyOf"):
        real = [one for one in shape.get(wrapped, []) if one.get("type") != "null"]
        if len(real) == 1:
            return {
                **_resolved(real[0]),
                **({"description": shape["description"]} if "description" in shape else {}),
            }
    return shape


def _fields(shape: dict[str, Any], before: str = "", depth: int = 0) -> list[Field]:
    """Every name in an object; what lies within another stands behind it: `results[].id`."""
    shape = _resolved(shape)
    needed = set(shape.get("required", []))
    found = []
    for name, raw in shape.get("properties", {}).items():
        one = _resolved(raw)
        found.append(
            Field(
                before + name, _kind(one), raw.get("description", one.get("description", "")), name in needed
            )
        )
        inner = _resolved(one.get("items", {})) if one.get("type") == "array" else one
        if "properties" in inner and depth < DEEPEST:
            found += _fields(inner, f"{before}{name}{'[]' if inner is not one else ''}.", depth + 1)
    return found


def _kind(shape: dict[str, Any]) -> str:
    """What a value is, in words."""
    shape = _resolved(shape)
    kinds = shape.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    empty = _(", or null") if "null" in kinds else ""
    kind = next((one for one in kinds if one != "null"), "")
    if "enum" in shape:
        choices = ", ".join(f"“{choice}”" for choice in shape["enum"] if choice is not None)
        return _("one of %(choices)s") % {"choices": choices} + empty
    if kind == "array":
        return _("list of: %(kind)s") % {"kind": _kind(shape["items"])} + empty
    if kind == "integer":
        return _number(shape) + empty
    plain = {
        ("string", "uuid"): _("UUID"),
        ("string", "date"): _("day, like 2026-12-03"),
        ("string", "date-time"): _("moment, like 2026-12-03T14:00:00Z"),
        ("string", "email"): _("email address"),
        ("boolean", ""): _("true or false"),
        ("object", ""): _("object"),
    }.get((kind, shape.get("format", "")))
    if plain is None:
        most = shape.get("maxLength")
        plain = (
            ngettext("text, up to %(most)d character", "text, up to %(most)d characters", most)
            % {"most": most}
            if most
            else _("text")
        )
    return plain + empty


def _number(shape: dict[str, Any]) -> str:
    least, most = shape.get("minimum"), shape.get("maximum")
    if least is not None and most is not None and most < 1_000_000:
        return _("whole number from %(least)d to %(most)d") % {"least": least, "most": most}
    return _("whole number")


def nouns() -> list[tuple[str, str, int]]:
    """The parts of the API: name, words, and how many things can be done there."""
    return [
        (noun, str(api_nouns[noun]), len(found)) for noun, found in operations().items() if noun in api_nouns
    ]


def rules() -> list[Rule]:
    """Every rule of ours that can say no, by name."""
    found: dict[str, Rule] = {}
    waiting: list[type[DomainError]] = [DomainError]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.split(".")[0] in OURS:
            found[one.code()] = Rule(one.code(), one.status, str(one.default_message))
    return [found[code] for code in sorted(found)]
