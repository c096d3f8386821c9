"""Mails about reviews: who should look next. They go through the portal's own mail queue, in the same transaction.

Wagtail connects its own notifiers, which open a connection to the mail server inside the request. Ours take their
places: the same dispatch ids, so whichever app is ready first, Wagtail's are not connected.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.models import TaskState, WorkflowState
from wagtail.signals import task_submitted, workflow_approved, workflow_rejected, workflow_submitted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.dispatch import Signal

    from accounts.models import User
    from education.models import Article


_silent: ContextVar[bool] = ContextVar("education_notices_silent", default=False)


@contextmanager
def silent() -> Iterator[None]:
    """Tell nobody: for loading texts that nobody is waiting for."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def connect() -> None:
    """Put our notices in the places of Wagtail's."""
    places: list[tuple[Signal, Any, str, Any]] = [
        (workflow_submitted, WorkflowState, "workflow_state_submitted_email_notification", tell_reviewers),
        (workflow_approved, WorkflowState, "workflow_state_approved_email_notification", tell_approved),
        (workflow_rejected, WorkflowState, "workflow_state_rejected_email_notification", tell_returned),
        (task_submitted, TaskState, "group_approval_task_submitted_email_notification", tell_nobody),
    ]
    for signal, sender, uid, receiver in places:
        signal.disconnect(sender=sender, dispatch_uid=uid)
        signal.connect(receiver, sender=sender, dispatch_uid=uid)


def tell_nobody(**kwargs: Any) -> None:
    """The review has one step; `tell_reviewers` says it once."""


def tell_reviewers(instance: WorkflowState, user: User | None = None, **kwargs: Any) -> None:
    """An article was submitted: the reviewers who may decide are told."""
    from education import services

    article = instance.content_object
    writers = {article.author_id, instance.requested_by_id, user.pk if user else None}
    _send(
        (person for person in services.reviewers() if person.pk not in writers),
        subject=_("An article waits for your review"),
        lines=[
            _("“%(title)s” was submitted for clinical review.") % {"title": article.title},
            _review_url(article),
        ],
    )


def tell_approved(instance: WorkflowState, user: User | None = None, **kwargs: Any) -> None:
    """The submitter is told that the text is published."""
    article = instance.content_object
    _send(
        [instance.requested_by],
        subject=_("Your article is published"),
        lines=[
            _("“%(title)s” was approved and is published.") % {"title": article.title},
            settings.PUBLIC_URL + reverse("education:article", args=[article.slug]),
        ],
    )


def tell_returned(instance: WorkflowState, user: User | None = None, **kwargs: Any) -> None:
    """The submitter is told what to change; the comment itself stays in the portal."""
    article = instance.content_object
    _send(
        [instance.requested_by],
        subject=_("Your article came back with a comment"),
        lines=[
            _("“%(title)s” came back from review. Sign in to read the comment.") % {"title": article.title},
            _review_url(article),
        ],
    )


def tell_due(articles: Iterable[Article]) -> None:
    """The reviewers are told which articles to look at again; nothing when there are none."""
    from education import services

    rows = [
        _("“%(title)s”: review by %(date)s") % {"title": article.title, "date": article.next_review_on}
        for article in articles
    ]
    if rows:
        desk = settings.PUBLIC_URL + reverse("education-desk")
        _send(services.reviewers(), subject=_("Articles to review again"), lines=["\n".join(rows), desk])


def _review_url(article: Any) -> str:
    return settings.PUBLIC_URL + reverse("education-review", args=[article.pk])


def _send(people: Iterable[User | None], *, subject: str, lines: list[str]) -> None:
    from accounts.services import queue_mail

    if _silent.get():
        return
    for person in people:
        if person is not None and person.is_active:
            queue_mail(to=person.email, subject=subject, body="\n\n".join(lines), kind="article_review")
