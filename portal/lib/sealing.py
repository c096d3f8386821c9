"""AES-256-GCM sealing with named associated data. No Django model, no database.

A sealed value is `format (1) | key version (2) | nonce (12) | ciphertext and tag`. The associated data
says where the value belongs, so that a value pasted anywhere else does not open.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORMAT = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
HEADER_BYTES = 3


class SealBroken(Exception):
    """The value does not open: wrong key, tampering, or a value that belongs elsewhere."""


class KeyFileError(Exception):
    """The key-encryption key cannot be used."""


def seal_bytes(key: bytes, plain: bytes, *, version: int, where: str) -> bytes:
    """Seal `plain` for the place `where`; `version` (0..65535) names the key."""
    nonce = os.urandom(NONCE_BYTES)
    header = FORMAT + version.to_bytes(2)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + where.encode())


def open_bytes(key: bytes, sealed: bytes, *, where: str) -> bytes:
    """The plain bytes; raises SealBroken."""
    if len(sealed) < HEADER_BYTES + NONCE_BYTES + 16 or sealed[:1] != FORMAT:
        raise SealBroken("not a sealed value")
    header, nonce = sealed[:HEADER_BYTES], sealed[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES]
    try:
        return AESGCM(key).decrypt(nonce, sealed[HEADER_BYTES + NONCE_BYTES :], header + where.encode())
    except InvalidTag:
        raise SealBroken("a sealed value did not open") from None


def key_version(sealed: bytes) -> int:
    """The version of the key that a sealed value was made with."""
    if len(sealed) < HEADER_BYTES or sealed[:1] != FORMAT:
        raise SealBroken("not a sealed value")
    return int.from_bytes(sealed[1:HEADER_BYTES])


def pack(value: Any) -> bytes:
    """Any JSON value as bytes; 0, False and "" stay what they are, lone surrogates survive."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def unpack(plain: bytes) -> Any:
    return json.loads(plain)


@dataclass(frozen=True, slots=True)
class KeyEncryptionKeys:
    """The clinic's key-encryption keys by id, newest first; the newest one wraps."""

    keys: tuple[tuple[str, bytes], ...]

    @property
    def current(self) -> tuple[str, bytes]:
        return self.keys[0]

    def get(self, key_id: str) -> bytes:
        for known, key in self.keys:
            if known == key_id:
                return key
        raise SealBroken("this value was wrapped with a key that is not in KEK_FILE")


def read_key_file(path: str) -> KeyEncryptionKeys:
    """Lines of `id:base64 of 32 bytes`, newest first; `#` starts a comment. Raises KeyFileError."""
    keys = []
    try:
        text = Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyFileError(f"KEK_FILE cannot be read: {type(error).__name__}") from None
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        key_id, _, encoded = line.partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        if not key_id or len(key) != KEY_BYTES or len(set(key)) < 8:
            raise KeyFileError("KEK_FILE needs lines of `id:base64 of 32 random bytes`")
        keys.append((key_id, key))
    if not keys:
        raise KeyFileError("KEK_FILE holds no key")
    return KeyEncryptionKeys(tuple(keys))


@lru_cache(maxsize=4)
def _keys_at(path: str, written: int) -> KeyEncryptionKeys:
    return read_key_file(path)


_last_known: dict[str, KeyEncryptionKeys] = {}


def key_encryption_keys() -> KeyEncryptionKeys:
    """The keys of KEK_FILE. A running process sees a new line at once, and keeps what it knows while the file is being replaced."""
    path = str(settings.KEK_FILE)
    try:
        _last_known[path] = _keys_at(path, Path(path).stat().st_mtime_ns)
    except (OSError, KeyFileError):
        if path not in _last_known:
            _last_known[path] = read_key_file(path)
    return _last_known[path]


def derived_key(purpose: str, key_id: str | None = None) -> tuple[str, bytes]:
    """A 32-byte key for one purpose of the portal itself, derived from a key-encryption key."""
    keys = key_encryption_keys()
    name, secret = keys.current if key_id is None else (key_id, keys.get(key_id))
    derived = HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=f"portal|{purpose}".encode())
    return name, derived.derive(secret)


def seal_for_portal(value: Any, *, purpose: str, where: str) -> bytes:
    """Seal what belongs to no patient (a session, a mail on its way out) with a derived key."""
    name, key = derived_key(purpose)
    label = name.encode("ascii")
    return bytes([len(label)]) + label + seal_bytes(key, pack(value), version=0, where=where)


def open_for_portal(sealed: bytes, *, purpose: str, where: str) -> Any:
    """The value sealed by `seal_for_portal`; raises SealBroken."""
    sealed = bytes(sealed)
    if not sealed:
        raise SealBroken("not a sealed value")
    size = sealed[0]
    name = sealed[1 : 1 + size].decode("ascii", "replace")
    _, key = derived_key(purpose, name)
    return unpack(open_bytes(key, sealed[1 + size :], where=where))
