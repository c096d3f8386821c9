"""`manage.py sign_trail_root`: append the signed root of all chains to TRAIL_ROOT_FILE now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from patients.roots import RootsBroken, sign_root
from portal.lib import actor
from portal.lib.time import now


class Command(BaseCommand):
    help = "Append one signed line with the ends of all chains to TRAIL_ROOT_FILE."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with actor.unit_of_work(actor.system("trail-root")):
                changed = sign_root(now())
        except RootsBroken as error:
            raise CommandError(f"nothing was written: {error}") from None
        self.stdout.write(f"{changed} chain ends changed since the last line")
