"""`make bench`: every row with the floor beside it, medians of several rounds, written to docs/performance.md."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import threading
import time
from dataclasses import dataclass, field

from bench import planner
from bench.report import write
from bench.rows import Row, floors, rows
from bench.server import REPOSITORY, Bench, portal

ROUNDS = 5
IN_A_ROUND = 20
WRITES_IN_A_ROUND = 5
CLIENTS = 8
LOAD_SECONDS = 2.0


@dataclass(slots=True)
class Figures:
    """One row as measured: medians of each round in seconds, and the same of the floor in the same seconds."""

    row: Row
    medians: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    statements: int | None = None
    size: int = 0
    samples: list[float] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """The 95th of 100, over all rounds, in milliseconds."""
        ordered = sorted(self.samples)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))] * 1_000

    @property
    def milliseconds(self) -> float:
        return statistics.median(self.medians) * 1_000

    @property
    def times(self) -> float:
        """The median over the rounds of row ÷ floor, each taken within one second of the other."""
        return statistics.median(mine / floor for mine, floor in zip(self.medians, self.floors, strict=True))


def measure(bench: Bench) -> list[Figures]:
    """Each round: the floor, the row, the floor; rows one after the other, so that a slow minute hits all."""
    hello, fifty = floors(bench)
    measured = [Figures(row) for row in [hello, fifty, *rows(bench)]]
    for figures in measured:
        for _warm in range(3):
            answer = figures.row.once()
            if answer.status not in figures.row.expects:
                raise RuntimeError(f"{figures.row.name}: {answer.status}\n{answer.text[:500]}")
            figures.statements, figures.size = answer.statements, len(answer.text.encode())
    for number in range(ROUNDS):
        for figures in measured:
            before = _median(hello, IN_A_ROUND)
            taken = _seconds(figures.row, WRITES_IN_A_ROUND if figures.row.writes else IN_A_ROUND)
            figures.samples += taken
            figures.medians.append(statistics.median(taken))
            figures.floors.append((before + _median(hello, IN_A_ROUND)) / 2)
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    return measured


def _seconds(row: Row, count: int) -> list[float]:
    return [row.once().seconds for _ in range(count)]


def _median(row: Row, count: int) -> float:
    return statistics.median(_seconds(row, count))


def throughput(bench: Bench) -> list[tuple[str, float]]:
    """Answers a second with eight clients at once, for the floor and the pages that are read most."""
    from bench.client import Person
    from portal.demo.people import PASSWORD

    found = []
    for name, path, email in (
        ("floor: bare Django view", "/floor/hello/", ""),
        ("Today, patient", "/", "patient@example.com"),
        ("work list of 10,000 conversations, page of 25", "/work/", "nurse@example.com"),
    ):
        people = [Person(bench.port) for _ in range(CLIENTS)]
        if email:
            people[0].sign_in(email, PASSWORD)
            for person in people[1:]:
                person.cookies = dict(people[0].cookies)
        counts = [0] * CLIENTS
        end = time.perf_counter() + LOAD_SECONDS

        def ask(
            number: int,
            people: list[Person] = people,
            path: str = path,
            counts: list[int] = counts,
            end: float = end,
        ) -> None:
            while time.perf_counter() < end:
                people[number].get(path)
                counts[number] += 1

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.append((name, sum(counts) / LOAD_SECONDS))
    return found


def machine() -> str:
    """Cores, memory and versions, without a name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, {platform.system()}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--scale", action="store_true", help="with 5,000 patients and two years of history")
    parser.add_argument("--pages", action="store_true", help="page weights and paint times in Chromium only")
    parser.add_argument("--planner", action="store_true", help="the planner alone, without a database")
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    if load > 1:
        print(
            f"The machine is busy (load {load:.1f}): the figures will be worse than they are.",
            file=sys.stderr,
        )
    if chosen.planner:
        write(REPOSITORY, "planner", machine(), planner.measure())
        return 0
    if chosen.pages:
        from bench.pages import pages

        with portal(patients=50) as bench:
            write(REPOSITORY, "pages", machine(), pages(bench))
        return 0
    start = time.monotonic()
    with portal(patients=5_000 if chosen.scale else 50, years=2 if chosen.scale else 0) as bench:
        print(f"ready after {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        figures = measure(bench)
        lines = [
            {
                "name": one.row.name,
                "ms": round(one.milliseconds, 2),
                "p95": round(one.p95, 1),
                "p95_target": one.row.p95,
                "times": round(one.times, 1),
                "target": one.row.times,
                "statements": one.statements,
                "most": one.row.statements,
                "size": one.size,
            }
            for one in figures
        ]
        more = throughput(bench)
    write(REPOSITORY, "scale" if chosen.scale else "bench", machine(), {"rows": lines, "load": more})
    if not chosen.scale:
        write(REPOSITORY, "planner", machine(), planner.measure())
    print((REPOSITORY / "docs" / "performance.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
