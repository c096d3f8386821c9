"""Chromium for the browser tests: from the PATH, else from the system's packages when root, else Playwright's own download."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
# The headless shell first: the same engine without windows and without pages of the browser itself beside ours.
PACKAGES = ("chromium-headless-shell", "chromium")
_NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)


def executable() -> str | None:
    """The browser's path, or None for Playwright's own. Raises RuntimeError that says what to install; never skips."""
    found = _on_path()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-q"], check=False, capture_output=True)
        for package in PACKAGES:
            subprocess.run(
                ["apt-get", "install", "-y", "-q", "--no-install-recommends", package],
                check=False,
                capture_output=True,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
            found = _on_path()
            if found is not None:
                break
    if found is not None:
        return found
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(
            "The browser tests need Chromium: install the system's package 'chromium', or run "
            "'.venv/bin/python -m playwright install --with-deps chromium'."
        )
    return None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Its event loop lives in this thread, so Django is told that the ORM may still be used here."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    with sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
            if before is None:
                os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
            else:
                os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


def _on_path() -> str | None:
    return next((path for name in _NAMES if (path := shutil.which(name))), None)
