"""`manage.py issue_token EMAIL`: a token for a program that acts as this person."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.services import user_by_email
from accounts.tokens import MOST_DAYS, issue_token, known_scopes
from portal.lib.problems import DomainError
from portal.lib.time import now


class Command(BaseCommand):
    help = "Makes a token for a program that acts as this person, and prints nothing but the token. It is shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, what for, and how long."""
        parser.add_argument("email", help="the address the person signs in with")
        parser.add_argument(
            "--scopes",
            nargs="+",
            metavar="NOUN:DEED",
            default=known_scopes(),
            help=f"what it may do, of: {', '.join(known_scopes())}; all of them when left out",
        )
        parser.add_argument("--days", type=int, default=30, help=f"1 to {MOST_DAYS}; 30 when left out")
        parser.add_argument("--name", default="", help="how the person knows the program on their own page")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line: the token. Raises CommandError with what to do."""
        user = user_by_email(options["email"])
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        scopes = [scope for asked in options["scopes"] for scope in asked.replace(",", " ").split()]
        try:
            _token, text = issue_token(
                user=user, scopes=scopes, days=options["days"], label=options["name"], now=now()
            )
        except DomainError as error:
            raise CommandError(str(error.message)) from None
        self.stdout.write(text)
