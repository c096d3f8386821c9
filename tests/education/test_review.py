"""No text is published that somebody else has not approved: not by service, not by button, not by a direct POST."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from education.models import Article

HARD = (
    "Immunosuppressive medication necessitates comprehensive interdisciplinary consideration of individual "
    "contraindications, comorbidities and epidemiological probabilities preceding administration. "
)


@pytest.fixture(autouse=True)
def _unit(unit: None) -> None:
    """Services run in a unit of work."""


def test_a_draft_goes_through_review_to_the_page(
    draft: Callable[..., Article], editor: User, reviewer: User, settings: Any
) -> None:
    from education import services

    article = draft()
    assert not article.live
    assert services.article_by_slug("fever") is None
    services.submit_for_review(article=article, by=editor)
    article = services.approve(article=article, by=reviewer)
    assert article.live
    assert (article.reviewed_by, article.review, article.version) == (reviewer, "clinical", 1)
    assert article.reviewed_at is not None
    assert article.next_review_on is not None
    assert services.article_by_slug("fever") == article


def test_in_demo_mode_the_review_is_marked_as_synthetic(
    published: Callable[..., Article], settings: Any
) -> None:
    settings.DEMO = True
    assert published().review == "synthetic"


def test_a_synthetic_review_does_not_count_outside_demo_mode(
    published: Callable[..., Article], settings: Any
) -> None:
    from education import services

    settings.DEMO = True
    published()
    assert services.article_by_slug("fever") is not None
    settings.DEMO = False
    assert services.article_by_slug("fever") is None


def test_a_site_may_take_an_unreviewed_text_into_use(
    published: Callable[..., Article], editor: User, reviewer: User, settings: Any
) -> None:
    from education import services

    settings.DEMO = True
    article = published()
    settings.DEMO = False
    with pytest.raises(PermissionDenied):
        services.adopt(article=article, by=editor, reason="because")
    with pytest.raises(services.ReasonNeeded):
        services.adopt(article=article, by=reviewer, reason="  ")
    services.adopt(article=article, by=reviewer, reason="Agreed by the head of the center.")
    assert services.article_by_slug("fever") is not None


def test_the_author_cannot_approve_even_as_reviewer_or_superuser(
    draft: Callable[..., Article], person: Callable[..., User]
) -> None:
    from education import services

    both = person("both", "Editors", "Reviewers")
    boss = person("boss", is_superuser=True)
    for who, slug in ((both, "one"), (boss, "two")):
        article = draft(slug=slug, author=who)
        services.submit_for_review(article=article, by=who)
        with pytest.raises(PermissionDenied):
            services.approve(article=article, by=who)
        article.refresh_from_db()
        assert not article.live


def test_who_submitted_or_wrote_a_part_cannot_approve(
    draft: Callable[..., Article], editor: User, admin: User, person: Callable[..., User], reviewer: User
) -> None:
    from education import services

    helper = person("helper", "Editors", "Reviewers")
    article = draft()
    services.write_draft(article=article, by=helper, title="Fever, corrected")
    services.write_draft(article=article, by=editor, title="Fever, corrected again")
    services.submit_for_review(article=article, by=admin)
    for who in (helper, editor, admin):
        with pytest.raises(PermissionDenied):
            services.approve(article=article, by=who)
    assert services.approve(article=article, by=reviewer).title == "Fever, corrected again"


def test_an_editor_can_neither_approve_nor_publish(
    draft: Callable[..., Article], editor: User, admin: User
) -> None:
    from education import services

    article = draft(author=admin)
    services.submit_for_review(article=article, by=admin)
    with pytest.raises(PermissionDenied):
        services.approve(article=article, by=editor)
    assert not editor.has_perm("education.publish_article")


def test_publishing_a_revision_by_hand_is_refused_for_everybody(
    draft: Callable[..., Article], admin: User, reviewer: User
) -> None:
    from education.models import NotReviewed

    article = draft()
    for who in (admin, reviewer, None):
        with pytest.raises(NotReviewed):
            article.latest_revision.publish(user=who, skip_permission_checks=True)
    article.refresh_from_db()
    assert not article.live


def test_an_approval_holds_for_exactly_the_approved_words(published: Callable[..., Article]) -> None:
    from education.models import NotReviewed

    article = published()
    revision = article.live_revision
    revision.content["title"] = "Other words"
    revision.save()
    with pytest.raises(NotReviewed):
        revision.publish()


def test_the_database_refuses_an_author_as_reviewer(published: Callable[..., Article]) -> None:
    article = published()
    article.reviewed_by = article.author
    with pytest.raises(IntegrityError, match="article_reviewer_is_not_author"), transaction.atomic():
        article.save()


def test_nobody_changes_a_text_that_is_in_review(
    draft: Callable[..., Article], editor: User, admin: User, signed_in: Callable[[User], Client]
) -> None:
    from education import services
    from portal.lib.problems import Conflict

    article = draft()
    services.submit_for_review(article=article, by=editor)
    for who in (editor, admin):
        with pytest.raises(Conflict):
            services.write_draft(article=article, by=who, title="Sneaked in")
        lock = article.get_lock()
        assert lock is not None
        assert lock.for_user(who)


def test_a_returned_text_can_be_changed_and_submitted_again(
    draft: Callable[..., Article], editor: User, reviewer: User
) -> None:
    from education import services

    article = draft()
    services.submit_for_review(article=article, by=editor)
    with pytest.raises(services.ReasonNeeded):
        services.return_to_author(article=article, by=reviewer, comment=" ")
    services.return_to_author(article=article, by=reviewer, comment="Please add the phone number.")
    with pytest.raises(services.NotInReview):
        services.approve(article=article, by=reviewer)
    services.write_draft(article=article, by=editor, title="Fever: who to call")
    services.submit_for_review(article=article, by=editor)
    assert services.approve(article=article, by=reviewer).title == "Fever: who to call"


def test_a_correction_keeps_the_old_page_until_it_is_approved(
    published: Callable[..., Article], editor: User, reviewer: User
) -> None:
    from education import services

    article = published()
    services.write_draft(article=article, by=editor, title="Fever, in plain words")
    services.submit_for_review(article=article, by=editor)
    found = services.article_by_slug("fever")
    assert found is not None
    assert found.title == "Fever and your infusion"
    changed = services.approve(article=article, by=reviewer)
    assert (changed.title, changed.version, changed.is_changed) == ("Fever, in plain words", 2, True)


def test_a_text_without_sources_or_summary_is_not_submitted(
    draft: Callable[..., Article], editor: User
) -> None:
    from education import services

    article = draft()
    article.summary = ""
    article.sources = []  # type: ignore[assignment]
    article.save_revision(user=editor, clean=False)
    with pytest.raises(services.NotReady) as problem:
        services.submit_for_review(article=article, by=editor)
    assert "source" in str(problem.value)
    assert "summary" in str(problem.value)


def test_a_text_above_grade_8_needs_a_typed_reason(
    draft: Callable[..., Article], editor: User, reviewer: User
) -> None:
    from education import services
    from education.models import ClinicalReview

    article = draft(text=HARD * 3)
    assert article.is_hard
    services.submit_for_review(article=article, by=editor)
    for reason in ("", "   "):
        with pytest.raises(services.ReasonNeeded):
            services.approve(article=article, by=reviewer, grade_reason=reason)
    services.approve(article=article, by=reviewer, grade_reason="Quoted from the label on purpose.")
    review = ClinicalReview.objects.get()
    assert review.grade_reason == "Quoted from the label on purpose."
    assert review.reading_grade is not None
    assert review.reading_grade > 8


# --- Through the pages --------------------------------------------------------------------------------


def _decide(client: Client, article: Article, **data: str) -> Any:
    return client.post(reverse("education-review", args=[article.pk]), data)


def test_the_reviewer_approves_on_the_review_page(
    draft: Callable[..., Article], editor: User, reviewer: User, signed_in: Callable[[User], Client]
) -> None:
    from education import services

    article = draft()
    services.submit_for_review(article=article, by=editor)
    client = signed_in(reviewer)
    page = client.get(reverse("education-review", args=[article.pk]))
    assert page.status_code == 200
    assert b"Approve and publish" in page.content
    unticked = _decide(client, article, decision="approve")
    assert unticked.status_code == 422
    assert b"Tick this box" in unticked.content
    assert _decide(client, article, decision="approve", read_it="on").status_code == 302
    article.refresh_from_db()
    assert article.live
    assert article.reviewed_by == reviewer
    assert _decide(client, article, decision="approve", read_it="on").status_code == 409


def test_the_reviewer_returns_on_the_review_page_and_the_comment_is_kept_when_refused(
    draft: Callable[..., Article], editor: User, reviewer: User, signed_in: Callable[[User], Client]
) -> None:
    from education import services

    article = draft()
    services.submit_for_review(article=article, by=editor)
    client = signed_in(reviewer)
    assert _decide(client, article, decision="return", comment="").status_code == 422
    assert _decide(client, article, decision="return", comment="x" * 2001).status_code == 422
    assert _decide(client, article, decision="return", comment="Add\x00 a \u202ephone").status_code == 302
    page = signed_in(editor).get(reverse("education-review", args=[article.pk]))
    assert b"Add a phone" in page.content


def test_self_approval_by_direct_post_is_refused_on_every_way(
    draft: Callable[..., Article], person: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    from education import services

    for number, who in enumerate((person("both", "Editors", "Reviewers"), person("boss", is_superuser=True))):
        article = draft(slug=f"mine-{number}", author=who)
        services.submit_for_review(article=article, by=who)
        state = article.current_workflow_task_state
        client = signed_in(who)
        names = ("workflow_action", "collect_workflow_action_data")
        ways = [
            reverse(f"wagtailsnippets_education_article:{name}", args=[article.pk, "approve", state.pk])
            for name in names
        ]
        ways.append(reverse("education-review", args=[article.pk]))
        for way in ways:
            data = {"decision": "approve", "read_it": "on", "grade_reason": "I like it"}
            answer = client.post(way, data)
            assert answer.status_code == 403, way
            assert (
                client.post(way, data, headers={"x-requested-with": "XMLHttpRequest"}).status_code == 403
            ), way
        edit = reverse("wagtailsnippets_education_article:edit", args=[article.pk])
        for action in ("action-publish", "action-workflow-action"):
            client.post(
                edit,
                {action: "1", "workflow-action-name": "approve", "body-count": "0", "sources-count": "0"},
            )
        article.refresh_from_db()
        assert not article.live


def test_wagtails_own_approval_follows_the_same_rules(
    draft: Callable[..., Article], editor: User, reviewer: User, signed_in: Callable[[User], Client]
) -> None:
    from education import services

    article = draft(text=HARD * 3)
    services.submit_for_review(article=article, by=editor)
    state = article.current_workflow_task_state
    way = reverse("wagtailsnippets_education_article:workflow_action", args=[article.pk, "approve", state.pk])
    client = signed_in(reviewer)
    assert client.post(way, {"read_it": "on"}).status_code == 422
    assert client.post(way, {"read_it": "on", "grade_reason": "On purpose."}).status_code == 302
    article.refresh_from_db()
    assert article.live


def test_a_published_text_can_be_withdrawn_by_a_reviewer_and_not_by_an_editor(
    published: Callable[..., Article], editor: User, reviewer: User, signed_in: Callable[[User], Client]
) -> None:
    article = published()
    way = reverse("wagtailsnippets_education_article:unpublish", args=[article.pk])
    signed_in(editor).post(way)
    article.refresh_from_db()
    assert article.live
    signed_in(reviewer).post(way)
    article.refresh_from_db()
    assert not article.live
    assert signed_in(editor).get(reverse("education:article", args=["fever"])).status_code == 404


def test_a_withdrawn_text_needs_a_new_review(
    published: Callable[..., Article], admin: User, reviewer: User, editor: User
) -> None:
    from education.models import NotReviewed

    article = published()
    revision = article.latest_revision
    article.unpublish()
    article.title = "Changed behind the back"
    fresh = article.save_revision(user=editor)
    with pytest.raises(NotReviewed):
        fresh.publish(user=admin)
    revision.publish(user=admin)  # the approved words may come back
    article.refresh_from_db()
    assert article.title == "Fever and your infusion"


def test_reviews_are_told_by_the_portals_own_mail(
    draft: Callable[..., Article], editor: User, reviewer: User, mailoutbox: list[Any]
) -> None:
    from accounts.models import OutgoingMail
    from accounts.services import open_mail
    from education import services

    article = draft()
    services.submit_for_review(article=article, by=editor)
    services.approve(article=article, by=reviewer)
    mails = [open_mail(mail) for mail in OutgoingMail.objects.filter(kind="article_review")]
    assert {mail["to"] for mail in mails if mail} == {reviewer.email, editor.email}
    assert mailoutbox == []


def test_reviewers_are_reminded_of_articles_due_today_or_in_30_days(
    published: Callable[..., Article], reviewer: User
) -> None:
    import datetime as dt

    from accounts.models import OutgoingMail
    from accounts.services import open_mail
    from education import notices, services

    today = dt.date(2026, 11, 22)
    for slug, due in (
        ("today", today),
        ("soon", today + dt.timedelta(days=30)),
        ("later", today + dt.timedelta(days=31)),
        ("past", today - dt.timedelta(days=1)),
    ):
        article = published(slug=slug, title=slug)
        article.next_review_on = due
        article.save()
    OutgoingMail.objects.all().delete()
    due_now = services.review_due(today)
    assert [article.slug for article in due_now] == ["today", "soon"]
    notices.tell_due(due_now)
    notices.tell_due([])
    mail = open_mail(OutgoingMail.objects.get())
    assert mail is not None
    assert mail["to"] == reviewer.email
    assert "“today”" in mail["body"]
    assert "“later”" not in mail["body"]
