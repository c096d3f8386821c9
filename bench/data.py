"""The data behind the figures, loaded into the demo clinic: `python -m bench.data PATIENTS YEARS`.

What is measured is made by the services, so that it is sealed, on the trail and complete. The history of many patients that
only has to be in the way is written as rows by the maintenance role, with bytes that nobody opens.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import Any

import django
import psycopg

THREAD_LENGTH = 50
LONG_LENGTH, LONG_COUNT = 200, 10  # conversations of Samuel's: one is measured, all are searched
WAITING = 10_000  # conversations on the long work list
ARTICLES = 1_000
WORDS = 700
CLINICIANS = 20
WORK = 50
CHUNK = 100


def main() -> None:
    patients, years = int(sys.argv[1]), int(sys.argv[2])
    django.setup()
    from portal.lib.time import now as present

    now = present()
    _library()
    _clinicians()
    _thread(now)
    _long_threads(now)
    ids = _patients(max(patients, WORK), now)
    _waiting(ids, now)
    if years:
        _history(ids, years, now)
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as connection:
        connection.execute("ANALYZE")


def _people() -> Any:
    from accounts.models import User

    return {user.email.split("@")[0]: user for user in User.objects.all()}


def _library() -> None:
    """1,000 articles of 700 words, made from the words of the demo's own."""
    from education.models import Article
    from education.search_index import index_articles
    from portal.lib import actor

    with actor.unit_of_work(actor.system("bench")):
        model = Article.objects.filter(live=True).order_by("position").first()
        assert model is not None
        words = " ".join(Article.objects.values_list("search_text", flat=True)).split()
        rows = []
        for number in range(ARTICLES - Article.objects.count()):
            start = number * 37 % len(words)
            text = " ".join((words * 3)[start : start + WORDS])
            row = Article(
                slug=f"bench-{number}",
                title=f"{' '.join(text.split()[:6])} {number}"[:150],
                topic_id=model.topic_id,
                position=1_000 + number,
            )
            for field in ("summary", "emergency_if", "call_if", "body", "sources", "author_id", "live", "review",
                          "reviewed_by_id", "reviewed_at", "next_review_on", "adopted_at", "adopted_by_id", "adoption_reason",
                          "version", "first_published_at", "last_published_at"):  # fmt: skip
                if hasattr(model, field):
                    setattr(row, field, getattr(model, field))
            row.search_text = text
            rows.append(row)
        Article.objects.bulk_create(rows, batch_size=200)
        index_articles(rows)


def _clinicians() -> None:
    """20 lanes that offer the first visit type, 16 half hours on each working day."""
    from portal.lib import actor
    from scheduling.models import AvailabilityRule, Resource, Service

    with actor.unit_of_work(actor.system("bench")):
        service = Service.objects.order_by("position").first()
        assert service is not None
        for number in range(CLINICIANS):
            lane = Resource.objects.create(site_id=service.site_id, label=f"Clinician {number:02}")
            service.resources.add(lane)
            AvailabilityRule.objects.bulk_create(
                AvailabilityRule(
                    resource=lane, weekday=weekday, local_start=dt.time(8), local_end=dt.time(16)
                )
                for weekday in range(5)
            )


def _thread(now: dt.datetime) -> None:
    """A conversation of 50 messages, of the demo's patient."""
    from messaging.models import Thread
    from messaging.services import reply, start_thread
    from patients.services import own_patient
    from portal.lib import actor
    from portal.lib.ids import uuid7

    maya = _people()["patient"]
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        patient = own_patient(maya)
        assert patient is not None
        text = "Words of a conversation that has gone on for a while. " * 4
        first = start_thread(by=maya, patient=patient, id=uuid7(), topic="question", text=text, now=now)
        for number in range(1, THREAD_LENGTH):
            seq = Thread.objects.for_user(maya).get(pk=first.thread_id).last_seq
            reply(
                by=maya, patient=patient, thread_id=first.thread_id, id=uuid7(), text=f"{text} {number}",
                seen_seq=seq, now=now,
            )  # fmt: skip
        (Path(__file__).resolve().parent.parent / ".local" / "bench" / "thread").write_text(
            str(first.thread_id), encoding="utf-8"
        )


def _long_threads(now: dt.datetime) -> None:
    """2,000 messages of Samuel's in conversations of 200, sealed as always; written as rows, because sending them would take a minute."""
    from messaging.models import Message, Thread
    from messaging.services import start_thread
    from patients.services import own_patient
    from portal.lib import actor
    from portal.lib.ids import uuid7

    samuel = _people()["other-patient"]
    for place in range(LONG_COUNT):
        with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
            patient = own_patient(samuel)
            assert patient is not None
            text = "Words about a heron at the river and how the week has been. " * 4
            first = start_thread(by=samuel, patient=patient, id=uuid7(), topic="letter", text=text, now=now)
        with actor.unit_of_work(actor.system("bench")):
            thread = Thread.objects.for_system().get(pk=first.thread_id)
            rows = []
            for seq in range(2, LONG_LENGTH + 1):
                row = Message(id=uuid7(), patient=patient, thread=thread, seq=seq, author=samuel)
                row.capacity, row.created_at, row.body = "self", now, f"{text} {place} {seq}"
                rows.append(row)
            Message.objects.bulk_create(rows)
            thread.last_seq = LONG_LENGTH
            thread.save(update_fields=["last_seq"])
    folder = Path(__file__).resolve().parent.parent / ".local" / "bench"
    (folder / "long-thread").write_text(str(thread.pk), encoding="utf-8")


def _waiting(ids: list[Any], now: dt.datetime) -> None:
    """10,000 conversations that wait for an answer, due after those of the first page; their texts are bytes that nobody opens."""
    with psycopg.connect(os.environ["DATABASE_MAINTENANCE_URL"]) as connection:
        connection.execute(_SOMEONE + _WAITING, {"ids": ids[:WORK], "each": WAITING // WORK, "now": now})


def _patients(count: int, now: dt.datetime) -> list[Any]:
    """More patients of the team; the first 50 have written, so that the work list has a full page."""
    from clinic.models import Team
    from messaging.services import start_thread
    from patients.services import enroll_patient
    from portal.lib import actor
    from portal.lib.ids import uuid7

    nurse = _people()["nurse"]
    made: list[Any] = []
    for start in range(0, count, CHUNK):
        with actor.unit_of_work(actor.system("bench")):
            team = Team.objects.select_related("site").get(name="MS infusion team")
            made += [
                enroll_patient(
                    site=team.site,
                    name=f"Synthetic Person {number:04}",
                    date_of_birth=dt.date(1950 + number % 50, 1 + number % 12, 1 + number % 28),
                    by=nurse,
                    team=team,
                )
                for number in range(start, min(start + CHUNK, count))
            ]
    for patient in made[:WORK]:
        with actor.unit_of_work(actor.Actor(user_id=nurse.pk)):
            start_thread(
                by=nurse, patient=patient, id=uuid7(), topic="question",
                text="Asked on the phone whether the appointment can be later that day.", now=now,
            )  # fmt: skip
    return [patient.pk for patient in made]


def _history(ids: list[Any], years: int, now: dt.datetime) -> None:
    """Years of other people's entries, conversations, visits and trail, as rows that stand in the way."""
    days = 365 * years
    with psycopg.connect(os.environ["DATABASE_MAINTENANCE_URL"]) as connection:
        connection.execute(_SOMEONE + _ENTRIES, {"ids": ids, "days": days, "now": now})
        connection.execute(_SOMEONE + _THREADS, {"ids": ids, "months": 12 * years, "now": now})
        connection.execute(_SOMEONE + _MESSAGES, {"ids": ids})
        connection.execute(_SOMEONE + _VISITS, {"ids": ids, "visits": 4 * years, "now": now})
        connection.execute(_SOMEONE + _TRAIL, {"ids": ids, "days": days, "now": now})


# The many people, as a part of each statement: no role of the portal may make a table, not even one of its own.
_SOMEONE = "WITH someone AS (SELECT (place - 1)::int AS n, id FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS one(id, place))"

# Sealed columns get bytes of the usual length: whoever opened them would fail, and nobody does.
_ENTRIES = """
INSERT INTO journal_journalentry
    (id, patient_id, created_at, occurred_on, recorded_at, backfilled, version, scores, note)
SELECT gen_random_uuid(), s.id, %(now)s, (%(now)s - make_interval(days => d))::date, %(now)s - make_interval(days => d), false, 1,
       decode(repeat('ab', 70), 'hex'), decode(repeat('cd', 120), 'hex')
FROM someone s, generate_series(1, %(days)s, 3) d
"""
_THREADS = """
INSERT INTO messaging_thread
    (id, patient_id, created_at, team_id, topic, state, last_seq, last_at, hidden_from_carers, started_by_id)
SELECT gen_random_uuid(), s.id, t.at, g.team_id, 'question', 'open', 4, t.at, false, (SELECT id FROM accounts_user WHERE email = 'nurse@example.com')
FROM someone s JOIN patients_grant g ON g.patient_id = s.id AND g.kind = 'team',
     LATERAL (SELECT %(now)s - make_interval(days => 30 * m) AS at FROM generate_series(1, %(months)s, 3) m) t
"""
_MESSAGES = """
INSERT INTO messaging_message (id, patient_id, created_at, thread_id, seq, author_id, capacity, body)
SELECT gen_random_uuid(), t.patient_id, t.last_at, t.id, seq, t.started_by_id, 'team', decode(repeat('ef', 200), 'hex')
FROM messaging_thread t JOIN someone s ON s.id = t.patient_id, generate_series(1, 4) seq
WHERE NOT EXISTS (SELECT FROM messaging_message m WHERE m.thread_id = t.id)
"""
_WAITING = """,
begun AS (INSERT INTO messaging_thread
              (id, patient_id, created_at, team_id, topic, state, last_seq, last_at, hidden_from_carers, started_by_id)
          SELECT uuidv7(interval '-1 hour'), s.id, %(now)s, g.team_id, 'question', 'open', 1, %(now)s, false,
                 (SELECT id FROM accounts_user WHERE email = 'nurse@example.com')
          FROM someone s JOIN patients_grant g ON g.patient_id = s.id AND g.kind = 'team', generate_series(1, %(each)s)
          RETURNING id, patient_id, team_id, started_by_id),
     said AS (INSERT INTO messaging_message (id, patient_id, created_at, thread_id, seq, author_id, capacity, body)
              SELECT uuidv7(interval '-1 hour'), b.patient_id, %(now)s, b.id, 1, b.started_by_id, 'phone', decode(repeat('ef', 200), 'hex')
              FROM begun b RETURNING id, thread_id)
INSERT INTO messaging_workitem (id, patient_id, created_at, thread_id, team_id, trigger_id, lane, priority, state, due_at, outcome, round, told)
SELECT uuidv7(interval '-1 hour'), b.patient_id, %(now)s, b.id, b.team_id, m.id, 'clinical', 1, 'open', %(now)s + interval '400 days', '', 0, 0
FROM begun b JOIN said m ON m.thread_id = b.id
"""
# The newest visits lie two days back: "yesterday" in UTC is still today where the clinic is, for a part of each evening.
_VISITS = """,
lanes AS (SELECT id, row_number() OVER (ORDER BY label) - 1 AS n, count(*) OVER () AS many
               FROM scheduling_resource WHERE label LIKE 'Clinician %%'),
     asked AS (SELECT s.id AS patient_id, (row_number() OVER (ORDER BY v, s.n)) - 1 AS place FROM someone s, generate_series(1, %(visits)s) v),
     placed AS (SELECT gen_random_uuid() AS id, a.patient_id, l.id AS lane,
                       date_trunc('day', %(now)s) - interval '1 day' * (2 + (a.place / l.many) / 16)
                       + interval '13 hours' + interval '30 minutes' * ((a.place / l.many) %% 16) AS at
                FROM asked a JOIN lanes l ON l.n = a.place %% l.many),
     made AS (INSERT INTO scheduling_appointment
                  (id, patient_id, created_at, service_id, resource_id, during, state, version, booked_by_id, capacity, changed_at, wishes)
              SELECT p.id, p.patient_id, p.at, (SELECT id FROM scheduling_service ORDER BY position LIMIT 1), p.lane,
                     tstzrange(p.at, p.at + interval '30 minutes'), 'booked', 0,
                     (SELECT id FROM accounts_user WHERE email = 'nurse@example.com'), 'team', p.at, '{}'
              FROM placed p RETURNING id, resource_id, during)
INSERT INTO scheduling_claim (id, resource_id, appointment_id, during, created_at)
SELECT gen_random_uuid(), resource_id, id, during, lower(during) FROM made
"""
_TRAIL = """
INSERT INTO patients_auditevent (id, patient_id, seq, at, user_id, system, capacity, act, previous, hash)
SELECT gen_random_uuid(), s.id, 100000 + d, %(now)s - make_interval(days => %(days)s - d), NULL, 'bench', 'system', 'thread.view',
       decode(repeat('00', 32), 'hex'), decode(repeat('11', 32), 'hex')
FROM someone s, generate_series(1, %(days)s, 4) d
"""


if __name__ == "__main__":
    main()
