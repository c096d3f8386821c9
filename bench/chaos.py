"""`make chaos`: kill -9 at named points, and answers that get lost on the way; then what the clients were promised is compared with what is there.

Each client keeps its own list of what the server said yes to, in a file outside the system. A broken connection, a time-out or a 5xx means
"unknown": the same form is sent again with the same id until there is a yes. `tests/chaos/test_acknowledged.py` is the same with small numbers.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import points
from bench.client import Person
from bench.proxy import dropping
from portal.demo.people import PASSWORD
from portal.lib.ids import uuid7

TOKEN = "k" * 32  # the cookie and the field of the form; both are the client's
PATIENCE = 120  # seconds in which everything that was begun must have got its yes
CLIENTS = 4
SHARE = 0.5  # of the answers are lost on the way
EVERY_WORKER = 20.0  # seconds between two ends of the worker

Query = Callable[..., list[Any]]


@dataclass(slots=True)
class Act:
    """One thing to do once; `point` is where the server dies at the first try."""

    kind: str
    id: str
    path: str
    form: dict[str, str]
    point: str = ""
    tries: int = 0
    answer: str = ""


@dataclass(slots=True)
class Report:
    """What was done to the portal, and what was wrong afterwards (nothing, when it is well)."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    dropped: int = 0
    tries: int = 0
    faults: list[str] = field(default_factory=list)
    mails: int = 0
    repeated_mails: int = 0
    seconds: float = 0.0


@dataclass
class Sender:
    """Four people's hands: patients write, a nurse answers, patients look (so that the next answer is told again)."""

    port: int
    cookies: dict[str, dict[str, str]]
    record: Path
    patients: dict[str, str]
    report: Report
    lock: threading.Lock = field(default_factory=threading.Lock)

    def once(self, who: str, act: Act, port: int) -> None:
        """Send until there is a yes. Raises AssertionError after two minutes, or when the portal refuses."""
        deadline = time.monotonic() + PATIENCE
        while not act.answer:
            assert time.monotonic() < deadline, f"{act.kind}: no yes in {PATIENCE} s after {act.tries} tries"
            self._try(who, act, port)
        line = json.dumps({"id": act.id, "kind": act.kind, "tries": act.tries})
        with self.lock:
            with self.record.open("a", encoding="utf-8") as kept:
                kept.write(line + "\n")
            self.report.tries += act.tries

    def _try(self, who: str, act: Act, port: int) -> None:
        act.tries += 1
        point = act.point if act.tries == 1 else ""
        status, where = self.ask(who, "POST", act.path, port, act.form, point)
        if status == 302 and "/accounts/" not in where:
            assert not point, f"the server did not die at {point!r}"
            act.answer = where
        elif 0 < status < 500:
            raise AssertionError(f"{act.kind}: {status} {where}")
        else:
            if point:
                with self.lock:
                    self.report.kills[point] += 1
            time.sleep(0.05 if act.tries < 5 else 0.5)

    def ask(
        self, who: str, method: str, path: str, port: int, form: dict[str, str] | None = None, point: str = ""
    ) -> tuple[int, str]:
        """(status, Location); (0, "") when no answer came."""
        cookie = "; ".join(f"{name}={value}" for name, value in {**self.cookies[who], "csrf": TOKEN}.items())
        headers = {"Cookie": cookie, "Connection": "close", "Host": f"localhost:{self.port}"}
        body = None
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": TOKEN})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if point:
            headers["X-Chaos"] = point
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            link.request(method, path, body, headers)
            answer = link.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            link.close()
        return answer.status, answer.headers.get("Location", "")

    def rounds(self, who: str, turns: Callable[[], int | None], port: int, kill: bool) -> None:
        """Write, answer, look; again and again while `turns` gives a number. Each writing is one of the turns."""
        while (turn := turns()) is not None:
            id = str(uuid7())
            form = {
                "draft": id,
                "draft_version": "0",
                "topic": "question",
                "text": f"Chaos {id}",
                "about": "",
            }
            act = Act("start", id, "/messages/new/", form)
            act.point = points.STARTING[turn % len(points.STARTING)] if kill else ""
            self.once(who, act, port)
            thread = re.findall(r"[0-9a-f-]{36}", act.answer)[-1]
            turn = turns()
            if turn is None:
                return
            id = str(uuid7())
            path = f"/patients/{self.patients[who]}/work/{thread}/answer/"
            form = {"draft": id, "draft_version": "0", "text": f"Chaos {id}", "seen": "99"}
            act = Act("answer", id, path, form)
            act.point = points.ANSWERING[turn % len(points.ANSWERING)] if kill else ""
            self.look(who, thread)
            self.once("nurse", act, port)

    def look(self, who: str, thread: str) -> None:
        """The patient opens the conversation: so the answer that comes is told by mail, however many came before."""
        deadline = time.monotonic() + PATIENCE
        while self.ask(who, "GET", f"/messages/{thread}/", self.port)[0] != 200:
            assert time.monotonic() < deadline, "the conversation does not open"
            time.sleep(0.2)


def run(
    *, port: int, folder: Path, query: Query, kills: int, sends: int, clients: int = CLIENTS
) -> tuple[Report, Sender]:
    """Kill at `kills` points, then send `sends` messages through the proxy; both with the client's own list in `folder`."""
    report = Report()
    cookies = {who: _session(port, who) for who in ("patient", "other-patient", "nurse")}
    rows = query(
        "SELECT u.email, g.patient_id::text FROM patients_grant g JOIN accounts_user u ON u.id = g.user_id WHERE g.kind = 'self'"
    )
    patients = {email.split("@")[0]: patient for email, patient in rows}
    record = folder / "acknowledged.jsonl"
    record.write_text("", encoding="utf-8")
    sender = Sender(port, cookies, record, patients, report)
    start = time.monotonic()
    _together(sender, kills, port, clients, kill=True)
    with dropping(port, SHARE) as proxy:
        _together(sender, sends, proxy.port, clients, kill=False)
        report.dropped = proxy.dropped
    report.seconds = time.monotonic() - start
    return report, sender


def _session(port: int, who: str) -> dict[str, str]:
    """The cookie of a person of the demo clinic."""
    person = Person(port).sign_in(f"{who}@example.com", PASSWORD)
    assert person.connection is not None
    person.connection.close()
    return {"session": person.cookies["session"]}


def _together(sender: Sender, count: int, port: int, clients: int, *, kill: bool) -> None:
    numbers, lock = itertools.count(), threading.Lock()
    wrong: list[str] = []

    def turns() -> int | None:
        with lock:
            turn = next(numbers)
        return turn if turn < count and not wrong else None

    def work(who: str) -> None:
        try:
            sender.rounds(who, turns, port, kill)
        except Exception as error:  # noqa: BLE001 - a client's end must not go unheard
            wrong.append(f"{type(error).__name__}: {error}")

    people = itertools.cycle(("patient", "other-patient"))
    threads = [threading.Thread(target=work, args=(next(people),)) for _client in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sender.report.faults += wrong


# --- What must be true ---------------------------------------------------------------------------------------------------

HALF = {
    "a conversation without a message": """SELECT count(*) FROM messaging_thread t
        WHERE NOT EXISTS (SELECT 1 FROM messaging_message m WHERE m.thread_id = t.id)""",
    # What the team says first asks for no work; what comes from the patient's side always does.
    "a conversation without work": """SELECT count(*) FROM messaging_thread t
        WHERE EXISTS (SELECT 1 FROM messaging_message m WHERE m.thread_id = t.id AND m.capacity <> 'team')
        AND NOT EXISTS (SELECT 1 FROM messaging_workitem w WHERE w.thread_id = t.id)""",
    "a conversation that counts wrongly": """SELECT count(*) FROM messaging_thread t
        WHERE last_seq <> (SELECT count(*) FROM messaging_message m WHERE m.thread_id = t.id)""",
}
TOLD = """
SELECT count(*) FROM messaging_message m WHERE m.id = ANY(%s::uuid[]) AND NOT EXISTS (
    SELECT 1 FROM messaging_sentnotice n JOIN accounts_outgoingmail o ON o.id = n.mail_id
    WHERE n.patient_id = m.patient_id AND o.created_at BETWEEN m.created_at - interval '5 minutes' AND m.created_at + interval '1 minute')
"""


def count_before(query: Query) -> int:
    found: int = query("SELECT count(*) FROM messaging_message")[0][0]
    return found


def compare(report: Report, record: Path, query: Query, before: int) -> None:
    """Put what is wrong into the report: the clients' own list against the rows."""
    kept = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    ids = [line["id"] for line in kept]
    report.acknowledged = len(ids)
    there = query("SELECT count(*) FROM messaging_message WHERE id = ANY(%s::uuid[])", ids)[0][0]
    made = query("SELECT count(*) FROM messaging_message")[0][0] - before
    if len(set(ids)) != len(ids):
        report.faults.append("the clients' list names an id twice")
    if there != len(ids):
        report.faults.append(f"{len(ids) - there} acknowledged messages are lost")
    if made != len(ids):
        report.faults.append(f"{made - len(ids)} messages more than were sent")
    for what, statement in HALF.items():
        if found := query(statement)[0][0]:
            report.faults.append(f"{what}: {found}")
    for kind, act in (("start", "message.sent"), ("answer", "message.answered")):
        wanted = [line["id"] for line in kept if line["kind"] == kind]
        rows = query(
            "SELECT count(*), count(DISTINCT target) FROM patients_auditevent WHERE act = %s AND target = ANY(%s::uuid[])",
            act,
            wanted,
        )[0]
        if rows != (len(wanted), len(wanted)):
            report.faults.append(f"{act} stands {rows[0]} times on the trail for {len(wanted)} acts")
        if kind == "answer" and (untold := query(TOLD, wanted)[0][0]):
            report.faults.append(f"{untold} answers of which nobody was told")


def wait_for_mails(report: Report, query: Query, seconds: float = 150) -> None:
    """Until the worker has sent everything: a job whose worker died waits for half a minute before it is done again."""
    waiting = "SELECT count(*) FROM accounts_outgoingmail WHERE state <> 'sent'"
    deadline = time.monotonic() + seconds
    while query(waiting)[0][0] and time.monotonic() < deadline:
        time.sleep(0.5)
    if late := query(waiting)[0][0]:
        report.faults.append(f"{late} mails were never sent")


def compare_mails(report: Report, query: Query, arrived: Counter[str]) -> None:
    """Each notice arrived; one that arrived twice carries the same Message-ID (`arrived` counts them)."""
    promised = {
        id for (id,) in query("SELECT id::text FROM accounts_outgoingmail WHERE kind = 'answer-notice'")
    }
    ours = {id: count for id, count in arrived.items() if id in promised}
    report.mails = len(ours)
    report.repeated_mails = sum(count - 1 for count in ours.values())
    if missing := len(promised - set(ours)):
        report.faults.append(f"{missing} notices never arrived")


def arrived_ids(mails: list[Any]) -> Counter[str]:
    """How often each mail came, by the id in its Message-ID."""
    return Counter(str(mail["Message-ID"]).strip().strip("<>").split("@")[0] for mail in mails)


# --- The long form -------------------------------------------------------------------------------------------------------


@dataclass
class MortalWorker:
    """The worker, which is ended at its points one after the other and started again."""

    environment: dict[str, str]
    log: Path
    kills: Counter[str]
    stop: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None

    def start(self, point: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bench.chaos_worker"],
                env={**self.environment, "CHAOS_POINT": point},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def live(self) -> None:
        """Until stopped: a worker that dies at a point, then one that works for a while."""
        for point in itertools.cycle(points.WORKER):
            if self.stop.is_set():
                break
            self.start(point)
            assert self.process is not None
            while not self.stop.is_set() and self.process.poll() is None:
                time.sleep(0.2)
            if self.process.poll() == -signal.SIGKILL:
                self.kills[point] += 1
            self.end()
            self.start("")
            self.stop.wait(EVERY_WORKER)
            self.end()
        self.start("")

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(20)


def words(report: Report) -> str:
    """The report as a line for docs/measured.md and the list of points."""
    kills = ", ".join(f"{point} {count}" for point, count in sorted(report.kills.items()))
    wrong = "; ".join(report.faults) or "0 lost, 0 doubled, no notice lost, nothing half done"
    return (
        f"{sum(report.kills.values())} kill -9 ({kills}); {report.acknowledged} messages acknowledged in {report.tries} tries,"
        f" {report.dropped} answers dropped by the proxy; {report.mails} notices arrived, {report.repeated_mails} of them a second"
        f" time with the same Message-ID; {report.seconds:.0f} s: {wrong}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.chaos")
    parser.add_argument(
        "--kills", type=int, default=1_000, help="kill -9 of a web server process at named points"
    )
    parser.add_argument(
        "--sends", type=int, default=10_000, help="messages through a proxy that drops answers"
    )
    chosen = parser.parse_args()
    import psycopg

    from bench.server import FOLDER, portal
    from tests.harness.mail import smtp_server

    with (
        smtp_server() as mailbox,
        portal(patients=0, wsgi="bench.chaos_wsgi", email_url=mailbox.url, worker=False) as bench,
        psycopg.connect(bench.cluster.url("portal_maintenance"), autocommit=True) as link,
    ):

        def query(statement: str, *values: Any) -> list[Any]:
            return link.execute(statement, values or None).fetchall()

        before = count_before(query)
        worker_kills: Counter[str] = Counter()
        worker = MortalWorker(bench.environment, FOLDER / "worker.log", worker_kills)
        living = threading.Thread(target=worker.live)
        living.start()
        try:
            report, sender = run(
                port=bench.port, folder=FOLDER, query=query, kills=chosen.kills, sends=chosen.sends
            )
            worker.stop.set()
            living.join(60)
            compare(report, sender.record, query, before)
            wait_for_mails(report, query, 300)
            compare_mails(report, query, arrived_ids(mailbox.mails))
            bench.run("manage.py", "verify_trail")
        finally:
            worker.stop.set()
            living.join(60)
            worker.end()
        report.kills += worker_kills
    print(words(report))
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
