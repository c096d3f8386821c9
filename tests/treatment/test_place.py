"""Where a day lies between two doses: counted by hand, in days and in weeks, and drawn without a color that says anything."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from treatment.journey.place import Kind, Place, Unit, picture_of, place_of

LAST = date(2026, 11, 2)


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.mark.parametrize(
    ("passed", "wait", "expected"),
    [
        (0, 28, Place(Kind.CYCLE, 1, 28)),
        (16, 28, Place(Kind.CYCLE, 17, 28)),
        (27, 28, Place(Kind.CYCLE, 28, 28)),
        (28, 28, Place(Kind.CYCLE, 29, 28)),  # the planned day itself: the plan's 28 days are over
        (56, 182, Place(Kind.CYCLE, 9, 26, Unit.WEEK)),
        (55, 182, Place(Kind.CYCLE, 8, 26, Unit.WEEK)),
        (181, 182, Place(Kind.CYCLE, 26, 26, Unit.WEEK)),
        (182, 182, Place(Kind.CYCLE, 27, 26, Unit.WEEK)),
        (0, 63, Place(Kind.CYCLE, 1, 63)),
        (0, 64, Place(Kind.CYCLE, 1, 10, Unit.WEEK)),
        (3, None, Place(Kind.SINCE, 4)),
        (99, None, Place(Kind.SINCE, 15, None, Unit.WEEK)),
    ],
)
def test_the_day_or_week_between_two_doses(passed: int, wait: int | None, expected: Place) -> None:
    target = LAST + days(wait) if wait is not None else None
    found = place_of(LAST + days(passed), LAST, target)
    assert found == expected
    assert found.is_past == (wait is not None and passed >= wait)


def test_days_in_a_row_are_counted_as_days_that_are_over() -> None:
    assert place_of(LAST, LAST, LAST + days(1), row=(2, 5)) == Place(Kind.IN_A_ROW, 2, 5)
    # The second of two starting doses two weeks apart is no day in a row.
    assert place_of(LAST, LAST, LAST + days(14), row=(1, 2)) == Place(Kind.CYCLE, 1, 14)


def test_before_the_first_dose_and_without_a_known_day() -> None:
    assert place_of(LAST, None, LAST + days(3)) == Place(Kind.AHEAD)
    assert place_of(LAST, None, LAST + days(3), unknown=True) == Place(Kind.UNKNOWN)


def test_the_picture_differs_in_form() -> None:
    assert picture_of(Place(Kind.AHEAD)) is None
    assert picture_of(Place(Kind.SINCE, 4)) is None
    begun = picture_of(Place(Kind.CYCLE, 1, 28))
    assert begun is not None
    assert (begun.done, bool(begun.rest)) == ("", True)
    half = picture_of(Place(Kind.CYCLE, 15, 28))
    assert half is not None
    assert half.done == "M14 30H160.0"
    over = picture_of(Place(Kind.CYCLE, 40, 28))
    assert over is not None
    assert (bool(over.done), over.rest) == (True, "")
    row = picture_of(Place(Kind.IN_A_ROW, 2, 5))
    assert row is not None
    assert (row.done.count("M"), row.rest.count("M")) == (2, 3)
