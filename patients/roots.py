"""Signed roots of the trail, one line a day in a file outside the database.

Whoever can rewrite a whole chain together with its head in the database still cannot rewrite the line of yesterday:
it is signed with a key derived from the key-encryption key, and each line holds the hash of the one before it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.db.models import OuterRef, Subquery

from patients.models import AuditEvent, AuditHead, Patient
from patients.trail import Fault, check_chain
from portal.lib import actor
from portal.lib.sealing import SealBroken, derived_key

PURPOSE = "trail-root"
BATCH = 200
Heads = dict[str, tuple[int, str]]  # patient -> place and hash (hex) of the end of the chain


@dataclass(slots=True)
class Roots:
    """What the file says: the newest known head of each chain, every head ever signed, and what is wrong with the file."""

    lines: int = 0
    last: str = ""  # hash of the newest line
    heads: Heads = field(default_factory=dict)
    signed: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def _canonical(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _signer(kek_id: str | None = None) -> tuple[str, Ed25519PrivateKey]:
    name, key = derived_key(PURPOSE, kek_id)
    return name, Ed25519PrivateKey.from_private_bytes(key)


def _public(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    return public.public_bytes_raw().hex()


def root_of(heads: Heads) -> str:
    """One hash over all chain heads, in order of the patients' ids."""
    sums = hashlib.sha256()
    for patient, (seq, end) in sorted(heads.items()):
        sums.update(f"{patient}|{seq}|{end}\n".encode())
    return sums.hexdigest()


def current_heads() -> Heads:
    """The end of every chain, as the database says now. Call as a system actor."""
    rows = AuditHead.objects.values_list("patient_id", "seq", "hash")
    return {str(patient_id): (seq, bytes(end).hex()) for patient_id, seq, end in rows}


def sign_root(now: datetime) -> int:
    """Append today's line to TRAIL_ROOT_FILE: heads that changed since the line before, and a root over all. Returns how many changed.

    Refuses to write (RootsBroken) when the file itself does not verify: a new line must not bless a forged past.
    """
    path = Path(str(settings.TRAIL_ROOT_FILE))
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = read_roots(file.read().decode("utf-8", "replace"))
        if known.faults:
            raise RootsBroken(known.faults[0])
        heads = current_heads()
        changed = {patient: list(head) for patient, head in heads.items() if known.heads.get(patient) != head}
        kek_id, key = _signer()
        entry: dict[str, Any] = {
            "day": now.date().isoformat(),
            "at": now.isoformat(),
            "previous": known.last,
            "heads": changed,
            "count": len(heads),
            "root": root_of(heads),
            "kek": kek_id,
            "public_key": _public(key),
        }
        entry["signature"] = key.sign(_canonical(entry)).hex()
        file.write(_canonical(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return len(changed)


class RootsBroken(Exception):
    """The file of signed roots does not verify."""


def read_roots(text: str) -> Roots:
    """Check every line: its signature with our own key, the hash of the line before, the root over all heads."""
    roots = Roots()
    for number, line in enumerate(text.splitlines(), start=1):
        what = _read_line(roots, line)
        if what:
            roots.faults.append(f"signed roots, line {number}: {what}")
            return roots
        roots.lines = number
    return roots


def _read_line(roots: Roots, line: str) -> str:
    """Take one line in; returns what is wrong with it, or ""."""
    try:
        entry = json.loads(line)
        signature = bytes.fromhex(entry.pop("signature"))
        changed = {str(UUID(patient)): (int(seq), str(end)) for patient, (seq, end) in entry["heads"].items()}
        _name, key = _signer(entry["kek"])
        if entry["public_key"] != _public(key):
            return "it was signed with another key"
        key.public_key().verify(signature, _canonical(entry))
    except SealBroken:
        return "the key it was signed with is not in KEK_FILE"
    except InvalidSignature:
        return "the signature does not fit"
    except (ValueError, KeyError, TypeError, AttributeError):
        return "it cannot be read"
    if entry["previous"] != roots.last:
        return "the line before it was changed, or a line is missing"
    roots.heads.update(changed)
    for patient, head in changed.items():
        roots.signed.setdefault(patient, []).append(head)
    if entry["root"] != root_of(roots.heads):
        return "the root does not fit the heads"
    roots.last = hashlib.sha256(line.encode()).hexdigest()
    return ""


def _batches() -> Iterator[list[UUID]]:
    ids = list(Patient.objects.for_system().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def verify_everything() -> tuple[int, int, list[str]]:
    """Walk every chain and the file of signed roots: (patients, events, faults in plain words).

    Hashes are computed here, from the stored fields; nothing is trusted that the database computed. One statement a patient:
    a chain is read in order and never held whole for longer than its check.
    """
    path = Path(str(settings.TRAIL_ROOT_FILE))
    roots = read_roots(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else Roots()
    faults = list(roots.faults)
    patients = events = 0
    seen: set[str] = set()
    with actor.unit_of_work(actor.system("verify-trail")):
        for batch in _batches():
            for patient_id in batch:
                chain, head = _chain_of(patient_id)
                patients, events = patients + 1, events + len(chain)
                seen.add(str(patient_id))
                found = check_chain(patient_id, chain, head)
                found += _against_roots(patient_id, chain, roots.signed.get(str(patient_id), []))
                faults += [f"patient {fault.patient_id}, event {fault.seq}: {fault.what}" for fault in found]
    faults += [f"patient {patient}: the whole record is gone" for patient in sorted(set(roots.signed) - seen)]
    return patients, events, faults


def _chain_of(patient_id: UUID) -> tuple[list[AuditEvent], tuple[int, bytes] | None]:
    """A chain and its head, read in one statement: people go on working while the trail is verified."""
    head = AuditHead.objects.filter(patient_id=OuterRef("patient_id"))
    events = AuditEvent.objects.for_system().filter(patient_id=patient_id).order_by("seq")
    chain: list[Any] = list(
        events.annotate(head_seq=Subquery(head.values("seq")), head_hash=Subquery(head.values("hash")))
    )
    if chain:
        first: Any = chain[0]
        return chain, None if first.head_seq is None else (first.head_seq, bytes(first.head_hash))
    alone = AuditHead.objects.filter(patient_id=patient_id).first()
    return [], (alone.seq, bytes(alone.hash)) if alone is not None else None


def _against_roots(patient_id: UUID, chain: list[AuditEvent], signed: list[tuple[int, str]]) -> list[Fault]:
    """Every head that was ever signed must still stand at its place in the chain."""
    by_place = {event.seq: bytes(event.hash).hex() for event in chain}
    return [
        Fault(patient_id, seq, "the chain does not hold what was signed: it was cut or rewritten")
        for seq, end in signed
        if seq and by_place.get(seq) != end
    ]
