"""Keeps the test server running while anybody uses it; `python -m tests.harness.keeper FOLDER`."""

from __future__ import annotations

import fcntl
import sys
import time
from pathlib import Path

from tests.harness.cluster import sweep
from tools.postgres import Cluster

GRACE_SECONDS = 20


def keep(folder: Path) -> None:
    """Start the server and stop it once nobody has held the users' lock for GRACE_SECONDS."""
    with (
        (folder / "keeper.lock").open("a", encoding="utf-8") as alive,
        (folder / "users.lock").open("a", encoding="utf-8") as users,
    ):
        fcntl.flock(alive, fcntl.LOCK_EX)
        cluster = Cluster(folder, fast=True)
        cluster.start()
        sweep(cluster)
        idle_since: float | None = None
        while cluster.process is not None and cluster.process.poll() is None:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                idle_since = None
            else:
                idle_since = idle_since or time.monotonic()
                if time.monotonic() - idle_since > GRACE_SECONDS:
                    break  # newcomers wait at the lock until we are gone, then start their own
                fcntl.flock(users, fcntl.LOCK_UN)
            time.sleep(1)
        cluster.stop()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
