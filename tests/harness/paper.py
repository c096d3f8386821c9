"""Pango for the tests of PDF files: the system's, else installed when root; never skipped."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from contextlib import suppress

LIBRARIES = {  # package of Debian and Ubuntu -> the library it brings
    "libpango-1.0-0": "libpango-1.0.so.0",
    "libpangoft2-1.0-0": "libpangoft2-1.0.so.0",
    "libharfbuzz-subset0": "libharfbuzz-subset.so.0",
}


def missing() -> list[str]:
    """The packages whose library cannot be loaded here."""
    found = []
    for package, library in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            found.append(package)
    return found


def ensure() -> None:
    """Install what is missing when that is possible. Raises RuntimeError that says what to install."""
    wanted = missing()
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-q"], ["install", "-y", "-q", "--no-install-recommends", *wanted]):
            with suppress(OSError):
                subprocess.run(["apt-get", *command], check=False, capture_output=True, env=environment)
        wanted = missing()
    if wanted:
        raise RuntimeError(f"The tests of PDF files need the system's packages: {' '.join(wanted)}")
