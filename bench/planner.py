"""The planner alone: ten years of doses of every plan in the data, in this process, with no database and no server.

`python -m bench --planner` measures only this; `make bench` does it after its own rows. No settings name a database that exists, so a
planner that asked one would fail here.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TARGET_MS = 100
WARM, RUNS = 5, 200
FIRST_ON, TEN_YEARS = date(2016, 3, 7), date(2026, 3, 7)
LATE = timedelta(days=9)  # the second dose came so much later than planned
MOST = 1_500


def measure() -> list[dict[str, Any]]:
    """Each plan of each therapy: how many doses, the median and the 95th of 100 in milliseconds; the slowest first."""
    _prepare()
    found = []
    for name, once in _plans():
        doses = 0
        for _warm in range(WARM):
            doses = once()
        taken = []
        for _run in range(RUNS):
            start = time.perf_counter()
            once()
            taken.append((time.perf_counter() - start) * 1_000)
        taken.sort()
        found.append(
            {
                "name": name,
                "doses": doses,
                "ms": round(taken[RUNS // 2], 2),
                "p95": round(taken[int(RUNS * 0.95)], 2),
                "p95_target": TARGET_MS,
            }
        )
    return sorted(found, key=lambda row: -row["p95"])


def _prepare() -> None:
    """Django, so that the modules can be read; the address of its database leads nowhere."""
    if "DJANGO_SETTINGS_MODULE" not in os.environ:
        from tools.lint import environment

        with tempfile.TemporaryDirectory() as folder:  # names for files that nobody opens
            os.environ.update(environment(Path(folder)))
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    import django

    django.setup()


def _plans() -> Iterator[tuple[str, Callable[[], int]]]:
    from treatment.protocols.facts import Facts
    from treatment.protocols.loading import DATA

    for content in json.loads(DATA.read_text(encoding="utf-8"))["therapies"]:
        facts = Facts(content)
        for path in facts.paths.values():
            yield f"{facts.code}, {path.key}", _ten_years(facts, path.key)


def _ten_years(facts: Any, path_key: str) -> Callable[[], int]:
    """Plans ten years, notes the second dose as given late, and counts every later one again by the rule of the data."""
    from treatment.courses import planning

    phases = facts.paths[path_key].phases

    def once() -> int:
        made = planning.plan(phases, first_on=FIRST_ON, until=TEN_YEARS, most=MOST)
        stands = []
        for dose in made:
            number, target = dose.slot.number, dose.window.target
            on = target + LATE if number == 2 else target
            state = "given" if number <= 2 else "planned"
            stands.append(planning.Stands(number, state, target, on if number <= 2 else None))
        today = FIRST_ON + timedelta(days=60)
        planning.replan(phases, stands, reset_from_given=facts.reset_from_given, today=today)
        return len(made)

    return once


__all__ = ["measure"]
