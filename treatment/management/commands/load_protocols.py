"""Load the therapies' data file: new and changed ones get a next version, the others stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from treatment.protocols.loading import DATA, DataUnusable, load_protocols


class Command(BaseCommand):
    help = (
        "Load the therapies' facts. A changed therapy gets a next version; running it again changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, default=DATA, help="another data file of the same format")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_protocols(options["file"])
        except DataUnusable as error:
            raise CommandError(str(error)) from error
        if done.versions:
            self.stdout.write(f"Loaded {len(done.versions)} therapies: {', '.join(done.versions)}.")
        if options["verbosity"] > 1:
            self.stdout.write(f"{done.unchanged} therapies were there already.")
