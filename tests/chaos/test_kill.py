"""kill -9 of web workers, the job worker and PostgreSQL backends in the middle of sending, booking and saving.

Each client keeps its own list of what the server said yes to, outside the system. A broken connection, a time-out or a 5xx means
"unknown": the same form is sent again with the same id until there is a yes, as a person would press the button again. Afterwards
nothing is half done, nothing that got a yes is lost, nothing is there twice, the trail holds together, and each mail arrived: at least
once, a repeated one with the same Message-ID.

CHAOS_SECONDS (25) is how long things are killed. This is the short form of a test that may run for hours.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import psutil
import pytest
from django.db import connections
from django.urls import reverse

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in
from scheduling import services as visits
from scheduling.models import Service
from scheduling.pages import slot_text
from tests.harness.cluster import manage
from tests.harness.live import MortalPortal
from tests.harness.mail import Mailbox
from tests.registry.states import signed_in

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("CHAOS_SECONDS", "25"))
TOKEN = "k" * 32  # the cookie and the field of the form; both are the client's
PATIENCE = 120  # seconds in which everything that was begun must have got its yes


@dataclass
class Act:
    """One thing to do once: where, with which form, and where a yes leads."""

    kind: str
    id: UUID
    path: str
    form: dict[str, str]
    tries: int = 0
    answer: str = ""


@dataclass
class Client(threading.Thread):
    """Does acts one after another, each until it got its yes."""

    port: int = 0
    cookies: str = ""
    make: Any = None
    then: Any = None
    stop: threading.Event = field(default_factory=threading.Event)
    done: list[Act] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        while not self.stop.is_set():
            act = self.make()
            if act is None:
                return
            deadline = time.monotonic() + PATIENCE
            while not act.answer:
                if time.monotonic() > deadline:
                    self.strange.append(f"{act.kind}: no yes within {PATIENCE} s after {act.tries} tries")
                    return
                self.send(act)
            self.done.append(act)
            if self.then is not None:
                self.then(act)

    def send(self, act: Act) -> None:
        """One try. Only a redirect away from sign-in is a yes."""
        act.tries += 1
        body = urlencode({**act.form, "csrfmiddlewaretoken": TOKEN})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{self.cookies}; csrf={TOKEN}",
            "Connection": "close",
        }
        try:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            link.request("POST", act.path, body, {**headers, "Host": f"localhost:{self.port}"})
            answer = link.getresponse()
            answer.read()
            where = answer.headers.get("Location", "")
            if answer.status == 302 and "/accounts/" not in where:
                act.answer = where
            elif answer.status < 500:
                self.strange.append(f"{act.kind}: {answer.status} {where}")
                act.answer = "refused"
        except (TimeoutError, OSError, http.client.HTTPException):
            pass
        if not act.answer:
            time.sleep(0.2)


@dataclass
class Stage:
    """The people, their cookies and the free times of both patients."""

    users: dict[str, User]
    patients: dict[str, UUID]
    cookies: dict[str, str]
    slots: list[tuple[str, str]]  # (whose, "visit=…&at=…")
    threads: list[tuple[str, UUID]]  # conversations that wait for an answer
    today: str


def test_nothing_is_half_done_lost_or_doubled(mortal_portal: MortalPortal, smtp_server: Mailbox) -> None:
    stage = set_up()
    lock, before = threading.Lock(), counts(mortal_portal)
    clients = [
        Client(
            port=mortal_portal.port,
            cookies=stage.cookies[who],
            make=make,
            then=lambda act: remember(stage, act),
        )
        for who, make in (
            ("patient", message),
            ("other-patient", message),
            ("patient", lambda: entry(stage)),
            ("other-patient", lambda: entry(stage)),
            ("nurse", lambda: booking(stage, lock)),
            ("nurse", lambda: answer(stage, lock)),
        )
    ]
    for client in clients:
        client.start()
    kills = kill_for(mortal_portal, SECONDS, lambda: least_done(clients) >= 3)
    for client in clients:
        client.stop.set()
    for client in clients:
        client.join(PATIENCE + 20)
        assert not client.is_alive()
    strange = [one for client in clients for one in client.strange]
    assert not strange, strange[:10]
    done = [act for client in clients for act in client.done]
    kinds = Counter(act.kind for act in done)
    assert min(kinds[kind] for kind in ("message", "entry", "booking", "answer")) >= 3, (
        f"too little happened: {kinds}"
    )
    assert min(kills.values()) >= 2, kills
    check_rows(mortal_portal, done, before)
    check_mails(mortal_portal, smtp_server, sum(kills.values()))
    manage("portal", "verify_trail", cluster=mortal_portal.cluster)


def least_done(clients: list[Client]) -> int:
    """How many acts of the rarest kind got their yes so far."""
    kinds = Counter(act.kind for client in clients for act in list(client.done))
    return min(kinds[kind] for kind in ("message", "entry", "booking", "answer"))


# --- What is done --------------------------------------------------------------------------------------------------------


def set_up() -> Stage:
    users = {user.email.split("@")[0]: user for user in User.objects.all()}
    cookies, patients, slots = {}, {}, []
    now = present()
    for who in ("patient", "other-patient", "nurse"):
        client = signed_in(users[who])
        cookies[who] = f"session={client.cookies['session'].value}"
    with actor.unit_of_work(actor.Actor(user_id=users["nurse"].pk)):
        rows = list(Patient.objects.for_user(users["nurse"]).select_related("site"))
        for whose in ("patient", "other-patient"):
            name = users[whose].name
            patients[whose] = next(row.pk for row in rows if row.name == name)
        service = Service.objects.offered_at(rows[0].site).get(code="phone-call")
        free = visits.find_starts(
            site=rows[0].site,
            service=service,
            start=now + timedelta(days=30),
            end=now + timedelta(days=80),
            busy=[],
        )
        times = list({start.at: start for start in free}.values())[:400]
        slots = [
            (
                ("patient", "other-patient")[place % 2],
                f"visit={service.code}&suits=any&at={slot_text(start.at, start.resource_id)}",
            )
            for place, start in enumerate(times)
        ]
        day = today_in(now, rows[0].site.time_zone).isoformat()
    connections.close_all()
    return Stage(users, patients, cookies, slots, [], day)


def form_of(id: UUID, **more: str) -> dict[str, str]:
    return {"draft": str(id), "draft_version": "0", **more}


def message() -> Act:
    """A new conversation of the patient whose client sends it."""
    id = uuid7()
    form = form_of(id, topic="question", text=f"Chaos message {id}", about="")
    return Act("message", id, reverse("messaging:new"), form)


def entry(stage: Stage) -> Act:
    id = uuid7()
    form = form_of(id, note=f"Chaos entry {id}", share="shared", day=stage.today)
    return Act("entry", id, reverse("journal:new"), form)


def booking(stage: Stage, lock: threading.Lock) -> Act | None:
    id = uuid7()
    with lock:
        if not stage.slots:
            return None
        whose, query = stage.slots.pop(0)
    path = reverse("scheduling:patient-book-check", args=[stage.patients[whose]]) + f"?{query}"
    return Act("booking", id, path, form_of(id, reason=f"Chaos booking {id}"))


def remember(stage: Stage, act: Act) -> None:
    """A conversation that a call began is answered next."""
    if act.kind == "call":
        stage.threads.append(("patient", UUID(act.answer.rstrip("/").split("/")[-1])))


def answer(stage: Stage, lock: threading.Lock) -> Act:
    """The nurse writes down a phone call and so begins a conversation; then answers it, which sends a mail."""
    id = uuid7()
    with lock:
        thread = stage.threads.pop(0) if stage.threads else None
    if thread is None:
        return Act(
            "call",
            id,
            reverse("messaging:patient-new", args=[stage.patients["patient"]]),
            form_of(id, topic="visit", text=f"Chaos call {id}"),
        )
    whose, thread_id = thread
    path = reverse("messaging:answer", args=[stage.patients[whose], thread_id])
    return Act("answer", id, path, form_of(id, text=f"Chaos answer {id}", seen="9999"))


# --- What is killed ------------------------------------------------------------------------------------------------------


def kill_for(portal: MortalPortal, seconds: float, enough: Callable[[], bool]) -> Counter[str]:
    """Kill something every two seconds or so; what does not come back by itself is started again.

    On a slow machine it goes on until enough was done under fire, for two minutes at most.
    """
    kills: Counter[str] = Counter()
    dice = random.Random(7)
    deadline = time.monotonic() + seconds
    order = ["web", "worker", "backend"]
    while time.monotonic() < deadline or min(kills[kind] for kind in order) < 2 or not enough():
        time.sleep(dice.uniform(1.5, 2.5))
        kind = order[sum(kills.values()) % len(order)]
        if kind == "web" and kill_a_child(portal.web, dice):
            kills["web"] += 1
        elif kind == "worker":
            portal.kill_worker()
            portal.start_worker()
            kills["worker"] += 1
        elif kind == "backend" and kill_a_backend(portal, dice):
            kills["backend"] += 1
        if time.monotonic() > deadline + 120:
            break
    return kills


def kill_a_child(process: Any, dice: random.Random) -> bool:
    """kill -9 of one of gunicorn's workers; the master starts another."""
    children = psutil.Process(process.pid).children()
    if not children:
        return False
    os.kill(dice.choice(children).pid, signal.SIGKILL)
    return True


def kill_a_backend(portal: MortalPortal, dice: random.Random) -> bool:
    """kill -9 of a PostgreSQL process that serves somebody: the postmaster ends all others and recovers from its log."""
    assert portal.cluster is not None
    assert portal.cluster.process is not None
    children = [child for child in psutil.Process(portal.cluster.process.pid).children() if serves(child)]
    if not children:
        return False
    os.kill(dice.choice(children).pid, signal.SIGKILL)
    return True


def serves(process: psutil.Process) -> bool:
    try:
        return "portal_app" in " ".join(process.cmdline())
    except psutil.Error:
        return False


# --- What must be true ---------------------------------------------------------------------------------------------------

COUNTED = {
    "messages": "SELECT count(*) FROM messaging_message",
    "threads": "SELECT count(*) FROM messaging_thread",
    "entries": "SELECT count(*) FROM journal_journalentry",
    "revisions": "SELECT count(*) FROM journal_entryrevision",
    "shared": "SELECT count(*) FROM journal_sharedentry",
    "appointments": "SELECT count(*) FROM scheduling_appointment",
    "claims": "SELECT count(*) FROM scheduling_claim WHERE released_at IS NULL",
}


def query(portal: MortalPortal, statement: str, *values: Any) -> list[Any]:
    """Rows as the maintenance role, waiting until the database has recovered."""
    assert portal.cluster is not None
    deadline = time.monotonic() + 30
    while True:
        try:
            with portal.cluster.connect("portal_maintenance", "portal") as link:
                return link.execute(statement, values).fetchall()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def counts(portal: MortalPortal) -> dict[str, int]:
    return {name: query(portal, statement)[0][0] for name, statement in COUNTED.items()}


def check_rows(portal: MortalPortal, done: list[Act], before: dict[str, int]) -> None:
    made = {name: now - before[name] for name, now in counts(portal).items()}
    ids = {
        kind: [act.id for act in done if act.kind == kind]
        for kind in ("message", "call", "answer", "entry", "booking")
    }
    written = ids["message"] + ids["call"] + ids["answer"]
    # Nothing lost, nothing doubled: as many rows as acts that got a yes, each under the id that its client made.
    assert made["messages"] == len(written)
    assert query(portal, "SELECT count(*) FROM messaging_message WHERE id = ANY(%s)", written)[0][0] == len(
        written
    )
    assert made["threads"] == len(ids["message"]) + len(ids["call"])
    assert made["entries"] == made["revisions"] == made["shared"] == len(ids["entry"])
    assert query(portal, "SELECT count(*) FROM journal_journalentry WHERE id = ANY(%s)", ids["entry"])[0][
        0
    ] == len(ids["entry"])
    assert made["appointments"] == made["claims"] == len(ids["booking"])
    booked = [UUID(act.answer.rstrip("/").split("/")[-2]) for act in done if act.kind == "booking"]
    assert len(set(booked)) == len(booked)
    assert query(portal, "SELECT count(*) FROM scheduling_appointment WHERE id = ANY(%s)", booked)[0][
        0
    ] == len(booked)
    # Nothing half: a conversation without its first message or without work, an act without its line on the trail or its receipt.
    assert (
        query(
            portal,
            "SELECT count(*) FROM messaging_thread t WHERE NOT EXISTS (SELECT 1 FROM messaging_message m WHERE m.thread_id = t.id)",
        )[0][0]
        == 0
    )
    assert (
        query(
            portal,
            "SELECT count(*) FROM messaging_thread t WHERE NOT EXISTS (SELECT 1 FROM messaging_workitem w WHERE w.thread_id = t.id)"
            # What the team says first asks for no work.
            " AND EXISTS (SELECT 1 FROM messaging_message m WHERE m.thread_id = t.id AND m.capacity <> 'team')",
        )[0][0]
        == 0
    )
    assert (
        query(
            portal,
            "SELECT count(*) FROM messaging_thread t WHERE last_seq <> (SELECT count(*) FROM messaging_message m WHERE m.thread_id = t.id)",
        )[0][0]
        == 0
    )
    for act_name, expected in (
        ("message.sent", ids["message"] + ids["call"]),
        ("message.answered", ids["answer"]),
    ):
        rows = query(
            portal,
            "SELECT target, count(*) FROM patients_auditevent WHERE act = %s AND target = ANY(%s) GROUP BY target",
            act_name,
            expected,
        )
        assert len(rows) == len(expected), f"{act_name}: {len(rows)} of {len(expected)} are on the trail"
        assert all(count == 1 for _target, count in rows), f"{act_name} stands twice on the trail"
    receipts = query(
        portal, "SELECT count(*) FROM patients_receipt WHERE id = ANY(%s)", [act.id for act in done]
    )[0][0]
    assert receipts == len(done)


def check_mails(portal: MortalPortal, mailbox: Mailbox, kills: int) -> None:
    """Each mail that was promised arrives; one that arrives twice has the same Message-ID."""
    deadline = time.monotonic() + 150
    waiting: Any = None
    while time.monotonic() < deadline:
        waiting = query(portal, "SELECT count(*) FROM accounts_outgoingmail WHERE state <> 'sent'")[0][0]
        if waiting == 0:
            break
        time.sleep(0.5)
    assert waiting == 0, f"{waiting} mails were never sent; the worker says: {portal.worker_log()[-1500:]}"
    promised = {str(id) for (id,) in query(portal, "SELECT id FROM accounts_outgoingmail")}
    arrived = Counter(str(mail["Message-ID"]).strip("<>").split("@")[0] for mail in mailbox.mails)
    assert not promised - set(arrived), (
        f"{len(promised - set(arrived))} of {len(promised)} mails never arrived"
    )
    assert set(arrived) <= promised
    assert sum(count - 1 for count in arrived.values()) <= kills
