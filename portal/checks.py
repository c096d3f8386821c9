"""What must hold before the portal serves anybody. An unfit start is refused with one clear line, never repaired silently."""

from __future__ import annotations

import base64
import binascii
import hashlib
import stat
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from portal.environment import ConfigurationError, Environment
from portal.lib.sealing import KeyFileError, read_key_file

EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
OLDEST_POSTGRESQL = 15

_ROLE = """
SELECT current_user, current_setting('server_version_num')::int,
       (SELECT bool_or(rolsuper) FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')),
       (SELECT bool_or(rolbypassrls) FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')),
       (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'MEMBER')),
       ARRAY(SELECT unnest(%s::text[]) EXCEPT SELECT extname::text FROM pg_extension)
"""


def refuse_unfit_start() -> None:
    """Called by the web server and the worker before they serve. Raises ConfigurationError with one clear line."""
    environment: Environment = settings.ENV
    if environment.database_role != "app":
        raise ConfigurationError(
            "the web server and the worker run as the app role: do not set DATABASE_ROLE."
        )
    check_key_file(environment)
    check_database(environment)


def check_key_file(environment: Environment) -> None:
    """KEK_FILE is readable, well formed, not writable by others, and not made from SECRET_KEY. Raises ConfigurationError."""
    try:
        keys = read_key_file(str(environment.kek_file))
        mode = environment.kek_file.stat().st_mode
    except KeyFileError as error:
        raise ConfigurationError(f"{error} (at {environment.kek_file}).") from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigurationError(
            f"KEK_FILE can be written by others: run `chmod 600 {environment.kek_file}`."
        )
    derived = set(_made_from(environment.secret_key))
    for key_id, key in keys.keys:
        if key in derived:
            raise ConfigurationError(
                f"the key {key_id!r} in KEK_FILE is made from SECRET_KEY: use 32 random bytes of its own."
            )


def check_database(environment: Environment) -> None:
    """The app role may not bypass row security in any way, and the server has what the portal needs. Raises ConfigurationError."""
    try:
        with psycopg.connect(environment.database_url, connect_timeout=10) as connection:
            row = connection.execute(_ROLE, [list(EXTENSIONS)]).fetchone()
    except psycopg.OperationalError as error:
        reason = (str(error).strip().splitlines() or ["no answer"])[0]
        raise ConfigurationError(f"the database of DATABASE_URL cannot be used: {reason}") from error
    assert row is not None
    role, version, superuser, bypasses, creates_roles, owns, missing = row
    if version < OLDEST_POSTGRESQL * 10_000:
        raise ConfigurationError(
            f"PostgreSQL {version // 10_000} is too old: the portal needs {OLDEST_POSTGRESQL} or newer."
        )
    for holds, what in (
        (superuser, "is a superuser"),
        (bypasses, "bypasses row security (BYPASSRLS)"),
        (creates_roles, "may create roles (CREATEROLE)"),
        (owns, "owns tables"),
    ):
        if holds:
            raise ConfigurationError(
                f"the role {role!r} of DATABASE_URL {what}: row security would not hold for it. Use a plain role (README.md)."
            )
    if missing:
        raise ConfigurationError(
            f"PostgreSQL lacks the extension {', '.join(sorted(missing))}: run `manage.py migrate`, "
            "or have the server's contrib package installed."
        )


@register(Tags.security, deploy=True)
def fit_to_start(
    *, app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **kwargs: Any
) -> list[CheckMessage]:
    """`manage.py check --deploy` says beforehand what a start would refuse."""
    try:
        refuse_unfit_start()
    except ConfigurationError as error:
        return [Error(str(error), id="portal.E001")]
    return []


def _made_from(secret: str) -> Iterator[bytes]:
    """The 32-byte keys somebody might lazily make out of a secret."""
    forms = [secret.encode()]
    for decode in (base64.b64decode, base64.urlsafe_b64decode, binascii.unhexlify):
        try:
            forms.append(decode(secret.encode()))
        except ValueError:
            continue
    for form in forms:
        yield from (form[start : start + 32] for start in range(max(1, len(form) - 31)))
        yield hashlib.sha256(form).digest()
        yield hashlib.sha3_256(form).digest()
        yield hashlib.sha512(form).digest()[:32]
        yield hashlib.blake2b(form).digest()[:32]
        yield hashlib.blake2b(form, digest_size=32).digest()
        yield hashlib.blake2s(form).digest()
        yield hashlib.md5(form, usedforsecurity=False).hexdigest().encode()
