"""The environment tests run in: fixed, complete, and nothing of the person's own shell in it."""

from __future__ import annotations

import atexit
import base64
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from tools.postgres import write_private

OURS = (
    "DEMO", "DEBUG", "PORT", "PUBLIC_URL", "ALLOWED_HOSTS", "SECRET_KEY", "KEK_FILE", "DATABASE_URL", "DATABASE_OWNER_URL",
    "DATABASE_MAINTENANCE_URL", "DATABASE_ROLE", "EMAIL_URL", "EMAIL_FROM", "TRAIL_ROOT_FILE", "TRUSTED_PROXY_COUNT", "SECOND_FACTORS",
    "WEB_WORKERS", "SMS_GATEWAY", "FILES_URL", "CLAMAV", "ENV_FILE",
)  # fmt: skip
# Set by the browser fixture for its own process; no server may start with it.
BROWSERS = ("DJANGO_ALLOW_ASYNC_UNSAFE",)
_scratch = Path(tempfile.mkdtemp(prefix="portal-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)


def scratch() -> Path:
    """A private folder of this test process, gone when it ends."""
    return _scratch


def kek_file() -> Path:
    """The tests' key-encryption key: one per test server, because the demo template is sealed with it."""
    from tests.harness.cluster import home

    path = home() / "kek"
    if not path.exists():
        home().mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".kek-{os.getpid()}")
        write_private(fresh, f"tests:{base64.b64encode(secrets.token_bytes(32)).decode()}\n")
        try:
            os.link(fresh, path)  # the first of several workers wins
        except FileExistsError:
            pass
        fresh.unlink()
    return path


def variables(
    databases: dict[str, str], *, port: int = 8000, email_url: str = "smtp://127.0.0.1:9", **more: str
) -> dict[str, str]:
    """All of the portal's variables for one set of databases."""
    return {
        "DEMO": "0",
        "DEBUG": "0",
        "PORT": str(port),
        "PUBLIC_URL": f"http://localhost:{port}",
        "SECRET_KEY": "tests-only-8d1c0b4f7a2e49d3b6f5c1a09e7d2b84-not-a-secret",
        "KEK_FILE": str(kek_file()),
        "EMAIL_URL": email_url,
        "EMAIL_FROM": "portal@clinic.example.com",
        "TRAIL_ROOT_FILE": str(scratch() / "trail-roots"),
        "WEB_WORKERS": "2",
        "FILES_URL": (
            kek_file().parent / "files"
        ).as_uri(),  # beside the key: the demo template's files are sealed with it
        **databases,
        **more,
    }


def plain() -> dict[str, str]:
    """The process environment without any of the portal's variables."""
    return {key: value for key, value in os.environ.items() if key not in (*OURS, *BROWSERS)}


def enter(databases: dict[str, str]) -> None:
    """Make the test environment this process's own; called before Django's settings are read."""
    for name in OURS:
        os.environ.pop(name, None)
    os.environ.update(variables(databases))
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
