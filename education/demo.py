"""The demo library: six articles in our own words, from data files, through the same review as every article.

In demo mode their review is marked as synthetic on every page: nobody has checked them for clinical use.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group

from education import notices, services
from education.models import Article, Topic
from portal.lib import actor

ADOPTED = "The synthetic clinic shows these texts to try the portal out. They are not for clinical use."
CONTENT = Path(__file__).resolve().parent / "content"


def topics() -> list[dict[str, Any]]:
    """The shelves, as written in content/topics.toml."""
    found: list[dict[str, Any]] = tomllib.loads((CONTENT / "topics.toml").read_text("utf-8"))["topics"]
    return found


def articles() -> list[dict[str, Any]]:
    """The articles as data, in order. Keys: see any file in content/."""
    files = (tomllib.loads(path.read_text("utf-8")) for path in sorted(CONTENT.glob("*.toml")))
    return sorted((data for data in files if "slug" in data), key=lambda data: int(data["position"]))


def fields_of(data: dict[str, Any]) -> dict[str, Any]:
    """An article's data as values of the model's fields, without topic and author."""
    body = [{"type": block["type"], "value": _stripped(block["value"])} for block in data["body"]]
    sources = [{"type": "source", "value": source} for source in data["sources"]]
    return {
        "slug": data["slug"],
        "title": data["title"],
        "position": data["position"],
        "summary": "\n".join(data["summary"]),
        "emergency_if": "\n".join(data["emergency_if"]),
        "call_if": "\n".join(data["call_if"]),
        "body": body,
        "sources": sources,
    }


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: text.strip() for name, text in value.items()}
    return value.strip()


def load(world: Any) -> None:
    """Put editor and reviewer into their groups; write, submit and approve every article. Does nothing the second time.

    The synthetic clinic also takes the texts into use, so that its library is not empty when somebody looks at its
    data outside demo mode; the pages keep saying that nobody has checked them.
    """
    editor, reviewer = world.users["editor"], world.users["reviewer"]
    with actor.unit_of_work(actor.system("demo")), notices.silent():
        editor.groups.add(Group.objects.get(name="Editors"))
        reviewer.groups.add(Group.objects.get(name="Reviewers"))
        shelves = {
            data["slug"]: Topic.objects.get_or_create(slug=data["slug"], defaults=data)[0]
            for data in topics()
        }
        for data in articles():
            if not Article.objects.filter(slug=data["slug"]).exists():
                article = Article(**fields_of(data), topic=shelves[data["topic"]], author=editor, live=False)
                article = publish_new(article, editor=editor, reviewer=reviewer)
                if not article.is_checked:
                    services.adopt(article=article, by=reviewer, reason=ADOPTED)


def publish_new(article: Article, *, editor: Any, reviewer: Any) -> Article:
    """Save a new article, submit it as the editor and approve it as the reviewer."""
    article.full_clean()
    article.save()
    article.save_revision(user=editor, log_action=True)
    services.submit_for_review(article=article, by=editor)
    return services.approve(article=article, by=reviewer)
