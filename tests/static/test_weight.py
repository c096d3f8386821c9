"""What a patient's page may weigh, and that the vendored files are the ones that were pinned."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
KILOBYTE = 1024


def packed(*files: Path) -> int:
    """Bytes after gzip -9, each file alone, as they are sent."""
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


def test_styles_scripts_and_font_are_light() -> None:
    assert packed(*(STATIC / "css").glob("*.css")) <= 15 * KILOBYTE
    assert packed(*(STATIC / "js").glob("*.js")) <= 12 * KILOBYTE
    fonts = list((STATIC / "vendor").rglob("*.woff2"))
    assert len(fonts) == 1
    assert fonts[0].stat().st_size <= 36 * KILOBYTE


def test_vendored_files_are_unchanged() -> None:
    check = [sys.executable, str(Path(settings.BASE_DIR) / "tools" / "vendor.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_scripts_are_clean_for_trusted_types() -> None:
    banned = (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "localStorage",
        "sessionStorage",
    )
    found = {
        (file.name, word)
        for file in (STATIC / "js").glob("*.js")
        for word in banned
        if word in file.read_text(encoding="utf-8")
    }
    assert found == set()
