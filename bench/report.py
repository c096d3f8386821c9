"""docs/performance.md from the newest figures of each kind; raw figures are kept beside it as JSON."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

KINDS = ("bench", "planner", "scale", "pages")


def write(repository: Path, kind: str, machine: str, content: Any) -> None:
    """Keep one kind of figures and write the page anew. What stands below the last marker is left as people wrote it."""
    kept = repository / "docs" / "performance.json"
    known = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    day = dt.datetime.now(dt.UTC).date().isoformat()
    known[kind] = {"day": day, "machine": machine, "content": content}
    kept.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    page = repository / "docs" / "performance.md"
    marker = "<!-- written by people from here on -->"
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    notes = old[old.index(marker) :] if marker in old else marker + "\n"
    page.write_text(_page(known) + notes, encoding="utf-8")


def _page(known: dict[str, Any]) -> str:
    lines = [
        "# Performance",
        "",
        "`make bench` writes this page: it starts a portal of its own on an empty database, measures every row with one client, the bare",
        "Django view just before and after each, and takes medians of five rounds. `×` is the row divided by that floor; it carries from",
        "machine to machine better than milliseconds do. Statements are all SQL statements of the request. Run it on a quiet machine.",
        "`make bench-scale` does the same with 5,000 patients and two years of history, `make bench-pages` loads pages in Chromium,",
        "`make bench-planner` measures the planner alone.",
        "",
    ]
    if "bench" in known:
        lines += _table("Requests", known["bench"])
    if "planner" in known:
        lines += _planner(known["planner"])
    if "scale" in known:
        lines += _scale(known["scale"], known.get("bench"))
    if "pages" in known:
        lines += _pages(known["pages"])
    return "\n".join(lines) + "\n"


def _head(title: str, part: dict[str, Any]) -> list[str]:
    return [f"## {title}", "", f"{part['day']}, {part['machine']}.", ""]


def _table(title: str, part: dict[str, Any]) -> list[str]:
    lines = _head(title, part)
    lines += [
        "| request | ms | p95 ms | target p95 | × | target × | statements | target | HTML or JSON, KB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in part["content"]["rows"]:
        miss = " **miss**" if row["target"] and row["times"] > row["target"] else ""
        over = " **miss**" if row["most"] is not None and (row["statements"] or 0) > row["most"] else ""
        p95, aim = row.get("p95"), row.get("p95_target")
        slow = " **miss**" if p95 and aim and p95 > aim else ""
        lines.append(
            f"| {row['name']} | {row['ms']:.2f} | {_or_dash(p95)}{slow} | {_or_dash(aim)}"
            f" | {row['times']:.1f}{miss} | {_or_dash(row['target'])}"
            f" | {_or_dash(row['statements'])}{over} | {_or_dash(row['most'])} | {row['size'] / 1024:.1f} |"
        )
    if "note" in part:  # people write it into the JSON; the next measuring takes it away
        lines += ["", part["note"]]
    lines += ["", "With eight clients at once, on the same two cores as the clients themselves:", ""]
    lines += [f"* {name}: {each:.0f} answers a second" for name, each in part["content"]["load"]]
    return [*lines, ""]


def _planner(part: dict[str, Any]) -> list[str]:
    """The planner alone, the slowest plan first."""
    lines = _head("The planner alone: ten years of doses, no database, no server", part)
    lines += ["| plan | doses | ms | p95 ms | target p95 |", "|---|---|---|---|---|"]
    for row in part["content"]:
        slow = " **miss**" if row["p95"] > row["p95_target"] else ""
        lines.append(
            f"| {row['name']} | {row['doses']} | {row['ms']:.2f} | {row['p95']:.2f}{slow} | {row['p95_target']} |"
        )
    return [
        *lines,
        "",
        "Each run plans ten years, takes the second dose as given nine days late, and counts all later ones again by the rule of the data,",
        "in one process that can reach no database: the medians and the 95th of 100 of 200 runs. `make bench-planner` repeats it alone.",
        "",
    ]


def _scale(part: dict[str, Any], base: dict[str, Any] | None) -> list[str]:
    """The same rows with 100 times the patients; the ratio to the small clinic when both are known."""
    lines = _head("With 5,000 patients and two years", part)
    small = {row["name"]: row for row in base["content"]["rows"]} if base else {}
    lines += ["| request | ms | × | small clinic × | cost | statements |", "|---|---|---|---|---|---|"]
    for row in part["content"]["rows"]:
        before = small.get(row["name"])
        cost = f"{row['times'] / before['times']:.2f}" if before else "–"
        lines.append(
            f"| {row['name']} | {row['ms']:.2f} | {row['times']:.1f} | {before['times'] if before else '–'} | {cost}"
            f" | {_or_dash(row['statements'])} |"
        )
    return [*lines, ""]


def _pages(part: dict[str, Any]) -> list[str]:
    lines = _head("Pages in Chromium, slow 4G and a processor four times slower", part)
    lines += [
        "| page | HTML KB | CSS KB | own JS KB | font KB | requests | LCP s | CLS | TBT ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in part["content"]:
        lines.append(
            f"| {row['name']} | {row['html']:.1f} | {row['css']:.1f} | {row['js']:.1f} | {row['font']:.1f} | {row['requests']}"
            f" | {row['lcp']:.2f} | {row['cls']:.3f} | {row['tbt']:.0f} |"
        )
    return [
        *lines,
        "",
        "As sent (compressed). Targets: HTML 30, CSS 15, JS 12 (staff 20), font 36 KB, 8 requests, LCP 1.8 s, CLS 0.02, TBT 50 ms.",
        "",
    ]


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
