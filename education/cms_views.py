"""Pages of the editor that are ours: the reviewer's page, taking a text into use, and the doors that lead to ours.

They are plain forms and work without JavaScript, unlike the rest of the editor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from education import services
from education.forms import AdoptForm, ApproveForm, ReturnForm
from education.models import MAY_REVIEW, Article, ClinicalReview, writers_of
from portal.lib.problems import DomainError

if TYPE_CHECKING:
    from accounts.models import User

View = Callable[..., HttpResponseBase]


def editors_only(view: View) -> View:
    """Nobody signed in: to the portal's sign-in. Signed in without the right to edit: 404, as everywhere for strangers.

    Wagtail would send both to its own sign-in page, and the second from there back here, without end.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.has_perm("wagtailadmin.access_admin"):
            raise Http404
        return view(request, *args, **kwargs)

    guarded.login_required = True  # type: ignore[attr-defined]
    guarded.login_url = None  # type: ignore[attr-defined]  # some of Wagtail's views name its own sign-in page here
    return guarded


def door(name: str) -> View:
    """A page of Wagtail's that leads to the portal's own, keeping where the person wanted to go."""

    def lead(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
        wanted = request.GET.get("next", "")
        to = reverse(name)
        if wanted.startswith("/") and not wanted.startswith(("//", "/\\")):
            to += "?" + urlencode({"next": wanted})
        return redirect(to)

    lead.login_required = False  # type: ignore[attr-defined]
    return lead


def nothing_here(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """People and groups are set up in the portal, where sign-in limits and the trail apply."""
    raise Http404


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Every article with where it stands, and what waits for this person. Works without JavaScript."""
    context = {
        "rows": services.desk(timezone.localdate()),
        "waiting": services.waiting_for(_person(request)),
    }
    return render(request, "education/cms/desk.html", context)


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)  # editors_only lets nobody else in


def _article_of(article_id: UUID) -> Article:
    article = services.article_by_id(article_id)
    if article is None:
        raise Http404
    return article


def _context(request: HttpRequest, article: Article) -> dict[str, Any]:
    """What the reviewer's page shows: the text as submitted, its checks, and what this person may do."""
    state = article.current_workflow_task_state
    in_review = isinstance(state, ClinicalReview)
    draft: Article = state.revision.as_object() if in_review else article.get_latest_revision_as_object()
    user = request.user
    wrote = user.pk in writers_of(article)
    return {
        "article": article,
        "draft": draft,
        "reading": draft.reading,
        "missing": draft.missing(),
        "in_review": in_review,
        "submitted_by": state.workflow_state.requested_by if in_review else None,
        "may_decide": in_review and not wrote and user.has_perm(MAY_REVIEW),
        "wrote_it": wrote,
        "returned": None if in_review else services.last_return(article),
        "approve_form": ApproveForm(),
        "return_form": ReturnForm(),
        "can_compare": in_review and article.live_revision_id is not None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """Look at a submitted text and decide: approve it, or return it with a comment."""
    article = _article_of(article_id)
    if request.method == "POST":
        return _decide(request, article)
    return render(request, "education/cms/review.html", _context(request, article))


def _decide(request: HttpRequest, article: Article) -> HttpResponse:
    context = _context(request, article)
    if not context["in_review"]:
        context["problem"] = services.NotInReview.default_message
        return render(request, "education/cms/review.html", context, status=409)
    if not context["may_decide"]:
        return render(request, "education/cms/refused.html", {"article": article}, status=403)
    approving = request.POST.get("decision") == "approve"
    form_class = ApproveForm.for_article(context["draft"]) if approving else ReturnForm
    form = form_class(request.POST)
    context["approve_form" if approving else "return_form"] = form
    if not form.is_valid():
        return render(request, "education/cms/review.html", context, status=422)
    try:
        if approving:
            services.approve(
                article=article, by=_person(request), grade_reason=form.cleaned_data["grade_reason"]
            )
            messages.success(request, _("Approved and published."))
        else:
            services.return_to_author(
                article=article, by=_person(request), comment=form.cleaned_data["comment"]
            )
            messages.success(request, _("Returned to the author with your comment."))
    except PermissionDenied:
        return render(request, "education/cms/refused.html", {"article": article}, status=403)
    except DomainError as error:
        context["problem"] = error.message
        return render(request, "education/cms/review.html", context, status=error.status)
    return redirect("education-review", article_id=article.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest, article_id: UUID) -> HttpResponse:
    """Take a published text without clinical review into use. Only for people who review and did not write it."""
    article = _article_of(article_id)
    if not request.user.has_perm(MAY_REVIEW) or article.author_id == request.user.pk:
        return render(request, "education/cms/refused.html", {"article": article}, status=403)
    form = AdoptForm(request.POST or None)
    context: dict[str, Any] = {"article": article, "form": form}
    if request.method != "POST":
        return render(request, "education/cms/adopt.html", context)
    if not form.is_valid():
        return render(request, "education/cms/adopt.html", context, status=422)
    try:
        services.adopt(article=article, by=_person(request), reason=form.cleaned_data["reason"])
    except DomainError as error:
        context["problem"] = error.message
        return render(request, "education/cms/adopt.html", context, status=error.status)
    messages.success(
        request, _("Your center now uses this text. The page says that it is not clinically reviewed.")
    )
    return redirect("education-review", article_id=article.pk)
