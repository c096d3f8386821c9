"""The colors of the style sheet, read from it and measured: text 7:1, controls and marks 4.5:1, in every theme."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static" / "css" / "portal.css").read_text(encoding="utf-8")
PAIR = re.compile(r"(--[a-z0-9-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);")
SINGLE = re.compile(r"(--[a-z0-9-]+): (#[0-9A-F]{6});")

TEXT = [
    ("--text", "--page"),
    ("--text", "--surface"),
    ("--text", "--sunken"),
    ("--text", "--field"),
    ("--text", "--picked"),
    ("--text-2", "--page"),
    ("--text-2", "--surface"),
    ("--text-2", "--sunken"),
    ("--text-2", "--picked"),
    ("--link", "--page"),
    ("--link", "--surface"),
    ("--link", "--sunken"),
    ("--link", "--picked"),
    ("--visited", "--page"),
    ("--visited", "--surface"),
    ("--button-text", "--button"),
    ("--button-text", "--button-hover"),
    ("--danger", "--surface"),
    ("--danger", "--urgent"),
    ("--info-text", "--info"),
    ("--done-text", "--done"),
    ("--caution-text", "--caution"),
    ("--urgent-text", "--urgent"),
    ("--urgent-text", "--page"),
    ("--urgent-text", "--surface"),
    ("--caution-text", "--page"),
    ("--care-text", "--care-non-urgent"),
    ("--care-text", "--care-urgent"),
    ("--care-text", "--care-emergency"),
    ("--header-text", "--header"),
]
MARKS = [
    ("--button", "--page"),
    ("--button", "--surface"),
    ("--field-border", "--page"),
    ("--field-border", "--surface"),
    ("--field-border", "--field"),
    ("--ink-1", "--surface"),
    ("--ink-2", "--surface"),
    ("--focus", "--page"),
    ("--focus", "--surface"),
    ("--focus", "--halo"),
    ("--done-text", "--page"),
    ("--info-text", "--page"),
]


def block(start: str) -> str:
    """The declarations from `start` to the end of its rule."""
    at = CSS.index(start)
    return CSS[at : CSS.index("}", at)]


def themes() -> dict[str, dict[str, str]]:
    """Every theme's tokens, read from the style sheet."""
    fallback = dict(SINGLE.findall(block(":root {\n    --page")))
    both = PAIR.findall(block(":root {\n      --page"))
    more = PAIR.findall(block(':root[data-contrast="more"] {'))
    return {
        "day without light-dark()": fallback,
        "day": {name: light for name, light, _ in both},
        "dusk": {name: dark for name, _, dark in both},
        "more contrast, day": {name: light for name, light, _ in more},
        "more contrast, dusk": {name: dark for name, _, dark in more},
    }


def luminance(color: str) -> float:
    """Relative luminance of "#RRGGBB", as WCAG 2 defines it."""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(first: str, second: str) -> float:
    """Contrast of two colors, 1 to 21."""
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_ratio_agrees_with_known_values() -> None:
    assert ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert ratio("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", themes())
def test_text_has_seven_to_one(theme: str) -> None:
    tokens = themes()[theme]
    low = {pair: round(ratio(*(tokens[name] for name in pair)), 2) for pair in TEXT}
    assert {pair: value for pair, value in low.items() if value < 7} == {}


@pytest.mark.parametrize("theme", themes())
def test_controls_and_marks_have_four_and_a_half_to_one(theme: str) -> None:
    tokens = themes()[theme]
    low = {pair: round(ratio(*(tokens[name] for name in pair)), 2) for pair in MARKS}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}


def test_every_theme_names_every_color() -> None:
    names = {theme: set(tokens) for theme, tokens in themes().items()}
    assert len(set(map(frozenset, names.values()))) == 1, names


def test_device_asking_for_more_contrast_gets_the_same_colors() -> None:
    asked = PAIR.findall(block(':root[data-contrast="more"] {'))
    device = PAIR.findall(block(':root[data-contrast="device"] {'))
    assert asked == device
    assert len(asked) > 30


def test_day_is_the_fallback() -> None:
    assert themes()["day without light-dark()"] == themes()["day"]


def test_colors_are_hex_and_only_in_tokens() -> None:
    """Outside the tokens and the print sheet, rules use tokens; but for the header's own ring and the white of a QR code."""
    rules = CSS[CSS.index("@layer base {") : CSS.index("@layer print {")]
    fixed = set(re.findall(r"#[0-9A-Fa-f]{3,8}\b", rules)) - {"#FFD23F", "#16202A", "#FFFFFF"}
    assert fixed == set()
    assert not re.search(r"\b(rgb|hsl|oklch|lab|color-mix)\(", CSS)


def test_nothing_moves_and_forced_colors_are_left_alone() -> None:
    assert not re.search(r"@keyframes|\banimation\b|transition:|scroll-behavior|forced-color-adjust", CSS)


def test_no_text_is_smaller_than_one_rem() -> None:
    sizes = re.findall(r"font-size: ([0-9.]+)rem", CSS)
    assert sizes
    assert min(map(float, sizes)) >= 1
