"""The scripts in a real browser, under the strict policy, against an origin that each test plays itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string

pytestmark = pytest.mark.browser

ORIGIN = "https://portal.test"
STATIC = Path(settings.BASE_DIR) / "static"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
WRITING = """
<auto-save data-url="/draft/" data-version="3" data-kind="sample" data-patient="p" data-target="" data-resume="/write/" data-login="/sign-in/">
  <form method="post" action="/sent/" novalidate>
    <input type="hidden" name="csrfmiddlewaretoken" value="token">
    <input type="hidden" name="draft" value="d"><input type="hidden" name="draft_version" value="3">
    <label for="text">Your question</label>
    <char-count data-most="20"><textarea id="text" name="text">first</textarea></char-count>
    <input type="radio" name="kind" id="kind_0" value="a"><label for="kind_0">One</label>
    <input type="radio" name="kind" id="kind_1" value="b"><label for="kind_1">Two</label>
    <input type="password" id="secret" name="secret" value="hidden">
    <button type="submit">Send</button><button type="submit" name="later" value="1" data-later>Save and finish later</button>
    <p class="saved-line" data-saved-line></p>
  </form>
</auto-save>"""
GUARD = """<session-guard data-seconds="900" data-idle="900" data-most="43200" data-warn="300" data-url="/extend/" data-login="/sign-in/"
 data-token="token"></session-guard><p><a href="#here">A link</a></p>"""


@dataclass
class Origin:
    """What the played server was asked and what it answers."""

    body: str = ""
    saves: list[dict[str, Any]] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    answer: Callable[[dict[str, Any]], tuple[int, dict[str, Any]] | None] = lambda _asked: (200, {})

    def serve(self, route: Any) -> None:
        """Static files from the repository, one page, and the endpoints."""
        request = route.request
        path = request.url.removeprefix(ORIGIN)
        if path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            route.fulfill(path=file, content_type="text/javascript" if file.suffix == ".js" else "text/css")
        elif request.method == "PUT":
            asked = json.loads(request.post_data or "{}")
            self.saves.append({**asked, "token": request.headers.get("x-csrftoken")})
            answer = self.answer(asked)
            if answer is None:
                route.abort("internetdisconnected")
            else:
                route.fulfill(status=answer[0], json=answer[1])
        elif path == "/extend/":
            self.posts.append(path)
            route.fulfill(json={"seconds": 900})
        elif request.method == "POST":
            self.posts.append(path)
            route.fulfill(status=204)
        else:
            route.fulfill(
                body=self.page(), content_type="text/html", headers={"Content-Security-Policy": POLICY}
            )

    def page(self) -> str:
        """The page under test with the portal's own words."""
        return (
            '<!doctype html><html lang="en"><head><title>t</title><link rel="stylesheet" href="/static/css/portal.css">'
            '<link rel="icon" href="/static/icons/mark.svg"><script type="module" src="/static/js/portal.js"></script></head>'
            f"<body><main>{self.body}</main>{render_to_string('ui/words.html')}</body></html>"
        )


def kept(asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The answer of a save that worked."""
    return 200, {"version": asked["version"] + 1, "clock": "10:42 am"}


@pytest.fixture
def origin() -> Origin:
    return Origin(body=WRITING, answer=kept)


@pytest.fixture
def page(browser: Any, origin: Origin) -> Iterator[Any]:
    """A page at the played origin with a clock of its own; fails on any script error or policy violation."""
    context = browser.new_context()
    context.route("**/*", origin.serve)
    opened = context.new_page()
    opened.set_default_timeout(8_000)
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "console",
        lambda said: troubles.append(said.text) if "Policy" in said.text or "Trusted" in said.text else None,
    )
    opened.clock.install()
    yield opened
    context.close()
    assert troubles == []


def open_page(page: Any, ready: str = "auto-save p[role=status]") -> None:
    page.goto(ORIGIN + "/write/")
    page.wait_for_selector(ready, state="attached")


def wait_for(page: Any, happened: Callable[[], bool]) -> None:
    """Let the browser work until something happened; the page's own clock stands still."""
    for _turn in range(200):
        if happened():
            return
        page.evaluate(
            "() => new Promise((done) => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); })"
        )
    pytest.fail("it did not happen")


def write(page: Any, text: str) -> None:
    """Type at the end of what stands in the field."""
    page.locator("#text").press("End")
    page.keyboard.type(text)


def line(page: Any) -> str:
    return str(page.locator("[data-saved-line]").text_content())


def test_words_are_saved_two_seconds_after_typing_stops(page: Any, origin: Origin) -> None:
    open_page(page)
    write(page, " words")
    page.clock.run_for(1900)
    assert origin.saves == []
    page.clock.run_for(200)
    wait_for(page, lambda: "Saved 10:42 am. Find it on Today." in line(page))
    (save,) = origin.saves
    assert save["fields"] == {"text": ["first words"], "kind": []}
    assert (save["version"], save["kind"], save["resume"], save["token"]) == (3, "sample", "/write/", "token")
    assert page.locator("[name=draft_version]").input_value() == "4"


def test_typing_without_a_pause_is_saved_every_ten_seconds(page: Any, origin: Origin) -> None:
    open_page(page)
    for _second in range(11):
        write(page, "x")
        page.clock.run_for(1000)
    wait_for(page, lambda: bool(origin.saves))
    assert len(origin.saves) == 1


def test_leaving_a_field_and_leaving_the_page_save_at_once(page: Any, origin: Origin) -> None:
    open_page(page)
    write(page, "!")
    page.locator("#kind_1").focus()
    wait_for(page, lambda: len(origin.saves) == 1)
    wait_for(page, lambda: "Saved" in line(page))
    page.locator("#kind_1").check()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    wait_for(page, lambda: len(origin.saves) == 2)
    assert origin.saves[-1]["fields"] == {"text": ["first!"], "kind": ["b"]}
    assert origin.saves[-1]["version"] == 4


def test_the_button_without_scripts_goes_only_when_autosave_works(page: Any) -> None:
    open_page(page)
    assert page.get_by_role("button", name="Save and finish later").count() == 0
    assert page.get_by_role("button", name="Send").is_visible()


def test_offline_says_so_and_tries_again(page: Any, origin: Origin) -> None:
    origin.answer = lambda asked: kept(asked) if len(origin.saves) > 1 else None
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    wait_for(page, lambda: "Not saved yet" in line(page))
    assert "Keep this page open" in line(page)
    page.clock.run_for(2100)
    wait_for(page, lambda: line(page).startswith("Saved 10:42 am"))


def conflicting(asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    if asked["version"] == 3:
        return 409, {"version": 7, "clock": "10:40 am", "fields": {"text": ["from my phone"], "kind": ["b"]}}
    return kept(asked)


@pytest.mark.parametrize(
    ("choice", "text"), [("Use the text saved elsewhere", "from my phone"), ("Keep mine", "first!")]
)
def test_two_versions_both_stay_until_one_is_chosen(
    page: Any, origin: Origin, choice: str, text: str
) -> None:
    origin.answer = conflicting
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    box = page.locator(".compare")
    box.wait_for()
    shown = box.inner_text()
    assert "from my phone" in shown
    assert "first!" in shown
    assert "10:40 am" in shown
    assert "Two" in shown
    assert page.locator("#text").input_value() == "first!"
    page.get_by_role("button", name=choice).click()
    assert page.locator("#text").input_value() == text
    assert box.count() == 0
    left = page.locator("details.more")
    assert left.get_by_text("The text you did not choose").is_visible()
    assert ("first!" if text == "from my phone" else "from my phone") in str(left.text_content())
    if choice == "Keep mine":
        wait_for(page, lambda: len(origin.saves) == 2)
        assert origin.saves[-1]["version"] == 7
        assert origin.saves[-1]["fields"]["text"] == ["first!"]
    else:
        assert page.locator("#kind_1").is_checked()


def test_the_chosen_text_goes_on_under_the_id_of_the_other_page(page: Any, origin: Origin) -> None:
    origin.body = WRITING.replace("/draft/", "/draft/d/")
    origin.answer = lambda asked: (
        kept(asked) if asked["version"] == 7 else (409, {**conflicting(asked)[1], "id": "other"})
    )
    urls: list[str] = []
    page.on("request", lambda asked: urls.append(asked.url) if asked.method == "PUT" else None)
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    page.locator(".compare").wait_for()
    write(page, "?")  # typed while both are shown
    page.get_by_role("button", name="Keep mine").click()
    wait_for(page, lambda: "Saved" in line(page))
    assert [url.removeprefix(ORIGIN) for url in urls] == ["/draft/d/", "/draft/other/"]
    assert page.locator("[name=draft]").input_value() == "other"
    assert page.locator("[name=draft_version]").input_value() == "8"
    assert origin.saves[-1]["fields"]["text"] == ["first!?"]


def test_left_without_having_chosen_both_texts_are_kept(page: Any, origin: Origin) -> None:
    origin.answer = conflicting
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    page.locator(".compare").wait_for()
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    wait_for(page, lambda: len(origin.saves) == 2)
    assert origin.saves[-1]["version"] == 7
    assert origin.saves[-1]["fields"] == {"text": ["from my phone\n\nfirst!"], "kind": ["b"]}


def test_the_line_names_the_files_that_are_kept_and_not_one_that_is_not(page: Any, origin: Origin) -> None:
    origin.body = WRITING.replace(
        '<button type="submit">', '<input type="file" id="file" name="files"><button type="submit">'
    )
    origin.answer = lambda asked: (200, {**kept(asked)[1], "files": 2})
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    wait_for(page, lambda: "Saved 10:42 am, with your files (2)" in line(page))
    page.locator("#file").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x"})
    wait_for(page, lambda: "is not kept until you add it" in line(page))


def test_signed_out_says_up_to_when_it_is_saved(page: Any, origin: Origin) -> None:
    origin.answer = lambda asked: kept(asked) if asked["version"] == 3 else (401, {})
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    wait_for(page, lambda: "Saved" in line(page))
    write(page, "?")
    page.clock.run_for(2100)
    wait_for(page, lambda: "You were signed out" in line(page))
    assert "saved up to 10:42 am" in line(page)
    assert (
        page.get_by_role("link", name="Sign in again").get_attribute("href") == "/sign-in/?next=%2Fwrite%2F"
    )
    assert page.locator("#text").input_value() == "first!?"


def test_what_was_sent_is_not_saved_again(page: Any, origin: Origin) -> None:
    origin.answer = lambda _asked: (410, {})
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    wait_for(page, lambda: "sent already" in line(page))
    write(page, "!")
    page.clock.run_for(60_000)
    assert [save.get("apart", False) for save in origin.saves] == [False, True]


def test_when_another_tab_has_sent_it_the_words_here_are_a_new_draft(page: Any, origin: Origin) -> None:
    def answer(asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if asked["version"] == 3 and not asked.get("apart"):
            return 410, {}
        return 200, {"version": 1 if asked.get("apart") else 2, "clock": "10:42 am", "id": "of-its-own"}

    origin.answer = answer
    open_page(page)
    write(page, "!")
    page.clock.run_for(2100)
    wait_for(page, lambda: "saved as a new draft (10:42 am)" in line(page))
    assert page.locator("[name=draft]").input_value() == "of-its-own"
    assert page.locator("[name=draft_version]").input_value() == "1"
    write(page, "?")
    page.clock.run_for(2100)
    wait_for(page, lambda: len(origin.saves) == 3)
    assert (origin.saves[2]["version"], "apart" in origin.saves[2]) == (1, False)


def test_the_form_that_is_being_sent_itself_is_never_kept_as_a_new_draft(page: Any, origin: Origin) -> None:
    origin.answer = lambda _asked: (410, {})
    open_page(page)
    write(page, "!")
    page.get_by_role("button", name="Send").click()  # leaving the field saves, and the press sends
    wait_for(page, lambda: bool(origin.posts))
    page.clock.run_for(5000)
    assert all(not save.get("apart") for save in origin.saves)


def test_after_a_send_that_came_to_nothing_it_goes_on_saving(page: Any, origin: Origin) -> None:
    """The played server answers 204, and the page stays, as after Stop: after ten seconds it is saved again."""
    open_page(page)
    write(page, "!")
    page.get_by_role("button", name="Send").click()
    wait_for(page, lambda: bool(origin.posts))
    write(page, " More.")
    page.clock.run_for(10_100)
    wait_for(page, lambda: bool(origin.saves) and origin.saves[-1]["fields"]["text"] == ["first! More."])
    origin.answer = lambda _asked: None
    write(page, " Lost?")
    page.clock.run_for(2_100)
    wait_for(page, lambda: "Not saved yet" in line(page))
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto(ORIGIN + "/elsewhere/")
    assert asked == ["beforeunload"]


def test_what_is_hidden_and_belongs_to_the_text_is_saved_with_it(page: Any, origin: Origin) -> None:
    kept_one = '<input type="hidden" name="about" value="Dose" data-kept="About"><input type="hidden" name="seen" value="2">'
    origin.body = WRITING.replace('<label for="text">', kept_one + '<label for="text">')
    open_page(page)
    write(page, "!")
    page.clock.run_for(2_100)
    wait_for(page, lambda: bool(origin.saves))
    assert origin.saves[0]["fields"] == {"about": ["Dose"], "text": ["first!"], "kind": []}


def test_a_second_press_within_two_seconds_is_ignored(page: Any, origin: Origin) -> None:
    open_page(page)
    send = page.get_by_role("button", name="Send")
    send.dblclick()
    page.clock.run_for(500)
    send.click()
    wait_for(page, lambda: bool(origin.posts))
    assert origin.posts == ["/sent/"]
    page.clock.run_for(2000)
    send.click()
    wait_for(page, lambda: len(origin.posts) == 2)


def test_room_left_is_counted_and_never_cut(page: Any) -> None:
    open_page(page)
    count = page.locator(".count-line")
    assert count.text_content() == "You can type 15 more characters."
    page.locator("#text").fill("x" * 25)
    assert count.text_content() == "5 characters too many."
    assert len(page.locator("#text").input_value()) == 25
    page.clock.run_for(1600)
    assert page.locator("char-count [role=status]").text_content() == "5 characters too many."


def test_a_password_can_be_shown(page: Any) -> None:
    open_page(page)
    page.get_by_role("button", name="Show password").click()
    assert page.locator("#secret").get_attribute("type") == "text"
    page.get_by_role("button", name="Hide password").click()
    assert page.locator("#secret").get_attribute("type") == "password"


def test_before_the_end_one_key_stays_signed_in(page: Any, origin: Origin) -> None:
    origin.body = GUARD
    open_page(page, "session-guard")
    wait_for(page, lambda: page.evaluate("customElements.get('session-guard') !== undefined"))
    page.get_by_role("link", name="A link").focus()
    page.clock.run_for(599_000)
    assert page.locator("dialog[open]").count() == 0
    page.clock.run_for(2_000)
    page.locator("dialog[open]").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Stay signed in"
    page.keyboard.press("Enter")
    wait_for(page, lambda: origin.posts == ["/extend/"])
    assert page.locator("dialog[open]").count() == 0
    assert page.evaluate("document.activeElement.textContent") == "A link"
    page.clock.run_for(500_000)
    assert page.locator("dialog[open]").count() == 0


def test_after_the_end_the_page_says_so(page: Any, origin: Origin) -> None:
    origin.body = GUARD
    open_page(page, "session-guard")
    wait_for(page, lambda: page.evaluate("customElements.get('session-guard') !== undefined"))
    page.clock.run_for(901_000)
    assert "You were signed out" in page.locator("dialog[open]").inner_text()
    link = page.get_by_role("link", name="Sign in again")
    assert link.get_attribute("href") == "/sign-in/?next=%2Fwrite%2F"
    assert origin.posts == []


def test_an_act_in_one_tab_counts_in_all(browser: Any, origin: Origin) -> None:
    origin.body = GUARD
    context = browser.new_context()
    context.route("**/*", origin.serve)
    tabs = [context.new_page(), context.new_page()]
    for tab in tabs:
        tab.clock.install()
        open_page(tab, "session-guard")
        wait_for(tab, lambda tab=tab: tab.evaluate("customElements.get('session-guard') !== undefined"))
        tab.clock.run_for(601_000)
        tab.locator("dialog[open]").wait_for()
    tabs[0].get_by_role("button", name="Stay signed in").click()
    tabs[1].locator("dialog[open]").wait_for(state="detached")
    assert origin.posts == ["/extend/"]
    context.close()


def test_only_what_a_page_uses_is_brought_in(page: Any, origin: Origin) -> None:
    origin.body = "<print-button></print-button>"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(ORIGIN)))
    open_page(page, "print-button button")
    assert sorted(path for path in asked if path.endswith(".js")) == [
        "/static/js/parts.js",
        "/static/js/portal.js",
    ]
    assert page.get_by_role("button", name="Print this page").is_visible()


def test_the_fullest_page_asks_for_eight_files(page: Any, origin: Origin) -> None:
    """Four scripts; with the page itself, the style sheet, the font and the icon that makes eight."""
    origin.body = WRITING + GUARD
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(request.url.removeprefix(ORIGIN)))
    open_page(page)
    page.locator("h1, label").first.wait_for()
    wait_for(page, lambda: page.evaluate("customElements.get('session-guard') !== undefined"))
    page.evaluate("document.fonts.ready.then(() => true)")
    assert len(asked) <= 8, sorted(asked)
