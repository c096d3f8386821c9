"""`python -m bench.chaos_worker`: the worker, which ends at the point in CHAOS_POINT when there is one."""

from __future__ import annotations

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    if os.environ.get("CHAOS_POINT"):
        from bench.points import lay_in_worker

        lay_in_worker(os.environ["CHAOS_POINT"])
    call_command("procrastinate", "worker")
