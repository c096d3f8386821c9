"""Jobs of messaging, for the worker to find."""

from __future__ import annotations

from messaging.files.jobs import check_files_again, sweep_old_files

__all__ = ["check_files_again", "sweep_old_files"]
