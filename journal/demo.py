"""Two demo journals: a year with gaps for one person, a few days for another. The same in every clinic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from accounts.models import User
from journal import infusions, reports, services
from journal.charting import LAST_DAYS
from journal.models import EntryRevision, JournalEntry, SensitivePart
from journal.services import Words
from journal.symptoms import split
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from portal.demo.world import World

DAYS = 540  # a year for the charts, and two full cycles of half a year before the running one
# Days ago without an entry: a holiday, days too tired to write, a stay with family, a flu, a spring without a pen.
GAPS = frozenset(
    {*range(33, 41), *range(58, 62), *range(131, 139), *range(203, 208), *range(288, 302), *range(455, 470)}
)
NOTES = {
    1: "Slept badly because of the heat. Rested after lunch and it got better.",
    3: "Walked to the market and back with one break.",
    7: "Two good hours in the morning, then I had to lie down.",
    12: "Hands clumsy in the morning. Better by noon.",
    16: "Birthday of my sister. Long day, worth it.",
    21: "New shoes with the splint: less tripping.",
    28: "First day back at work after the weekend away.",
    45: "Could not find words in the meeting. Embarrassing, but people were kind.",
    52: "Infusion day. Tired, otherwise fine.",
    66: "Warm bath was too warm.",
}
USUAL = {"tiredness": 1.9, "walking": 1.3, "mood": 1.0}  # where each level lies on the whole
SHARED = frozenset({1, 2, 3, 5, 7, 8, 10, 12, 15, 17, 21, 24, 28, 52})


@dataclass(frozen=True, slots=True)
class Day:
    """One demo entry: how many days ago, at which hour it was written, the words."""

    ago: int
    hour: int
    late: int  # days between the day itself and writing it down
    words: Words


def plan(today: date, starts: Sequence[date] = ()) -> list[Day]:
    """Maya's entries, oldest first; pseudo-random but always the same for the same days of infusions (`starts`).

    In every other cycle she is a little more tired in the last two weeks.
    """
    random = Random(1987)  # noqa: S311 - made-up data
    days = []
    drift = dict.fromkeys(USUAL, 0.0)
    for ago in range(DAYS, 0, -1):
        day = today - timedelta(days=ago)
        level = {}
        for code, usual in USUAL.items():
            drift[code] = 0.93 * drift[code] + random.gauss(0, 0.22)
            level[code] = min(4, max(0, round(usual + drift[code] + random.gauss(0, 0.45))))
        skipped = random.random() < 0.25
        hour, late = random.choice((8, 12, 19, 20, 21)), 1 if random.random() < 0.1 and ago > 2 else 0
        mood = random.random() < 0.6
        if ago in GAPS or (skipped and ago not in NOTES):
            continue
        scores = {code: one for code, one in level.items() if code != "mood" or mood}
        scores["tiredness"] = min(4, scores["tiredness"] + _more_tired(day, starts))
        days.append(Day(ago, hour, late, Words(day, scores, NOTES.get(ago, ""))))
    return days


def _more_tired(day: date, starts: Sequence[date]) -> int:
    """One level more in the last 14 days before the next infusion, in every other cycle."""
    following = [(number, start) for number, start in enumerate(starts) if start > day]
    if not following:
        return 0
    number, start = following[0]
    return int((start - day).days <= LAST_DAYS and number % 2 == 1)


def load(world: World) -> None:
    """Write the journals as the patients themselves; only the newest acts are on the trail, when they happened."""
    today = world.today()
    maya, patient = world.users["patient"], world.patient
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        services.choose_symptoms(
            by=maya, patient=patient, codes=["tiredness", "walking", "mood"], now=world.at(-DAYS, 9)
        )
        given = infusions.given_days(
            maya, patient, today - timedelta(days=DAYS), today + timedelta(days=DAYS)
        )
        days = plan(today, [one.day for one in given])
        _write(maya, patient, [(day, _instant(world, day)) for day in days])
        _correct(maya, patient, world)
        _report(maya, patient, world)
    samuel, other = world.users["other-patient"], world.other_patient
    with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
        services.choose_symptoms(by=samuel, patient=other, codes=["pain", "sleep"], now=world.at(-9, 9))
        rows = ((8, 2, 1, ""), (5, 3, 3, "Back pain after gardening."), (2, 1, 0, ""))
        few = [
            Day(ago, 18, 0, Words(today - timedelta(days=ago), {"pain": pain, "sleep": sleep}, note))
            for ago, pain, sleep, note in rows
        ]
        _write(samuel, other, [(day, world.at(-day.ago, 18)) for day in few])


def _instant(world: World, day: Day) -> datetime:
    zone = ZoneInfo(world.site.time_zone)
    wall = datetime.combine(
        day.words.occurred_on + timedelta(days=day.late), time(day.hour, 10 + day.ago % 45), zone
    )
    return wall.astimezone(UTC)


def _write(user: User, patient: Patient, days: Sequence[tuple[Day, datetime]]) -> None:
    """Entries as they would have been written at these instants; shared ones through the same service as everyone's."""
    entries, parts, revisions, shared = [], [], [], []
    for day, at in days:
        words = day.words
        entry = JournalEntry(
            id=uuid7(),
            patient=patient,
            occurred_on=words.occurred_on,
            recorded_at=at,
            created_at=at,
            backfilled=day.late > 0,
        )
        entry.scores, sensitive = split(words.scores)
        entry.note = words.note
        entries.append(entry)
        if sensitive:
            parts.append(SensitivePart(patient=patient, entry=entry, scores=sensitive, created_at=at))
        revision = EntryRevision(
            patient=patient, entry=entry, version=1, kind="written", at=at, created_at=at
        )
        revision.content = {
            "occurred_on": words.occurred_on.isoformat(),
            "scores": words.scores,
            "note": words.note,
        }
        revisions.append(revision)
        if day.ago in SHARED:
            shared.append((entry, at))
    JournalEntry.objects.bulk_create(entries)
    SensitivePart.objects.bulk_create(parts)
    EntryRevision.objects.bulk_create(revisions)
    for entry, at in shared:
        services.share_entry(
            by=user, patient=patient, entry_id=entry.pk, id=uuid7(), now=at + timedelta(minutes=1)
        )


def _correct(user: User, patient: Patient, world: World) -> None:
    """One entry was changed once, so that its history has something to show."""
    day = world.today() - timedelta(days=12)
    entry = JournalEntry.objects.for_user(user, patient).filter(occurred_on=day).first()
    if entry is not None:
        before = services.words_of(user, entry)
        words = Words(before.occurred_on, before.scores, f"{before.note} Typing went well in the afternoon.")
        services.change_entry(
            by=user,
            patient=patient,
            entry_id=entry.pk,
            id=uuid7(),
            version=1,
            words=words,
            share=True,
            now=world.at(-11, 9, 5),
        )


def _report(user: User, patient: Patient, world: World) -> None:
    """A report for the next visit, written and shared yesterday evening."""
    words = reports.ReportWords(
        why="Walking is harder since the summer, and I get tired so early that I stop work at two.",
        questions=["May I take part in the walking group?", "Is the tiredness before an infusion usual?"],
        symptoms=["tiredness", "walking"],
        how="Good mornings. After lunch I need to lie down. Heat makes it worse.",
        reactions="A headache on the evening of the last infusion. Gone the next day.",
    )
    made = reports.write_report(by=user, patient=patient, id=uuid7(), words=words, now=world.at(-1, 18))
    reports.approve_report(by=user, patient=patient, report_id=made.pk, id=uuid7(), now=world.at(-1, 18, 5))
    coming = reports.choices(user, patient, world.now)
    visit = coming[0].id if coming else None
    reports.share_report(
        by=user, patient=patient, report_id=made.pk, visit_id=visit, id=uuid7(), now=world.at(-1, 18, 6)
    )
