"""docs/security-checks.md names the tests that run each check; a name that no test has any more is a false promise."""

from __future__ import annotations

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_test_that_the_security_checks_name_exists() -> None:
    page = (REPOSITORY / "docs" / "security-checks.md").read_text(encoding="utf-8")
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))
    functions = set(re.findall(r"`(test_\w+)`", page))
    assert len(functions) > 15
    assert not {name for name in functions if f"def {name}(" not in tests}
    files = {name.split("/")[-1] for name in re.findall(r"`((?:\w+/)*test_\w+\.py)`", page)}
    there = {path.name for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert not files - there
