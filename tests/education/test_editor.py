"""The editor's doors, who may enter, and what happens when its scripts did not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

if TYPE_CHECKING:
    from accounts.models import User
    from education.models import Article

DOORS = {
    "/cms/login/": "account_login",
    "/cms/logout/": "account_logout",
    "/cms/password_reset/": "account_reset_password",
    "/cms/password_reset/done/": "account_reset_password",
    "/cms/password_reset/confirm/abc/def-ghi/": "account_reset_password",
    "/cms/password_reset/complete/": "account_reset_password",
    "/cms/account/": "accounts:display",
}


@pytest.fixture(autouse=True)
def _unit(unit: None) -> None:
    """Services run in a unit of work."""


@pytest.mark.parametrize(("door", "name"), list(DOORS.items()))
def test_wagtails_doors_lead_to_ours(
    door: str, name: str, editor: User, signed_in: Callable[[User], Client]
) -> None:
    for client in (Client(), signed_in(editor)):
        answer = client.get(door)
        assert (answer.status_code, answer["Location"]) == (302, reverse(name))


def test_a_door_keeps_where_the_person_wanted_to_go_inside_the_portal_only() -> None:
    client = Client()
    inside = client.get("/cms/login/?next=/cms/reports/")["Location"]
    assert inside == reverse("account_login") + "?next=%2Fcms%2Freports%2F"
    for outside in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert client.get("/cms/login/", {"next": outside})["Location"] == reverse("account_login")


def test_a_password_posted_to_wagtails_door_opens_nothing(person: Callable[..., User]) -> None:
    who = person("admin", is_superuser=True)
    who.set_password("correct horse battery staple")
    who.save()
    client = Client()
    data = {"username": who.email, "password": "correct horse battery staple"}
    assert client.post("/cms/login/", data).status_code == 302
    assert "_auth_user_id" not in client.session


def test_who_may_enter(
    editor: User, reviewer: User, admin: User, reader: User, signed_in: Callable[[User], Client]
) -> None:
    listing = reverse("wagtailsnippets_education_article:list")
    for who in (editor, reviewer, admin):
        assert signed_in(who).get(listing).status_code == 200
        assert signed_in(who).get("/cms/").status_code == 200
    for path in ("/cms/", listing, "/cms/nothing/", "/cms/users/"):
        assert signed_in(reader).get(path).status_code == 404, path
        stranger = Client().get(path)
        assert stranger.status_code == 302, path
        assert stranger["Location"].startswith(reverse("account_login")), path


def test_people_and_groups_are_not_set_up_here(admin: User, signed_in: Callable[[User], Client]) -> None:
    for path in ("/cms/users/", "/cms/users/add/", "/cms/groups/"):
        assert signed_in(admin).get(path).status_code == 404, path


def test_the_groups_of_the_migration(editor: User, reviewer: User) -> None:
    from django.contrib.auth.models import Group

    assert set(Group.objects.values_list("name", flat=True)) == {"Editors", "Reviewers"}
    assert editor.has_perm("education.change_article")
    assert not editor.has_perm("education.publish_article")
    assert not editor.has_perm("education.review_article")
    assert not editor.has_perm("education.delete_article")
    assert reviewer.has_perm("education.review_article")
    assert not reviewer.has_perm("education.change_article")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"title": "Only a title"},
        {"title": "x", "body-count": "1", "sources-count": "0"},
        {"title": "x", "body-count": "many", "sources-count": "0"},
        {"title": "x", "body-count": "-1", "sources-count": "0"},
    ],
)
def test_an_article_posted_without_scripts_is_a_clear_400(
    data: dict[str, str], draft: Callable[..., Article], editor: User, signed_in: Callable[[User], Client]
) -> None:
    article = draft()
    client = signed_in(editor)
    for url in (
        reverse("wagtailsnippets_education_article:add"),
        reverse("wagtailsnippets_education_article:edit", args=[article.pk]),
    ):
        answer = client.post(url, data)
        assert answer.status_code == 400, (url, answer.status_code)
        assert "needs JavaScript" in answer.content.decode()
    assert type(article).objects.count() == 1
    article.refresh_from_db()
    assert article.title == "Fever and your infusion"


def _form(article: Article, **changes: str) -> dict[str, str]:
    """What the editor's scripts post for an article with one paragraph and one source."""
    body, source = article.body[0], article.sources[0]
    data = {
        "title": article.title,
        "slug": article.slug,
        "topic": str(article.topic_id),
        "position": "100",
        "summary": article.summary,
        "emergency_if": article.emergency_if,
        "call_if": article.call_if,
        "body-count": "1",
        "body-0-type": "paragraph",
        "body-0-order": "0",
        "body-0-deleted": "",
        "body-0-id": str(body.id),
        "body-0-value": body.value,
        "sources-count": "1",
        "sources-0-type": "source",
        "sources-0-order": "0",
        "sources-0-deleted": "",
        "sources-0-id": str(source.id),
        "sources-0-value-title": "Label",
        "sources-0-value-where": "A page",
        "sources-0-value-status": "excerpt",
        "sources-0-value-code": "",
    }
    return {**data, **changes}


def test_an_editor_corrects_an_article_and_a_reviewer_publishes_it(
    published: Callable[..., Article],
    editor: User,
    reviewer: User,
    reader: User,
    signed_in: Callable[[User], Client],
) -> None:
    article = published()
    writer, checker = signed_in(editor), signed_in(reviewer)
    edit = reverse("wagtailsnippets_education_article:edit", args=[article.pk])
    page = writer.get(edit).content.decode()
    assert "action-publish" not in page
    saved = writer.post(
        edit, _form(article, **{"body-0-value": "A fever can mean an infection. Ring **first**."})
    )
    assert saved.status_code == 302
    article.refresh_from_db()
    assert article.has_unpublished_changes
    latest = article.get_latest_revision_as_object()
    assert writer.post(edit, _form(latest, **{"action-submit": "1"})).status_code == 302
    refused = writer.post(edit, _form(latest, title="Too late"))
    assert "could not be saved as it is locked" in refused.content.decode()
    url = reverse("education:article", args=["fever"])
    assert "Ring" not in signed_in(reader).get(url).content.decode()
    review = reverse("education-review", args=[article.pk])
    assert "Ring" in checker.get(review).content.decode()
    assert checker.post(review, {"decision": "approve", "read_it": "on"}).status_code == 302
    corrected = signed_in(reader).get(url).content.decode()
    assert "Ring <strong>first</strong>." in corrected
    assert "Changed on" in corrected


def test_a_new_article_belongs_to_who_writes_it(
    published: Callable[..., Article], person: Callable[..., User], signed_in: Callable[[User], Client]
) -> None:
    from education.models import Article

    other = person("second-editor", "Editors")
    data = _form(published(), slug="chills", title="Chills")
    assert signed_in(other).post(reverse("wagtailsnippets_education_article:add"), data).status_code == 302
    made = Article.objects.get(slug="chills")
    assert (made.author, made.live, made.review) == (other, False, "none")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"summary": "1\n2\n3\n4"}, "Keep the summary to 3 points"),
        ({"call_if": "x" * 200}, "Shorten this line"),
        ({"slug": "search"}, "taken by a page of the library"),
        ({"slug": "fever"}, ""),
        ({"title": "x" * 500}, ""),
        ({"topic": "not-a-topic"}, ""),
        ({"body-0-type": "evil", "body-0-order": "x"}, ""),
        ({"body-0-value": "\x00 \u202e" + "y" * 100_000}, ""),
    ],
)
def test_bad_values_are_shown_and_never_a_server_error(
    changes: dict[str, str],
    says: str,
    draft: Callable[..., Article],
    editor: User,
    signed_in: Callable[[User], Client],
) -> None:
    article = draft()
    draft(slug="other")
    edit = reverse("wagtailsnippets_education_article:edit", args=[article.pk])
    if changes.get("slug") == "fever":
        changes = {"slug": "other"}
    answer = signed_in(editor).post(edit, _form(article, **changes))
    assert answer.status_code < 500
    if says:
        assert says in answer.content.decode()


def test_the_preview_is_the_reading_page_in_a_frame_of_our_own(
    draft: Callable[..., Article], editor: User, signed_in: Callable[[User], Client]
) -> None:
    article = draft()
    client = signed_in(editor)
    preview = reverse("wagtailsnippets_education_article:preview_on_edit", args=[article.pk])
    posted = client.post(preview, _form(article, title="A new title"))
    assert posted.json()["is_valid"] is True
    answer = client.get(preview)
    assert answer.status_code == 200
    assert "A new title" in answer.content.decode()
    assert "This is a draft." in answer.content.decode()
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_the_editor_has_its_own_policy_and_the_reading_page_the_strict_one(
    published: Callable[..., Article], editor: User, signed_in: Callable[[User], Client]
) -> None:
    published()
    client = signed_in(editor)
    strict = client.get(reverse("education:article", args=["fever"]))["Content-Security-Policy"]
    looser = client.get(reverse("wagtailsnippets_education_article:list"))["Content-Security-Policy"]
    assert "unsafe" not in strict
    assert "frame-ancestors 'self'" in looser


def test_taking_a_text_into_use_from_the_editor(
    published: Callable[..., Article],
    editor: User,
    reviewer: User,
    signed_in: Callable[[User], Client],
    settings: Any,
) -> None:
    settings.DEMO = True
    article = published()
    url = reverse("education-adopt", args=[article.pk])
    assert signed_in(editor).get(url).status_code == 403
    assert signed_in(editor).post(url, {"reason": "x"}).status_code == 403
    client = signed_in(reviewer)
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": ""}).status_code == 422
    assert client.post(url, {"reason": "Agreed by the head of the center."}).status_code == 302
    article.refresh_from_db()
    assert article.adopted_by == reviewer


def test_our_pages_of_the_editor_refuse_strangers_and_unknown_articles(
    draft: Callable[..., Article], reader: User, reviewer: User, signed_in: Callable[[User], Client]
) -> None:
    from portal.lib.ids import uuid7

    article = draft()
    for name in ("education-review", "education-adopt"):
        url = reverse(name, args=[article.pk])
        assert Client().get(url).status_code == 302
        assert signed_in(reader).get(url).status_code == 404
        assert signed_in(reviewer).put(url).status_code == 405
        assert signed_in(reviewer).get(reverse(name, args=[uuid7()])).status_code == 404


def test_the_desk_says_where_every_article_stands(
    published: Callable[..., Article],
    draft: Callable[..., Article],
    editor: User,
    reviewer: User,
    reader: User,
    signed_in: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:
    import datetime as dt

    from education import services

    published(slug="done", title="Done")
    overdue = published(slug="old", title="Old")
    overdue.next_review_on = dt.date(2020, 1, 1)
    overdue.save()
    services.submit_for_review(article=draft(slug="asked", title="Asked"), by=editor)
    back = draft(slug="back", title="Back")
    services.submit_for_review(article=back, by=editor)
    services.return_to_author(article=back, by=reviewer, comment="Shorter, please.")
    newer = published(slug="newer", title="Newer")
    services.write_draft(article=newer, by=editor, title="Newer still")
    draft(slug="plain", title="Plain")
    words = {row.article.slug: str(row.word) for row in services.desk(dt.date(2026, 11, 22))}
    assert words == {
        "asked": "In clinical review",
        "back": "Returned with a comment",
        "old": "Published, review overdue",
        "newer": "Published, with a newer draft",
        "plain": "Draft",
        "done": "Published",
    }
    with django_assert_max_num_queries(2):
        services.desk(dt.date(2026, 11, 22))
    url = reverse("education-desk")
    assert "Review “Asked”" in signed_in(reviewer).get(url).content.decode()
    own = signed_in(editor).get(url).content.decode()
    assert "Review “Asked”" not in own
    assert "Write a new article" in own
    assert signed_in(reader).get(url).status_code == 404
    assert signed_in(editor).post(url).status_code == 405


def test_a_hard_draft_is_saved_with_a_warning(
    draft: Callable[..., Article], editor: User, signed_in: Callable[[User], Client]
) -> None:
    article = draft()
    edit = reverse("wagtailsnippets_education_article:edit", args=[article.pk])
    hard = "Immunosuppressive medication necessitates comprehensive interdisciplinary consideration. " * 4
    client = signed_in(editor)
    assert client.post(edit, _form(article, **{"body-0-value": hard})).status_code == 302
    assert "is above 8" in client.get(edit).content.decode()


def test_an_open_editor_that_only_asks_who_is_there_does_not_keep_a_sign_in_alive(
    draft: Callable[..., Article], editor: User, signed_in: Callable[[User], Client]
) -> None:
    from wagtail.admin.models import EditingSession

    article = draft()
    client = signed_in(editor)
    client.get(reverse("wagtailsnippets_education_article:edit", args=[article.pk]))
    open_editor = EditingSession.objects.get()
    session = client.session
    session["seen_at"] -= 600
    session.save()
    ping = reverse(
        "wagtailadmin_editing_sessions:ping", args=["education", "article", article.pk, open_editor.pk]
    )
    assert client.post(ping).status_code == 200
    assert client.session["seen_at"] == session["seen_at"]
    client.get(reverse("education-desk"))
    assert client.session["seen_at"] > session["seen_at"]
