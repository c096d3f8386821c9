"""Bytes that are kept outside the database, sealed like a field: with the patient's clinic key, for one place."""

from __future__ import annotations

from uuid import UUID

from patients.keys import CLINIC, opening_key, sealing_key
from portal.lib.sealing import key_version, open_bytes, seal_bytes


def _place(patient_id: UUID, owner: UUID, column: str, version: int) -> str:
    """As for fields: `table.column | row id | patient id | key space and version`."""
    return f"{column}|{owner}|{patient_id}|{CLINIC}|{version}"


def seal_blob(patient_id: UUID, owner: UUID, column: str, data: bytes) -> bytes:
    """`data` sealed for the row `owner`; `column` is `table.column`, as if it were one. Raises SealBroken without a key."""
    version, key = sealing_key(patient_id, CLINIC)
    return seal_bytes(key, data, version=version, where=_place(patient_id, owner, column, version))


def open_blob(patient_id: UUID, owner: UUID, column: str, sealed: bytes) -> bytes:
    """The plain bytes. Raises SealBroken for anything that was sealed for another row, patient or column."""
    version = key_version(sealed)
    key = opening_key(patient_id, CLINIC, version)
    return open_bytes(key, sealed, where=_place(patient_id, owner, column, version))
