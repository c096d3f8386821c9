"""The supervised PostgreSQL: awkward folders, orphans, stale files; nothing committed is ever lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.cluster import REPOSITORY
from tools.postgres import Cluster, command_line_of, free_port, port_is_free

# Starts a server, says its process number, and waits to be killed.
SUPERVISE = """
import sys, time
from pathlib import Path
from tools.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]))
cluster.start()
print(cluster.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that another user can pass through: pytest's own are closed, and root's server runs as somebody else."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path(folder.root):
            folder.chmod(folder.stat().st_mode | 0o011)
    return tmp_path


@pytest.fixture
def clusters() -> Iterator[list[Cluster]]:
    """Whatever a test puts here is stopped afterwards."""
    made: list[Cluster] = []
    yield made
    for cluster in made:
        cluster.stop()


def remember(cluster: Cluster, word: str) -> None:
    with cluster.connect("portal_owner", "portal") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])


def remembered(cluster: Cluster) -> list[str]:
    with cluster.connect("portal_owner", "portal") as connection:
        return [row[0] for row in connection.execute("SELECT word FROM kept").fetchall()]


@pytest.mark.parametrize("name", ["with a space", "x" * 150, "ünïcode"])
def test_it_starts_in_an_awkward_folder_and_keeps_its_data(
    name: str, open_folder: Path, clusters: list[Cluster]
) -> None:
    home = open_folder / name / "postgres"
    first = Cluster(home)
    clusters.append(first)
    first.start()
    remember(first, "kept")
    port = first.port
    first.stop()
    second = Cluster(home)
    clusters.append(second)
    second.start()
    assert remembered(second) == ["kept"]
    assert second.port == port, "the port is remembered"
    assert (home / "cluster.json").stat().st_mode & 0o077 == 0


def test_it_starts_below_a_closed_folder(tmp_path: Path, clusters: list[Cluster]) -> None:
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    closed.chmod(0o700)
    cluster = Cluster(closed / "postgres")
    clusters.append(cluster)
    cluster.start()
    remember(cluster, "kept")
    assert remembered(cluster) == ["kept"]
    assert closed.stat().st_mode & 0o777 == 0o700, "nobody's home is opened"
    cluster.stop()
    if os.geteuid() == 0:
        import shutil

        assert cluster.data.is_relative_to(cluster.system_folder())
        shutil.rmtree(cluster.system_folder())


def test_roles_have_exactly_their_rights(open_folder: Path, clusters: list[Cluster]) -> None:
    cluster = Cluster(open_folder / "postgres")
    clusters.append(cluster)
    cluster.start()
    with cluster.connect() as connection:
        rights = connection.execute(
            "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname LIKE 'portal%' ORDER BY 1"
        ).fetchall()
        shown = {
            name: connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            for name in (
                "log_min_error_statement",
                "log_error_verbosity",
                "log_parameter_max_length_on_error",
                "data_checksums",
            )
        }
        extensions = connection.execute(
            "SELECT count(*) FROM pg_available_extension_versions WHERE trusted AND name IN ('btree_gist', 'pg_trgm', 'unaccent')"
        ).fetchone()
    assert rights == [
        ("portal_app", False, False, False, False),
        ("portal_maintenance", False, False, False, True),
        ("portal_owner", False, False, False, False),
    ]
    assert shown == {
        "log_min_error_statement": ("panic",),
        "log_error_verbosity": ("terse",),
        "log_parameter_max_length_on_error": ("0",),
        "data_checksums": ("on",),
    }
    assert extensions is not None
    assert extensions[0] >= 3


def test_a_stale_process_number_that_belongs_to_somebody_else_is_passed_over(
    open_folder: Path, clusters: list[Cluster]
) -> None:
    cluster = Cluster(open_folder / "postgres")
    clusters.append(cluster)
    cluster.start()
    remember(cluster, "before")
    stale = (cluster.data / "postmaster.pid").read_text(encoding="utf-8")
    assert cluster.process is not None
    os.killpg(cluster.process.pid, signal.SIGKILL)
    cluster.process.wait(10)
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        lines = stale.splitlines()
        lines[0] = str(bystander.pid)
        (cluster.data / "postmaster.pid").write_text("\n".join(lines) + "\n", encoding="utf-8")
        cluster.start()
        assert remembered(cluster) == ["before"]
        assert bystander.poll() is None, "the bystander was left alone"
    finally:
        bystander.kill()
        bystander.wait()


def test_kill_9_of_the_server_loses_nothing_committed(open_folder: Path, clusters: list[Cluster]) -> None:
    cluster = Cluster(open_folder / "postgres")
    clusters.append(cluster)
    cluster.start()
    remember(cluster, "committed")
    assert cluster.process is not None
    os.kill(cluster.process.pid, signal.SIGKILL)
    cluster.process.wait(10)
    cluster.start()
    assert remembered(cluster) == ["committed"]


def test_kill_9_of_the_supervisor_leaves_no_server_behind_and_no_loss(
    open_folder: Path, clusters: list[Cluster]
) -> None:
    home = open_folder / "postgres"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(home)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout is not None
    server = int(supervisor.stdout.readline())
    after = Cluster(home)
    assert after.load()
    remember(after, "kept")
    supervisor.kill()
    supervisor.wait(10)
    supervisor.stdout.close()
    clusters.append(after)
    after.start()  # at once: the old server may still be going
    assert remembered(after) == ["kept"]
    deadline = time.monotonic() + 10
    while str(home) in command_line_of(server) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert str(home) not in command_line_of(server)


def test_an_initdb_that_was_cut_off_is_done_again(open_folder: Path, clusters: list[Cluster]) -> None:
    home = open_folder / "postgres"
    (home / "data" / "base").mkdir(parents=True)
    cluster = Cluster(home)
    clusters.append(cluster)
    cluster.start()
    assert cluster.answers()


def test_a_taken_port_is_left_to_its_owner() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_is_free(port)
        assert free_port(port) != port
