"""The table of label examples in docs/treatment-courses.md: each row is asked of the planner, and its sources are those of the data."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from treatment.courses.preview import Happened, preview
from treatment.protocols.facts import Facts
from treatment.protocols.loading import DATA

DOC = Path(__file__).resolve().parents[2] / "docs" / "treatment-courses.md"


def rows() -> list[list[str]]:
    """The cells of the table."""
    table = DOC.read_text(encoding="utf-8").partition("## Label examples")[2].partition("## How")[0]
    lines = [line.strip().strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line] for line in lines[2:]]


@pytest.fixture(scope="module")
def facts() -> dict[str, Facts]:
    return {one["id"]: Facts(one) for one in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]}


def happened_of(text: str, planned: list[date]) -> list[Happened]:
    """ "6 given 2027-03-08": that dose, and those before it on their own days."""
    said = re.fullmatch(r"(\d+) (given|missed) (\d{4}-\d\d-\d\d)", text)
    if said is None:
        assert text == "–"
        return []
    number = int(said[1])
    before = [Happened(one, day, "given") for one, day in enumerate(planned[: number - 1], start=1)]
    return [*before, Happened(number, date.fromisoformat(said[3]), said[2])]


def test_every_plan_that_can_be_ordered_has_an_example(facts: dict[str, Facts]) -> None:
    shown = {(row[0], row[1]) for row in rows()}
    assert shown == {(code, path) for code, one in facts.items() for path in one.paths}


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}-{row[3]}")
def test_a_label_example(facts: dict[str, Facts], row: list[str]) -> None:
    code, path, first, said, days, sources = row
    one, first_on = facts[code], date.fromisoformat(first)
    wanted = [date.fromisoformat(day) for day in days.split(", ")]
    found = preview(
        one, first_on=first_on, until=first_on + timedelta(days=800), happened=happened_of(said, wanted), path_key=path,
        today=date(2030, 1, 1),
    )  # fmt: skip
    assert [dose.window.target for dose in found.doses][: len(wanted)] == wanted
    assert [day.isoformat() for day in wanted] == days.split(", ")
    known = {source for phase in one.paths[path].phases for source in one.phase_content(phase.key)["source"]}
    known |= set(one.content["missed_dose"]["source"]) if said != "–" else set()
    assert set(sources.split(", ")) <= known
    assert {source["id"] for source in one.content["sources"]} >= set(sources.split(", "))
