"""Two demo journals: about eighty days with gaps for one person, a few for another. The same in every clinic."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from accounts.models import User
from journal import services
from journal.models import EntryRevision, JournalEntry, SensitivePart
from journal.services import Words
from journal.symptoms import split
from patients.models import Patient
from portal.lib import actor
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from portal.demo.world import World

DAYS = 80
GAPS = frozenset({*range(33, 41), *range(58, 62)})  # a holiday, and days too tired to write
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
SHARED = frozenset({1, 3, 7, 10, 12, 21, 28, 52})


@dataclass(frozen=True, slots=True)
class Day:
    """One demo entry: how many days ago, at which hour it was written, the words."""

    ago: int
    hour: int
    late: int  # days between the day itself and writing it down
    words: Words


def plan(today: date) -> list[Day]:
    """Maya's entries, oldest first; pseudo-random but always the same for the same day count."""
    random = Random(1987)  # noqa: S311 - made-up data
    days = []
    level = {"tiredness": 2, "walking": 1, "mood": 1}
    for ago in range(DAYS, 0, -1):
        for code in level:
            level[code] = min(4, max(0, level[code] + random.choice((-1, 0, 0, 0, 1))))
        skipped = random.random() < 0.25
        hour, late = random.choice((8, 12, 19, 20, 21)), 1 if random.random() < 0.1 and ago > 2 else 0
        if ago in GAPS or (skipped and ago not in NOTES):
            continue
        scores = {code: score for code, score in level.items() if code != "mood" or random.random() < 0.6}
        days.append(Day(ago, hour, late, Words(today - timedelta(days=ago), scores, NOTES.get(ago, ""))))
    return days


def load(world: World) -> None:
    """Write the journals as the patients themselves; only the newest acts are on the trail, when they happened."""
    today = world.today()
    maya, patient = world.users["patient"], world.patient
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        services.choose_symptoms(
            by=maya, patient=patient, codes=["tiredness", "walking", "mood"], now=world.at(-DAYS, 9)
        )
        for day in plan(today):
            _write(maya, patient, day, _instant(world, day))
        _correct(maya, patient, world)
    samuel, other = world.users["other-patient"], world.other_patient
    with actor.unit_of_work(actor.Actor(user_id=samuel.pk)):
        services.choose_symptoms(by=samuel, patient=other, codes=["pain", "sleep"], now=world.at(-9, 9))
        for ago, pain, sleep, note in ((8, 2, 1, ""), (5, 3, 3, "Back pain after gardening."), (2, 1, 0, "")):
            words = Words(today - timedelta(days=ago), {"pain": pain, "sleep": sleep}, note)
            _write(samuel, other, Day(ago, 18, 0, words), world.at(-ago, 18))


def _instant(world: World, day: Day) -> datetime:
    zone = ZoneInfo(world.site.time_zone)
    wall = datetime.combine(
        day.words.occurred_on + timedelta(days=day.late), time(day.hour, 10 + day.ago % 45), zone
    )
    return wall.astimezone(UTC)


def _write(user: User, patient: Patient, day: Day, at: datetime) -> None:
    """One entry as it would have been written at `at`; shared ones through the same service as everyone's."""
    entry = JournalEntry(
        id=uuid7(),
        patient=patient,
        occurred_on=day.words.occurred_on,
        recorded_at=at,
        created_at=at,
        backfilled=day.late > 0,
    )
    entry.scores, sensitive = split(day.words.scores)
    entry.note = day.words.note
    entry.save(force_insert=True)
    if sensitive:
        SensitivePart(patient=patient, entry=entry, scores=sensitive, created_at=at).save(force_insert=True)
    revision = EntryRevision(patient=patient, entry=entry, version=1, kind="written", at=at, created_at=at)
    revision.content = {
        "occurred_on": day.words.occurred_on.isoformat(),
        "scores": day.words.scores,
        "note": day.words.note,
    }
    revision.save(force_insert=True)
    if day.ago in SHARED:
        services.share_entry(
            by=user, patient=patient, entry_id=entry.pk, id=uuid7(), now=at + timedelta(minutes=1)
        )


def _correct(user: User, patient: Patient, world: World) -> None:
    """One entry was changed once, so that its history has something to show."""
    day = world.today() - timedelta(days=12)
    entry = JournalEntry.objects.for_user(user).of(patient).filter(occurred_on=day).first()
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
