"""Fields, widgets and the form renderer: what people type, what they are told, how it is tied together."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.lib import forms
from portal.lib.templatetags import form_parts


def parts(day: str, month: str, year: str) -> list[str]:
    return [day, month, year]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("14", "3", "2026"), dt.date(2026, 3, 14)),
        ((" 14 ", "03", "2026"), dt.date(2026, 3, 14)),
        (("14", "March", "2026"), dt.date(2026, 3, 14)),
        (("14", "mar.", "2026"), dt.date(2026, 3, 14)),
        (("1", "SEPT", "2026"), dt.date(2026, 9, 1)),
        (("29", "2", "2028"), dt.date(2028, 2, 29)),
        (("١٤", "٣", "٢٠٢٦"), dt.date(2026, 3, 14)),
    ],
)
def test_dates_are_read_as_people_type_them(typed: tuple[str, str, str], meant: dt.date) -> None:
    assert forms.DateField().clean(parts(*typed)) == meant


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (("", "", ""), "Enter a date, like 14 3 2026."),
        (("14", "", "2026"), "The date also needs a month."),
        (("", "3", ""), "The date also needs a day and a year."),
        (("14", "3", "26"), "Enter the year as 4 numbers, like 2026."),
        (("14", "13", "2026"), "Enter the month as a number from 1 to 12, or as a word like March."),
        (("14", "ma", "2026"), "Enter the month as a number from 1 to 12, or as a word like March."),
        (("31", "2", "2026"), "Enter a day that is in the calendar, like 14 3 2026."),
        (("-1", "2", "2026"), "Enter a day that is in the calendar, like 14 3 2026."),
        (("1", "1", "1899"), "Enter a date on or after 1 January 1900."),
        (("\x00", "\x00", "\x00"), "Enter a date, like 14 3 2026."),
    ],
)
def test_a_date_that_cannot_be_read_says_which_part(typed: tuple[str, str, str], told: str) -> None:
    with pytest.raises(ValidationError) as refused:
        forms.DateField().clean(parts(*typed))
    assert refused.value.messages == [told]


def test_date_limits_are_inclusive() -> None:
    field = forms.DateField(earliest=dt.date(2026, 1, 1), latest=dt.date(2026, 1, 2))
    assert field.clean(["1", "1", "2026"]) == dt.date(2026, 1, 1)
    assert field.clean(["2", "1", "2026"]) == dt.date(2026, 1, 2)
    with pytest.raises(ValidationError, match="on or before 2 January 2026"):
        field.clean(["3", "1", "2026"])


@given(st.lists(st.text(max_size=30), min_size=0, max_size=5) | st.none() | st.text(max_size=9))
def test_no_date_that_is_typed_breaks_the_field(value: Any) -> None:
    try:
        result = forms.DateField(required=False).clean(value)
    except ValidationError:
        return
    assert result is None or isinstance(result, dt.date)


class Sample(forms.Form):
    name = forms.PlainTextField(label="Name", help_text="As <b>known</b>", max_length=10)
    kind = forms.ChoiceField(
        label="Kind", choices=[("a", forms.Option("First", "With a hint")), ("b", "Second")]
    )
    some = forms.MultipleChoiceField(label="Some", required=False, most=1, choices=[("x", "X"), ("y", "Y")])
    level = forms.ScaleField(label="Level", required=False)
    day = forms.DateField(label="Day", required=False)
    text = forms.LongTextField(label="Text", required=False, max_length=20)


def ids_named(html: str) -> set[str]:
    return {one for value in re.findall(r'aria-describedby="([^"]+)"', html) for one in value.split()}


def test_hints_and_errors_are_tied_to_their_inputs() -> None:
    form = Sample(
        {"day_day": "40", "day_month": "1", "day_year": "2026", "text": "x" * 21, "some": ["x", "y"]}
    )
    html = str(form_parts.ui_form(form))
    ids = set(re.findall(r'\bid="([^"]+)"', html))
    assert ids_named(html) <= ids
    assert {
        "id_name_error",
        "id_name_helptext",
        "id_kind_error",
        "id_day_error",
        "id_text_error",
    } <= ids_named(html)
    anchors = set(re.findall(r'href="#([^"]+)"', html))
    assert anchors == {"id_name", "id_kind_0", "id_some_0", "id_day_0", "id_text"}
    assert anchors <= ids


def test_a_form_keeps_what_was_typed_and_escapes_it() -> None:
    form = Sample(
        {"name": "<i>me</i>", "day_day": "40", "day_month": "xx", "day_year": "2026", "text": "</textarea>"}
    )
    html = str(form_parts.ui_form(form))
    assert 'value="&lt;i&gt;me&lt;/i&gt;"' in html
    assert 'value="40"' in html
    assert "&lt;/textarea&gt;" in html
    assert "As &lt;b&gt;known&lt;/b&gt;" in html


def test_nothing_cuts_pasted_text_and_nothing_blocks_sending() -> None:
    html = str(form_parts.ui_form(Sample()))
    assert "maxlength" not in html
    assert " required" not in html
    assert 'data-most="20"' in html


def test_required_fields_say_how_to_go_on() -> None:
    form = Sample({})
    assert form.errors["name"] == ["Fill in “Name”."]
    assert form.errors["kind"] == ["Choose an answer for “Kind”."]
    assert forms.status_of(form) == 422
    assert forms.status_of(Sample()) == 200


def test_optional_fields_say_so_in_words() -> None:
    html = str(form_parts.ui_form(Sample()))
    assert html.count("(optional)") == 4


def test_limits_name_both_numbers() -> None:
    form = Sample({"name": "a", "kind": "a", "some": ["x", "y"]})
    assert form.errors["some"] == ["Choose at most 1. You chose 2."]


def test_scale_gives_numbers() -> None:
    form = Sample({"name": "a", "kind": "a", "level": "0"})
    assert form.is_valid()
    assert form.cleaned_data["level"] == 0
    assert form.cleaned_data["day"] is None


def test_a_page_question_is_the_heading() -> None:
    class One(forms.Form):
        page_question = "kind"
        kind = forms.ChoiceField(label="What is it about?", choices=[("a", "A")])

    html = str(form_parts.ui_form(One()))
    assert re.search(r"<legend[^>]*>\s*<h1>What is it about\?</h1>", html)


def test_groups_of_choices_are_fieldsets_with_headings() -> None:
    class Times(forms.Form):
        slot = forms.ChoiceField(
            label="Time",
            layout="grid",
            choices=[("Thursday", [("1", "9:00 am")]), ("Friday", [("2", "9:30 am")])],
        )

    html = str(form_parts.ui_form(Times()))
    assert re.findall(r"<h2>(\w+)</h2>", html) == ["Thursday", "Friday"]
    assert html.count("<fieldset") == 3
    assert html.count("</fieldset>") == 3


def test_text_is_cleaned_at_the_door() -> None:
    form = Sample({"name": " a\x00b\u202e ", "kind": "a", "text": " one\r\ntwo\x07 "})
    assert form.is_valid()
    assert form.cleaned_data["name"] == "ab"
    assert form.cleaned_data["text"] == "one\ntwo"
