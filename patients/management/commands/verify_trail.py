"""`manage.py verify_trail`: exit 1 and one plain line for each fault."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from patients.roots import verify_everything


class Command(BaseCommand):
    help = "Recompute every chain of the trail and compare it with its head and with the signed roots."

    def handle(self, *args: Any, **options: Any) -> None:
        patients, events, faults = verify_everything()
        for fault in faults:
            self.stderr.write(fault)
        self.stdout.write(f"{patients} chains, {events} events, {len(faults)} faults")
        if faults:
            sys.exit(1)
