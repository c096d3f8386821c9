"""What axe cannot see of a chart: sizes of its text at 320 px, marks and rows that agree, what forced colors leave, paper without color."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from portal.demo.people import PASSWORD

if TYPE_CHECKING:
    from tests.harness.live import LivePortal

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHARTS = (
    "/journal/charts/",
    "/journal/charts/?range=3-months",
    "/journal/charts/?range=year",
    "/journal/charts/?by=cycle",
)

# For each panel: what it says, what is drawn, what stands in its table, and how large its smallest text is.
PANELS = """() => [...document.querySelectorAll("section.chart")].filter((chart) => chart.querySelector("svg.chart__plot")).map((chart) => {
  const plot = chart.querySelector("svg.chart__plot");
  const named = plot.getAttribute("aria-labelledby").split(" ").map((id) => document.getElementById(id).textContent.trim());
  const marks = (kind) => (plot.querySelector(`.chart__${kind}`)?.getAttribute("d").match(/M/g) ?? []).length;
  const sizes = [], walker = document.createTreeWalker(chart, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, box = document.createRange();
    box.selectNodeContents(text);
    if (text.textContent.trim() && box.getClientRects().length) sizes.push(parseFloat(getComputedStyle(text.parentElement).fontSize));
  }
  const box = plot.getBoundingClientRect(), words = chart.querySelector(".chart__words").getBoundingClientRect();
  return {
    heading: chart.querySelector("h2").textContent, sentence: chart.querySelector("h2 + p").textContent, title: named[0], description: named[1],
    dots: marks("dots"), squares: marks("squares"), rows: [...chart.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent)),
    smallest: Math.min(...sizes), inSvg: plot.querySelectorAll("text").length, width: box.width, height: box.height, beside: words.right <= box.left,
    strokes: [...plot.querySelectorAll("path")].map((path) => getComputedStyle(path).stroke), open: chart.querySelector("details").open,
  };
})"""


def sign_in(page: Any) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", "patient@example.com")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("#journal-today")


def check(panels: list[dict[str, Any]], path: str, least: float) -> None:
    assert len(panels) >= 2, path
    for panel in panels:
        assert panel["smallest"] >= least, (path, panel["heading"], panel["smallest"])
        assert panel["inSvg"] == 0  # words stand beside the drawing, where nothing shrinks them
        assert panel["title"] == panel["heading"]
        assert panel["description"].startswith(panel["sentence"])
        assert panel["beside"]
        assert panel["width"] > 90
        assert panel["height"] > 100
        if "cycle" in path:
            filled = [sum(bool(row[column]) for row in panel["rows"]) for column in (1, 2)]
            assert filled == [panel["squares"], panel["dots"]]
        else:
            assert len(panel["rows"]) == panel["dots"] > 5


def test_charts_on_a_phone_without_scripts_and_with_large_text(
    live_world: LivePortal, new_page: Callable[..., Any]
) -> None:
    page = new_page(live_world, viewport={"width": 320, "height": 700}, java_script_enabled=False)
    sign_in(page)
    page.goto("/journal/")
    page.get_by_role("link", name="Charts of what you noted").click()
    for path in CHARTS:
        page.goto(path)
        check(page.evaluate(PANELS), path, 16)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    opened = page.get_by_text(re.compile("^The same as a table: Tiredness")).first
    opened.click()  # details and summary need no script
    assert page.evaluate(PANELS)[0]["open"]
    assert page.get_by_role("table", name="Tiredness by day of treatment cycle").is_visible()

    state = page.context.storage_state()
    large = new_page(live_world, viewport={"width": 320, "height": 700}, storage_state=state)
    large.goto("/journal/charts/")
    large.evaluate("document.documentElement.dataset.text = '200'")
    check(large.evaluate(PANELS), "/journal/charts/", 32)
    assert large.evaluate("document.documentElement.scrollWidth") <= 320

    forced = new_page(
        live_world,
        viewport={"width": 320, "height": 700},
        storage_state=state,
        forced_colors="active",
        color_scheme="dark",
    )
    forced.goto("/journal/charts/")
    canvas = forced.evaluate("getComputedStyle(document.body).color")
    for panel in forced.evaluate(PANELS):
        assert set(panel["strokes"][1:]) == {canvas}, panel[
            "strokes"
        ]  # all but the grid are drawn in the text's color

    large.evaluate("document.documentElement.dataset.text = '100'")
    large.emulate_media(media="print", color_scheme="light")
    for panel in large.evaluate(PANELS):
        assert set(panel["strokes"]) == {"rgb(0, 0, 0)"}, panel["strokes"]
    row = large.locator("tbody tr").first
    assert row.is_visible()  # on paper the table stands below its chart
