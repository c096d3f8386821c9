"""Copy pinned npm files into the repository, and prove later that they are still the same.

    python tools/vendor.py            fetch the pinned packages with npm, copy their files, write static/vendor/vendor.lock.json
    python tools/vendor.py --check    offline: hash every vendored file and compare with the lock; exit 1 on any difference

npm itself verifies what it fetches; the lock also keeps the registry's integrity value of each package and the SHA-256 of each file.
Nothing here runs when the portal runs.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "static" / "vendor" / "vendor.lock.json"

# fmt: off
ICONS = [
    "a-large-small", "arrow-right", "book-open", "bookmark", "bookmark-plus", "calendar-check",
    "calendar-days", "calendar-plus", "check", "chevron-left", "chevron-right", "circle",
    "circle-check", "circle-dot", "circle-help", "circle-user", "circle-x", "clock", "download", "eye",
    "file-text", "heart-handshake", "house", "inbox", "info", "key-round", "list-checks", "lock",
    "log-out", "mail", "map-pin", "messages-square", "monitor-smartphone", "notebook-pen",
    "octagon-alert", "paperclip", "pencil", "phone", "plus", "printer", "search", "send", "siren",
    "sun", "trash-2", "triangle-alert", "undo-2", "user", "users", "volume-2",
]
# fmt: on

# package -> version and {file in the package: file in the repository}
PACKAGES: dict[str, dict[str, Any]] = {
    "@fontsource-variable/atkinson-hyperlegible-next": {
        "version": "5.3.0",
        "license": "OFL-1.1",
        "files": {
            "files/atkinson-hyperlegible-next-latin-wght-normal.woff2": "static/vendor/atkinson/atkinson-hyperlegible-next.woff2",
            "LICENSE": "static/vendor/atkinson/LICENSE.txt",
        },
    },
    "lucide-static": {
        "version": "1.62.0",
        "license": "ISC",
        "files": {
            "LICENSE": "static/vendor/lucide/LICENSE.txt",
            **{f"icons/{name}.svg": f"static/vendor/lucide/{name}.svg" for name in ICONS},
        },
    },
    "axe-core": {
        "version": "4.14.1",
        "license": "MPL-2.0",
        "files": {"axe.min.js": "tests/vendor/axe.min.js", "LICENSE": "tests/vendor/axe.LICENSE.txt"},
    },
}


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def fetch(name: str, version: str, folder: Path) -> tuple[str, Path]:
    """Fetch one package with npm into `folder`; its integrity value ("sha512-…") and the path of its archive."""
    answer = subprocess.run(
        ["npm", "pack", "--json", "--pack-destination", str(folder), f"{name}@{version}"],
        check=True,
        capture_output=True,
        cwd=folder,
    )
    packed = json.loads(answer.stdout)
    entry = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
    archive = next(folder.glob("*.tgz"))
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if entry.get("integrity", digest) != digest:
        raise SystemExit(f"{name} {version}: what came does not have the integrity that npm reports")
    return digest, archive


def copy_all() -> None:
    """Fetch every package, copy its files, write the lock."""
    lock: dict[str, Any] = {}
    for name, spec in PACKAGES.items():
        with tempfile.TemporaryDirectory() as scratch:
            integrity, archive = fetch(name, spec["version"], Path(scratch))
            entry = {
                "version": spec["version"],
                "license": spec["license"],
                "integrity": integrity,
                "files": {},
            }
            with tarfile.open(archive) as package:
                for source, target in spec["files"].items():
                    member = package.extractfile(f"package/{source}")
                    if member is None:
                        raise SystemExit(f"{name}: no file {source}")
                    data = member.read()
                    path = ROOT / target
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                    entry["files"][target] = sha256(data)
            lock[name] = entry
    LOCK.write_text(json.dumps(lock, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def differences() -> list[str]:
    """What differs between the lock, the list above and the files; empty when all is well. Needs no network."""
    lock = json.loads(LOCK.read_text(encoding="utf-8"))
    wrong = []
    locked: set[Path] = set()
    for name, spec in PACKAGES.items():
        entry = lock.get(name, {"files": {}})
        if entry.get("version") != spec["version"]:
            wrong.append(f"{name}: the lock has {entry.get('version')}, wanted {spec['version']}")
        if set(entry["files"]) != set(spec["files"].values()):
            wrong.append(f"{name}: the lock lists other files")
        for target, digest in entry["files"].items():
            path = ROOT / target
            locked.add(path)
            if not path.is_file():
                wrong.append(f"{target}: missing")
            elif sha256(path.read_bytes()) != digest:
                wrong.append(f"{target}: changed")
    for folder in (LOCK.parent, ROOT / "tests" / "vendor"):
        strangers = (
            path for path in folder.rglob("*") if path.is_file() and path not in locked and path != LOCK
        )
        wrong += [f"{path.relative_to(ROOT)}: not in the lock" for path in strangers]
    return wrong


def main() -> int:
    """Command line entry; 0 when all is well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--check", action="store_true", help="only compare the files with the lock; no network"
    )
    if not parser.parse_args().check:
        copy_all()
    wrong = differences()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
