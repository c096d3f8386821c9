"""Row locks leave foreign keys alone.

A plain `FOR UPDATE` also stops those who only check at their commit that the row is there. By then they hold the end of the patient's
chain, for which the holder of the row waits: a deadlock. We never change a key, so `no_key=True` locks as much as we need.
"""

from __future__ import annotations

import ast

from tests.static.test_docs_name_tests import REPOSITORY

OURS = (
    "accounts",
    "bench",
    "clinic",
    "education",
    "journal",
    "messaging",
    "patients",
    "portal",
    "scheduling",
    "treatment",
)


def test_every_row_lock_lets_foreign_keys_pass() -> None:
    locks, strict = 0, []
    for app in OURS:
        for path in sorted((REPOSITORY / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr != "select_for_update":
                    continue
                locks += 1
                if not any(keyword.arg == "no_key" for keyword in node.keywords):
                    strict.append(f"{path.relative_to(REPOSITORY)}:{node.lineno}")
    assert locks > 30
    assert strict == []
