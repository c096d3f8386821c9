"""The two key spaces of each patient: made, unwrapped, kept for one unit of work."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, OuterRef, TextField, Value
from django.db.models.functions import JSONObject

from portal.lib import actor
from portal.lib.sealing import KEY_BYTES, SealBroken, key_encryption_keys, open_bytes, seal_bytes

OWN = "own"
CLINIC = "clinic"
SPACES = (OWN, CLINIC)
WRAPPED = ("patient_id", "space", "version", "kek_id", "wrapped")


def wrapping_place(patient_id: UUID, space: str, version: int, kek_id: str) -> str:
    return f"patients_patientkey|{patient_id}|{space}|{version}|{kek_id}"


def wrap_new_key(patient_id: UUID, space: str, version: int) -> tuple[str, bytes]:
    """A fresh data key, wrapped: (id of the wrapping key, wrapped key)."""
    kek_id, kek = key_encryption_keys().current
    place = wrapping_place(patient_id, space, version, kek_id)
    return kek_id, seal_bytes(kek, os.urandom(KEY_BYTES), version=0, where=place)


def unwrap(patient_id: UUID, space: str, version: int, kek_id: str, wrapped: bytes) -> bytes:
    """The data key; raises SealBroken."""
    kek = key_encryption_keys().get(kek_id)
    return open_bytes(kek, wrapped, where=wrapping_place(patient_id, space, version, kek_id))


def rewrap(patient_id: UUID, space: str, version: int, kek_id: str, wrapped: bytes) -> tuple[str, bytes]:
    """The same data key, wrapped with the newest key-encryption key: (id, wrapped). Raises SealBroken."""
    key = unwrap(patient_id, space, version, kek_id, wrapped)
    newest, kek = key_encryption_keys().current
    return newest, seal_bytes(kek, key, version=0, where=wrapping_place(patient_id, space, version, newest))


def warm_keys(patient_ids: Iterable[UUID]) -> None:
    """Load the keys of many patients with one statement, before a list is shown."""
    from patients.models import PatientKey

    store = actor.unit_store()
    missing = {pid for pid in patient_ids if ("keys", pid) not in store and ("wrapped", pid) not in store}
    if not missing:
        return
    found: dict[UUID, dict[tuple[str, int], bytes]] = {pid: {} for pid in missing}
    rows = PatientKey.objects.filter(patient_id__in=missing).values_list(*WRAPPED)
    for pid, space, version, kek_id, wrapped in rows:
        found[pid][(space, version)] = unwrap(pid, space, version, kek_id, bytes(wrapped))
    for pid, keys in found.items():
        store[("keys", pid)] = keys


def wrapped_with(patient: str) -> ArraySubquery:
    """The wrapped keys of the patient that the column `patient` names, as a column of another statement; handed to `know_wrapped`."""
    from patients.models import PatientKey

    rows = PatientKey.objects.filter(patient=OuterRef(patient))
    written = Func(F("wrapped"), Value("hex"), function="encode", output_field=TextField())
    return ArraySubquery(
        rows.values(said=JSONObject(space="space", version="version", kek_id="kek_id", wrapped=written))
    )


def know_wrapped(patient_id: UUID, rows: list[dict[str, Any]]) -> None:
    """The rest of the unit of work does not ask again. Nothing is remembered of keys that were out of reach: they may come into it."""
    if rows:
        actor.unit_store()["wrapped", patient_id] = [
            (row["space"], row["version"], row["kek_id"], bytes.fromhex(row["wrapped"])) for row in rows
        ]


def _keys_of(patient_id: UUID) -> dict[tuple[str, int], bytes]:
    from patients.models import PatientKey

    store = actor.unit_store()
    keys: dict[tuple[str, int], bytes] | None = store.get(("keys", patient_id))
    if keys is None:
        rows = store.get(("wrapped", patient_id))
        if rows is None:
            rows = PatientKey.objects.filter(patient_id=patient_id).values_list(*WRAPPED[1:])
        keys = {
            (space, version): unwrap(patient_id, space, version, kek_id, bytes(wrapped))
            for space, version, kek_id, wrapped in rows
        }
        store[("keys", patient_id)] = keys
    return keys


def sealing_key(patient_id: UUID, space: str) -> tuple[int, bytes]:
    """The newest key of a space: (version, key). Raises SealBroken when none is visible to the actor."""
    versions = [version for known, version in _keys_of(patient_id) if known == space]
    if not versions:
        raise SealBroken("no key of this patient is within reach")
    newest = max(versions)
    return newest, _keys_of(patient_id)[(space, newest)]


def opening_key(patient_id: UUID, space: str, version: int) -> bytes:
    key = _keys_of(patient_id).get((space, version))
    if key is None:
        raise SealBroken("no key of this patient is within reach")
    return key


def forget_keys(patient_id: UUID) -> None:
    """Drop what this unit of work remembers of a patient's keys, after new ones were made."""
    store = actor.unit_store()
    for name in ("keys", "wrapped"):
        store.pop((name, patient_id), None)
