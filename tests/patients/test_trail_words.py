"""Every act that the code puts on the trail has plain words for the patient."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from patients.trail import words_for
from portal.lib.contributions import draft_kinds, trail_acts

ROOT = Path(__file__).resolve().parents[2]
APPS = (
    "portal",
    "accounts",
    "clinic",
    "patients",
    "treatment",
    "messaging",
    "education",
    "journal",
    "scheduling",
)
# Function -> place of the act among its arguments.
WRITERS = {"record_view": 2, "record_change": 2, "record_many": 2, "Event": 1}


def acts_in_code() -> Iterator[tuple[str, str]]:
    """(act or "", where) of every call that writes on the trail; "" when the act is not a plain text."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(text)):
                if not isinstance(node, ast.Call):
                    continue
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if name not in WRITERS or (name == "Event" and "from patients.trail import" not in text):
                    continue
                given = {word.arg: word.value for word in node.keywords}
                act = node.args[WRITERS[name]] if len(node.args) > WRITERS[name] else given.get("act")
                where = f"{path.relative_to(ROOT)}:{node.lineno}"
                yield from ((said, where) for said in _texts(act))


def _texts(node: ast.expr | None) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    return [""]


# Reviewed: these pass an act on that was given to them.
PASSES_ON = {"patients/services.py"}


def test_every_act_is_named_where_it_is_done_and_has_words() -> None:
    found = list(acts_in_code())
    assert len({act for act, _where in found}) > 15
    for act, where in found:
        if not act:
            assert where.rsplit(":", 1)[0] in PASSES_ON, f"{where}: write the act as a plain text"
            continue
        assert act in trail_acts, f"{where}: {act!r} has no words; name it in apps.ready()"


def test_words_go_on_after_a_name() -> None:
    for act in trail_acts:
        words = words_for(act)
        assert words != act
        assert words[0].islower() or words.startswith("“"), f"{act}: {words}"
        assert not words.endswith("."), f"{act}: {words}"
        assert act == act.lower()
        assert "." in act


def test_every_kind_of_draft_that_a_form_uses_has_words() -> None:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "drafted":
                    kind = next(word.value for word in node.keywords if word.arg == "kind")
                    for text in _texts(kind):
                        assert not text or text in draft_kinds, (
                            f"{path.relative_to(ROOT)}:{node.lineno}: {text}"
                        )
