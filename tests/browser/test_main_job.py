"""The whole main job on real input: a real server, worker, PostgreSQL, SMTP server and browser; three times.

With a mouse and scripts; by keyboard only; and without scripts. The editor's own part is done with scripts and a mouse each time,
because the block editor needs them; the reviewer's page is one of ours and is used in the way of the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

import pytest

from portal.demo.people import PASSWORD
from tests.browser.hands import Keyboard, Mouse
from tests.browser.walk import Trouble
from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "Is it fine to eat breakfast before I come in? My hands are slow in the morning."
ANSWER = "Yes, please eat something light, and drink enough water."
NOTE = "Asked before. Check the leaflet."
DIARY = "Walked to the corner and back."
FIXED = "A typing mistake was corrected here."
HEALTH = re.compile(
    r"\bMS\b|sclerosis|infus|neurolog|symptom|journal|breakfast|hands|treatment|medic|drug|dose|nurse",
    re.IGNORECASE,
)


@dataclass
class Run:
    """One run: the portal, its mails, and how its people use the browser."""

    portal: LivePortal
    mailbox: Mailbox
    new_page: Callable[..., Any]
    hands: type[Mouse]
    scripts: bool
    troubles: list[Trouble]

    def person(self, *, scripts: bool | None = None, hands: type[Mouse] | None = None) -> Mouse:
        """A fresh browser, as on another device."""
        tab = self.new_page(
            self.portal,
            java_script_enabled=self.scripts if scripts is None else scripts,
            reduced_motion="reduce",
        )
        trouble = Trouble.watch(tab, f"localhost:{self.portal.port}")
        self.troubles.append(trouble)
        return (hands or self.hands)(tab)


@pytest.mark.parametrize(
    ("hands", "scripts"),
    [(Mouse, True), (Keyboard, True), (Mouse, False)],
    ids=["mouse", "keyboard", "no-scripts"],
)
def test_the_main_job(
    live_world: LivePortal,
    smtp_server: Mailbox,
    new_page: Callable[..., Any],
    hands: type[Mouse],
    scripts: bool,
) -> None:
    adopt_the_library()
    run = Run(live_world, smtp_server, new_page, hands, scripts, [])
    maya = run.person()
    sign_in_with_a_code(run, maya)
    read_an_article(maya)
    book(maya)
    write_in_the_journal(maya)
    begin_a_message_and_leave(run, maya)
    maya = run.person()
    sign_in_with_a_code(run, maya)
    finish_the_message(maya)
    nurse = run.person()
    sign_in_with_password(nurse, "nurse")
    claim_note_and_answer(nurse)
    nothing_about_health(run.mailbox.wait("patient@example.com", having=is_notice))
    read_the_answer(maya)
    editor = run.person(scripts=True, hands=Mouse)
    sign_in_with_password(editor, "editor")
    correct_an_article(editor)
    reviewer = run.person()
    sign_in_with_password(reviewer, "reviewer")
    approve(reviewer)
    read_the_correction(maya)
    see_who_looked(maya)
    said = [one for trouble in run.troubles for one in trouble.said if "/cms/" not in one]
    assert not said, said


def adopt_the_library() -> None:
    """The demo's articles are reviewed only for the demo; the center takes them into use."""
    from accounts.models import User
    from education.models import Article
    from education.services import adopt
    from portal.lib import actor

    with actor.unit_of_work(actor.system("tests")):
        for article in Article.objects.filter(live=True, adopted_at__isnull=True):
            adopt(article=article, by=User.objects.get(email="reviewer@example.com"), reason="For the tests")


# --- The patient -----------------------------------------------------------------------------------------------------------------


def sign_in_with_a_code(run: Run, maya: Mouse) -> None:
    before = len([mail for mail in run.mailbox.to("patient@example.com") if code_in(mail)])
    maya.open("/")
    maya.heading("Sign in")
    maya.write("Your email address", "patient@example.com")
    maya.press("button", "Email me a code")
    maya.find("button", "Go on").wait_for()

    def is_new(mail: EmailMessage) -> bool:
        """The newest with a code; other mails may come in between, about visits for example."""
        return (
            bool(code_in(mail))
            and len([one for one in run.mailbox.to("patient@example.com") if code_in(one)]) > before
        )

    mail = run.mailbox.wait("patient@example.com", having=is_new)
    nothing_about_health(mail)
    maya.write(re.compile("code", re.IGNORECASE), code_in(mail))
    maya.press("button", "Go on")
    maya.heading("Today")


def code_in(mail: EmailMessage) -> str:
    """The code stands on a line of its own; empty when there is none."""
    lines = [line.strip() for line in mail.get_content().splitlines()]
    return next((line for line in lines if re.fullmatch(r"[A-Z0-9]{3,}(-[A-Z0-9]{3,})?", line)), "")


def read_an_article(maya: Mouse) -> None:
    maya.press("link", "Learn", exact=True)
    maya.heading(re.compile("^Learn"))
    maya.press("link", re.compile("^What is infusion treatment"))
    maya.sees("In 20 seconds")
    maya.sees("When to call")


def book(maya: Mouse) -> None:
    maya.press("link", "Appointments", exact=True)
    maya.heading("Your appointments")
    maya.press("link", "Book an appointment")
    maya.heading("What is the visit for?")
    maya.choose(re.compile("^Visit with a nurse"))
    maya.press("button", "Continue")
    maya.heading("When does it suit you?")
    maya.choose(re.compile("^Any"))
    maya.press("button", "Continue")
    maya.heading("Which time do you want?")
    maya.choose(re.compile(r"\d:\d\d (am|pm)"))
    maya.press("button", "Continue")
    maya.heading("Check and book")
    maya.press("button", "Book this appointment")
    maya.heading("Appointment booked")


def write_in_the_journal(maya: Mouse) -> None:
    maya.press("link", "Journal", exact=True)
    maya.heading("Journal")
    maya.press("link", "Write an entry")
    maya.heading("How are you today?")
    maya.choose("Some", within="Tiredness")
    maya.write("Note", DIARY)
    maya.choose(re.compile("^Me and my MS team"))
    maya.press("button", "Save entry")
    maya.heading("Saved in your journal")
    maya.sees("Your team can see this entry.")


def begin_a_message_and_leave(run: Run, maya: Mouse) -> None:
    """Half a message, kept by itself (or with the button when there are no scripts), then sign out."""
    maya.press("link", "Messages", exact=True)
    maya.heading("Messages")
    maya.press("link", "New message")
    maya.heading("New message to your team")
    maya.choose("My infusion or appointment")
    maya.write("Your message", QUESTION)
    if run.scripts:
        maya.tab.locator("[data-saved-line]").filter(has_text="Saved").wait_for()
    else:
        maya.press("button", "Save and finish later")
        maya.heading("Today")
    maya.press("link", "Account")
    maya.heading("Your account")
    maya.press("button", "Sign out")
    maya.heading("Sign in")
    leaves_nothing_behind(run, maya)


def leaves_nothing_behind(run: Run, maya: Mouse) -> None:
    """After signing out nothing is stored in the browser, and its back button shows nothing of hers."""
    if run.scripts:
        kept = maya.tab.evaluate(
            "async () => [localStorage.length, sessionStorage.length, (await indexedDB.databases()).length, (await caches.keys()).length]"
        )
        assert kept == [0, 0, 0, 0], kept
    for _press in range(2):
        maya.tab.go_back()
        shown = maya.tab.locator("body").inner_text()
        assert QUESTION[:20] not in shown
        assert "patient@example.com" not in shown


def finish_the_message(maya: Mouse) -> None:
    """On another device: it waits on Today, word for word."""
    maya.press("link", re.compile("^Finish later: A message to your team"))
    maya.heading("New message to your team")
    assert maya.tab.get_by_label("Your message").input_value() == QUESTION
    assert maya.find("radio", "My infusion or appointment").is_checked()
    maya.press("button", "Send message")
    maya.heading("Message sent")


def read_the_answer(maya: Mouse) -> None:
    maya.press("link", "Today", exact=True)
    maya.press("link", re.compile("^Read the answer from Rosa Delgado"))
    maya.sees(ANSWER)
    assert NOTE not in maya.tab.content()


def read_the_correction(maya: Mouse) -> None:
    maya.press("link", "Learn", exact=True)
    maya.press("link", re.compile("^What is infusion treatment"))
    maya.sees(FIXED)


def see_who_looked(maya: Mouse) -> None:
    maya.press("link", "Account")
    maya.press("link", re.compile("Who looked"))
    maya.heading("Who looked")
    trail = maya.tab.locator("main").inner_text()
    assert "Ellen Brandt" not in trail, "writing articles is no look at a record"
    for act in ("answered a message", "wrote a note", "took on a message", "read messages"):
        assert re.search(rf"Rosa Delgado[^\n]*· {act}", trail), f"the trail does not say: {act}"


# --- The team --------------------------------------------------------------------------------------------------------------------


def sign_in_with_password(person: Mouse, key: str) -> None:
    person.open("/")
    person.heading("Sign in")
    person.write("Your email address", f"{key}@example.com")
    person.write("Your password", PASSWORD)
    person.press("button", "Sign in", exact=True)
    person.tab.wait_for_url(lambda url: "/accounts/login" not in url)


def claim_note_and_answer(nurse: Mouse) -> None:
    nurse.press("link", "Work list", exact=True)
    nurse.heading("Work list")
    nurse.tab.get_by_text(QUESTION[:30]).wait_for()
    row = nurse.tab.locator(".work-row", has_text=QUESTION[:30])
    name = row.get_by_role("button", name="Claim").inner_text()
    place = nurse.tab.locator(".work-row").all_inner_texts()
    assert any(QUESTION[:30] in text for text in place)
    press_in(nurse, row, "button", "Claim")
    nurse.heading("My infusion or appointment")
    assert name
    nurse.sees(QUESTION)
    nurse.press("link", "Write a note for the team")
    nurse.heading("Note for the team")
    nurse.write("Note for the team", NOTE)
    nurse.press("button", "Save note for the team")
    nurse.heading("My infusion or appointment")
    nurse.sees(NOTE)
    nurse.write("Your answer", ANSWER)
    nurse.press("button", "Send answer")
    nurse.sees("Nothing is open here.")
    nurse.sees(ANSWER)


def press_in(person: Mouse, place: Any, role: str, name: str) -> None:
    """Press a control of one row."""
    target = place.get_by_role(role, name=name).first
    if isinstance(person, Keyboard):
        person.reach(target)
        person.tab.keyboard.press("Enter")
    else:
        target.click()


def is_notice(mail: EmailMessage) -> bool:
    return "written to you" in str(mail["Subject"])


def nothing_about_health(mail: EmailMessage) -> None:
    text = f"{mail['Subject']}\n{mail['From']}\n{mail.get_content()}"
    assert not HEALTH.findall(text), f"{HEALTH.findall(text)} in a mail: {mail['Subject']}"


# --- The library -----------------------------------------------------------------------------------------------------------------


def correct_an_article(editor: Mouse) -> None:
    """In the block editor: one more sentence in the summary, then on to review."""
    tab = editor.tab
    tab.goto("/cms/articles/")
    tab.get_by_role("link", name=re.compile("^Edit “What is infusion treatment")).click()
    tab.wait_for_url(re.compile("/edit/"))
    summary = tab.locator("[name=summary]")
    points = summary.input_value().splitlines()
    summary.fill("\n".join([*points[:-1], FIXED]))
    submit = tab.locator("[name=action-submit]")
    if not submit.is_visible():
        tab.locator("footer [data-w-dropdown-target=toggle]").first.click()
    submit.click()
    tab.wait_for_load_state()
    assert "/edit/" not in tab.url or tab.get_by_text(re.compile("submitted", re.IGNORECASE)).count(), tab.url


def approve(reviewer: Mouse) -> None:
    reviewer.open("/cms/articles/")
    reviewer.press("link", re.compile("^Review “What is infusion treatment"))
    reviewer.sees(FIXED)
    box = reviewer.tab.get_by_role("checkbox").first
    if isinstance(reviewer, Keyboard):
        reviewer.reach(box)
        reviewer.tab.keyboard.press("Space")
    else:
        box.check(force=True)
    reviewer.press("button", "Approve and publish")
    reviewer.sees("Approved and published.")
