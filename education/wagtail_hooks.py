"""The editor: articles and topics as snippets, with the acts that would pass the review taken away."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.datastructures import MultiValueDictKeyError
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, LiveStatusTagColumn
from wagtail.admin.widgets.button import Button
from wagtail.snippets.action_menu import ActionMenuItem
from wagtail.snippets.models import register_snippet
from wagtail.snippets.views.snippets import (
    CollectWorkflowActionDataView,
    CreateView,
    EditView,
    SnippetViewSet,
    SnippetViewSetGroup,
    WorkflowActionView,
)

from education.forms import ApproveForm
from education.models import MAY_REVIEW, Article, Topic
from portal.lib.problems import DomainError

#: Without these the browser did not run the editor's scripts, and the posted form is not a whole article.
SCRIPTED_FIELDS = ("body-count", "sources-count")


class NeedsScripts:
    """Answer 400 with a clear page where Wagtail would answer 500: a form that was posted without its scripts."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Check that the typed blocks are there and can be read, then let Wagtail save."""
        if any(not request.POST.get(name, "").isdecimal() for name in SCRIPTED_FIELDS):
            return self.explain(request)
        try:
            with transaction.atomic():
                response = super().post(request, *args, **kwargs)  # type: ignore[misc]
                # Rendered here, because showing a form again reads the posted values once more.
                return response.render() if hasattr(response, "render") else response  # type: ignore[no-any-return]
        except (MultiValueDictKeyError, ValidationError, ValueError, KeyError, TypeError, IndexError):
            return self.explain(request)
        except DomainError as error:
            return render(
                request, "education/cms/problem.html", {"problem": error.message}, status=error.status
            )

    def explain(self, request: HttpRequest) -> HttpResponseBase:
        """The page that says what happened and what to do."""
        return render(request, "education/cms/needs_scripts.html", status=400)

    def get_available_actions(self) -> list[str]:
        """Nothing is published from the form: publishing is the reviewer's act."""
        refused = {"publish", "workflow-action"}
        return [action for action in super().get_available_actions() if action not in refused]  # type: ignore[misc]

    def save_action(self) -> Any:
        """Say so when the saved draft is hard to read; publishing it will need the reviewer's reason."""
        response = super().save_action()  # type: ignore[misc]
        draft, request = self.object, self.request  # type: ignore[attr-defined]
        if request.accepts("text/html") and draft.is_hard:
            words = _("Reading grade %(grade)s is above 8. Shorter sentences and plainer words help.")
            messages.warning(request, words % {"grade": draft.reading.grade})
        return response

    def submit_action(self) -> Any:
        """Submit only a whole article, through the service that checks it."""
        from education import services

        services.submit_for_review(article=self.object, by=self.request.user)  # type: ignore[attr-defined]
        return None


class ArticleCreateView(NeedsScripts, CreateView):
    """A new article belongs to who writes it."""

    def save_instance(self) -> Any:
        """Name the author before the first save."""
        self.form.instance.author = self.request.user
        return super().save_instance()


class ArticleEditView(NeedsScripts, EditView):
    """Editing makes drafts; see `NeedsScripts` for what is refused."""


class DecisionView:
    """The reviewer's decision in Wagtail's own windows: the same form, the same refusals."""

    def get_form_class(self) -> Any:
        """The form that knows the submitted article."""
        form_class = super().get_form_class()  # type: ignore[misc]
        if form_class is ApproveForm:
            return ApproveForm.for_article(self.task_state.revision.as_object())  # type: ignore[attr-defined]
        return form_class

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """403 with words for everybody who may not decide, instead of a redirect that looks like success."""
        try:
            with transaction.atomic():
                return super().dispatch(request, *args, **kwargs)  # type: ignore[misc, no-any-return]
        except PermissionDenied:
            article = self.object  # type: ignore[attr-defined]
            return render(request, "education/cms/refused.html", {"article": article}, status=403)
        except DomainError as error:
            return render(
                request, "education/cms/problem.html", {"problem": error.message}, status=error.status
            )


class ArticleWorkflowActionView(DecisionView, WorkflowActionView):
    """Approve or return. The form's words that are not the task's are left out."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse what the form refuses, also when it does not come from Wagtail's window."""
        form = self.form_class(request.POST)
        if not form.is_valid() and request.headers.get("x-requested-with") != "XMLHttpRequest":
            problem = " ".join(error for errors in form.errors.values() for error in errors)
            return render(request, "education/cms/problem.html", {"problem": problem}, status=422)
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response


class ArticleCollectView(DecisionView, CollectWorkflowActionDataView):
    """The same form where Wagtail only collects its answers."""


class GradeColumn(Column):
    """The reading grade of the published text."""

    def get_value(self, instance: Article) -> Any:
        """The grade, or nothing before the first saving."""
        return instance.reading_grade or ""


class ArticleViewSet(SnippetViewSet):
    """Articles."""

    model = Article
    icon = "doc-full"
    menu_label = _("Articles")
    menu_name = "articles"
    add_view_class = ArticleCreateView
    edit_view_class = ArticleEditView
    workflow_action_view_class = ArticleWorkflowActionView
    collect_workflow_action_data_view_class = ArticleCollectView
    copy_view_enabled = False
    list_display = ["title", "topic", GradeColumn("reading_grade", label=_("Grade")), LiveStatusTagColumn()]
    list_filter = ["topic"]
    search_fields = ["title", "summary"]
    list_per_page = 50


class TopicViewSet(SnippetViewSet):
    """Topics."""

    model = Topic
    icon = "folder-open-inverse"
    menu_label = _("Topics")
    menu_name = "topics"
    copy_view_enabled = False
    list_display = ["name", "intro", "position"]


class LibraryGroup(SnippetViewSetGroup):
    """The library in the editor's menu."""

    items = (ArticleViewSet, TopicViewSet)
    menu_label = _("Library")
    menu_icon = "doc-full-inverse"
    menu_order = 100
    add_to_admin_menu = True


register_snippet(LibraryGroup)


class ReviewMenuItem(ActionMenuItem):
    """A link to the reviewer's page, also while the text is locked by its review."""

    name = "action-review"
    label = _("Open the review page")
    icon_name = "glasses"
    order = 5

    def is_shown(self, context: dict[str, Any]) -> bool:
        """For saved articles."""
        return context["view"] == "edit" and isinstance(context.get("instance"), Article)

    def get_url(self, parent_context: dict[str, Any]) -> str:
        """The page."""
        return reverse("education-review", args=[parent_context["instance"].pk])


@hooks.register("register_snippet_action_menu_item")
def offer_review_page(model: type) -> ActionMenuItem | None:
    """Add the link to articles."""
    return ReviewMenuItem() if model is Article else None


@hooks.register("construct_snippet_action_menu")
def leave_out_publishing(menu_items: list[Any], request: HttpRequest, context: dict[str, Any]) -> None:
    """No button that would be refused."""
    if context["model"] is Article:
        refused = {"action-publish", "approve", "reject"}
        menu_items[:] = [item for item in menu_items if item.name not in refused]


@hooks.register("register_snippet_listing_buttons")
def list_buttons(snippet: Any, user: Any, next_url: str | None = None) -> list[Button]:
    """Review, and taking into use, from the list."""
    if not isinstance(snippet, Article):
        return []
    buttons = [
        Button(
            _("Review page"), reverse("education-review", args=[snippet.pk]), icon_name="glasses", priority=5
        )
    ]
    if snippet.live and not snippet.is_checked and snippet.adopted_at is None and user.has_perm(MAY_REVIEW):
        url = reverse("education-adopt", args=[snippet.pk])
        buttons.append(Button(_("Take into use without review"), url, icon_name="check", priority=60))
    return buttons


@hooks.register("construct_main_menu")
def only_what_is_used(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """Pages, images and documents are not part of the library yet."""
    unused = {"explorer", "images", "documents", "snippets", "help"}
    menu_items[:] = [item for item in menu_items if item.name not in unused]


@hooks.register("construct_settings_menu")
def no_second_set_up(request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """People, groups and sites are set up in the portal; the review workflow is part of the code."""
    unused = {"users", "groups", "sites", "redirects", "collections", "workflows", "workflow-tasks"}
    menu_items[:] = [item for item in menu_items if item.name not in unused]


@hooks.register("register_admin_menu_item")
def to_desk() -> MenuItem:
    """Where every article stands."""
    return MenuItem(_("Desk"), reverse("education-desk"), icon_name="list-ul", order=50)


@hooks.register("register_admin_menu_item")
def back_to_portal() -> MenuItem:
    """The way out."""
    return MenuItem(_("Back to the portal"), reverse("portal:today"), icon_name="home", order=10_000)
