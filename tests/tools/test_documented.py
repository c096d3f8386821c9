"""A person finds every variable and every command where they look for it."""

from __future__ import annotations

import dataclasses
import re

from portal.environment import Environment
from tests.harness.cluster import REPOSITORY
from tests.harness.surroundings import OURS

README = REPOSITORY / "README.md"


def test_every_variable_is_in_the_example_and_in_the_readme() -> None:
    example = set(
        re.findall(r"^([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert example == set(OURS)
    readme = README.read_text(encoding="utf-8")
    assert [name for name in OURS if f"`{name}`" not in readme] == []


def test_every_value_the_portal_reads_is_one_of_the_variables() -> None:
    assert {field.name.upper() for field in dataclasses.fields(Environment)} == set(OURS)


def test_every_make_target_is_explained_and_in_the_readme() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"venv", "venv-dev"}
    explained = set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))
    assert targets == explained
    readme = README.read_text(encoding="utf-8")
    assert [
        name for name in sorted(targets - {"help", "clean", "format", "lock"}) if f"make {name}" not in readme
    ] == []


def test_ci_calls_the_same_targets_as_a_person() -> None:
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+)", script, re.MULTILINE) == ["lint", "test"]
