"""Walks every page of the registry in Chromium.

In full, for each page, as the first of the persons who open it (tests/registry/pages.py):

* with scripts: day, dusk, more contrast and forced colors, each at 320 and 1280 px: our measures (title, one h1, no sideways scroll,
  size of targets), and axe with all rules by day, with `color-contrast` in dusk and more contrast: its other rules read the document,
  which no theme changes. In forced colors it has nothing to add: it would compare authored colors;
* with the browser's own text at 200 %, at 320 and 1280 px: measures and axe, in the day theme; the same measures with the portal's own
  setting "largest";
* by keyboard, at 320 px: each stop of Tab shows the focus, is in view and is not covered;
* without scripts, at 320 and 1280 px: measures in a browser whose scripts are off. axe needs scripts, so it reads the same page with
  our scripts taken out and <noscript> shown, in the day theme;
* no message in the console (broken rules of the policy are such messages), no failed file, no request to another host.

Thinned, on purpose: themes do not change sizes and text size does not change colors, so they are not multiplied with each other; nor
is "without scripts" with themes. The same page as another kind of person (a carer, staff, an editor: other navigation, other layout)
is walked in the day theme at both widths with scripts, measures, axe and console; persons of the same kind see the same page and are
left to the crawl of tests/security/test_canary.py. The pages under /cms/ and /admin/ are Wagtail's and Django's and are not walked.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.walk import (
    PATIENT_TARGET,
    STAFF_TARGET,
    THEMES,
    WIDTHS,
    Walk,
    axe_source,
    look,
    settle,
    walk_by_keyboard,
)
from tests.registry.pages import ERROR_PAGES, PAGES, Page
from tests.registry.people import ANONYMOUS

pytestmark = pytest.mark.browser

AXE_IN = {"day": "all", "dusk": "colors", "more contrast": "colors", "forced colors": ""}

IN_FULL = [pytest.param(page, page.walkers[0], id=f"{page.key}-{page.walkers[0]}") for page in PAGES]
AS_OTHERS = [
    pytest.param(page, person, id=f"{page.key}-{person}") for page in PAGES for person in page.walkers[1:]
]


def least(page: Page, person: str) -> int:
    return (
        STAFF_TARGET
        if page.dense or person in ("nurse", "neurologist", "elsewhere", "emergency")
        else PATIENT_TARGET
    )


def arrive(tab: Any, path: str, status: int = 200) -> None:
    answer = tab.goto(path)
    assert answer is not None
    assert answer.status == status, f"{path} answered {answer.status}"
    asked, at = path.split("?")[0], tab.evaluate("location.pathname")
    assert at == asked, f"{asked} led to {at}"


@pytest.mark.parametrize(("page", "person"), IN_FULL)
def test_a_page_holds_in_every_mode(walk: Walk, page: Page, person: str) -> None:
    target = least(page, person)
    tab, path, trouble = walk.open(page, person)
    try:
        arrive(tab, path)
        found = in_every_mode(tab, target)
    finally:
        tab.close()
    found += without_scripts(walk, page, person, path, target)
    assert not (found + trouble.said), report(path, found + trouble.said)


@pytest.mark.parametrize(("page", "person"), AS_OTHERS)
def test_a_page_holds_for_other_kinds_of_people(walk: Walk, page: Page, person: str) -> None:
    tab, path, trouble = walk.open(page, person)
    try:
        arrive(tab, path)
        tab.emulate_media(**THEMES["day"])
        settle(tab)
        tab.evaluate(axe_source())
        found = [one for width in WIDTHS for one in look(tab, "day", width=width, least=least(page, person))]
    finally:
        tab.close()
    assert not (found + trouble.said), report(path, found + trouble.said)


@pytest.mark.parametrize(("path", "status"), ERROR_PAGES.items())
@pytest.mark.parametrize("person", [ANONYMOUS, "patient", "nurse"])
def test_an_error_page_holds_in_every_mode(walk: Walk, path: str, status: int, person: str) -> None:
    page = Page("portal:help", (person,))
    tab, _path, trouble = walk.open(page, person)
    try:
        arrive(tab, path, status)
        found = in_every_mode(tab, least(page, person))
    finally:
        tab.close()
    assert not (found + trouble.said), report(path, found + trouble.said)


def in_every_mode(tab: Any, target: int) -> list[str]:
    found = []
    tab.evaluate(axe_source())
    for theme, media in THEMES.items():
        tab.emulate_media(**media)
        settle(tab)
        for width in WIDTHS:
            found += look(
                tab, theme, width=width, least=target, forced=theme == "forced colors", axe=AXE_IN[theme]
            )
    tab.emulate_media(**THEMES["day"])
    tab.set_viewport_size({"width": WIDTHS[0], "height": 900})
    settle(tab)
    tab.evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
    found += walk_by_keyboard(tab)
    tab.evaluate("document.documentElement.dataset.text = '200'")
    for width in WIDTHS:
        found += look(tab, "our largest text", width=width, least=target, axe="")
    tab.evaluate("document.documentElement.dataset.text = '100'")
    devtools = tab.context.new_cdp_session(tab)
    devtools.send("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    settle(tab)
    for width in WIDTHS:
        found += look(tab, "text at 200 %", width=width, least=target, axe="structure")
    devtools.send("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})
    return found


def without_scripts(walk: Walk, page: Page, person: str, path: str, target: int) -> list[str]:
    tab, path, trouble = walk.open(page, person, scripts=False)
    found = []
    try:
        answer = tab.goto(path)
        assert answer is not None
        assert answer.status == 200, f"{path} answered {answer.status} without scripts"
        for width in WIDTHS:
            found += look(tab, "no scripts", width=width, least=target, axe="")
        body = answer.text()
    finally:
        tab.close()
    reader = walk.context(person, scripts=True).new_page()
    try:
        bare = body.replace('<script type="module"', '<script type="text/plain"')
        bare = bare.replace("<noscript>", "<div>").replace("</noscript>", "</div>")
        reader.route(
            "**/*",
            lambda route: (
                route.fulfill(body=bare, content_type="text/html; charset=utf-8")
                if route.request.is_navigation_request()
                else route.continue_()
            ),
        )
        reader.goto(path)
        settle(reader)
        reader.evaluate(axe_source())
        for width in WIDTHS:
            found += look(reader, "no scripts, axe", width=width, least=target)
    finally:
        reader.close()
    return found + [f"no scripts: {one}" for one in trouble.said]


def report(path: str, found: list[str]) -> str:
    """Each problem once, with the modes in which it shows."""
    modes: dict[str, list[str]] = {}
    for one in found:
        mode, told, what = one.partition(" px: ")
        modes.setdefault(what if told else one, []).append(mode if told else "")
    return f"{path}\n" + "\n".join(
        f"{what} [{'; '.join(filter(None, where))}]" for what, where in modes.items()
    )
