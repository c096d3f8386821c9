"""A canary in every sealed field of both patients: who meets which, and where none may ever be.

Every text that a patient or the team wrote is exchanged for a token of its own, found by walking the models: a new sealed field is
in this test without being named. Then everybody opens every registered page about both patients and follows every link from there.
A token may be met only by people whom that patient's grants let see that kind of thing.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import re
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from psycopg import sql

from accounts.models import OutgoingMail
from accounts.services import open_mail
from messaging.models import Thread
from patients.fields import SealedField
from patients.models import Draft
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.logs import JSONFormatter
from tests.conftest import pointed_at
from tests.harness import cluster
from tests.registry.ground import Ground
from tests.registry.pages import NOT_PAGES, PAGES, PAPER
from tests.registry.people import ANONYMOUS, EVERYBODY, MAYA, PATIENTS, SAMUEL, TEAM
from tests.registry.resolver import ours
from tests.registry.states import signed_in
from tools.postgres import wheel_binaries

RUN = base64.b32encode(os.urandom(5)).decode().lower()[:6]
TOKEN = re.compile(rf"qz{RUN}[0-9]{{5}}zq")
MOST_LINKS = 60  # followed by each person beyond the registry

READERS = (*TEAM, "emergency")
CARERS = ("carer", "journal-carer")
# Who may meet what is written in an area of a patient's record.
AREAS: dict[str, dict[str, tuple[str, ...]]] = {
    MAYA: {
        "profile": (MAYA, *CARERS, *READERS),
        "appointments": (MAYA, *CARERS, *READERS),
        "messages": (MAYA, *CARERS, *READERS),
        "hidden": (MAYA, *READERS),  # a conversation that the patient hides from carers
        "journal": (MAYA, "journal-carer"),
        "shared_journal": (MAYA, "journal-carer", *READERS),
        "team": READERS,
        "treatment": (MAYA, *READERS),
        "own": (MAYA,),
    },
    SAMUEL: {
        "profile": (SAMUEL, *TEAM),
        "appointments": (SAMUEL, *TEAM),
        "messages": (SAMUEL, *TEAM),
        "hidden": (SAMUEL, *TEAM),
        "journal": (SAMUEL,),
        "shared_journal": (SAMUEL, *TEAM),
        "team": TEAM,
        "treatment": (SAMUEL, *TEAM),
        "own": (SAMUEL,),
    },
}
# Sealed, but not words: numbers, codes and a date that the pages compute with. That they are no words is checked.
# Keys under which a value has codes of a closed list, numbers or instants, besides words under other keys.
CODED: dict[str, tuple[str, ...]] = {
    "treatment.ChairRow.details": ("signs", "unit", "although_codes"),
    "treatment.ChairDay.day": ("began", "ended", "left", "signs"),
    "treatment.Change.reason": ("since",),  # of a reaction that showed later
}
NO_WORDS = {
    "patients.Patient.date_of_birth": r"\d{4}-\d\d-\d\d",
    "journal.Tracker.codes": r"[a-z_]{1,20}",
    "journal.JournalEntry.scores": r"",
    "journal.SensitivePart.scores": r"",
}
# Kept, and shown to nobody in this version; each says why.
SHOWN_TO_NOBODY: dict[str, str] = {
    "messaging.MailingLetter.words": "they wait for the worker, who sends them as a message; that one is met",
}

HEALTH = re.compile(
    r"\bMS\b|sclerosis|infus|neurolog|symptom|journal|treatment|medic|drug|dose|side effect|nurse|blanket|diagnos|therap|relapse|tired",
    re.IGNORECASE,
)


@dataclass
class Planted:
    """Tokens by what they stand for: label of the field, patient, and the people who may meet it."""

    ground: Ground
    database: str
    what: dict[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)

    def token(self, label: str, whose: str, may: tuple[str, ...]) -> str:
        token = f"qz{RUN}{len(self.what):05d}zq"
        self.what[token] = label, whose, may
        return token


@pytest.fixture(scope="module")
def planted(ground_database: tuple[str, Ground], django_db_blocker: Any) -> Iterator[Planted]:
    """The ground with a token in place of each sealed text."""
    source, ground = ground_database
    name = cluster.clone(source)
    with django_db_blocker.unblock(), pointed_at(name):
        planted = Planted(ground, name)
        with (
            cluster.acquire().connect("portal_maintenance", name) as writer,
            actor.unit_of_work(actor.system("tests")),
        ):
            plant(planted, writer)
        yield planted
    cluster.drop(name)


def plant(planted: Planted, writer: psycopg.Connection) -> None:
    """Exchange the words in every sealed field. The app may not change most of these rows, so the maintenance role writes."""
    owners = {str(planted.ground.of("patient_id", whose)): whose for whose in PATIENTS}
    for model, sealed in sealed_fields():
        met = set()
        for row in model._base_manager.all():
            whose = owners.get(str(row.sealing_patient_id))
            if whose is None:
                continue
            met.add(whose)
            label = f"{model._meta.label}.{sealed.name}"
            value = getattr(row, sealed.attname)
            if label in NO_WORDS:
                assert all(re.fullmatch(NO_WORDS[label], text) for text in texts_in(value)), (
                    f"{label} holds words"
                )
                continue
            if value is None:
                continue
            may = people_of(planted, row, whose)
            fresh = exchanged(
                value,
                lambda label=label, whose=whose, may=may: planted.token(label, whose, may),
                kept=CODED.get(label, ()),
            )
            raw = sealed.seal(row, fresh)
            writer.execute(
                sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(
                    sql.Identifier(model._meta.db_table), sql.Identifier(sealed.column)
                ),
                [raw, row.pk],
            )
        assert met == set(PATIENTS), (
            f"{model._meta.label} has rows of {sorted(met)} only: add the other's to tests/registry/ground.py"
        )


def sealed_fields() -> list[tuple[Any, SealedField]]:
    return [
        (model, one)
        for model in apps.get_models()
        for one in model._meta.get_fields()
        if isinstance(one, SealedField)
    ]


def people_of(planted: Planted, row: Any, whose: str) -> tuple[str, ...]:
    """Who may meet what this row says."""
    key_of = {user.pk: key for key, user in planted.ground.users.items()}
    if isinstance(row, Draft):
        return (key_of[row.owner_id],)
    label = row._meta.label
    if label == "messaging.Attachment" and row.message_id is None:
        return (key_of[row.owner_id],)  # not sent yet
    if label == "patients.Grant":
        return (whose, key_of.get(row.user_id, whose)) if row.kind == "break_glass" else (whose,)
    area = row.record_area
    if label == "journal.SharedReport":
        area = "hidden"  # a report is the patient's and the team's; carers never see it
    thread = row if isinstance(row, Thread) else getattr(row, "thread", None)
    if area == "messages" and thread is not None and thread.hidden_from_carers:
        area = "hidden"
    return AREAS[whose][area]


def exchanged(value: Any, token: Any, key: str = "", kept: Collection[str] = ()) -> Any:
    """The same value with each text replaced; days stay days, and what stands under a key of `kept` stays."""
    if isinstance(value, str):
        return value if key.endswith(("_on", "topic", "code")) or key in kept or not value else token()
    if isinstance(value, list):
        return [exchanged(one, token, key, kept) for one in value]
    if isinstance(value, dict):
        return {name: exchanged(one, token, name, kept) for name, one in value.items()}
    return value


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from texts_in(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from texts_in(one)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that the portal's own handlers write, as they write it."""
    written = io.StringIO()
    handlers = {
        one for name in (None, *settings.LOGGING["loggers"]) for one in logging.getLogger(name).handlers
    }
    ours = [
        one
        for one in handlers
        if isinstance(one, logging.StreamHandler) and isinstance(one.formatter, JSONFormatter)
    ]
    assert ours
    for handler in ours:
        monkeypatch.setattr(handler, "stream", written)
    return written


# --- The crawl -----------------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name == "href" and tag == "a" and value]


def starts(ground: Ground) -> list[str]:
    """Every registered page and every file and API address, about both patients."""
    paths: dict[str, None] = {}
    for page in PAGES:
        if not page.state:
            for whose in PATIENTS:
                paths[page.url(ground, whose, whose)] = None
    for name, reason in NOT_PAGES.items():
        if reason == PAPER:  # compressed: nothing can be read in it; the page beside it has the same words
            continue
        for whose in PATIENTS:
            paths[ground.url(name, ours()[name].kwargs, whose)] = None
    for path in ("/cms/", "/admin/", "/no-such-page/", "/learn/search/?q=qz"):
        paths[path] = None
    return list(paths)


def crawl(client: Client, paths: list[str]) -> Iterator[tuple[str, str]]:
    """(address, everything in the answer), for the given addresses and the links found on the way."""
    waiting, seen, more = list(paths), set(paths), MOST_LINKS
    while waiting:
        path = waiting.pop(0)
        answer = client.get(path)
        assert answer.status_code < 500, f"{path}: {answer.status_code}"
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        text = content.decode(errors="replace")
        yield path, f"{dict(answer.headers)} {answer.cookies.output()} {text}"
        if answer.headers.get("Content-Type", "").startswith("text/html") and not path.startswith(
            ("/cms/", "/admin/")
        ):
            links = _Links()
            links.feed(text)
            for link in links.found:
                there = urljoin(path, link).split("#")[0]
                if (
                    more
                    and there.startswith("/")
                    and there not in seen
                    and not urlsplit(there).path.startswith("/static/")
                    and not urlsplit(there).path.endswith("/pdf/")
                ):
                    seen.add(there)
                    waiting.append(there)
                    more -= 1


READ_ALL = (MAYA, SAMUEL, "nurse", "journal-carer", "emergency")  # between them they may meet everything
PARTIES = {"who may": READ_ALL, "the others": tuple(person for person in EVERYBODY if person not in READ_ALL)}


@pytest.mark.parametrize("party", PARTIES)
def test_each_token_is_met_by_those_who_may_and_by_nobody_else(
    planted: Planted, log: io.StringIO, party: str
) -> None:
    met: set[str] = set()
    leaks: set[str] = set()
    paths = starts(planted.ground)
    for person in PARTIES[party]:
        client = signed_in(None if person == ANONYMOUS else planted.ground.users[person])
        for path, text in crawl(client, paths):
            for token in set(TOKEN.findall(text)):
                label, whose, may = planted.what[token]
                met.add(label)
                if person not in may:
                    leaks.add(f"{person} met {label} of {whose} at {path}")
    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(sorted(leaks)[:40])
    if party == "who may":
        labels = {label for label, _whose, may in planted.what.values() if may}
        silent = labels - met - set(SHOWN_TO_NOBODY)
        assert not silent, f"planted and met by nobody, so these prove nothing: {sorted(silent)}"
        assert not set(SHOWN_TO_NOBODY) & met, "shown after all: take it off the list"
    assert not TOKEN.findall(log.getvalue()), "a token is in the log"


# --- Places where none may be --------------------------------------------------------------------------------------------------


@pytest.fixture
def undone(planted: Planted) -> Iterator[None]:
    """What a test does is not there for the others."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_mails_and_jobs_carry_none(planted: Planted, undone: None, log: io.StringIO) -> None:
    """After acts whose words are tokens: what leaves by mail and what waits for the worker."""
    ground = planted.ground
    words = act_with_tokens(planted)
    mails = [open_mail(mail) for mail in OutgoingMail.objects.all()]
    told = [mail for mail in mails if mail is not None]
    assert len(told) >= 4, "the acts sent no mails"
    for mail in told:
        text = json.dumps(mail)
        assert not TOKEN.findall(text), mail["subject"]
        spoken = f"{mail['subject']} {mail['body']}".replace(str(words), "")
        assert not HEALTH.findall(spoken), f"{HEALTH.findall(spoken)} in the mail {mail['subject']!r}"
        assert not any(
            str(value) in mail["body"] for (kind, _whose), value in ground.ids.items() if kind == "patient_id"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs")
        jobs = [args if isinstance(args, dict) else json.loads(args) for (args,) in cursor.fetchall()]
        assert jobs
        for args in jobs:
            for name, value in args.items():
                if name != "timestamp":
                    assert UUID(str(value)), f"{name} of a job is no id"
    assert not TOKEN.findall(log.getvalue()), "a token is in the log"


def act_with_tokens(planted: Planted) -> str:
    """Write, answer, note, book, cancel and share with tokens as words. Returns the word all of them hold."""
    ground = planted.ground
    word = planted.token("typed", MAYA, ())
    maya, nurse = signed_in(ground.users[MAYA]), signed_in(ground.users["nurse"])
    thread = ground.of("thread_id", MAYA)
    acts = [
        (maya, reverse("messaging:thread", args=[thread]), {"text": word, "seen": "99"}),
        (nurse, reverse("messaging:note", args=[ground.of("patient_id", MAYA), thread]), {"text": word}),
        (
            nurse,
            reverse("messaging:answer", args=[ground.of("patient_id", MAYA), thread]),
            {"text": word, "seen": "99"},
        ),
        (maya, ground.url("scheduling:cancel", ("appointment_id",), MAYA), {"reason": word}),
        (maya, reverse("patients:carer-add"), {"email": "friend@example.com"}),
        (maya, f"{reverse('scheduling:book-check')}?{ground.query['slot-patient']}", {"reason": word}),
        (maya, reverse("journal:new"), {"note": word, "share": "shared", "day": ground.query["today"]}),
        (maya, reverse("patients:questions"), {"text": word}),
        (maya, reverse("account_reset_password"), {"email": "patient@example.com"}),
        (nurse, reverse("account_request_login_code"), {"email": "nurse@example.com"}),
    ]
    for client, path, data in acts:
        answer = client.post(
            path, {"draft": str(uuid7()), "draft_version": "0", "once": str(uuid7()), **data}
        )
        assert answer.status_code in (302, 422), f"{path}: {answer.status_code}"
    stranger = signed_in(None)
    assert (
        stranger.post(reverse("account_request_login_code"), {"email": "patient@example.com"}).status_code
        == 302
    )
    return word


def test_a_dump_holds_none_in_clear(planted: Planted) -> None:
    signed_in(planted.ground.users[MAYA])
    url = cluster.acquire().url("portal_maintenance", planted.database)
    done = subprocess.run(
        [str(wheel_binaries() / "pg_dump"), "--format=plain", "--inserts", url],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-500:]
    dump = done.stdout
    assert b"messaging_message" in dump
    assert len(dump) > 100_000
    for shape in shapes_of(f"qz{RUN}"):
        assert shape not in dump, "a token stands in the dump"
    from django.contrib.sessions.models import Session

    assert Session.objects.exists()


def shapes_of(text: str) -> list[bytes]:
    """A text as it is, as hexadecimal, and inside base64 at each of the three offsets."""
    raw = text.encode()
    shapes = [raw, raw.hex().encode()]
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw + b"\0" * 3)
        shapes.append(coded[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6])
    return shapes


def test_logs_hold_none_when_things_break(
    planted: Planted, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that carries a patient's words, and a statement with them that the database refuses."""
    word = planted.token("broken", MAYA, ())
    client = signed_in(planted.ground.users[MAYA])

    def fail(*args: Any, **kwargs: Any) -> None:
        raise ValueError(f"could not read {word}")

    with monkeypatch.context() as patch:
        patch.setattr("messaging.views.conversation.row_of", fail)
        assert client.get(reverse("messaging:list") + f"?q={word}").status_code == 500
        patch.setattr("messaging.services.start_thread", refused_by_the_database(word))
        path = reverse("messaging:new")
        answer = client.post(
            path, {"draft": str(uuid7()), "draft_version": "0", "topic": "question", "text": word}
        )
        assert answer.status_code == 500
        assert word not in answer.content.decode()
    assert '"level": "ERROR"' in log.getvalue(), "the error is not in the log at all"
    assert word not in log.getvalue()
    databases = (cluster.home() / "postgres.log").read_bytes()
    assert b"duplicate key" in databases
    for shape in shapes_of(f"qz{RUN}"):
        assert shape not in databases, "a token stands in PostgreSQL's log"


def refused_by_the_database(word: str) -> Any:
    def insert(**kwargs: Any) -> None:
        with connection.cursor() as cursor:
            for _twice in range(2):
                cursor.execute(
                    "INSERT INTO portal_cache (cache_key, value, expires) VALUES (%s, %s, now())",
                    [f"same {word}", word],
                )

    return insert
