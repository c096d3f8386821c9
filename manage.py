#!/usr/bin/env python3
"""Django's command line. Works beside a running `make run` without any environment; migrations run as the tables' owner."""

from __future__ import annotations

import os
import sys

from portal import environment


def main() -> None:
    """Run one command; an unfit environment ends with one clear line and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("DATABASE_ROLE", environment.role_for_command(sys.argv))
    try:
        from django.core.management import execute_from_command_line

        if sys.argv[1:3] == ["procrastinate", "worker"]:
            from portal.checks import refuse_unfit_start

            refuse_unfit_start()
        execute_from_command_line(sys.argv)
    except environment.ConfigurationError as error:
        sys.exit(f"The portal cannot start: {error}")


if __name__ == "__main__":
    main()
