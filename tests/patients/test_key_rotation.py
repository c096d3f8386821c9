"""A new key-encryption key: wrapped anew, resumable, and nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patients import rotation
from patients.models import Patient, PatientKey
from patients.rotation import rewrap_keys
from portal.lib.sealing import SealBroken
from tests.patients.test_sealing import key_line
from tests.patients.world import Clinic, acting, acting_system


@pytest.fixture
def new_key(clinic: Clinic, settings: Any, tmp_path: Path) -> Path:
    """KEK_FILE with a new line on top of the old one."""
    file = tmp_path / "kek"
    file.write_text(key_line("newer") + Path(settings.KEK_FILE).read_text())
    settings.KEK_FILE = str(file)
    return file


def old_keys() -> int:
    with acting_system():
        return PatientKey.objects.exclude(kek_id="newer").count()


def test_all_keys_are_wrapped_anew_and_the_old_line_can_go(clinic: Clinic, new_key: Path) -> None:
    assert old_keys() == 4
    assert rewrap_keys() == (4, 0)
    assert old_keys() == 0
    new_key.write_text(new_key.read_text().splitlines()[0] + "\n")
    with acting(clinic["maya"]):
        assert Patient.objects.get().name == "Maya Lindqvist"


def test_the_command_prints_counts_and_does_nothing_twice(clinic: Clinic, new_key: Path, capsys: Any) -> None:
    call_command("rewrap_keys")
    assert capsys.readouterr().out == "4 keys wrapped anew, 0 were done before\n"
    call_command("rewrap_keys")
    assert capsys.readouterr().out == "0 keys wrapped anew, 4 were done before\n"


def test_it_goes_on_where_it_was_stopped(
    clinic: Clinic, new_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "BATCH", 1)
    done: list[Any] = []
    real = rotation.rewrap

    def stopped(*args: Any) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(args)
        return real(*args)

    monkeypatch.setattr(rotation, "rewrap", stopped)
    with pytest.raises(KeyboardInterrupt):
        rewrap_keys()
    assert old_keys() == 2
    with acting(clinic["samuel"]):
        assert Patient.objects.get().name == "Samuel Okafor"
    monkeypatch.setattr(rotation, "rewrap", real)
    assert rewrap_keys() == (2, 2)


def test_without_the_old_line_it_says_so_and_changes_nothing(clinic: Clinic, new_key: Path) -> None:
    new_key.write_text(key_line("newer"))
    with pytest.raises(SealBroken):
        rewrap_keys()
    with pytest.raises(CommandError, match="not in KEK_FILE"):
        call_command("rewrap_keys")
    assert old_keys() == 4
