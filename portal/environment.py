"""What the portal is told by its environment: read once, checked, and turned into plain values.

No Django in here, so that settings, `manage.py`, the dev supervisor and the tests can all use it. Everything that is missing or
wrong is a `ConfigurationError` whose text is one clear line for the person who starts the portal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_ENV_FILE = REPOSITORY / ".local" / "demo.env"
SECOND_FACTORS = ("totp", "webauthn", "recovery_codes")
SHORTEST_SECRET = 50

Role = Literal["app", "owner", "maintenance"]

_ROLES: dict[str, Role] = {"app": "app", "owner": "owner", "maintenance": "maintenance"}

# Commands that change or inspect the structure run as the owner of the tables; everything else runs as the app role.
_OWNER_COMMANDS = frozenset(
    {
        "migrate",
        "showmigrations",
        "sqlmigrate",
        "makemigrations",
        "squashmigrations",
        "optimizemigration",
        "sqlflush",
        "dbshell",
    }
)


class ConfigurationError(Exception):
    """The environment is not fit to start with; `str()` is one line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Every variable of the README's table, parsed. Paths are absolute; lists are tuples; nothing is read later."""

    demo: bool
    debug: bool
    port: int
    public_url: str
    allowed_hosts: tuple[str, ...]
    secret_key: str
    kek_file: Path
    database_url: str
    database_owner_url: str
    database_maintenance_url: str
    database_role: Role
    email_url: str
    email_from: str
    sms_gateway: str
    trail_root_file: Path
    trusted_proxy_count: int
    second_factors: tuple[str, ...]
    web_workers: int
    files_url: str
    clamav: str
    env_file: Path | None

    @property
    def role_url(self) -> str:
        """The database URL of the role this process works as."""
        url = {
            "app": self.database_url,
            "owner": self.database_owner_url,
            "maintenance": self.database_maintenance_url,
        }[self.database_role]
        if not url:
            name = f"DATABASE_{self.database_role.upper()}_URL"
            raise ConfigurationError(
                f"{name} is not set: this command works as the database's {self.database_role} role."
            )
        return url


def role_for_command(arguments: list[str]) -> Role:
    """Which database role a `manage.py` command line works as: `owner` for migrations, else `app`."""
    return "owner" if len(arguments) > 1 and arguments[1] in _OWNER_COMMANDS else "app"


def read_env_file(path: Path) -> dict[str, str]:
    """The KEY=VALUE lines of a file; empty lines and lines that begin with # are passed over. Values are taken as they stand."""
    values: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(f"ENV_FILE {path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"ENV_FILE {path}, line {number}: expected KEY=VALUE.")
        values[key.strip()] = value.strip()
    return values


def load(process: Mapping[str, str] | None = None) -> Environment:
    """Read and check the environment.

    The process environment comes first. Without SECRET_KEY in it, the file named by ENV_FILE (by default the one that `make run` writes) fills
    in what is not set. Raises ConfigurationError with one clear line for the first thing that is missing or wrong.
    """
    values = dict(os.environ if process is None else process)
    named = values.get("ENV_FILE", "").strip()
    env_file = Path(named).absolute() if named else DEFAULT_ENV_FILE
    used: Path | None = None
    if not values.get("SECRET_KEY", "").strip() and (named or env_file.exists()):
        values = {**read_env_file(env_file), **{key: value for key, value in values.items() if value.strip()}}
        used = env_file
    return _parse(values, used)


def _parse(values: Mapping[str, str], env_file: Path | None) -> Environment:
    def text(name: str, default: str = "") -> str:
        return values.get(name, "").strip() or default

    demo = _flag(text("DEMO"), "DEMO")
    debug = _flag(text("DEBUG"), "DEBUG")

    def needed(name: str, why: str) -> str:
        value = text(name)
        if not value:
            raise ConfigurationError(
                f"{name} is not set: {why}. See .env.example, or use `make run` for a demo."
            )
        return value

    secret_key = needed("SECRET_KEY", f"set it to at least {SHORTEST_SECRET} random characters")
    if len(secret_key) < SHORTEST_SECRET or len(set(secret_key)) < 10:
        raise ConfigurationError(
            f"SECRET_KEY is too weak: it needs at least {SHORTEST_SECRET} random characters."
        )
    kek_file = Path(
        needed("KEK_FILE", "name the file that holds the key that wraps the patients' keys")
    ).absolute()
    database_url = needed("DATABASE_URL", "give the PostgreSQL URL of the app role")
    email_url = needed(
        "EMAIL_URL", "give the mail server, for example smtp+tls://user:password@mail.example.org:587"
    )
    trail_root_file = Path(
        needed("TRAIL_ROOT_FILE", "name the file, outside the database, for the trail's daily signed root")
    ).absolute()

    port = _number(text("PORT", "8000"), "PORT", 1, 65535)
    public_url = text("PUBLIC_URL", f"http://localhost:{port}").rstrip("/")
    host = _public_host(public_url)
    if debug and not _is_local(host):
        raise ConfigurationError(f"DEBUG is on but PUBLIC_URL names a public host ({host}): turn DEBUG off.")
    if not demo and not _is_local(host) and urlsplit(public_url).scheme != "https":
        raise ConfigurationError("PUBLIC_URL must begin with https:// for a public host.")
    extra_hosts = _names(text("ALLOWED_HOSTS"))
    if "*" in extra_hosts:
        raise ConfigurationError("ALLOWED_HOSTS may not be *: name the hosts.")
    local_names = ("localhost", "127.0.0.1", "[::1]") if _is_local(host) else ()
    allowed_hosts = tuple(dict.fromkeys((_bracketed(host), *extra_hosts, *local_names)))
    if debug and not all(_is_local(name.strip("[]")) for name in allowed_hosts):
        raise ConfigurationError("DEBUG is on but ALLOWED_HOSTS names a public host: turn DEBUG off.")

    role = _ROLES.get(text("DATABASE_ROLE", "app"))
    if role is None:
        raise ConfigurationError(
            f"DATABASE_ROLE is {text('DATABASE_ROLE')!r}: use app, owner or maintenance."
        )
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_MAINTENANCE_URL"):
        if text(name):
            _database_parts(text(name), name)
    _email_parts(email_url)
    if email_url == "demo:" and not demo:
        raise ConfigurationError("EMAIL_URL is demo: but DEMO is not on: give a real mail server.")

    files_url = text("FILES_URL", (REPOSITORY / ".local" / "files").as_uri())
    file_storage(files_url)
    clamav = text("CLAMAV")
    if clamav and not clamav.startswith("/"):
        name, _colon, number = clamav.rpartition(":")
        if not name or not number.isascii() or not number.isdigit():
            raise ConfigurationError(f"CLAMAV is {clamav!r}: use host:port or the path of a socket.")

    second_factors = _names(text("SECOND_FACTORS"))
    for factor in second_factors:
        if factor not in SECOND_FACTORS:
            raise ConfigurationError(
                f"SECOND_FACTORS has {factor!r}: use {', '.join(SECOND_FACTORS)} or leave it empty."
            )

    return Environment(
        demo=demo,
        debug=debug,
        port=port,
        public_url=public_url,
        allowed_hosts=allowed_hosts,
        secret_key=secret_key,
        kek_file=kek_file,
        database_url=database_url,
        database_owner_url=text("DATABASE_OWNER_URL"),
        database_maintenance_url=text("DATABASE_MAINTENANCE_URL"),
        database_role=role,
        email_url=email_url,
        email_from=text("EMAIL_FROM", f"portal@{host if not _is_local(host) else 'localhost.localdomain'}"),
        sms_gateway=_sms_gateway(text("SMS_GATEWAY")),
        trail_root_file=trail_root_file,
        trusted_proxy_count=_number(text("TRUSTED_PROXY_COUNT", "0"), "TRUSTED_PROXY_COUNT", 0, 10),
        second_factors=second_factors,
        web_workers=_number(text("WEB_WORKERS", "2"), "WEB_WORKERS", 1, 64),
        files_url=files_url,
        clamav=clamav,
        env_file=env_file,
    )


def _sms_gateway(name: str) -> str:
    """Empty, `console`, or the dotted path of a class."""
    if name in ("", "console") or ("." in name and all(part.isidentifier() for part in name.split("."))):
        return name
    raise ConfigurationError(
        f"SMS_GATEWAY is {name!r}: leave it empty, or use console or the path of a class."
    )


def database_settings(url: str) -> dict[str, Any]:
    """A Django DATABASES entry for a PostgreSQL URL; what stands after `?` goes to OPTIONS (`sslmode`, `connect_timeout`, …)."""
    parts = _database_parts(url, "The database URL")
    return {
        "ENGINE": "portal.lib.db",
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "PASSWORD": parts["password"],
        "HOST": parts["host"],
        "PORT": parts["port"],
        "OPTIONS": parts["options"],
    }


def user_of(url: str) -> str:
    """The role name in a database URL; empty for an empty URL."""
    return str(_database_parts(url, "The database URL")["user"]) if url else ""


def email_settings(url: str) -> dict[str, Any]:
    """Django's EMAIL_* settings for EMAIL_URL. `demo:` keeps mails as rows that the demo page shows and sends nothing."""
    return _email_parts(url)


def file_storage(url: str) -> dict[str, Any]:
    """A Django STORAGES entry for FILES_URL: `file:///folder`, or `s3://bucket/prefix?endpoint=https://…&region=…`."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        folder = {
            "location": unquote(parts.path),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        }
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": folder}
    if parts.scheme != "s3" or not parts.hostname:
        raise ConfigurationError(
            f"FILES_URL is {url!r}: use file:///folder or s3://bucket/prefix?endpoint=https://host&region=name."
        )
    if find_spec("storages") is None or find_spec("boto3") is None:
        raise ConfigurationError('FILES_URL names a bucket: install "django-storages[s3]" for it.')
    asked = dict(parse_qsl(parts.query))
    bucket = {
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "endpoint_url": asked.get("endpoint"),
        "region_name": asked.get("region"),
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": True,
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": bucket}


def _database_parts(url: str, name: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(
            f"{name} cannot be read: expected postgresql://user:password@host:port/name."
        ) from error
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = unquote(parts.hostname or "") or options.pop("host", "")
    dbname = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not dbname or not parts.username:
        raise ConfigurationError(
            f"{name} cannot be used: expected postgresql://user:password@host:port/name."
        )
    return {
        "dbname": dbname,
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "host": host,
        "port": str(port or ""),
        "options": options,
    }


def _email_parts(url: str) -> dict[str, Any]:
    if url == "demo:":
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    wrong = ConfigurationError(
        "EMAIL_URL cannot be used: expected smtp://, smtp+tls:// or smtps:// with user:password@host:port."
    )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise wrong from error
    if parts.scheme not in ("smtp", "smtp+tls", "smtps") or not parts.hostname:
        raise wrong
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[parts.scheme],
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp+tls",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_TIMEOUT": 20,
    }


def _flag(value: str, name: str) -> bool:
    if value in ("", "0", "false", "no", "off"):
        return False
    if value in ("1", "true", "yes", "on"):
        return True
    raise ConfigurationError(f"{name} is {value!r}: use 1 or 0.")


def _number(value: str, name: str, low: int, high: int) -> int:
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        raise ConfigurationError(f"{name} is {value!r}: use a whole number from {low} to {high}.")
    return int(value)


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _public_host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        host = None
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.path or parts.query:
        raise ConfigurationError(
            f"PUBLIC_URL is {url!r}: expected https://host or http://localhost:port, without a path."
        )
    return host


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
