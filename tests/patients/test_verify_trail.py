"""`verify_trail` finds what somebody with all rights on the database did to a chain."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from patients.models import AuditEvent
from patients.roots import RootsBroken, read_roots, sign_root, verify_everything
from patients.services import record_view
from patients.trail import expected_hash
from tests.patients.world import Clinic, acting, acting_system, make_clinic


class Chain:
    """Maya's chain of at least nine events, and the file of signed roots with one line over it."""

    def __init__(self, clinic: Clinic, owner: psycopg.Cursor, file: Path) -> None:
        self.clinic, self.owner, self.file = clinic, owner, file
        self.id = clinic.maya.pk
        self.more(6)
        self.sign()
        self.more(1)

    def more(self, count: int) -> None:
        for _turn in range(count):
            with acting(self.clinic["rosa"]):
                record_view(self.clinic["rosa"], self.clinic.maya, "summary.view")

    def sign(self) -> int:
        with acting_system():
            return sign_root(datetime.now(UTC))

    @property
    def length(self) -> int:
        self.owner.execute("SELECT count(*) FROM patients_auditevent WHERE patient_id = %s", [self.id])
        return int(self.owner.fetchone()[0])  # type: ignore[index]

    def run(self, statement: str, *values: Any) -> None:
        self.owner.execute(statement, values)
        assert self.owner.rowcount != 0, "the attack itself did nothing"

    def faults(self) -> list[str]:
        connection.close()
        return verify_everything()[2]

    def rehash(self, start: int) -> None:
        """What a clever attacker does: compute the chain anew from a place on, head included."""
        with acting_system():
            events = list(AuditEvent.objects.for_system().filter(patient_id=self.id).order_by("seq"))
        previous = b""
        for number, event in enumerate(events, start=1):
            if number >= start:
                event.previous, event.seq = previous, number
                event.hash = expected_hash(event, previous)
                self.owner.execute(
                    "UPDATE patients_auditevent SET seq = %s, previous = %s, hash = %s WHERE id = %s",
                    [number, previous, event.hash, event.pk],
                )
            previous = bytes(event.hash)
        self.owner.execute(
            "UPDATE patients_audithead SET seq = %s, hash = %s WHERE patient_id = %s",
            [len(events), previous, self.id],
        )


@pytest.fixture
def chain(
    fresh_db: str,
    maintenance_cursor: psycopg.Cursor,
    owner_cursor: psycopg.Cursor,
    settings: Any,
    tmp_path: Path,
) -> Chain:
    settings.TRAIL_ROOT_FILE = tmp_path / "roots" / "trail"
    # The table is not forced on its owner, so the owner can do everything: the strongest attacker but for the key.
    return Chain(make_clinic(), owner_cursor, settings.TRAIL_ROOT_FILE)


EVENT = "patients_auditevent WHERE patient_id = %s AND seq = %s"


def edit(place: int) -> Callable[[Chain], None]:
    return lambda chain: chain.run(
        "UPDATE patients_auditevent SET act = 'today.view' WHERE patient_id = %s AND seq = %s",
        chain.id, place if place > 0 else chain.length + 1 + place,
    )  # fmt: skip


def delete(place: int) -> Callable[[Chain], None]:
    return lambda chain: chain.run(
        f"DELETE FROM {EVENT}", chain.id, place if place > 0 else chain.length + 1 + place
    )


def change_time(chain: Chain) -> None:
    chain.run(
        "UPDATE patients_auditevent SET at = at - interval '1 microsecond' WHERE patient_id = %s AND seq = 2",
        chain.id,
    )


def change_person(chain: Chain) -> None:
    chain.run(
        "UPDATE patients_auditevent SET user_id = %s WHERE patient_id = %s AND seq = 3",
        chain.clinic["peter"].pk,
        chain.id,
    )


def reorder(chain: Chain) -> None:
    for before, after in ((3, 9003), (4, 3), (9003, 4)):
        chain.run(
            "UPDATE patients_auditevent SET seq = %s WHERE patient_id = %s AND seq = %s",
            after,
            chain.id,
            before,
        )


def insert(chain: Chain) -> None:
    chain.run(
        "INSERT INTO patients_auditevent (id, patient_id, seq, at, user_id, system, capacity, act, previous, hash)"
        " SELECT gen_random_uuid(), patient_id, seq + 1, at, user_id, system, capacity, act, hash, hash"
        " FROM patients_auditevent WHERE patient_id = %s ORDER BY seq DESC LIMIT 1",
        chain.id,
    )


def insert_with_hash_and_head(chain: Chain) -> None:
    """A false last event whose hash fits, but the middle one moved: caught by what was signed."""
    chain.run("UPDATE patients_auditevent SET act = 'today.view' WHERE patient_id = %s AND seq = 4", chain.id)
    chain.rehash(4)


def cut(chain: Chain) -> None:
    chain.run("DELETE FROM patients_auditevent WHERE patient_id = %s AND seq > 4", chain.id)


def cut_with_head(chain: Chain) -> None:
    cut(chain)
    chain.rehash(1)


def cut_first_with_rewritten_chain(chain: Chain) -> None:
    chain.run("DELETE FROM patients_auditevent WHERE patient_id = %s AND seq < 3", chain.id)
    chain.run("UPDATE patients_auditevent SET seq = seq + 1000 WHERE patient_id = %s", chain.id)
    chain.rehash(1)


def remove_everything(chain: Chain) -> None:
    chain.run("DELETE FROM patients_auditevent WHERE patient_id = %s", chain.id)
    chain.run("DELETE FROM patients_audithead WHERE patient_id = %s", chain.id)


def remove_head(chain: Chain) -> None:
    chain.run("DELETE FROM patients_audithead WHERE patient_id = %s", chain.id)


def rewrite_head(chain: Chain) -> None:
    chain.run("UPDATE patients_audithead SET hash = sha256('x') WHERE patient_id = %s", chain.id)


ATTACKS = {
    "edit the first": edit(1), "edit one in the middle": edit(4), "edit the last": edit(-1),
    "delete the first": delete(1), "delete one in the middle": delete(4), "delete the last": delete(-1),
    "change a time": change_time, "change a person": change_person, "swap two": reorder, "insert one": insert,
    "edit and rewrite all that follows": insert_with_hash_and_head, "cut the end": cut,
    "cut the end and rewrite the head": cut_with_head, "cut the start and rewrite everything": cut_first_with_rewritten_chain,
    "remove chain and head": remove_everything, "remove the head": remove_head, "rewrite the head": rewrite_head,
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_each_attack_on_a_chain_is_found(chain: Chain, attack: Callable[[Chain], None], capsys: Any) -> None:
    assert chain.faults() == []
    attack(chain)
    faults = chain.faults()
    assert faults
    assert str(chain.id) in faults[0]
    with pytest.raises(SystemExit) as ended:
        call_command("verify_trail")
    assert ended.value.code == 1
    assert str(chain.id) in capsys.readouterr().err


def test_an_untouched_trail_is_said_to_be_whole(chain: Chain, capsys: Any) -> None:
    call_command("verify_trail")
    assert "0 faults" in capsys.readouterr().out


def test_a_cut_with_a_rewritten_head_passes_without_the_signed_roots(chain: Chain) -> None:
    """Shows that the signed file is what finds it: the chain alone looks whole."""
    cut_with_head(chain)
    chain.file.unlink()
    assert chain.faults() == []


# --- The file of signed roots --------------------------------------------------------------------------------------


def test_a_line_holds_only_the_ends_that_changed(chain: Chain) -> None:
    assert chain.sign() == 1
    assert chain.sign() == 0
    lines = [json.loads(line) for line in chain.file.read_text().splitlines()]
    assert [len(line["heads"]) for line in lines] == [2, 1, 0]
    assert lines[0]["previous"] == ""
    assert all(line["signature"] and line["public_key"] for line in lines)
    assert chain.file.stat().st_mode & 0o077 == 0
    assert chain.faults() == []


def forge(chain: Chain, change: Callable[[list[str]], list[str]]) -> None:
    lines = chain.file.read_text().splitlines()
    chain.file.write_text("".join(line + "\n" for line in change(lines)))


def edited(lines: list[str]) -> list[str]:
    entry = json.loads(lines[0])
    entry["count"] += 1
    return [json.dumps(entry), *lines[1:]]


def last_edited(lines: list[str]) -> list[str]:
    """Nothing after it and its public key is ours: only the signature tells."""
    entry = json.loads(lines[-1])
    entry["day"] = "1999-12-31"
    return [*lines[:-1], json.dumps(entry, sort_keys=True, separators=(",", ":"))]


def signed_by_another(lines: list[str]) -> list[str]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    entry = json.loads(lines[-1])
    entry.pop("signature")
    key = Ed25519PrivateKey.generate()
    entry["public_key"] = key.public_key().public_bytes_raw().hex()
    text = json.dumps(entry, sort_keys=True, separators=(",", ":"))
    entry["signature"] = key.sign(text.encode()).hex()
    return [*lines[:-1], json.dumps(entry)]


@pytest.mark.parametrize(
    "change",
    [edited, last_edited, signed_by_another, lambda lines: lines[1:], lambda lines: lines[::-1], lambda lines: [*lines, "no json"],
     lambda lines: [*lines, lines[-1]], lambda lines: [*lines, "[]"], lambda lines: [*lines, "null"]],
    ids=["edited", "last edited", "signed by another", "first line gone", "swapped", "not json", "doubled", "a list", "null"],
)  # fmt: skip
def test_a_forged_file_is_found_and_not_continued(
    chain: Chain, change: Callable[[list[str]], list[str]]
) -> None:
    chain.sign()
    assert read_roots(chain.file.read_text()).faults == []
    forge(chain, change)
    assert chain.faults()
    with pytest.raises(RootsBroken):
        chain.sign()
    with pytest.raises(CommandError, match="nothing was written"):
        call_command("sign_trail_root")


def test_the_command_signs(chain: Chain, capsys: Any) -> None:
    call_command("sign_trail_root")
    assert "1 chain ends changed" in capsys.readouterr().out


def test_the_jobs_sign_and_sweep(chain: Chain) -> None:
    from patients.jobs import sign_trail_root, sweep_old_drafts

    lines = len(chain.file.read_text().splitlines())
    sign_trail_root(0)
    sweep_old_drafts(0)
    assert len(chain.file.read_text().splitlines()) == lines + 1
