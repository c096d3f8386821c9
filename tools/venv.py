"""Make `.venv` with exactly the locked packages; does nothing when the lock has not changed. Runs on the system's Python, so: standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)


def main(arguments: list[str]) -> int:
    """`venv.py requirements.txt …`: install each lock that is not installed yet. Returns an exit code."""
    if sys.version_info < OLDEST:
        return _say(
            f"The portal needs Python {OLDEST[0]}.{OLDEST[1]} or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.12 …"
        )
    folder = REPOSITORY / ".venv"
    python = folder / "bin" / "python"
    if folder.is_symlink() or not _works(python):
        if folder.is_symlink():
            return 0 if _works(python) else _say(".venv is a link to nowhere: remove it.")
        shutil.rmtree(folder, ignore_errors=True)
        print("Making .venv …", flush=True)
        if not _make(folder):
            return 1
    stamp = folder / ".installed.json"
    installed: dict[str, str] = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    for name in arguments:
        lock = REPOSITORY / name
        wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
        if installed.get(name) == wanted:
            continue
        print(f"Installing the locked packages of {name} (a minute or two the first time) …", flush=True)
        done = subprocess.run(
            [
                *_pip(python),
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--require-hashes",
                "--no-deps",
                "-r",
                str(lock),
            ],
            check=False,
        )
        if done.returncode != 0:
            return _say(f"Installing {name} failed; the lines above say why.")
        installed[name] = wanted
        stamp.write_text(json.dumps(installed), encoding="utf-8")
    return 0


def _works(python: Path) -> bool:
    return python.exists() and subprocess.run([str(python), "-c", ""], check=False).returncode == 0


def _make(folder: Path) -> bool:
    """With pip inside where the system has ensurepip, else without: the system's pip then installs into it."""
    if (
        subprocess.run(
            [sys.executable, "-m", "venv", str(folder)], check=False, capture_output=True
        ).returncode
        == 0
    ):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    bare = subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=False, capture_output=True
    )
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], check=False, capture_output=True)
    if bare.returncode == 0 and pip.returncode == 0:
        return True
    shutil.rmtree(folder, ignore_errors=True)
    _say(
        "Python can make no virtual environment here: install the system's package python3-venv (Debian, Ubuntu: apt-get install python3-venv)."
    )
    return False


def _pip(python: Path) -> list[str]:
    if (
        subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode
        == 0
    ):
        return [str(python), "-m", "pip"]
    return [sys.executable, "-m", "pip", "--python", str(python)]


def _say(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main(sys.argv[1:]))
