"""`make lock`: compile the .in files into lock files with hashes, valid on every platform."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def main() -> int:
    """Extra arguments go to uv, for example `--upgrade`."""
    for name in ("requirements", "requirements-dev"):
        done = subprocess.run(
            [
                sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes",
                "--no-emit-index-url", "--no-emit-find-links", "--no-header", f"{name}.in", "-o", f"{name}.txt", *sys.argv[1:],
            ],
            cwd=REPOSITORY,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
