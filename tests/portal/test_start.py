"""An unfit start is refused with exit code 1 and one clear line; a fit one is not."""

from __future__ import annotations

import base64
import hashlib
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from portal import checks, environment
from portal.environment import ConfigurationError
from tests.harness import cluster, surroundings

GOOD = {
    "SECRET_KEY": secrets.token_urlsafe(48),
    "KEK_FILE": "/etc/portal/kek",
    "DATABASE_URL": "postgresql://portal_app:p%40ss@db.example.com:5433/portal?sslmode=require",
    "DATABASE_OWNER_URL": "postgresql://portal_owner:word@db.example.com:5433/portal",
    "EMAIL_URL": "smtp+tls://user:word@mail.example.com",
    "TRAIL_ROOT_FILE": "/var/lib/portal/trail-roots",
    "PUBLIC_URL": "https://portal.example.com",
}
NOTHING = "/nowhere/at/all.env"


def key_file(folder: Path, key: bytes) -> Path:
    path = folder / "kek"
    path.write_text(f"k1:{base64.b64encode(key).decode()}\n", encoding="ascii")
    path.chmod(0o600)
    return path


def production(folder: Path, database: str) -> dict[str, str]:
    """What a real site would set, against a database of the test server."""
    return {
        **surroundings.plain(),
        **surroundings.variables(cluster.urls(database)),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEK_FILE": str(key_file(folder, secrets.token_bytes(32))),
        "PUBLIC_URL": "https://portal.example.com",
        "EMAIL_URL": "smtp+tls://user:word@mail.example.com:587",
        "TRUSTED_PROXY_COUNT": "1",
    }


def run(command: list[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cluster.REPOSITORY,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_complete_environment_is_read_into_plain_values() -> None:
    read = environment.load(GOOD)
    assert read.allowed_hosts == ("portal.example.com",)
    assert (read.demo, read.debug, read.port, read.database_role) == (False, False, 8000, "app")
    assert environment.user_of(read.database_url) == "portal_app"
    database = environment.database_settings(read.database_url)
    assert (database["PASSWORD"], database["HOST"], database["PORT"]) == ("p@ss", "db.example.com", "5433")
    assert database["OPTIONS"] == {"sslmode": "require"}
    mail = environment.email_settings(read.email_url)
    assert (mail["EMAIL_PORT"], mail["EMAIL_USE_TLS"], mail["EMAIL_USE_SSL"]) == (587, True, False)


@pytest.mark.parametrize("name", ["SECRET_KEY", "KEK_FILE", "DATABASE_URL", "EMAIL_URL", "TRAIL_ROOT_FILE"])
def test_a_missing_variable_is_refused_by_name(name: str, tmp_path: Path) -> None:
    incomplete = {key: value for key, value in GOOD.items() if key != name}
    if name == "SECRET_KEY":  # the file that ENV_FILE names must not fill it in either
        (tmp_path / "empty.env").touch()
        incomplete["ENV_FILE"] = str(tmp_path / "empty.env")
    with pytest.raises(ConfigurationError, match=f"^{name} is not set: [^\n]+$"):
        environment.load(incomplete)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too weak"),
        ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is too weak"),
        ({"DEBUG": "1"}, "DEBUG is on but PUBLIC_URL names a public host"),
        ({"DEBUG": "1", "PUBLIC_URL": "http://localhost:8000", "ALLOWED_HOSTS": "portal.example.com"}, "DEBUG is on but ALLOWED"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'"),
        ({"PUBLIC_URL": "http://portal.example.com"}, "PUBLIC_URL must begin with https://"),
        ({"PUBLIC_URL": "portal.example.com"}, "PUBLIC_URL is"),
        ({"PUBLIC_URL": "https://portal.example.com/app"}, "without a path"),
        ({"PUBLIC_URL": "https://portal.example.com:port"}, "PUBLIC_URL is"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS may not be"),
        ({"DATABASE_URL": "sqlite:///db.sqlite3"}, "DATABASE_URL cannot be used"),
        ({"DATABASE_OWNER_URL": "postgresql://owner@host:port/portal"}, "DATABASE_OWNER_URL cannot be read"),
        ({"DATABASE_ROLE": "root"}, "DATABASE_ROLE is 'root'"),
        ({"EMAIL_URL": "demo:"}, "EMAIL_URL is demo: but DEMO is not on"),
        ({"EMAIL_URL": "mailto:somebody"}, "EMAIL_URL cannot be used"),
        ({"PORT": "0"}, "PORT is '0'"),
        ({"PORT": "²"}, "PORT is"),
        ({"SECOND_FACTORS": "totp, sms"}, "SECOND_FACTORS has 'sms'"),
        ({"WEB_WORKERS": "many"}, "WEB_WORKERS is 'many'"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_in_one_line(change: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        environment.load({**GOOD, **change})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_file_fills_in_only_what_the_process_does_not_say(tmp_path: Path) -> None:
    file = tmp_path / "portal.env"
    file.write_text(
        "# comment\n\n" + "".join(f"{key}={value}\n" for key, value in GOOD.items()), encoding="utf-8"
    )
    read = environment.load({"ENV_FILE": str(file), "PORT": "9001"})
    assert (read.port, read.secret_key, read.env_file) == (9001, GOOD["SECRET_KEY"], file)
    with_own_secret = environment.load({**GOOD, "ENV_FILE": NOTHING})
    assert with_own_secret.env_file is None
    with pytest.raises(ConfigurationError, match="cannot be read"):
        environment.load({"ENV_FILE": NOTHING})
    file.write_text("no equals sign\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1: expected KEY=VALUE"):
        environment.load({"ENV_FILE": str(file)})


def test_migrations_work_as_the_owner_and_everything_else_as_the_app_role() -> None:
    assert environment.role_for_command(["manage.py", "migrate"]) == "owner"
    assert environment.role_for_command(["manage.py", "shell"]) == "app"
    assert environment.role_for_command(["manage.py"]) == "app"
    owner = environment.load({**GOOD, "DATABASE_ROLE": "owner"})
    assert environment.user_of(owner.role_url) == "portal_owner"
    with pytest.raises(ConfigurationError, match="DATABASE_MAINTENANCE_URL is not set"):
        _ = environment.load({**GOOD, "DATABASE_ROLE": "maintenance"}).role_url


@pytest.mark.parametrize("missing", ["SECRET_KEY", "KEK_FILE", "DATABASE_URL", "EMAIL_URL"])
def test_a_command_without_a_needed_variable_ends_with_one_line(missing: str, tmp_path: Path) -> None:
    (tmp_path / "empty.env").touch()
    variables = {**surroundings.plain(), **GOOD, "ENV_FILE": str(tmp_path / "empty.env")}
    del variables[missing]
    done = run([sys.executable, "manage.py", "check"], variables)
    assert done.returncode == 1
    assert done.stderr.startswith(f"The portal cannot start: {missing} is not set")
    assert done.stderr.count("\n") == 1


# --- the key file --------------------------------------------------------------------------------------


def test_a_key_of_its_own_is_accepted(tmp_path: Path) -> None:
    fit = replace(environment.load(GOOD), kek_file=key_file(tmp_path, secrets.token_bytes(32)))
    checks.check_key_file(fit)


@pytest.mark.parametrize("make", ["start", "sha256", "blake2b", "decoded"])
def test_a_key_made_from_the_secret_is_refused(make: str, tmp_path: Path) -> None:
    secret = GOOD["SECRET_KEY"]
    key = {
        "start": secret.encode()[:32],
        "sha256": hashlib.sha256(secret.encode()).digest(),
        "blake2b": hashlib.blake2b(secret.encode(), digest_size=32).digest(),
        "decoded": base64.urlsafe_b64decode(secret)[:32],
    }[make]
    with pytest.raises(ConfigurationError, match="is made from SECRET_KEY"):
        checks.check_key_file(replace(environment.load(GOOD), kek_file=key_file(tmp_path, key)))


def test_a_key_file_that_is_missing_malformed_or_open_is_refused(tmp_path: Path) -> None:
    read = environment.load(GOOD)
    with pytest.raises(ConfigurationError, match="KEK_FILE cannot be read"):
        checks.check_key_file(replace(read, kek_file=tmp_path / "none"))
    path = tmp_path / "kek"
    for text in ("", "k1:short\n", f"k1:{base64.b64encode(bytes(32)).decode()}\n"):
        path.write_text(text, encoding="ascii")
        with pytest.raises(ConfigurationError, match="KEK_FILE"):
            checks.check_key_file(replace(read, kek_file=path))
    path = key_file(tmp_path, secrets.token_bytes(32))
    path.chmod(0o666)
    with pytest.raises(ConfigurationError, match="can be written by others"):
        checks.check_key_file(replace(read, kek_file=path))


# --- the database ----------------------------------------------------------------------------------------


def test_the_app_role_on_a_migrated_database_is_accepted(fresh_db: str) -> None:
    checks.check_database(
        replace(environment.load(GOOD), database_url=cluster.urls(fresh_db)["DATABASE_URL"])
    )


@pytest.mark.parametrize(
    ("role", "says"),
    [("postgres", "is a superuser"), ("portal_maintenance", "BYPASSRLS"), ("portal_owner", "owns tables")],
)
def test_a_role_that_row_security_does_not_hold_for_is_refused(role: str, says: str, fresh_db: str) -> None:
    url = cluster.acquire().url(role, fresh_db)
    with pytest.raises(ConfigurationError, match=says) as refused:
        checks.check_database(replace(environment.load(GOOD), database_url=url))
    assert "\n" not in str(refused.value)


def test_a_database_without_the_extensions_is_refused(fresh_db: str) -> None:
    with cluster.acquire().connect("postgres", fresh_db) as connection:
        connection.execute("DROP EXTENSION pg_trgm CASCADE")
    with pytest.raises(ConfigurationError, match="lacks the extension pg_trgm"):
        checks.check_database(
            replace(environment.load(GOOD), database_url=cluster.urls(fresh_db)["DATABASE_URL"])
        )


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    url = "postgresql://portal_app:very-secret-word@127.0.0.1:9/portal"
    with pytest.raises(ConfigurationError, match="cannot be used") as refused:
        checks.check_database(replace(environment.load(GOOD), database_url=url))
    assert "very-secret-word" not in str(refused.value)
    assert "\n" not in str(refused.value)


# --- the real doors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [["-m", "gunicorn", "portal.wsgi"], ["manage.py", "procrastinate", "worker"]],
    ids=["web server", "worker"],
)
def test_web_server_and_worker_refuse_a_superuser(command: list[str], fresh_db: str, tmp_path: Path) -> None:
    variables = production(tmp_path, fresh_db)
    variables["DATABASE_URL"] = cluster.acquire().url("postgres", fresh_db)
    done = run([sys.executable, *command], variables)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("The portal cannot start: the role 'postgres' of DATABASE_URL is a superuser")


def test_the_web_server_without_a_secret_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.env").touch()
    done = run(
        [sys.executable, "-m", "gunicorn", "portal.wsgi"],
        {**surroundings.plain(), "ENV_FILE": str(tmp_path / "empty.env")},
    )
    assert done.returncode == 1
    assert done.stderr.strip().startswith("The portal cannot start: SECRET_KEY is not set")
    assert done.stderr.strip().count("\n") == 0


def test_check_deploy_is_clean_for_a_real_site(fresh_db: str, tmp_path: Path) -> None:
    done = run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        production(tmp_path, fresh_db),
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_check_deploy_names_what_a_start_would_refuse(fresh_db: str, tmp_path: Path) -> None:
    variables = production(tmp_path, fresh_db)
    variables["DATABASE_URL"] = cluster.urls(fresh_db)["DATABASE_OWNER_URL"]
    done = run([sys.executable, "manage.py", "check", "--deploy"], variables)
    assert done.returncode == 1
    assert "portal.E001" in done.stderr
