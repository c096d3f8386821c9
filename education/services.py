"""Writes and reads of the library that pages and other apps use.

Writes are keyword-only and atomic. They raise `PermissionDenied` for people who may not, and a `DomainError` with a sentence
for a person when a rule says no.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import TaskState, WorkflowState

from education import search_words
from education.models import (
    MAY_REVIEW,
    Article,
    ClinicalReview,
    ClinicalReviewTask,
    Topic,
    digest_of,
)
from education.querysets import ArticleQuerySet
from education.search_models import SearchOccurrence, SearchWord
from portal.lib.problems import Conflict, DomainError

if TYPE_CHECKING:
    from accounts.models import User

MOST_FOUND = 20
REMIND_BEFORE = dt.timedelta(days=30)


ON_A_SHELF = 8
ON_A_PAGE = 40


class NotInReview(Conflict):
    """The text is not waiting for a decision (any more)."""

    default_message = _("This article is not waiting for review. Somebody may have decided already.")


class NotReady(DomainError):
    """The text lacks something it must have."""


class ReasonNeeded(DomainError):
    """A hard text without a reason, or a decision without words."""

    default_message = _("Say why this text may be harder than grade 8, or return it to be made easier.")


# --- Reads ------------------------------------------------------------------------------------------


def published_articles() -> ArticleQuerySet:
    """The articles readers may see, in order, with topic, author and reviewer."""
    return Article.objects.all().for_readers().with_people().in_order()


def article_by_slug(slug: str) -> Article | None:
    """One article readers may see."""
    return published_articles().filter(slug=slug).first()


def article_by_id(article_id: UUID) -> Article | None:
    """Any article, for the people who write and review."""
    return Article.objects.all().with_people().filter(pk=article_id).first()


def last_return(article: Article) -> ClinicalReview | None:
    """The last review that returned the text with a comment."""
    returned: ClinicalReview | None = (
        ClinicalReview.objects.filter(
            workflow_state__in=article.workflow_states, status=TaskState.STATUS_REJECTED
        )
        .order_by("-finished_at")
        .select_related("finished_by")
        .first()
    )
    return returned


@dataclass(frozen=True, slots=True)
class Shelf:
    """A topic with the first of its articles, and how many there are in all."""

    topic: Topic
    articles: list[Article]
    count: int


def shelves(*, shorter_first: bool = False) -> list[Shelf]:
    """The topics that hold something, each with its first articles, or its shortest. One statement."""
    readable = Article.objects.all().for_readers().select_related("topic").listed()
    found: dict[UUID, Shelf] = {}
    for article in readable.first_of_each_shelf(ON_A_SHELF, shorter_first=shorter_first):
        shelf = found.setdefault(article.topic_id, Shelf(article.topic, [], article.on_shelf))
        shelf.articles.append(article)
    return list(found.values())


def topic_with_articles(
    slug: str, *, page: str = "", shorter_first: bool = False
) -> tuple[Topic, Page[Article]] | None:
    """A topic and a page of its articles; None when there is no such topic. Three statements."""
    topic = Topic.objects.filter(slug=slug).first()
    if topic is None:
        return None
    articles = Article.objects.all().for_readers().listed().filter(topic=topic)
    ordered = articles.shorter_first() if shorter_first else articles.in_order()
    return topic, Paginator(ordered, ON_A_PAGE).get_page(page)


def article_for(now: dt.datetime) -> Article | None:
    """One article to read this week: every reader meets the whole library in turn, in the order of the shelves.

    One statement. `now` is any aware time.
    """
    week = now.date().toordinal() // 7
    return Article.objects.all().for_readers().at_turn(week).select_related("topic").first()


def waiting_for(user: User) -> list[TaskState]:
    """The reviews that wait for this person, oldest first."""
    if not user.has_perm(MAY_REVIEW):
        return []
    task = ClinicalReviewTask.objects.first()
    if task is None:
        return []
    waiting = task.get_task_states_user_can_moderate(user).order_by("started_at")
    return list(waiting.select_related("revision", "workflow_state__requested_by"))


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One article on the editors' desk: where it stands, as a status kind and a word."""

    article: Article
    kind: str
    word: Any


def desk(today: dt.date) -> list[DeskRow]:
    """All articles with where they stand; what waits for somebody comes first. Two statements."""
    articles = Article.objects.select_related("topic", "author").order_by(
        "topic__position", "position", "title"
    )
    running = WorkflowState.objects.active().filter(
        base_content_type=ContentType.objects.get_for_model(Article)
    )
    states = dict(running.values_list("object_id", "status"))
    rows = [_desk_row(article, states.get(str(article.pk), ""), today) for article in articles]
    return sorted(rows, key=lambda row: _DESK_ORDER.index(row.kind))


_DESK_ORDER = ("waiting", "caution", "urgent", "started", "todo", "done")


def _desk_row(article: Article, state: str, today: dt.date) -> DeskRow:
    kind, word = "done", _("Published")
    if state == WorkflowState.STATUS_IN_PROGRESS:
        kind, word = "waiting", _("In clinical review")
    elif state == WorkflowState.STATUS_NEEDS_CHANGES:
        kind, word = "caution", _("Returned with a comment")
    elif article.live and article.is_overdue(today):
        kind, word = "urgent", _("Published, review overdue")
    elif article.live and article.has_unpublished_changes:
        kind, word = "started", _("Published, with a newer draft")
    elif not article.live:
        kind, word = "todo", _("Draft")
    return DeskRow(article, kind, word)


@dataclass(frozen=True, slots=True)
class Hit:
    """A found article with pieces of text in which the looked-for words are marked."""

    article: Article
    title: list[tuple[str, bool]]
    excerpt: list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the query as used, the words looked for, and the words that were taken for them."""

    query: str
    cut: bool = False
    asked: list[str] = field(default_factory=list)
    meant: dict[str, str] = field(default_factory=dict)
    hits: list[Hit] = field(default_factory=list)

    @property
    def corrected(self) -> list[str]:
        """Words that were found in place of words that stand nowhere."""
        return list(dict.fromkeys(self.meant.values()))


def search(query: str) -> Found:
    """Find articles by words, spelled right or nearly right. At most 20, the best first. Three statements.

    The index of words gives the words that are like the asked ones; found is what holds an asked word, a form of it, or the
    word that was meant by it.
    Long queries are cut to 200 characters and 8 words; the result says so.
    """
    query = " ".join(query.split())
    cut = len(query) > search_words.LONGEST_QUERY
    query = query[: search_words.LONGEST_QUERY]
    asked = search_words.asked_words(query)
    if not asked:
        return Found(query=query, cut=cut)
    known = _words_like(asked)
    meant = search_words.meant(asked, known)
    wanted = [word for ask in asked if (word := ask if ask in known else meant.get(ask))]
    forms = [word for word in known if search_words.has_one(wanted, [word])]
    best = Article.objects.all().for_readers().holding(forms, MOST_FOUND)
    articles = {article.pk: article for article in Article.objects.all().with_people().filter(pk__in=best)}
    hits = [_hit(articles[pk], wanted) for pk in best]
    return Found(query=query, cut=cut, asked=asked, meant=meant, hits=hits)


def _words_like(asked: list[str]) -> set[str]:
    """The words of readable articles that share trigrams with an asked word, by the index of words."""
    near = Q()
    for word in asked:
        near |= Q(word__trigram_similar=word)
    readable = Article.objects.all().for_readers().filter(pk=OuterRef("article_id"))
    stands = SearchOccurrence.objects.filter(word_id=OuterRef("pk")).filter(Exists(readable))
    return set(SearchWord.objects.filter(near).filter(Exists(stands)).values_list("word", flat=True))


def _hit(article: Article, words: list[str]) -> Hit:
    """Mark the words; the excerpt is the first line that holds one, else the first point of the summary."""
    marked = (search_words.split_marked(line, words) for line in _lines(article))
    excerpt = next((pieces for pieces in marked if any(is_word for _text, is_word in pieces)), [])
    return Hit(
        article=article,
        title=search_words.split_marked(article.title, words),
        excerpt=excerpt or [(article.points[0] if article.points else "", False)],
    )


def _lines(article: Article) -> Iterator[str]:
    """The summary first; the body is read only when no line of the summary holds a word."""
    yield from article.points
    yield from article.pieces[1:]


def review_due(today: dt.date) -> list[Article]:
    """Live articles to remind of today: their review is due today, or in 30 days. Not the overdue ones: the desk shows them."""
    days = [today, today + REMIND_BEFORE]
    return list(
        Article.objects.filter(live=True, next_review_on__in=days).order_by("next_review_on", "title")
    )


# --- Writes -----------------------------------------------------------------------------------------


@transaction.atomic
def write_draft(*, article: Article, by: User, **changes: Any) -> Article:
    """Save changes as a new draft of an article, as the editor does. Readers see nothing of it yet.

    Raises `PermissionDenied` without the right to change articles, `Conflict` while the text is in review.
    """
    if not by.has_perm("education.change_article"):
        raise PermissionDenied
    current = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    if current.workflow_in_progress:
        raise Conflict(_("This article is in clinical review, so it cannot be changed now."))
    draft: Article = current.get_latest_revision_as_object()
    for name, value in changes.items():
        setattr(draft, name, value)
    draft.full_clean(exclude=["author"])
    draft.save_revision(user=by, log_action=True)
    return Article.objects.get(pk=article.pk)


@transaction.atomic
def submit_for_review(*, article: Article, by: User) -> Article:
    """Hand the latest draft to the reviewers. Raises `PermissionDenied`, or `NotReady` when something is missing."""
    if not by.has_perm("education.change_article"):
        raise PermissionDenied
    current = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    draft: Article = current.get_latest_revision_as_object()
    _require_whole(draft)
    running = current.current_workflow_state
    if running is not None and running.status == running.STATUS_NEEDS_CHANGES:
        running.resume(by)
    elif running is not None:
        raise Conflict(_("This article is in clinical review already."))
    else:
        workflow = current.get_workflow()
        if workflow is None:
            raise NotReady(_("There is no review workflow for articles. Ask an administrator."))
        workflow.start(current, by)
    return current


@transaction.atomic
def approve(*, article: Article, by: User, grade_reason: str = "") -> Article:
    """Approve the submitted text and publish it, with the reviewer and the date of the review on the page.

    Raises `PermissionDenied` for the author, a writer of the draft, the submitter, and everybody who may not review;
    `NotInReview`, `NotReady`, or `ReasonNeeded` when the grade is above 8 and no reason is given.
    """
    current, review = _decidable(article, by)
    if current.get_latest_revision() != review.revision:
        raise NotInReview(_("The text was changed after it was submitted. It has to be submitted again."))
    draft: Article = review.revision.as_object()
    _require_whole(draft)
    reason = grade_reason.strip()
    if draft.is_hard and not reason:
        raise ReasonNeeded
    review.content_digest = digest_of(review.revision)
    review.reading_grade = Decimal(str(draft.reading.grade))
    review.grade_reason = reason
    review.approve(user=by, comment=reason)
    return Article.objects.get(pk=article.pk)


@transaction.atomic
def return_to_author(*, article: Article, by: User, comment: str) -> Article:
    """Return the submitted text with a comment. Raises as `approve` does."""
    current, review = _decidable(article, by)
    if not comment.strip():
        raise ReasonNeeded(_("Say what should be changed, so that the author knows what to do."))
    review.reject(user=by, comment=comment.strip())
    return current


@transaction.atomic
def adopt(*, article: Article, by: User, reason: str, now: dt.datetime | None = None) -> Article:
    """Take a live text without clinical review into use at this site. The page keeps saying that it is not reviewed.

    Raises `PermissionDenied` for people who may not review or who wrote it, `NotReady` when there is nothing to adopt.
    """
    current = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    if not by.has_perm(MAY_REVIEW) or current.author_id == by.pk:
        raise PermissionDenied
    if not reason.strip():
        raise ReasonNeeded(_("Say why, and who at your center agreed."))
    if not current.live or current.is_checked:
        raise NotReady(_("Only a published text without clinical review can be taken into use this way."))
    current.adopted_by, current.adopted_at = by, now or timezone.now()
    current.adoption_reason = reason.strip()
    current.save(update_fields=["adopted_by", "adopted_at", "adoption_reason"])
    return current


def reviewers() -> list[User]:
    """The people who review: those with the right through a group or by name; superusers only then."""
    from django.contrib.auth import get_user_model

    app, codename = MAY_REVIEW.split(".")
    right = {"content_type__app_label": app, "codename": codename}
    by_group = Q(**{f"groups__permissions__{name}": value for name, value in right.items()})
    by_name = Q(**{f"user_permissions__{name}": value for name, value in right.items()})
    people = get_user_model().objects.filter(by_group | by_name, is_active=True)
    return list(people.distinct().order_by("name"))


def _decidable(article: Article, by: User) -> tuple[Article, ClinicalReview]:
    """The locked article and its running review, for somebody who may decide. Call inside a transaction."""
    current = Article.objects.select_for_update(no_key=True).get(pk=article.pk)
    review = current.current_workflow_task_state
    if not isinstance(review, ClinicalReview) or review.status != TaskState.STATUS_IN_PROGRESS:
        raise NotInReview
    if not review.task.specific.may_decide(current, by):
        raise PermissionDenied(_("Somebody else has to decide about this text."))
    return current, review


def _require_whole(draft: Article) -> None:
    missing = draft.missing()
    if missing:
        raise NotReady(_("Before review, the article also needs: %(parts)s.") % {"parts": ", ".join(missing)})
