"""People and articles of the library's tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from portal.lib import actor

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from education.models import Article

PASSWORD_HASH = "!"


@pytest.fixture
def unit(db: None) -> Iterator[None]:
    """A unit of work as a named system actor, as jobs have one."""
    with actor.unit_of_work(actor.system("tests")):
        yield


@pytest.fixture
def person(db: None) -> Callable[..., User]:
    """Make a user: `person("editor", "Editors")`."""
    from django.contrib.auth.models import Group

    from accounts.models import User

    def make(key: str, *groups: str, **more: Any) -> User:
        user = User(email=f"{key}@example.com", name=key.replace("-", " ").title(), **more)
        user.set_unusable_password()
        user.save()
        user.groups.set(Group.objects.filter(name__in=groups))
        return user

    return make


@pytest.fixture
def editor(person: Callable[..., User]) -> User:
    """Writes articles."""
    return person("editor", "Editors")


@pytest.fixture
def reviewer(person: Callable[..., User]) -> User:
    """Reviews articles."""
    return person("reviewer", "Reviewers")


@pytest.fixture
def reader(person: Callable[..., User]) -> User:
    """A signed-in person without any right in the library."""
    return person("reader")


@pytest.fixture
def admin(person: Callable[..., User]) -> User:
    """A superuser: every right, no exception from the review."""
    return person("admin", is_superuser=True, is_staff=True)


@pytest.fixture
def signed_in(db: None) -> Callable[[User], Client]:
    """A test client signed in as a person."""
    from django.test import Client

    def sign_in(user: User) -> Client:
        client = Client(raise_request_exception=False)
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def draft(db: None, editor: User) -> Callable[..., Article]:
    """Make an article that was never published: `draft(slug="fever", title="Fever", text="…")`."""
    from education.models import Article, Topic

    def make(
        slug: str = "fever", title: str = "Fever and your infusion", text: str = "", **more: Any
    ) -> Article:
        topic, _made = Topic.objects.get_or_create(slug="basics", defaults={"name": "Basics"})
        fields: dict[str, Any] = {
            "summary": "Call us when you have a fever.\nRest.",
            "emergency_if": "You have trouble breathing.",
            "call_if": "You have a fever.",
            "body": [
                {"type": "paragraph", "value": text or "A fever can mean an infection. **Call us** first."}
            ],
            "sources": [
                {
                    "type": "source",
                    "value": {"title": "Label", "where": "A page", "status": "excerpt", "code": ""},
                }
            ],
            "author": editor,
            "topic": topic,
            **more,
        }
        article = Article(slug=slug, title=title, live=False, **fields)
        article.full_clean()
        article.save()
        article.save_revision(user=article.author)
        return article

    return make


@pytest.fixture
def published(draft: Callable[..., Article], reviewer: User) -> Callable[..., Article]:
    """Make an article that was submitted by its author and approved by the reviewer."""
    from education import services

    def make(*args: Any, **kwargs: Any) -> Article:
        article = draft(*args, **kwargs)
        services.submit_for_review(article=article, by=article.author)
        return services.approve(article=article, by=reviewer)

    return make
