"""When an answer is promised, in the clinic's own hours; what the pages say while it is open and while it is closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from clinic.models import Holiday, OpeningHours
from clinic.services import state_of
from messaging.work.promises import FALLBACK, due_at, help_now
from portal.lib.ids import uuid7
from tests.messaging.ward import CLOSED, OPEN, Ward, hidden

SignIn = Callable[[User], Client]


@pytest.mark.parametrize(
    ("topic", "sent", "due"),
    [
        # Wednesday 10:00 in New York: the end of Friday; a side effect within one open hour.
        ("visit", OPEN, datetime(2026, 11, 20, 22, 0, tzinfo=UTC)),
        ("side_effect", OPEN, datetime(2026, 11, 18, 16, 0, tzinfo=UTC)),
        # Wednesday 11:40: forty minutes before lunch do not make an hour; the rest is counted from 12:30.
        (
            "side_effect",
            datetime(2026, 11, 18, 16, 40, tzinfo=UTC),
            datetime(2026, 11, 18, 18, 10, tzinfo=UTC),
        ),
        # Saturday night: counted from Monday.
        ("visit", CLOSED, datetime(2026, 11, 24, 22, 0, tzinfo=UTC)),
        ("side_effect", CLOSED, datetime(2026, 11, 23, 14, 0, tzinfo=UTC)),
        # Over the change to winter time on 1 November 2026: five in the afternoon stays five in the afternoon.
        ("visit", datetime(2026, 10, 30, 15, 0, tzinfo=UTC), datetime(2026, 11, 3, 22, 0, tzinfo=UTC)),
    ],
)
def test_the_promise_counts_open_time(topic: str, sent: datetime, due: datetime, ward: Ward) -> None:
    assert due_at(state_of(ward.world.site), topic, sent) == due


def test_a_holiday_is_no_working_day(ward: Ward) -> None:
    Holiday.objects.create(
        site=ward.world.site, date=datetime(2026, 11, 19, tzinfo=UTC).date(), name="Closed"
    )
    state = state_of(ward.world.site)
    assert due_at(state, "visit", OPEN) == datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


def test_a_clinic_that_never_opens_still_gives_a_date(ward: Ward) -> None:
    OpeningHours.objects.all().delete()
    assert due_at(state_of(ward.world.site), "visit", OPEN) == OPEN + FALLBACK
    panel = help_now(ward.world.site, OPEN)
    assert (panel.is_open, panel.opens_at) == (False, None)


def page(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_while_open_the_page_says_until_when_and_gives_the_day_phone(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.views import conversation

    monkeypatch.setattr(conversation, "present", lambda: OPEN)
    html = page(signed_in(ward.maya), reverse("messaging:new"))
    assert "The clinic is open now, until 12:00 pm." in html
    assert "555-0100" in html
    assert "Friday 20 November 2026" in html
    assert "Nobody reads this until" not in html
    assert html.index("In an emergency, call.") < html.index("What is it about?")


def test_while_closed_both_pages_say_that_nobody_reads_it(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from messaging.views import conversation

    monkeypatch.setattr(conversation, "present", lambda: CLOSED)
    client, new = signed_in(ward.maya), reverse("messaging:new")
    html = page(client, new)
    words = "Nobody reads this until Monday 23 November 2026 at 8:00 am."
    assert words in html
    assert "555-0199" in html
    assert html.index(words) < html.index("What is it about?")
    fields = {"draft": hidden(html, "draft"), "draft_version": "0", "topic": "visit", "text": "Hello?"}
    sent = client.post(new, fields)
    html = page(client, sent["Location"])
    assert "Message sent" in html
    assert "Your team answers by Tuesday 24 November 2026." in html
    assert words in html


def test_a_late_answer_is_admitted(ward: Ward, signed_in: SignIn) -> None:
    thread_id = ward.start(now=datetime(2026, 6, 1, 15, 0, tzinfo=UTC))
    html = page(signed_in(ward.maya), reverse("messaging:thread", args=[thread_id]))
    assert "We promised an answer by Wednesday 3 June 2026 at 5:00 pm. It is late, and we are sorry." in html


def test_who_writes_more_into_late_work_reads_that_it_is_late(ward: Ward, signed_in: SignIn) -> None:
    """The older promise stands for the work, and its day is gone by: it is not promised again."""
    thread_id = ward.start(now=datetime(2026, 6, 1, 15, 0, tzinfo=UTC))
    client, url = signed_in(ward.maya), reverse("messaging:thread", args=[thread_id])
    sent = client.post(url, {"draft": str(uuid7()), "draft_version": "0", "seen": "1", "text": "And now?"})
    html = page(client, sent["Location"])
    assert "Message sent" in html
    assert "We promised an answer by Wednesday 3 June 2026 at 5:00 pm. It is late, and we are sorry." in html
    assert html.count("You can call") == 1
    assert "Your team answers by" not in html
