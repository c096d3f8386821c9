"""The ui tags: dates in words, icons, panels, and nothing unescaped."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

import pytest
import time_machine
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from portal.lib import time_words
from portal.lib.templatetags import form_parts, ui

NEW_YORK = "America/New_York"
MORNING = dt.datetime(2026, 12, 3, 14, 0, tzinfo=dt.UTC)


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_moments_are_spoken_in_the_clinics_zone() -> None:
    assert time_words.when(MORNING, NEW_YORK) == "Thursday 3 December 2026 at 9:00 am"
    assert time_words.when(MORNING, "Asia/Kolkata") == "Thursday 3 December 2026 at 7:30 pm"
    assert (
        time_words.day(dt.datetime(2026, 12, 4, 3, 0, tzinfo=dt.UTC), NEW_YORK) == "Thursday 3 December 2026"
    )
    assert time_words.day(dt.date(2026, 12, 3)) == "Thursday 3 December 2026"


@pytest.mark.parametrize(
    ("hour", "said"), [(0, "12:05 am"), (1, "1:05 am"), (12, "12:05 pm"), (23, "11:05 pm")]
)
def test_clock_has_noon_and_midnight_right(hour: int, said: str) -> None:
    assert time_words.clock(dt.time(hour, 5)) == said


def test_nothing_is_said_about_nothing() -> None:
    assert [
        time_words.day(None),
        time_words.clock(None),
        time_words.when(None),
        time_words.ago(None),
        time_words.waiting(None),
    ] == [""] * 5


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "today"),
        (1, "tomorrow"),
        (-1, "yesterday"),
        (10, "in 10 days"),
        (-20, "20 days ago"),
        (21, "in 3 weeks"),
        (-63, "2 months ago"),
        (800, "in 2 years"),
    ],
)
def test_relative_words_count_calendar_days(days: int, said: str) -> None:
    with time_machine.travel(MORNING, tick=False):
        assert time_words.ago(dt.date(2026, 12, 3) + dt.timedelta(days=days), NEW_YORK) == said


def test_late_evening_is_still_today_in_the_clinics_zone() -> None:
    with time_machine.travel(dt.datetime(2026, 12, 4, 4, 30, tzinfo=dt.UTC), tick=False):
        assert time_words.ago(MORNING, NEW_YORK) == "today"
        assert time_words.ago(MORNING, "UTC") == "yesterday"


def test_waiting_is_said_in_the_two_largest_units() -> None:
    with time_machine.travel(MORNING, tick=False):
        assert time_words.waiting(MORNING - dt.timedelta(minutes=20)) == "20 minutes"
        assert time_words.waiting(MORNING - dt.timedelta(hours=28)) == "1 day 4 hours"
        assert time_words.waiting(MORNING + dt.timedelta(hours=1)) == "0 minutes"


def test_icons_are_hidden_from_screen_readers_and_nothing_else_is_read() -> None:
    svg = ui.icon("phone")
    assert 'aria-hidden="true"' in svg
    assert "<path" in svg
    for name in ("../../../portal/settings", "Phone", "a/b", ""):
        with pytest.raises(TemplateSyntaxError):
            ui.icon(name)


def test_tags_escape_what_they_are_given() -> None:
    bad = "<script>alert(1)</script>"
    html = render(
        "{% button t %}{% button t url=t %}{% card t %}x{% endcard %}{% caution t %}x{% endcaution %}"
        "{% care_card 'urgent' t %}x{% endcare_card %}{% banner 'info' t %}x{% endbanner %}{% confirmation t %}x{% endconfirmation %}"
        "{% empty t %}{% status 'done' t %}{% task_card t t t 'todo' t %}{% summary_list rows %}{% data_table t heads rows %}"
        "{% more t %}{{ t }}{% endmore %}{% review_line day day t %}{% action_link t t %}{% back_link t t %}",
        t=bad,
        rows=[(bad, bad)],
        heads=[bad, bad],
        day=dt.date(2026, 1, 1),
    )
    assert "<script>" not in html


def test_an_empty_heading_leaves_no_element() -> None:
    assert render("{% if_filled 'h1' %}  {% endif_filled %}") == ""
    assert render("{% if_filled 'h1' %} Hello {% endif_filled %}") == "<h1>Hello</h1>"


def test_the_hidden_id_survives_an_error() -> None:
    factory = RequestFactory()
    fresh = form_parts.once_id(Context({"request": factory.get("/")}))
    made = fresh.split('value="')[1].split('"')[0]
    assert UUID(made).version == 7
    again = form_parts.once_id(Context({"request": factory.post("/", {"once": made})}))
    assert again == fresh
    replaced = form_parts.once_id(Context({"request": factory.post("/", {"once": "<script>"})}))
    assert "<script>" not in replaced


def test_pages_keep_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/?topic=visits&page=2")
    html = render("{% pagination page %}", request=request, page=Paginator(range(30), 10).page(2))
    assert "?topic=visits&amp;page=1" in html
    assert "?topic=visits&amp;page=3" in html


def test_browsers_are_said_in_words() -> None:
    windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36 Edg/130.0"
    assert ui.browser_words(windows) == "Edge on Windows"
    assert ui.browser_words("") == "A browser on another device"
