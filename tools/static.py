"""Collect static files when one of them has changed, and not otherwise."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
_PACKAGES = ("django", "wagtail", "django-allauth", "djangorestframework", "whitenoise")


def fingerprint() -> str:
    """A hash over names, sizes and times of our static files and the versions of the packages that bring their own."""
    sums = hashlib.sha256()
    for package in _PACKAGES:
        sums.update(f"{package}={version(package)};".encode())
    own = [
        *sorted(path for path in REPOSITORY.glob("*/static") if not path.parent.name.startswith(".")),
        REPOSITORY / "static",
        REPOSITORY / "portal" / "lib" / "static.py",
    ]
    for folder in own:
        for path in [folder, *sorted(folder.rglob("*"))]:
            if path.is_file():
                seen = path.stat()
                sums.update(f"{path.relative_to(REPOSITORY)}|{seen.st_size}|{seen.st_mtime_ns};".encode())
    return sums.hexdigest()


def ensure_collected(environment: dict[str, str]) -> bool:
    """Run collectstatic if needed, in the given environment; several processes may call this at once. True when it ran."""
    local = REPOSITORY / ".local"
    local.mkdir(exist_ok=True, mode=0o700)
    stamp = local / "static.stamp"
    with (local / "static.lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        now = fingerprint()
        if (
            stamp.exists()
            and stamp.read_text(encoding="utf-8") == now
            and (local / "static" / "staticfiles.json").exists()
        ):
            return False
        done = subprocess.run(
            [
                sys.executable,
                "-W",
                "ignore",
                "manage.py",
                "collectstatic",
                "--no-input",
                "--verbosity=0",
            ],
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(
                "collectstatic failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-15:])
            )
        stamp.write_text(now, encoding="utf-8")
        return True
