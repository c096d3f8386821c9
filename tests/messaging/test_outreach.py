"""Calls and letters go the same way as messages; and the team can write first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import OutgoingMail
from clinic.services import state_of
from messaging.composing import outreach
from messaging.composing.reply_templates import BlankLeft
from messaging.files import services as files
from messaging.models import Attachment, Message, WorkItem
from messaging.models.writing import TriageAnswers
from messaging.services import NewerMessages
from messaging.work.promises import due_at
from messaging.writing import redflags, triage
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.messaging.samples import pdf
from tests.messaging.test_files import form_of, upload
from tests.messaging.test_reply_templates import made
from tests.messaging.ward import OPEN, Ward, hidden


def write_down(ward: Ward, **more: Any) -> Message:
    by = more.pop("by", ward.rosa)
    given = {"id": uuid7(), "text": "She coughs.", "how": "phone", "topic": "feeling", "now": OPEN} | more
    given.setdefault("came_at", given["now"])
    with ward.acting(by):
        return outreach.write_down(by=by, patient=ward.of_maya, **given)


def item_of(ward: Ward, thread: UUID) -> WorkItem:
    with ward.system():
        found: WorkItem = WorkItem.objects.for_system().filter(thread_id=thread).order_by("-id")[0]
        return found


def test_a_letter_has_the_lane_of_its_topic_and_the_clock_of_the_day_it_came(ward: Ward) -> None:
    came = OPEN - timedelta(days=2)
    letter = write_down(ward, how="letter", came_at=came)
    item = item_of(ward, letter.thread_id)
    assert (item.lane, item.state) == ("clinical", "open")
    assert item.due_at == due_at(state_of(ward.of_maya.site), "feeling", came)
    assert letter.capacity == "letter"
    assert letter.on_behalf


def test_the_lane_can_be_chosen_and_a_call_makes_open_work_only_more_urgent(ward: Ward) -> None:
    thread = ward.start(topic="letter", now=OPEN - timedelta(hours=1))
    before = item_of(ward, thread)
    write_down(ward, thread_id=thread, topic="", seen_seq=1, lane="safety")
    after = item_of(ward, thread)
    assert (after.pk, after.lane, after.priority) == (before.pk, "safety", 0)
    assert after.due_at < before.due_at
    write_down(ward, thread_id=thread, topic="", seen_seq=2, lane="administration", text="And thanks.")
    assert (item_of(ward, thread).lane, item_of(ward, thread).due_at) == ("safety", after.due_at)


@pytest.mark.parametrize(("owner", "sounds"), [("rosa", False), ("hana", True)])
def test_a_calm_call_into_urgent_work_is_heard_by_who_has_it(owner: str, sounds: bool, ward: Ward) -> None:
    """As calm words of a message are; who has written the call down has heard it."""
    thread = ward.start(topic="side_effect")
    ward.claim(thread, by=getattr(ward, owner))
    assert item_of(ward, thread).alarm_at is None
    write_down(ward, thread_id=thread, lane="logistics", text="She asks for a parking place.", seen_seq=9)
    item = item_of(ward, thread)
    assert (item.alarm_at is not None) is sounds
    assert (item.lane, item.owner) == ("safety", getattr(ward, owner))
    calm = ward.start(topic="visit")
    ward.claim(calm, by=ward.hana)
    write_down(ward, thread_id=calm, lane="logistics", text="She asks for a parking place.", seen_seq=9)
    assert item_of(ward, calm).alarm_at is None


def test_once_and_never_from_tomorrow_and_never_by_others(ward: Ward) -> None:
    id = uuid7()
    assert write_down(ward, id=id).pk == write_down(ward, id=id).pk == id
    assert ward.count(Message) == 1
    for wrong in (OPEN + timedelta(hours=1), OPEN - timedelta(days=61)):
        with pytest.raises(outreach.NotThen):
            write_down(ward, came_at=wrong)
    for person in (ward.maya, ward.jonas, ward.peter):
        with pytest.raises(NotAllowed):
            write_down(ward, by=person)
    thread = ward.start()
    with pytest.raises(NewerMessages):
        write_down(ward, thread_id=thread, topic="", seen_seq=0)


def test_the_page_keeps_what_was_typed_and_stamps_what_it_writes(ward: Ward, signed_in: Any) -> None:
    nurse, page = signed_in(ward.rosa), reverse("messaging:call", args=[ward.of_maya.pk])
    form = nurse.get(page).content.decode()
    day = timezone.localtime(timezone.now(), timezone=ZoneInfo("America/New_York"))
    data = {name: hidden(form, name) for name in ("draft", "draft_version")} | {
        "how": "letter", "topic": "letter", "lane": "topic", "text": "Please fill in the form.",
        "day_day": str(day.day), "day_month": str(day.month), "day_year": str(day.year),
    }  # fmt: skip
    for wrong in ({"clock": "25:00"}, {"how": ""}, {"day_year": str(day.year + 1)}, {"lane": "x"}):
        refused = nurse.post(page, {**data, **wrong})
        assert refused.status_code == 422
        assert "Please fill in the form.</textarea>" in refused.content.decode()
        data["draft_version"] = hidden(refused.content.decode(), "draft_version")
    sent = nurse.post(page, data)
    assert sent.status_code == 302
    assert "Maya Lindqvist by letter, written down by You" not in nurse.get(sent.url).content.decode()
    thread = UUID(sent.url.rstrip("/").rpartition("/")[2])
    shown = signed_in(ward.maya).get(reverse("messaging:thread", args=[thread])).content.decode()
    assert "Maya Lindqvist by letter, written down by Rosa Delgado" in shown


def test_the_team_begins_a_conversation_and_owes_nothing_until_an_answer_comes(
    ward: Ward, signed_in: Any
) -> None:
    mails, id = OutgoingMail.objects.count(), uuid7()
    with ward.acting(ward.rosa):
        given = {"by": ward.rosa, "patient": ward.of_maya, "id": id, "topic": "visit", "now": timezone.now()}
        first = outreach.write_first(text="We are closed on Friday.", **given)
        assert outreach.write_first(text="We are closed on Friday.", **given).pk == first.pk
    assert OutgoingMail.objects.count() == mails + 1
    assert ward.count(WorkItem) == 0
    maya = signed_in(ward.maya)
    assert "From your team" in maya.get(reverse("messaging:list")).content.decode()
    assert (
        "We are closed on Friday."
        in maya.get(reverse("messaging:thread", args=[first.thread_id])).content.decode()
    )
    ward.reply(first.thread_id, "And on Saturday?")
    assert ward.count(WorkItem, thread_id=first.thread_id, state="open") == 1
    for person in (ward.maya, ward.peter):
        with ward.acting(person), pytest.raises(NotAllowed):
            outreach.write_first(text="Hello", **{**given, "by": person, "id": uuid7()})


def test_first_words_have_no_blanks_left(ward: Ward, signed_in: Any) -> None:
    made(ward)
    with ward.acting(ward.rosa), pytest.raises(BlankLeft):
        outreach.write_first(
            by=ward.rosa,
            patient=ward.of_maya,
            id=uuid7(),
            topic="visit",
            text="On [day].",
            now=timezone.now(),
        )
    page = reverse("messaging:write-first", args=[ward.of_maya.pk])
    nurse = signed_in(ward.rosa)
    form = nurse.get(page).content.decode()
    data = {name: hidden(form, name) for name in ("draft", "draft_version")}
    refused = nurse.post(page, {**data, "topic": "visit", "text": "On [day]."})
    assert "Fill in [day] first." in refused.content.decode()
    data["draft_version"] = hidden(refused.content.decode(), "draft_version")
    assert nurse.post(page, {**data, "topic": "visit", "text": "On Friday."}).status_code == 302


@pytest.fixture
def signed(ward: Ward) -> Ward:
    """The ward, with the red-flag questions signed by its neurologist."""
    with ward.acting(ward.hana):
        triage.sign(by=ward.hana, version=redflags.newest().version, id=uuid7(), now=timezone.now())
    return ward


def test_a_yes_on_the_phone_makes_it_safety_work_whatever_lane_was_chosen(signed: Ward) -> None:
    call = write_down(signed, topic="feeling", lane="administration", signs=["feeling:breath"])
    item = item_of(signed, call.thread_id)
    assert (item.lane, item.priority) == ("safety", 0)
    assert item.due_at == due_at(state_of(signed.of_maya.site), "side_effect", OPEN)
    with signed.system():
        row = TriageAnswers.objects.for_system().get(message=call)
        said = {one["code"]: one["said_code"] for one in row.answers["answers"]}
    assert (row.level, said["feeling:breath"]) == ("emergency", "yes")
    words = write_down(signed, topic="visit", text="He says he has a fever.")
    assert item_of(signed, words.thread_id).lane == "safety"
    calm = write_down(signed, topic="feeling", signs=["feeling:none"])
    assert item_of(signed, calm.thread_id).lane == "clinical"


def test_a_call_about_an_open_conversation_hurries_it_and_never_slows_it(signed: Ward) -> None:
    thread = signed.start(topic="feeling", now=OPEN - timedelta(hours=1))
    before = item_of(signed, thread)
    id, call = uuid7(), {"thread_id": thread, "topic": "", "seen_seq": 1, "signs": ["feeling:new"]}
    write_down(signed, id=id, **call)
    assert write_down(signed, id=id, **call).pk == id
    after = item_of(signed, thread)
    assert (after.pk, after.lane) == (before.pk, "safety")
    assert after.due_at < before.due_at
    with signed.system():
        assert TriageAnswers.objects.for_system().get(thread_id=thread).level == "call_now"


def test_a_scan_goes_with_the_letter_or_nothing_goes(ward: Ward) -> None:
    with ward.acting(ward.rosa):
        scan = files.take_in(
            by=ward.rosa, patient=ward.of_maya, id=uuid7(), name="letter.pdf", data=pdf(), now=timezone.now()
        )
    letter = write_down(ward, how="letter", topic="letter", files=[scan.pk])
    assert ward.count(Attachment, message_id=letter.pk) == 1
    with pytest.raises(Exception, match="file"):
        write_down(ward, how="letter", topic="letter", files=[uuid7()])
    assert ward.count(Message) == 1


def test_the_page_asks_the_questions_takes_the_scan_and_says_what_cannot_wait(
    signed: Ward, signed_in: Any
) -> None:
    nurse, page = signed_in(signed.rosa), reverse("messaging:call", args=[signed.of_maya.pk])
    # The team has one door: what was the second one leads here.
    old = nurse.get(reverse("messaging:patient-new", args=[signed.of_maya.pk]), {"topic": "visit"})
    assert f'action="{page}"' in old.content.decode()
    assert 'value="visit" checked' in " ".join(old.content.decode().split()).replace('" id="id_topic_0"', '"')
    given, today = form_of(nurse, page), timezone.localtime(timezone=ZoneInfo("America/New_York"))
    shown = nurse.get(page).content.decode()
    assert 'value="feeling:breath"' in shown
    assert "If yes, tell the caller to call 911 now." in shown
    data = {
        **given, "how": "phone", "topic": "feeling", "lane": "topic", "signs": "feeling:breath",
        "day_day": str(today.day), "day_month": str(today.month), "day_year": str(today.year),
    }  # fmt: skip
    refused = nurse.post(page, {**data, "text": "", "attach": "1", "files": [upload("scan.pdf", pdf())]})
    assert refused.status_code == 302  # the file was taken in and everything was kept
    again = nurse.get(page).content.decode()
    assert "scan.pdf" in again
    assert "Act now: this is an emergency sign" in again
    sent = nurse.post(page, {**data, **form_of(nurse, page), "text": "She cannot swallow."}, follow=True)
    assert "It is in the safety lane of the work list." in sent.content.decode()
    assert "Red flag: emergency" in sent.content.decode()
    assert signed.count(Attachment, message__isnull=False) == 1
    with signed.system():
        item = WorkItem.objects.for_system().get()
    more = nurse.get(
        reverse("messaging:call-more", args=[signed.of_maya.pk, item.thread_id])
    ).content.decode()
    assert 'type="hidden" name="topic" value="feeling"' in more
    assert 'value="feeling:breath"' in more
    assert 'value="visit:fever"' not in more
