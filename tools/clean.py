"""`make clean`: remove `.venv`, caches and `.local` with the demo's data, also what root had to keep below /var/lib."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOCAL = REPOSITORY / ".local"


def main() -> int:
    """Refuses while the portal or a test run is using the data."""
    for name in ("run.lock", "test-pg/users.lock", "test-pg/keeper.lock"):
        path = LOCAL / name
        if not path.exists():
            continue
        with path.open("a", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("The portal or a test run is using .local: stop it first.", file=sys.stderr)
                return 1
    for home in (LOCAL / "postgres", LOCAL / "test-pg"):
        mark = hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]
        shutil.rmtree(Path("/var/lib") / f"patient-portal-{mark}", ignore_errors=True)
    for name in (
        ".local",
        ".venv",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
        ".import_linter_cache",
    ):
        path = REPOSITORY / name
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
