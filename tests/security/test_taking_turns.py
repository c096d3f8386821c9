"""Two patients, a nurse and nobody in turn over the same few connections: each answer is the asker's own."""

from __future__ import annotations

import http.client
import threading
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from accounts.models import User
from tests.registry.states import signed_in

if TYPE_CHECKING:
    from tests.harness.live import LivePortal

pytestmark = pytest.mark.slow

THREADS = 6
TURNS = 40
NAMES = {"patient": "Maya", "other-patient": "Samuel"}


def test_kept_connections_carry_nobody_over(live_world: LivePortal) -> None:
    users = {user.email.split("@")[0]: user for user in User.objects.all()}
    cookies = {"nobody": "session=nobody"}
    for who in ("patient", "other-patient", "nurse"):
        cookies[who] = f"session={signed_in(users[who]).cookies['session'].value}"
    wrong: list[str] = []
    answers = 0
    counted = threading.Lock()

    def ask(first: int) -> None:
        nonlocal answers
        people = list(cookies)
        for turn in range(TURNS):
            who = people[(first + turn) % len(people)]
            line = http.client.HTTPConnection("127.0.0.1", live_world.port, timeout=60)
            line.request(
                "GET", "/me/", headers={"Host": f"localhost:{live_world.port}", "Cookie": cookies[who]}
            )
            answer = line.getresponse()
            text = answer.read().decode()
            line.close()
            shown = {name for name, called in NAMES.items() if called in text}
            status = {"nobody": 302, "nurse": 404}.get(who, 200)
            with counted:
                answers += 1
                if answer.status != status or shown != ({who} & NAMES.keys()):
                    wrong.append(f"{who}: {answer.status}, shows {shown or 'nobody'}")

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(THREADS)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert answers == THREADS * TURNS
    assert wrong == []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        (open_now,) = cursor.fetchone()
    assert 0 < open_now < answers / 8, "connections are kept, so the test above is about them"
