"""Topics, articles and their clinical review.

The rule that holds everything else: **no text is published that somebody else has not approved.** It is kept in
`Article.publish`, through which every way of publishing in Wagtail leads, and which asks for an approved
`ClinicalReview` of exactly this revision with exactly this content. Buttons and permissions only make it convenient.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.actions.publish_revision import PublishRevisionAction
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.locks import WorkflowLock
from wagtail.models import (
    DraftStateMixin,
    LockableMixin,
    PreviewableMixin,
    Revision,
    RevisionMixin,
    Task,
    TaskState,
    WorkflowMixin,
    WorkflowState,
)

from education.blocks import BodyBlock, SourcesBlock, plain_pieces
from education.limited_markdown import lines_of
from education.querysets import ArticleQuerySet
from education.readability import HIGHEST_GRADE, Reading, read
from education.search_index import index_articles
from education.search_models import SearchOccurrence, SearchWord  # noqa: F401 - Django finds models in this module
from education.search_words import fold
from portal.lib.ids import uuid7

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

MOST_POINTS = 3
LONGEST_LINE = 160
TAKEN_SLUGS = ("search", "topics")
MAY_REVIEW = "education.review_article"
REVIEW_EVERY = dt.timedelta(days=365)


class NotReviewed(PermissionDenied):
    """This text has no approval by somebody else, so it cannot be published."""


class Blocks(StreamField):
    """A stream field whose migrations do not repeat the block definitions: they would import app code, and every new label would
    be a migration. Stored data is plain JSON; a data migration reads that.
    """

    def deconstruct(self) -> Any:
        """As a stream field without blocks."""
        name, _path, _args, kwargs = super().deconstruct()
        kwargs["block_lookup"] = {}
        return name, "wagtail.fields.StreamField", [[]], kwargs


class Topic(models.Model):
    """A shelf of the library."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=120)
    intro = models.CharField(_("one line about it"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("place in the list"), default=100)

    panels: ClassVar[list[Any]] = [
        FieldPanel("name"),
        FieldPanel("intro"),
        FieldPanel("slug"),
        FieldPanel("position"),
    ]

    class Meta:
        ordering: ClassVar[list[str]] = ["position", "name"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name


class Article(WorkflowMixin, DraftStateMixin, LockableMixin, RevisionMixin, PreviewableMixin, models.Model):
    """One article. The row is what readers see; drafts live in Wagtail's revisions until they are approved."""

    class Review(models.TextChoices):
        """How the published text was checked."""

        NONE = "none", _("Not reviewed")
        SYNTHETIC = "synthetic", _("Synthetic review in demo mode")
        CLINICAL = "clinical", _("Clinically reviewed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(
        _("address"),
        max_length=120,
        unique=True,
        help_text=_("The last part of the page's address. Do not change it after publishing."),
    )
    title = models.CharField(_("title"), max_length=150)
    topic = models.ForeignKey(
        Topic, on_delete=models.PROTECT, related_name="articles", verbose_name=_("topic")
    )
    position = models.PositiveSmallIntegerField(_("place on the shelf"), default=100)
    summary = models.TextField(
        _("20-second summary"),
        help_text=_("Up to 3 short points, one per line. Many people read only these."),
    )
    emergency_if = models.TextField(
        _("call the emergency number if"),
        help_text=_("One sign per line, as a full sentence. The number comes from the center's settings."),
    )
    call_if = models.TextField(
        _("call us if"),
        help_text=_(
            "One sign per line, as a full sentence, worded for any moment: “new for you”, not “sudden” only."
        ),
    )
    body = Blocks(BodyBlock(), verbose_name=_("text"))
    sources = Blocks(SourcesBlock(), verbose_name=_("sources"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("author"),
        editable=False,
    )
    # What belongs to the published article as a whole, not to a draft of it, stays out of the revisions.
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        verbose_name=_("reviewer"),
        editable=False,
        serialize=False,
    )
    reviewed_at = models.DateTimeField(null=True, editable=False, serialize=False)
    review = models.CharField(
        max_length=10, choices=Review, default=Review.NONE, editable=False, serialize=False
    )
    next_review_on = models.DateField(null=True, editable=False, serialize=False)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        editable=False,
        serialize=False,
    )
    adopted_at = models.DateTimeField(null=True, editable=False, serialize=False)
    adoption_reason = models.TextField(default="", blank=True, editable=False, serialize=False)
    version = models.PositiveIntegerField(default=0, editable=False, serialize=False)
    reading_grade = models.DecimalField(
        max_digits=4, decimal_places=1, default=0, editable=False, serialize=False
    )
    search_text = models.TextField(default="", editable=False, serialize=False)

    objects = ArticleQuerySet.as_manager()

    #: Fields of the published article that a draft neither holds nor changes.
    kept_on_publishing: ClassVar[tuple[str, ...]] = (
        "reviewed_by_id",
        "reviewed_at",
        "review",
        "next_review_on",
        "adopted_by_id",
        "adopted_at",
        "adoption_reason",
        "version",
    )

    panels: ClassVar[list[Any]] = [
        FieldPanel("title"),
        FieldRowPanel([FieldPanel("topic"), FieldPanel("position")]),
        FieldPanel("slug"),
        FieldPanel("summary"),
        MultiFieldPanel([FieldPanel("emergency_if"), FieldPanel("call_if")], heading=_("When to call us")),
        FieldPanel("body"),
        FieldPanel("sources"),
    ]

    class Meta:
        ordering: ClassVar[list[str]] = ["topic__position", "position", "title"]
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        permissions: ClassVar[list[tuple[str, Any]]] = [
            ("review_article", "Can approve articles of other people"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(review__in=["none", "synthetic", "clinical"]), name="article_review_known"
            ),
            models.CheckConstraint(
                condition=Q(review="none", reviewed_by__isnull=True, reviewed_at__isnull=True)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~Q(review="none"),
                name="article_review_has_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=models.F("author")),
                name="article_reviewer_is_not_author",
            ),
            models.CheckConstraint(
                condition=Q(adopted_by__isnull=True, adopted_at__isnull=True)
                | Q(adopted_by__isnull=False, adopted_at__isnull=False) & ~Q(adoption_reason=""),
                name="article_adoption_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a full save also counts the reading grade and writes what search reads."""
        if kwargs.get("update_fields") is None:
            self.reading_grade = Decimal(str(self.reading.grade))
            self.search_text = fold("\n".join(self.pieces))
        super().save(*args, **kwargs)
        if kwargs.get("update_fields") is None:
            index_articles([self])

    def clean(self) -> None:
        """At most three points; lines short enough for a list; an address that no page of the library has."""
        problems: dict[str, Any] = {}
        if len(self.points) > MOST_POINTS:
            problems["summary"] = _("Keep the summary to 3 points. There are %(count)d now.") % {
                "count": len(self.points)
            }
        for name in ("summary", "emergency_if", "call_if"):
            long = next((line for line in lines_of(getattr(self, name)) if len(line) > LONGEST_LINE), "")
            if long and name not in problems:
                problems[name] = _("Shorten this line to %(most)d characters: “%(line)s”") % {
                    "most": LONGEST_LINE,
                    "line": f"{long[:40]}…",
                }
        if self.slug in TAKEN_SLUGS:
            problems["slug"] = _("This address is taken by a page of the library. Choose another one.")
        elif self.slug != self.slug.lower():
            problems["slug"] = _("Use small letters, numbers and hyphens.")
        if problems:
            raise ValidationError(problems)

    # --- What it says -----------------------------------------------------------------------------

    @property
    def points(self) -> list[str]:
        """The lines of the 20-second summary."""
        return lines_of(self.summary)

    @property
    def minutes(self) -> int:
        """About how long reading the whole text takes, at 200 words a minute."""
        return max(1, round(len(self.search_text.split()) / 200))

    @property
    def emergency_lines(self) -> list[str]:
        """Signs to call the emergency number for."""
        return lines_of(self.emergency_if)

    @property
    def call_lines(self) -> list[str]:
        """Signs to call the team for."""
        return lines_of(self.call_if)

    @property
    def pieces(self) -> list[str]:
        """All words of the page in order: title, summary, when to call, body."""
        return [self.title, *self.points, *self.emergency_lines, *self.call_lines, *plain_pieces(self.body)]

    @property
    def reading(self) -> Reading:
        """How hard the text is to read."""
        return read(self.pieces)

    @property
    def is_hard(self) -> bool:
        """Whether the reviewer has to say why the text may be harder than grade 8."""
        return self.reading.grade > HIGHEST_GRADE

    def missing(self) -> list[str]:
        """What an article must have before it can be approved, in words."""
        wanted = {
            _("a title"): self.title.strip(),
            _("a summary of 1 to 3 points"): self.points,
            _("when to call the emergency number"): self.emergency_lines,
            _("when to call us"): self.call_lines,
            _("text"): len(self.body),
            _("at least one source"): len(self.sources),
        }
        return [str(words) for words, there in wanted.items() if not there]

    # --- What state it is in ----------------------------------------------------------------------

    @property
    def is_checked(self) -> bool:
        """Whether a clinician reviewed the published text for real use."""
        return self.review == self.Review.CLINICAL

    @property
    def is_changed(self) -> bool:
        """Whether the page was corrected after it was first published."""
        return self.version > 1

    def is_overdue(self, today: dt.date) -> bool:
        """Whether the next review should have been done by `today`."""
        return self.next_review_on is not None and self.next_review_on < today

    # --- Wagtail ------------------------------------------------------------------------------------

    def get_preview_template(self, request: HttpRequest, mode_name: str) -> str:
        """The page as readers see it."""
        return "education/article.html"

    def get_preview_context(self, request: HttpRequest, mode_name: str) -> dict[str, Any]:
        """What the reading page needs; the words of a preview say that it is one."""
        return {"article": self, "today": timezone.now().date(), "is_preview": True}

    def with_content_json(self, content: dict[str, Any]) -> Article:
        """A draft as an article, with what belongs to the published article left as it is."""
        draft: Article = super().with_content_json(content)
        for name in self.kept_on_publishing:
            setattr(draft, name, getattr(self, name))
        return draft

    def publish(
        self,
        revision: Revision,
        user: User | None = None,
        changed: bool = True,
        log_action: bool | str = True,
        previous_revision: Revision | None = None,
        skip_permission_checks: bool = False,
    ) -> None:
        """Publish a revision that somebody else has approved. Raises `NotReviewed` for any other, whoever asks."""
        approval = ClinicalReview.approval_of(self, revision)
        if approval is None:
            raise NotReviewed(
                _("This text has not been approved by somebody else, so it cannot be published.")
            )
        PublishReviewed(
            revision,
            approval,
            user=user,
            changed=changed,
            log_action=log_action,
            previous_revision=previous_revision,
        ).execute(skip_permission_checks=True)


class PublishReviewed(PublishRevisionAction):
    """Wagtail's publishing, stamped with who approved the text and when."""

    def __init__(self, revision: Revision, approval: ClinicalReview, **kwargs: Any) -> None:
        super().__init__(revision, **kwargs)
        self.approval = approval

    def _publish_revision(self, revision: Revision, object: Article, *args: Any, **kwargs: Any) -> None:  # noqa: A002
        object.reviewed_by_id = self.approval.finished_by_id
        object.reviewed_at = self.approval.finished_at
        object.review = Article.Review.SYNTHETIC if settings.DEMO else Article.Review.CLINICAL
        object.next_review_on = timezone.localdate(self.approval.finished_at) + REVIEW_EVERY
        object.adopted_by_id, object.adopted_at, object.adoption_reason = None, None, ""
        object.version += 1
        # Approved is published: nothing waits for a date, and nothing vanishes by itself.
        object.go_live_at = object.expire_at = None
        super()._publish_revision(revision, object, *args, **kwargs)


def digest_of(revision: Revision) -> str:
    """SHA-256 of a revision's content, so that an approval holds for these words only."""
    canonical = json.dumps(revision.content, sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(canonical.encode()).hexdigest()


def writers_of(article: Article, revision: Revision | None = None) -> set[UUID]:
    """Everybody who had a hand in what would be published: author, writers of drafts since the last publishing, submitter.

    `revision` is what would be published; the latest one when left out.
    """
    drafts = Revision.objects.for_instance(article)
    if article.live_revision_id:
        drafts = drafts.filter(pk__gt=article.live_revision_id)
    people = set(drafts.values_list("user_id", flat=True))
    if revision is not None:
        people.add(revision.user_id)
    running = WorkflowState.objects.for_instance(article).order_by("-created_at", "-pk").first()
    people.update({article.author_id, running.requested_by_id if running else None})
    return {person for person in people if person is not None}


class ReviewLock(WorkflowLock):
    """While a text is being reviewed nobody changes it: what is approved is what was submitted."""

    def for_user(self, user: User) -> bool:
        """Locked for all."""
        return True

    def get_message(self, user: User) -> str:
        """What to do instead."""
        return str(
            _("This article is in clinical review, so it cannot be changed now. Take it back to change it.")
        )

    def get_description(self, user: User, can_lock: bool = False) -> str:
        """The same in the side panel."""
        return str(_("Nobody can change the article while it is in review"))


class ClinicalReview(TaskState):
    """One clinical review of one revision: the verdict, and what was approved."""

    content_digest: models.CharField[str, str] = models.CharField(max_length=64, default="", editable=False)
    reading_grade: models.DecimalField[Any, Decimal | None] = models.DecimalField(
        max_digits=4, decimal_places=1, null=True, editable=False
    )
    grade_reason: models.TextField[str, str] = models.TextField(default="", blank=True, editable=False)

    class Meta:
        verbose_name = _("clinical review")
        verbose_name_plural = _("clinical reviews")

    @classmethod
    def approval_of(cls, article: Article, revision: Revision) -> ClinicalReview | None:
        """The approval of exactly this revision and content, by somebody who did not write or submit it."""
        approval: ClinicalReview | None = (
            cls.objects.filter(
                revision=revision, status=TaskState.STATUS_APPROVED, content_digest=digest_of(revision)
            )
            .order_by("-finished_at")
            .first()
        )
        if approval is None or approval.finished_by_id is None:
            return None
        if approval.finished_by_id in {
            *writers_of(article, revision),
            approval.workflow_state.requested_by_id,
        }:
            return None
        return approval


class ClinicalReviewTask(Task):
    """The one step between a draft and patients: approval by somebody else who may review."""

    task_state_class = ClinicalReview
    lock_class = ReviewLock

    class Meta:
        verbose_name = _("clinical review task")
        verbose_name_plural = _("clinical review tasks")

    def may_decide(self, article: Article, user: User) -> bool:
        """Whether this person may approve or return this text. Superusers are no exception."""
        return user.is_active and user.has_perm(MAY_REVIEW) and user.pk not in writers_of(article)

    def user_can_access_editor(self, obj: Article, user: User) -> bool:
        """Reviewers may look at the editor while the text is with them."""
        return user.has_perm(MAY_REVIEW)

    def locked_for_user(self, obj: Article, user: User) -> bool:
        """See `ReviewLock`."""
        return True

    def get_actions(self, obj: Article, user: User) -> list[tuple[str, Any, bool]]:
        """What this person can do now; both acts ask for words first."""
        if not self.may_decide(obj, user):
            return []
        return [("reject", _("Return with a comment"), True), ("approve", _("Approve"), True)]

    def get_form_for_action(self, action: str) -> Any:
        """The form of the reviewer's decision."""
        from education.forms import ApproveForm, ReturnForm

        return ApproveForm if action == "approve" else ReturnForm

    def on_action(self, task_state: TaskState, user: User, action_name: str, **kwargs: Any) -> None:
        """Decide through the service, which checks everything again. Raises `PermissionDenied` or `DomainError`."""
        from education import services

        article = task_state.workflow_state.content_object
        if action_name == "approve":
            services.approve(article=article, by=user, grade_reason=kwargs.get("grade_reason", ""))
        elif action_name == "reject":
            services.return_to_author(article=article, by=user, comment=kwargs.get("comment", ""))
        else:
            raise PermissionDenied

    def get_task_states_user_can_moderate(self, user: User, **kwargs: Any) -> models.QuerySet[TaskState]:
        """The texts that wait for this person."""
        waiting: models.QuerySet[TaskState] = TaskState.objects.none()
        if user.has_perm(MAY_REVIEW):
            waiting = TaskState.objects.filter(task=self, status=TaskState.STATUS_IN_PROGRESS)
            waiting = waiting.exclude(workflow_state__requested_by=user).exclude(revision__user=user)
        return waiting

    @classmethod
    def get_description(cls) -> str:
        """Shown where workflows are set up."""
        return str(_("Somebody else who may review articles approves the text"))
