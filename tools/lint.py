"""`make lint`: every static check, all of them even when one fails, and one line for each at the end."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = (
    "portal",
    "accounts",
    "clinic",
    "patients",
    "treatment",
    "messaging",
    "education",
    "journal",
    "scheduling",
)


def main() -> int:
    """Returns 1 when a check failed."""
    python = sys.executable
    packages = [name for name in PACKAGES if (REPOSITORY / name / "__init__.py").exists()]
    checks = {
        "style": [python, "-m", "ruff", "check", "--quiet", "."],
        "format": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "types": [python, "-m", "mypy", *packages, "tools", "tests"],
        "layers": [str(Path(python).parent / "lint-imports"), "--no-cache"],
        "templates": [python, "-m", "djlint", "templates", "--lint", "--quiet"],
        "migrations": [python, "-W", "ignore", "manage.py", "makemigrations", "--check", "--dry-run"],
        "vendored files": [python, "tools/vendor.py", "--check"],
    }
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        surroundings = environment(Path(folder))
        for name, command in checks.items():
            began = time.monotonic()
            done = subprocess.run(
                command, cwd=REPOSITORY, env=surroundings, capture_output=True, text=True, check=False
            )
            print(
                f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({time.monotonic() - began:.1f} s)",
                flush=True,
            )
            if done.returncode != 0:
                failed.append(name)
                print(done.stdout + done.stderr, flush=True)
    if failed:
        print(f"lint failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def environment(folder: Path) -> dict[str, str]:
    """The settings can be read; there is no database behind them."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE_", "EMAIL_"))}
    return {
        **plain,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "KEK_FILE": str(folder / "kek"),
        "TRAIL_ROOT_FILE": str(folder / "roots"),
        "DATABASE_URL": "postgresql://lint@127.0.0.1:9/none",
        "DATABASE_OWNER_URL": "postgresql://lint@127.0.0.1:9/none",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "PYTHONPATH": str(REPOSITORY),
    }


if __name__ == "__main__":
    sys.exit(main())
