"""Templates: two pairs of eyes, blanks that must be filled, and nothing typed is lost when one is chosen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.composing import reply_templates as templates
from messaging.models import Message, ReplyTemplate
from portal.lib.ids import uuid7
from tests.messaging.ward import Ward, hidden

BODY = "We call you on [day] at [time]."


def made(ward: Ward, *, reviewed: bool = True, title: str = "A call", body: str = BODY) -> ReplyTemplate:
    with ward.acting(ward.rosa):
        found = templates.write(
            by=ward.rosa, id=uuid7(), title=title, body=body, team_only=False, now=timezone.now()
        )
    if reviewed:
        with ward.acting(ward.hana):
            found = templates.approve(by=ward.hana, template_id=found.pk, now=timezone.now())
    return found


def answer(client: Any, ward: Ward, thread: UUID, **more: str) -> Any:
    page = client.get(reverse("messaging:work-thread", args=[ward.of_maya.pk, thread])).content.decode()
    data = {"draft": hidden(page, "draft"), "draft_version": hidden(page, "draft_version"), "seen": "99"}
    return client.post(reverse("messaging:answer", args=[ward.of_maya.pk, thread]), {**data, **more})


def test_nobody_reviews_their_own_words(ward: Ward) -> None:
    waiting = made(ward, reviewed=False)
    with ward.acting(ward.rosa), pytest.raises(templates.OwnWords):
        templates.approve(by=ward.rosa, template_id=waiting.pk, now=timezone.now())
    with ward.acting(ward.rosa):
        assert templates.in_use(ward.rosa) == []
    with pytest.raises(IntegrityError, match="template_four_eyes"), transaction.atomic():
        ReplyTemplate.objects.filter(pk=waiting.pk).update(reviewed_by=ward.rosa)
    with pytest.raises(IntegrityError, match="template_used_only_reviewed"), transaction.atomic():
        ReplyTemplate.objects.filter(pk=waiting.pk).update(state="in_use")


def test_a_new_version_replaces_the_one_in_use_only_after_its_review(ward: Ward) -> None:
    first = made(ward)
    with ward.acting(ward.hana):
        second = templates.write(
            by=ward.hana, id=uuid7(), title="A call", body="Call us.", team_only=False, now=timezone.now(),
            replaces=first,
        )  # fmt: skip
        assert [row.pk for row in templates.in_use(ward.hana)] == [first.pk]
    with ward.acting(ward.rosa):
        templates.approve(by=ward.rosa, template_id=second.pk, now=timezone.now())
        assert [(row.pk, row.version) for row in templates.in_use(ward.rosa)] == [(second.pk, 2)]
        templates.retire(by=ward.rosa, template_id=second.pk)
        assert templates.in_use(ward.rosa) == []


def test_choosing_keeps_what_was_typed_and_sends_nothing(ward: Ward, signed_in: Any) -> None:
    thread, template, client = ward.start(), made(ward), signed_in(ward.rosa)
    chosen = answer(client, ward, thread, text="Dear Maya,", template=str(template.pk))
    assert chosen.status_code == 302
    page = client.get(chosen.url).content.decode()
    assert "Dear Maya,\n\nWe call you on [day] at [time]." in page
    assert ward.count(Message, thread_id=thread) == 1


def test_a_blank_that_is_left_is_named_and_the_text_is_kept(ward: Ward, signed_in: Any) -> None:
    thread, client = ward.start(), signed_in(ward.rosa)
    made(ward)
    refused = answer(client, ward, thread, text="We call you on [Day] at 10, room [B2].")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Fill in [Day] first." in page
    assert "We call you on [Day] at 10, room [B2].</textarea>" in page
    assert ward.count(Message, thread_id=thread) == 1
    # Brackets of one's own are not blanks.
    assert answer(client, ward, thread, text="We call you on Monday at 10, room [B2].").status_code == 302
    assert ward.texts(thread)[-1] == "We call you on Monday at 10, room [B2]."


def test_only_reviewed_templates_of_ones_own_site_can_be_chosen(ward: Ward, signed_in: Any) -> None:
    thread, client = ward.start(), signed_in(ward.rosa)
    for wrong in (str(made(ward, reviewed=False).pk), str(uuid7()), "no-id"):
        assert answer(client, ward, thread, text="Hello", template=wrong).status_code == 404
    for person in (ward.maya, ward.jonas, ward.samuel):
        assert signed_in(person).get(reverse("messaging:templates")).status_code == 404


def test_the_pages_from_writing_to_use(ward: Ward, signed_in: Any) -> None:
    writer, reviewer = signed_in(ward.rosa), signed_in(ward.hana)
    once = str(uuid7())
    form = {"once": once, "title": "Thanks", "body": "Thank you for [what].", "who": "all"}
    empty = writer.post(reverse("messaging:template-new"), {**form, "title": ""})
    assert empty.status_code == 422
    assert "Thank you for [what].</textarea>" in empty.content.decode()
    for _twice in range(2):
        saved = writer.post(reverse("messaging:template-new"), form)
        assert saved.status_code == 302
    template = ReplyTemplate.objects.get()
    decide = reverse("messaging:template-decide", args=[template.pk])
    own = writer.post(decide, {"decision": "approve"})
    assert own.status_code == 409
    assert "Somebody else of the team has to review it." in own.content.decode()
    assert reviewer.post(decide, {"decision": "nothing"}).status_code == 400
    assert reviewer.post(decide, {"decision": "approve"}).status_code == 302
    assert "Reviewed by" in reviewer.get(saved.url).content.decode()
    listed = reviewer.get(reverse("messaging:templates")).content.decode()
    assert "Thanks" in listed
    assert "To fill in: what" in listed


@given(
    st.lists(
        st.text(
            st.characters(exclude_characters="[]\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
            min_size=1,
            max_size=40,
        ),
        max_size=5,
    )
)
def test_every_blank_is_found_once_and_in_order(names: list[str]) -> None:
    text = "x ".join(f"[{name}] [{name}]" for name in names)
    assert templates.blanks_of(text) == list(dict.fromkeys(name.strip() for name in names))


def test_a_program_cannot_send_a_blank_either(ward: Ward, signed_in: Any) -> None:
    made(ward)
    thread = ward.start()
    nurse = signed_in(ward.rosa)
    paths: dict[str, dict[str, Any]] = {
        f"threads/{thread}/messages": {"seen_seq": 1},
        "first-words": {"topic": "visit"},
    }
    for path, more in paths.items():
        told = nurse.post(
            f"/api/v1/messaging/{path}/?patient={ward.of_maya.pk}",
            {"text": "We call you on [Day].", **more},
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid7())},
        )
        assert told.status_code == 422, (path, told.content)
        assert "[Day]" in told.json()["title"]
    assert ward.count(Message) == 1
