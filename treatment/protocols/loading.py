"""Brings the data file into the database: a therapy whose facts have changed gets a next version, and nothing is ever edited."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from treatment.models import Protocol, Therapy
from treatment.protocols.facts import Facts

DATA = Path(__file__).resolve().parent.parent / "data" / "therapies-1.json"
FORMAT = 1
ONE_AT_A_TIME = 7_305_311  # an advisory lock: two starts at once must not both make a version


class DataUnusable(Exception):
    """The file does not say what it should; the message names the place."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load made."""

    versions: list[str]
    unchanged: int


def content_hash(content: dict[str, Any]) -> str:
    """SHA-256 of the facts, the same for the same facts in any order of keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: Path = DATA) -> list[dict[str, Any]]:
    """The therapies of a data file. Raises DataUnusable."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise DataUnusable(f"{path.name}: format {data['format']!r} is not {FORMAT}")
        therapies: list[dict[str, Any]] = data["therapies"]
        for therapy in therapies:
            Facts(therapy)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataUnusable(f"{path.name} cannot be used: {type(error).__name__} {error}") from error
    return therapies


@transaction.atomic
def load_protocols(path: Path = DATA) -> Loaded:
    """Load every therapy of the file; running it again changes nothing. Raises DataUnusable."""
    therapies = read(path)
    one_at_a_time()
    made, unchanged = [], 0
    for position, content in enumerate(therapies):
        therapy, _new = Therapy.objects.get_or_create(code=content["id"], defaults={"position": position})
        newest = Protocol.objects.at(None).filter(therapy=therapy).order_by("-version").first()
        digest = content_hash(content)
        if newest is not None and newest.content_hash == digest:
            unchanged += 1
            continue
        version = next_version(therapy)
        Protocol.objects.create(therapy=therapy, version=version, content=content, content_hash=digest)
        made.append(f"{therapy.code} version {version}")
    return Loaded(made, unchanged)


def one_at_a_time() -> None:
    """Until the transaction ends, nobody else makes a version."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])


def next_version(therapy: Therapy) -> int:
    """The number of the therapy's next version, whoever makes it. Call it after `one_at_a_time`."""
    highest = Protocol.objects.filter(therapy=therapy).aggregate(most=Max("version"))["most"]
    return int(highest or 0) + 1
