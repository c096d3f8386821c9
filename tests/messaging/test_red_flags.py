"""Red-flag questions: asked by topic and therapy, kept sealed with the rule that fired, only ever more urgent, never in the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from messaging import services
from messaging.models import WorkItem
from messaging.models.writing import RulesetSignature, TriageAnswers
from messaging.topics import LANE_OF, Lane, Topic
from messaging.writing import redflags, triage
from portal.lib.ids import uuid7
from portal.lib.problems import DomainError
from tests.messaging.ward import CLOSED, OPEN, Ward, hidden

SignIn = Callable[[User], Client]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def signed(ward: Ward) -> Ward:
    """The ward, with the questions signed by its neurologist."""
    with ward.acting(ward.hana):
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=timezone.now())
    return ward


def item(ward: Ward, thread_id: UUID) -> WorkItem:
    with ward.system():
        found: WorkItem = WorkItem.objects.for_system().get(thread_id=thread_id)
    return found


def answers(ward: Ward, thread_id: UUID) -> TriageAnswers:
    with ward.system():
        found: TriageAnswers = TriageAnswers.objects.for_system().get(thread_id=thread_id)
        assert found.answers
    return found


# --- The data ---


def test_every_question_says_where_it_comes_from_and_no_more_than_its_facts_do() -> None:
    data = json.loads((REPOSITORY / "treatment" / "data" / "therapies-1.json").read_text(encoding="utf-8"))
    facts, refs = {}, {}
    for therapy in data["therapies"]:
        known = {source["id"]: source["ref"] for source in therapy["sources"]}
        for flag in therapy["red_flags"]:
            facts[flag["key"]] = flag
            refs[flag["key"]] = [known.get(source, source) for source in flag["source"]]
    rules = redflags.newest()
    groups = [*rules.topics.values(), *rules.therapies.values()]
    asked = [raw for group in groups for raw in group]
    asked += [
        {"facts": one.facts, "source": one.source, "status": one.status, "level": one.level}
        for one in rules.words
    ]
    assert len(asked) > 30
    for raw in asked:
        used = [facts[key] for key in raw["facts"]]
        assert list(raw["source"]) == list(dict.fromkeys(ref for key in raw["facts"] for ref in refs[key]))
        assert raw["status"] == max((fact["status"] for fact in used), key=redflags.STATUSES.index)
        assert raw["level"] == redflags.highest(fact["level"] for fact in used)
    assert set(rules.topics) == set(Topic.values)
    assert set(rules.therapies) <= {therapy["id"] for therapy in data["therapies"]}
    assert all(len(group) <= redflags.MOST_QUESTIONS for group in groups)


def test_a_file_without_a_source_or_with_five_questions_is_refused(tmp_path: Path) -> None:
    good = json.loads(redflags.NEWEST.read_text(encoding="utf-8"))
    broken: list[dict[str, Any]] = [{**good, "format": 2}]
    broken.append({**good, "topics": {"feeling": good["topics"]["feeling"] * 2}})
    broken.append({**good, "topics": {"feeling": [{**good["topics"]["feeling"][0], "source": []}]}})
    broken.append({**good, "topics": {"feeling": [{**good["topics"]["feeling"][0], "level": "calm"}]}})
    for number, data in enumerate(broken):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(data), encoding="utf-8")
        with pytest.raises(redflags.RulesUnusable):
            redflags.read(path)


def test_the_style_sheet_shows_the_questions_of_every_topic_that_has_some() -> None:
    css = (REPOSITORY / "static" / "css" / "portal.css").read_text(encoding="utf-8")
    for topic, asked in redflags.newest().topics.items():
        assert f".starters--{topic})" in css
        assert (f".field:has(.sign-groups .signs--{topic})" in css) == bool(asked)


# --- The rules ---


@pytest.mark.parametrize("topic", Topic.values)
def test_no_answer_and_no_word_makes_a_message_less_urgent(topic: str) -> None:
    rules = redflags.newest()
    therapies = list(rules.therapies)
    everything = [question.key for question in rules.questions(topic, therapies)]
    plain = rules.judge(topic, "Hello.", [], therapies)
    assert plain.level == redflags.NO_FLAG
    for key in everything:
        alone = rules.judge(topic, "Hello.", [key], therapies)
        with_none = rules.judge(topic, "Hello.", [key, f"{topic}:none"], therapies)
        with_words = rules.judge(topic, "No chest pain.", [key], therapies)
        assert alone.urgent
        assert with_none.level == alone.level
        assert redflags.highest([alone.level, with_words.level]) == with_words.level == redflags.EMERGENCY
    none = rules.judge(topic, "Hello.", [f"{topic}:none"], therapies)
    assert {row["said_code"] for row in none.answers} <= {"no"}
    assert not none.urgent


def test_ticks_of_another_topic_and_unknown_ones_say_nothing() -> None:
    rules = redflags.newest()
    assert not rules.judge("visit", "Hi.", ["feeling:breath", "x", "visit:" + "9" * 5000]).urgent


def test_words_are_found_as_people_type_them() -> None:
    rules = redflags.newest()
    assert rules.judge("visit", "now I CAN\u2019T  breathe", []).level == redflags.EMERGENCY
    assert rules.judge("visit", "May I bring a blanket?", []).words == ()


# --- Sending ---


@pytest.mark.parametrize("topic", ["feeling", "side_effect", "letter"])
def test_a_red_flag_goes_first_on_the_list_and_is_due_no_later(topic: str, signed: Ward) -> None:
    calm = item(signed, signed.start(topic=topic, now=OPEN))
    assert calm.lane == LANE_OF[topic]
    ticks = [f"{topic}:breath"] if topic != "letter" else []
    text = "I can't breathe well." if topic == "letter" else "Hello."
    flagged = item(signed, signed.start(topic=topic, text=text, signs=ticks, now=OPEN))
    assert (flagged.lane, flagged.priority) == (Lane.SAFETY, 0)
    assert flagged.due_at <= calm.due_at


def test_a_second_message_with_an_alarm_hurries_the_work_that_is_open_and_nothing_slows_it(
    signed: Ward,
) -> None:
    thread_id = signed.start(topic="letter", now=OPEN)
    before = item(signed, thread_id)
    signed.reply(thread_id, "Thank you.")
    assert item(signed, thread_id).lane == before.lane
    with signed.acting(signed.maya):
        services.reply(
            by=signed.maya, patient=signed.of_maya, thread_id=thread_id, id=uuid7(), text="Now I can't breathe.",
            seen_seq=9, now=OPEN,
        )  # fmt: skip
    hurried = item(signed, thread_id)
    assert (hurried.lane, hurried.due_at < before.due_at) == (Lane.SAFETY, True)
    signed.reply(thread_id, "All is well again.")
    assert item(signed, thread_id).due_at == hurried.due_at
    assert item(signed, thread_id).lane == Lane.SAFETY


def test_answers_are_kept_sealed_and_both_sides_read_them(signed: Ward, signed_in: SignIn) -> None:
    thread_id = signed.start(topic="feeling", signs=["feeling:breath"], called="no")
    row = answers(signed, thread_id)
    assert (row.level, row.ruleset_version, row.ruleset_signed) == ("emergency", 1, True)
    question = redflags.newest().questions("feeling")[0].text
    for client, url in (
        (signed_in(signed.maya), reverse("messaging:thread", args=[thread_id])),
        (signed_in(signed.rosa), reverse("messaging:work-thread", args=[signed.of_maya.pk, thread_id])),
    ):
        page = client.get(url).content.decode()
        assert question in page
        assert "Red flag: emergency" in page
        assert "No, not called" in page


def test_unticked_and_none_of_these_are_not_the_same(signed: Ward) -> None:
    none = answers(signed, signed.start(topic="feeling", signs=["feeling:none"]))
    assert {one["said_code"] for one in none.answers["answers"]} == {"no"}
    assert none.level == "none"
    signed.start(topic="feeling")
    assert signed.count(TriageAnswers) == 1


def test_a_hidden_conversations_answers_are_hidden_from_carers_by_the_database(signed: Ward) -> None:
    signed.start(topic="feeling", signs=["feeling:breath"], hide_from_carers=True)
    with signed.acting(signed.jonas):
        assert TriageAnswers.objects.count() == 0
    with signed.acting(signed.samuel):
        assert TriageAnswers.objects.count() == 0
    with signed.acting(signed.maya):
        assert TriageAnswers.objects.count() == 1


# --- The page ---


def main_of(answer: Any) -> str:
    html: str = answer.content.decode()
    return html[html.index("<main") :]


def send(client: Client, **fields: Any) -> Any:
    return client.post(
        reverse("messaging:new"), {"draft": str(uuid7()), "draft_version": "0", "text": "Hello.", **fields}
    )


def test_the_page_asks_says_whom_to_call_and_shows_it_first_when_something_is_ticked(
    signed: Ward, signed_in: SignIn
) -> None:
    client = signed_in(signed.maya)
    page = client.get(reverse("messaging:new")).content.decode()
    assert "Is any of this happening now?" in page
    assert 'value="feeling:breath"' in page
    assert f"If yes, call {signed.of_maya.site.emergency_phone} now." in page
    kept = send(client, topic="feeling", signs="feeling:breath", later="1")
    assert kept.status_code == 302
    page = client.get(reverse("messaging:new")).content.decode()
    assert page.index("Call now. Do not wait for an answer.") < page.index("Your message")
    sent = send(client, draft=hidden(page, "draft"), topic="feeling", signs="feeling:breath")
    assert sent.status_code == 302
    after = main_of(client.get(sent["Location"]))
    assert after.index("Call now. Do not wait for an answer.") < after.index("Message sent")
    assert "Have you called?" in after


@pytest.mark.parametrize("signs", [[], ["nonsense"], ["feeling:breath", "\x00", "visit:fever"]])
def test_nothing_that_is_ticked_stops_a_message(signs: list[str], signed: Ward, signed_in: SignIn) -> None:
    assert send(signed_in(signed.maya), topic="feeling", signs=signs).status_code == 302


def test_closed_the_form_asks_whether_you_called_before_and_after(
    signed: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("messaging.views.conversation.present", lambda: CLOSED)
    client = signed_in(signed.maya)
    page = main_of(client.get(reverse("messaging:new")))
    phone = signed.of_maya.site.after_hours_phone
    assert page.index("Nobody reads this until Monday") < page.index(phone) < page.index("What is it about?")
    assert "Have you called?" in page
    sent = send(client, topic="feeling", called="wait")
    after = client.get(sent["Location"]).content.decode()
    assert "Nobody reads this until Monday" in after
    assert phone in after
    assert "Have you called?" in after
    with signed.system():
        assert TriageAnswers.objects.for_system().get().answers["called_code"] == "wait"
    monkeypatch.setattr("messaging.views.conversation.present", lambda: OPEN)
    assert 'name="called"' not in client.get(reverse("messaging:new")).content.decode()


# --- The signature ---


def test_unsigned_questions_are_for_demos_only(
    ward: Ward, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(ward.maya)
    assert "Is any of this happening now?" not in client.get(reverse("messaging:new")).content.decode()
    assert send(client, topic="feeling", signs="feeling:breath").status_code == 302
    assert ward.count(TriageAnswers) == 0
    monkeypatch.setattr(settings, "DEMO", True)
    assert "Is any of this happening now?" in client.get(reverse("messaging:new")).content.decode()
    thread_id = ward.start(topic="feeling", signs=["feeling:breath"])
    assert not answers(ward, thread_id).ruleset_signed
    work = reverse("messaging:work-thread", args=[ward.of_maya.pk, thread_id])
    assert "not signed by a clinician" in signed_in(ward.rosa).get(work).content.decode()


def test_a_neurologist_signs_by_name_once_and_nobody_else(ward: Ward, signed_in: SignIn) -> None:
    url, sign = reverse("messaging:rulesets"), reverse("messaging:ruleset-sign")
    page = signed_in(ward.rosa).get(url).content.decode()
    assert "Not signed: demo only" in page
    assert "Sign this version" not in page
    once = {"once": str(uuid7()), "version": "1"}
    assert signed_in(ward.rosa).post(sign, once).status_code == 403
    hana = signed_in(ward.hana)
    assert hana.post(sign, {**once, "version": "7"}).status_code == 409
    assert hana.post(sign, once).status_code == 302
    assert hana.post(sign, once).status_code == 302
    assert hana.post(sign, {"once": str(uuid7()), "version": "1"}).status_code == 409
    assert RulesetSignature.objects.count() == 1
    page = hana.get(url).content.decode()
    assert ward.hana.name in page
    assert "Not signed" not in page
    assert signed_in(ward.maya).get(url).status_code == 404


def test_a_changed_file_is_unsigned_again(signed: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    assert triage.in_use() is not None
    changed = replace(redflags.newest(), content_hash="0" * 64)
    monkeypatch.setattr(redflags, "newest", lambda: changed)
    assert triage.in_use() is None


def test_a_refusal_is_a_sentence(signed: Ward) -> None:
    with pytest.raises(DomainError, match="neurologist"), signed.acting(signed.rosa):
        triage.sign(by=signed.rosa, version=1, id=uuid7(), now=timezone.now())
