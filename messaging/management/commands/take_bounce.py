"""`manage.py take_bounce < mail`: the pipe of a mail server for mail that came back."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error

from messaging.telling.bounces import LARGEST, read_bounce, take_bounce
from portal.lib import actor
from portal.lib.time import now

TRY_AGAIN = 75  # EX_TEMPFAIL: the mail server keeps the mail and asks again


class Command(BaseCommand):
    help = "Read one bounce from standard input and put the patient on the call list. Everything else is ignored with one line."

    def handle(self, *args: Any, **options: Any) -> None:
        bounce = read_bounce(sys.stdin.buffer.read(LARGEST))
        if bounce is None:
            self.stdout.write("Ignored: no report that a mail of ours failed for good.")
            return
        try:
            with actor.unit_of_work(actor.system("bounce")):
                taken = take_bounce(bounce, now())
        except Error:
            self.stderr.write("The database does not answer: please try again later.")
            sys.exit(TRY_AGAIN)
        self.stdout.write("Taken: somebody is asked to call." if taken else "Ignored: not a notice of ours.")
