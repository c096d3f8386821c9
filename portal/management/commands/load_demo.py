"""Load the synthetic clinic into an empty database, once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal.demo import world
from portal.lib.time import now


class Command(BaseCommand):
    help = "Load the synthetic clinic (demo mode only). Does nothing when a clinic is there already."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("load_demo runs in demo mode only: set DEMO=1")
        if world.is_loaded():
            self.stdout.write("A clinic is there already; nothing was changed.")
            return
        with transaction.atomic():  # the whole clinic or nothing: a second try must not find half of it
            world.load(now())
        self.stdout.write("Loaded the synthetic clinic.")
