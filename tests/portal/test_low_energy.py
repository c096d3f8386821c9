"""Low-energy mode: one thing per page, shorter first, the same jobs, nothing lost on the way."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from messaging.models import Message
from patients.models import Draft
from portal.lib import actor
from tests.registry.states import signed_in

pytestmark = pytest.mark.usefixtures("demo_world")


@pytest.fixture
def patient() -> User:
    with actor.unit_of_work(actor.system("tests")):
        user = User.objects.get(email="patient@example.com")
        user.low_energy = True
        user.save(update_fields=["low_energy"])
    return user


@pytest.fixture
def client(patient: User) -> Client:
    return signed_in(patient)


def inputs(page: str) -> dict[str, Any]:
    """Hidden values and typed text of the form that holds a draft, as a browser would send them."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="draft"' in form)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def questions(page: str) -> int:
    """How many questions a page asks: labels and legends of the drafted form."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="draft"' in form)
    return len(re.findall(r'class="field field--', form))


def heading(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", "", found[1]).split())


def test_a_message_is_asked_one_thing_at_a_time_and_sent_whole(client: Client, patient: User) -> None:
    address = reverse("messaging:new")
    page = client.get(address).content.decode()
    assert questions(page) == 1
    assert "In an emergency, call" in page
    seen = [heading(page)]
    answers: dict[str, Any] = {"topic": "question", "text": "May I bring a blanket?"}
    for _step in range(5):
        name = next((name for name in answers if f'name="{name}"' in page and name not in inputs(page)), None)
        typed = {name: answers[name]} if name else {}
        answer = client.post(address, {**inputs(page), **typed, "go": "next"})
        assert answer.status_code == 302, answer.content.decode()
        page = client.get(answer["Location"]).content.decode()
        if 'name="step"' not in page:
            break
        assert questions(page) == 1
        seen.append(heading(page))
    assert len(set(seen)) == len(seen) >= 2
    assert questions(page) == len(seen)
    assert "May I bring a blanket?" in page
    assert "In an emergency, call" in page
    sent = client.post(address, {**inputs(page), **answers})
    assert sent.status_code == 302
    with actor.unit_of_work(actor.Actor(user_id=patient.pk)):
        newest = Message.objects.for_user(patient).order_by("-created_at").first()
        assert newest is not None
        assert newest.body == "May I bring a blanket?"


def test_back_goes_back_and_keeps_what_was_typed(client: Client, patient: User) -> None:
    address = reverse("messaging:new")
    page = client.get(f"{address}?step=2").content.decode()
    answer = client.post(address, {**inputs(page), "text": "Half a sen", "go": "back"})
    assert answer["Location"].endswith("step=1")
    page = client.get(answer["Location"]).content.decode()
    assert inputs(page)["text"] == "Half a sen"
    with actor.unit_of_work(actor.Actor(user_id=patient.pk)):
        draft = Draft.objects.for_user(patient).get(kind="message")
        assert draft.fields["text"] == ["Half a sen"]


def test_what_is_wrong_is_said_on_its_own_page_and_nothing_is_cleared(client: Client) -> None:
    address = reverse("messaging:new")
    page = client.get(f"{address}?step=1").content.decode()
    answer = client.post(address, {**inputs(page), "text": "My words", "go": "next"})
    said = answer.content.decode()
    assert answer.status_code == 422
    assert questions(said) == 1
    assert "error-summary" in said
    assert inputs(said)["text"] == "My words"


def test_an_unfinished_walk_goes_on_at_the_first_question_without_an_answer(client: Client) -> None:
    address = reverse("messaging:new")
    page = client.get(address).content.decode()
    client.post(address, {**inputs(page), "topic": "question", "go": "next"})
    assert 'name="step" value="2"' in client.get(address).content.decode()


@pytest.mark.parametrize("step", ["0", "99", "-1", "²", "1e3", "x" * 200])
def test_made_up_steps_show_a_page(client: Client, step: str) -> None:
    assert client.get(reverse("messaging:new"), {"step": step}).status_code == 200
    page = client.get(reverse("messaging:new")).content.decode()
    answer = client.post(reverse("messaging:new"), {**inputs(page), "step": step, "go": "next"})
    assert answer.status_code in (302, 422)


def test_others_get_the_whole_form(patient: User) -> None:
    with actor.unit_of_work(actor.system("tests")):
        User.objects.filter(pk=patient.pk).update(low_energy=False)
        patient.refresh_from_db()
    page = signed_in(patient).get(reverse("messaging:new")).content.decode()
    assert questions(page) > 1
    assert 'name="step"' not in page


def test_today_shows_one_block_and_leads_through_all_of_them(client: Client) -> None:
    whole = client.get("/?thing=all").content.decode()
    blocks = set(re.findall(r"<h2[^>]*>(.*?)</h2>", main_of(whole), re.DOTALL))
    seen: set[str] = set()
    address, pages = "/", 0
    while address:
        page = main_of(client.get(address).content.decode())
        seen |= set(re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL))
        following = re.search(r'href="(\?thing=\d+)"[^>]*>(?:<span>)?Next', page)
        address, pages = (f"/{following[1]}" if following else ""), pages + 1
        assert pages < 12
    assert pages > 2
    assert seen == blocks


@pytest.mark.parametrize("place", ["0", "999", "abc", "-3"])
def test_made_up_places_on_today_show_a_page(client: Client, place: str) -> None:
    assert client.get("/", {"thing": place}).status_code == 200


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_articles_come_short_first(client: Client) -> None:
    page = client.get(reverse("education:home")).content.decode()
    address = re.findall(r'class="row__title" href="([^"]+)"', page)[0]
    short = client.get(address).content.decode()
    whole = client.get(f"{address}?part=all").content.decode()
    assert "In 20 seconds" in short
    assert "When to call" in short
    assert '<div class="prose">' not in short
    assert '<div class="prose">' in whole
    assert "Read the whole article" not in whole
    assert len(short) < len(whole)


def test_the_pace_is_kept_before_anybody_signs_in() -> None:
    visitor = Client()
    visitor.post(
        "/display/",
        {"text_size": "100", "theme": "device", "contrast": "device", "font": "portal", "pace": "one"},
    )
    page = visitor.get("/display/").content.decode()
    assert re.search(r'name="pace"\s+value="one"[^>]*\bchecked', page)
