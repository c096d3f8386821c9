"""What is measured: one function for each row, each returning the answer of the one request that counts."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from bench.client import Answer, Person
from bench.server import FOLDER, Bench
from portal.demo.people import PASSWORD

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Row:
    """A request with its targets: `times` the floor, SQL statements and the 95th of 100 in ms (None: no target is set)."""

    name: str
    once: Callable[[], Answer]
    times: float | None
    statements: int | None
    writes: bool = False
    expects: tuple[int, ...] = (200,)
    p95: float | None = None


def floors(bench: Bench) -> tuple[Row, Row]:
    """The bare view, and fifty rows through a template."""
    nobody = Person(bench.port)
    return (
        Row("floor: bare Django view", lambda: nobody.get("/floor/hello/"), 1, 0),
        Row("floor: 50 rows by template, no query", lambda: nobody.get("/floor/fifty/"), 19, 0),
    )


def rows(bench: Bench) -> list[Row]:
    """Every row that exists, in the order of the design's table."""
    maya = Person(bench.port).sign_in("patient@example.com", PASSWORD)
    samuel = Person(bench.port).sign_in("other-patient@example.com", PASSWORD)
    rosa = Person(bench.port).sign_in("nurse@example.com", PASSWORD)
    thread = (FOLDER / "thread").read_text(encoding="utf-8")
    slug = _first(r'href="(/learn/(?!search|topics)[^"/]+/)"', maya.get("/learn/").text)
    service = _first(r"visit=([\w-]+)", _walk_to_services(maya))
    times = f"/appointments/book/when/?visit={service}&suits=any"
    found = [
        Row("article page, signed in", lambda: maya.get(slug), 8, 3),
        Row("library of 1,000 articles", lambda: maya.get("/learn/"), None, None),
        Row("search 1,000 articles", lambda: maya.get(f"/learn/search/?q={quote('infusion fever')}"), 20, 4),
        Row("free starts, 20 clinicians, 12 weeks", lambda: maya.get(times), 8, 6),
        Row(
            "book a visit, sealed, on the trail, job deferred",
            _booking(samuel, service),
            22,
            14,
            True,
            (302,),
        ),
        Row("thread of 50, HTML", lambda: maya.get(f"/messages/{thread}/"), 20, 8),
        Row(
            "send a message, sealed, on the trail, job deferred", _message(samuel), 13, 12, True, (302,), 150
        ),
        *_messages(samuel, rosa),
        Row("journal, newest weeks, HTML", lambda: maya.get("/journal/"), None, None),
        Row("work list of 10,000 conversations, page of 25", lambda: rosa.get("/work/"), 22, 10, p95=120),
        Row("patient summary for the team", _summary(rosa), None, None),
        Row("Today, patient", lambda: maya.get("/"), 25, 12),
        Row("Today, team", lambda: rosa.get("/"), 25, 12),
    ]
    return found + _rooms(maya, rosa) + _api(bench, thread)


def _messages(samuel: Person, rosa: Person) -> list[Row]:
    """Much of one patient's: a conversation of 200 as the patient and as the team sees it, and a search through 2,000 messages."""
    thread = (FOLDER / "long-thread").read_text(encoding="utf-8")
    at_work = _first(rf'href="([^"]*{thread}/)"', rosa.get("/work/").text)
    return [
        Row("thread of 200, HTML", _get(samuel, f"/messages/{thread}/"), None, 12, p95=200),
        Row("thread of 200, the team's page", _get(rosa, at_work), None, 12, p95=200),
        Row("search in 2,000 messages", _get(samuel, "/messages/search/?q=heron+river"), None, 12, p95=300),
    ]


def _rooms(maya: Person, rosa: Person) -> list[Row]:
    return [
        Row("journal chart of a year", _get(maya, "/journal/charts/?range=year"), 25, 8),
        Row("my treatment", _get(maya, "/treatment/"), None, None),
        Row("day by chair", _get(rosa, "/schedule/chairs/"), None, None),
    ]


def _api(bench: Bench, thread: str) -> list[Row]:
    """The JSON rows, with a token as programs use it."""
    program = Person(bench.port, bearer=bench.run("manage.py", "issue_token", "patient@example.com").strip())
    service = json.loads(program.get("/api/v1/scheduling/services/").text)["results"][0]["code"]
    candidates = [
        ("thread of 50, JSON", f"/api/v1/messaging/threads/{thread}/", 9, 6),
        ("90 journal days, JSON", "/api/v1/journal/entries/?limit=90", 11, 6),
        ("free starts, JSON", f"/api/v1/scheduling/starts/?service={service}", None, None),
    ]
    found = [
        Row(name, _get(program, path), times, statements) for name, path, times, statements in candidates
    ]
    plan = _plan(program)
    return [*found, Row("plan of ten years of natalizumab, one dose late, JSON", plan, None, None, p95=100)]


def _plan(program: Person) -> Callable[[], Answer]:
    """Asks the planner for ten years: 130 doses, moved by one that was given late."""
    given = [
        {"number": 1, "on": "2016-03-07", "outcome": "given"},
        {"number": 2, "on": "2016-04-13", "outcome": "given"},
    ]
    wanted = {"therapy": "natalizumab", "first_dose_on": "2016-03-07", "until": "2026-03-07", "given": given}
    return lambda: program.post_json("/api/v1/treatment/plan-preview/", wanted)


def _get(person: Person, path: str) -> Callable[[], Answer]:
    return lambda: person.get(path)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"no {pattern} on the page")
    return found[1]


def _walk_to_services(person: Person) -> str:
    """The address that the first choice of a visit type leads to."""
    page = person.get("/appointments/book/")
    value = _first(r'<input type="radio"\s+name="visit"\s+value="([\w-]+)"', page.text)
    return f"visit={value}"


def _message(person: Person) -> Callable[[], Answer]:
    """Sends a new message each time; the page before it is not counted."""

    def once() -> Answer:
        page = person.get("/messages/new/")
        words = f"May I bring a blanket on that day, and where do I park? {next(_numbers)}"
        return person.post("/messages/new/", {**page.hidden(), "topic": "question", "text": words})

    return once


def _booking(person: Person, service: str) -> Callable[[], Answer]:
    """Books the soonest time and cancels it again; only the booking is counted."""

    def once() -> Answer:
        when = person.get(f"/appointments/book/when/?visit={service}&suits=any&from=2000-01-01")
        slots = re.findall(r'<input type="radio"\s+name="slot"\s+value="([^"]+)"', when.text)
        place = f"/appointments/book/check/?visit={service}&suits=any&at={quote(slots[-1])}"
        page = person.get(place)
        booked = person.post(place, {**page.hidden(), "reason": ""})
        detail = re.search(r"/appointments/([0-9a-f-]{36})/", booked.location)
        if detail is not None:
            cancel = person.get(f"/appointments/{detail[1]}/cancel/")
            person.post(f"/appointments/{detail[1]}/cancel/", {**cancel.hidden(), "reason": ""})
        return booked

    return once


def _summary(rosa: Person) -> Callable[[], Answer]:
    address = _first(r'href="(/patients/[0-9a-f-]{36}/)"', rosa.get("/patients/").text)
    return lambda: rosa.get(address)
