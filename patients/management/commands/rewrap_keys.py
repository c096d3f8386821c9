"""`manage.py rewrap_keys`: after a new line on top of KEK_FILE, wrap every patient's keys with it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.rotation import rewrap_keys
from portal.lib.sealing import SealBroken


class Command(BaseCommand):
    help = "Wrap every patient's data keys with the newest key of KEK_FILE; may be stopped and started again."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done, before = rewrap_keys()
        except SealBroken as error:
            raise CommandError(f"{error}; what was wrapped before this stays done") from None
        self.stdout.write(f"{done} keys wrapped anew, {before} were done before")
