"""What a form page needs so that nothing typed is lost: restore, keep, finish later, send once.

A view reads top to bottom:

    page = drafted(request, MessageForm, kind="message", patient=patient)
    if page.later:
        return page.finish_later("messaging/new.html", {...})
    if page.form.is_valid():            # False on GET and for a restored draft
        send(..., id=page.id, ...)
        page.done()
        return redirect(...)
    return page.render("messaging/new.html", {...})
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms.utils import ErrorDict
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.models import User
from patients import stepping
from patients.drafts import (
    HIDDEN,
    DraftConflict,
    DraftGone,
    DraftState,
    Fields,
    drop_sent,
    holds_all,
    open_draft,
    save_draft,
)
from patients.models import Patient
from patients.once import DifferentContent
from patients.services import access_of, capacity_of
from portal.lib import actor, forms
from portal.lib.contributions import delivered, draft_kinds
from portal.lib.ids import parse_uuid, uuid7
from portal.lib.problems import DomainError

LATER = "later"


class DraftedForm(forms.Form):
    """A form that can be filled with a half-empty draft without complaining about it."""

    restored = False

    def __init__(self, *args: Any, restored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.restored = restored

    @property
    def errors(self) -> Any:
        if self.restored:
            return ErrorDict()
        return super().errors

    def is_valid(self) -> bool:
        return self.is_bound and not self.restored and not self.errors

    def before_drawn(self) -> None:
        """Read what only the drawn form needs: most forms that are sent lead on to another page and are not drawn."""


def posted_fields(data: QueryDict) -> Fields:
    """What stands in a form, as it was typed; our own hidden fields left out."""
    return {
        name: [value.replace("\x00", "") for value in data.getlist(name)]
        for name in data
        if name not in HIDDEN
    }


def querydict(fields: Fields) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in fields.items():
        data.setlist(name, values)
    return data


class DraftedPage:
    """One request to a form page."""

    def __init__(
        self,
        request: HttpRequest,
        form_class: type[DraftedForm],
        *,
        state: DraftState,
        form_kwargs: dict[str, Any],
        one_by_one: bool = False,
        intro: str = "",
    ) -> None:
        assert isinstance(request.user, User)
        self.request, self.user, self.state = request, request.user, state
        self.conflict: DraftState | None = None
        self.sent_before: DifferentContent | None = None
        self.unkept: DomainError | None = None
        if request.method == "POST":
            self.form = form_class(request.POST, **form_kwargs)
        elif state.version:
            data = querydict(state.fields)
            self.form = form_class(data, restored=True, **form_kwargs)
        else:
            self.form = form_class(**form_kwargs)
        self.intro = intro
        self.walked = one_by_one and stepping.is_walked(request, self.form)
        self.sent_from = (
            stepping.posted_step(request, self.form) if self.walked and request.method == "POST" else None
        )
        self.wrong = self._wrong_here()
        if self.sent_from is not None:
            self.form.restored = True  # a page of the walk was sent, not the form

    def _wrong_here(self) -> Any:
        """What is wrong with the one field of the page that was sent with "Next"."""
        if self.sent_from is None or self.request.POST.get(stepping.GO) != stepping.NEXT:
            return None
        return self.form.errors.get(self.form.visible_fields()[self.sent_from - 1].name)

    @property
    def id(self) -> UUID:
        """The client-made id of the act: the draft's id."""
        return self.state.id

    @property
    def later(self) -> bool:
        return self.request.method == "POST" and LATER in self.request.POST

    def keep(self, *, again: bool = True) -> None:
        """Save what was posted as the draft; a newer version elsewhere becomes `conflict`, both are shown."""
        patient = Patient.objects.for_user(self.user).filter(pk=self.state.patient_id).first()
        if patient is None:
            return
        try:
            self.state = save_draft(
                user=self.user,
                patient=patient,
                capacity=capacity_of(self.user, patient),
                state=self.state,
                fields=posted_fields(self.request.POST),
            )
        except DraftConflict as conflict:
            # What is shown or saved next is based on the newest version.
            self.state.version, self.state.id = conflict.newest.version, conflict.newest.id
            if again and holds_all(posted_fields(self.request.POST), conflict.newest.fields):
                self.keep(
                    again=False
                )  # the page's own saving was a moment faster; it had nothing that is not here
            else:
                self.conflict = conflict.newest
        except (DraftGone, Http404):
            # Sent already, or an id that is not ours: what stands here is new and gets an id of its own.
            self.state.id, self.state.version = uuid7(), 0
            if again:
                self.keep(again=False)
        except DomainError as error:
            self.unkept = error  # too long to be kept: the text stays on the page, and the page says so

    def finish_later(self, template: str, context: dict[str, Any] | None = None) -> HttpResponse:
        """The no-script way to stop: keep everything, go to Today, say where it is.

        When another tab saved something newer, the page comes back with both texts.
        """
        self.keep()
        if self.unkept is not None:
            self.refuse(self.unkept)
            return self.render_again(template, context or {}, status=self.unkept.status)
        if self.conflict is not None:
            return self.render_again(template, context or {}, status=409)
        messages.success(self.request, _("Saved. You find it on Today under “Finish later”."))
        return redirect("portal:today")

    def done(self) -> None:
        """It was sent: the draft goes, in the same transaction, and one that another tab began with the same words."""
        drop_sent(user=self.user, state=self.state, sent=posted_fields(self.request.POST))

    def refuse(self, error: DomainError) -> None:
        """A rule said no: its sentence stands on the form, the text stays."""
        if isinstance(error, DifferentContent):
            # What is typed now is new: it gets an id of its own, so that it can be sent as a follow-up.
            self.sent_before = error
            self.state.id, self.state.version = uuid7(), 0
        self.form.add_error(None, str(error.message))

    def hold_back(self, error: DomainError) -> None:
        """Something has to be read first: its sentence stands on the form, once, beside what was found wrong in what was sent."""
        if self.form.restored:
            self.form.restored = False
            self.form.errors.clear()  # nothing was sent, so nothing is missing yet
        if str(error.message) not in self.form.non_field_errors():
            self.refuse(error)

    def render(self, template: str, context: dict[str, Any] | None = None) -> HttpResponse:
        """The page; 422 with everything typed kept (on the page and as the draft) after a refused POST.

        In low-energy mode the form comes one field at a time (`patients.stepping`), and whole at the end.
        """
        if self.sent_from is not None:
            return self._walk(self.sent_from, template, context or {})
        if self.walked and self.request.method != "POST":
            step = stepping.asked_step(self.request, self.form, self.state.fields)
            if step is not None:
                return self._one_thing(step, context or {}, status=200)
        if self.request.method == "POST":
            self.keep()
            return self.render_again(template, context or {}, status=409 if self.sent_before else 422)
        return self.render_again(template, context or {}, status=200)

    def _walk(self, step: int, template: str, context: dict[str, Any]) -> HttpResponse:
        """Keep what was typed, then go one page on or back; what cannot be kept or read stays where it is."""
        self.keep()
        if self.unkept is not None or self.conflict is not None:
            if self.unkept is not None:
                self.form.restored = False
                self.refuse(self.unkept)
            return self.render_again(template, context, status=self.unkept.status if self.unkept else 409)
        if self.wrong:
            self.form.restored = False
            return self._one_thing(step, context, status=422)
        back = self.request.POST.get(stepping.GO) == stepping.BACK
        following: int | str = max(1, step - 1) if back else step + 1
        if not back and step == len(self.form.visible_fields()):
            following = stepping.WHOLE
        return redirect(stepping.address(self.state.resume, following))

    def _one_thing(self, step: int, context: dict[str, Any], *, status: int) -> HttpResponse:
        self.form.before_drawn()
        full = {
            **context,
            "form": self.form,
            "draft": self.state,
            "step": stepping.one_thing(self.form, step, self.state.resume),
            "what": draft_kinds.get(self.state.kind, ""),
            "intro": self.intro,
        }
        return render(self.request, "patients/one_thing.html", full, status=status)

    def render_again(self, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
        self.form.before_drawn()
        full = {
            **context,
            "form": self.form,
            "draft": self.state,
            "conflict": self.conflict,
            "conflict_texts": self._texts(self.conflict),
            "sent_before": self.sent_before,
        }
        return render(self.request, template, full, status=status)

    def _texts(self, other: DraftState | None) -> list[dict[str, str]]:
        """The other version's answers that differ, by label, for "both texts"."""
        if other is None:
            return []
        self.form.before_drawn()
        rows = []
        for name, field in self.form.fields.items():
            theirs = " ".join(other.fields.get(name, []))
            mine = " ".join(self.request.POST.getlist(name))
            if theirs != mine and theirs:
                rows.append({"label": str(field.label or name), "text": theirs})
        return rows


def drafted(
    request: HttpRequest,
    form_class: type[DraftedForm],
    *,
    kind: str,
    patient: Patient,
    target: UUID | None = None,
    resume: str = "",
    one_by_one: bool = False,
    intro: str = "",
    **form_kwargs: Any,
) -> DraftedPage:
    """The state of a form page: a restored draft, an empty form, or what was posted.

    `one_by_one` lets people in low-energy mode answer one field per page; `intro` is a template above the first of them.
    """
    assert isinstance(request.user, User)
    resume = (resume or request.get_full_path())[:300]
    if request.method == "POST":
        state = DraftState(
            id=parse_uuid(request.POST.get("draft")) or uuid7(),
            kind=kind,
            patient_id=patient.pk,
            target=target,
            resume=resume,
            version=_version(request.POST.get("draft_version")),
        )
    else:
        state = open_draft(user=request.user, patient=patient, kind=kind, target=target, resume=resume)
    return DraftedPage(
        request, form_class, state=state, form_kwargs=form_kwargs, one_by_one=one_by_one, intro=intro
    )


def _version(value: str | None) -> int:
    return int(value) if value and value.isascii() and value.isdigit() and len(value) < 9 else 0


def keep_expired_post(user: User, request: HttpRequest) -> bool:
    """A form that arrived after the session ended: its text becomes the draft of the person who wrote it.

    Not where its words were delivered before, under the same id: then that is said, and False is the answer. Files that come along are
    not compared, so that such a form is kept.
    """
    data = request.POST
    patient_id, draft_id = parse_uuid(data.get("draft_patient")), parse_uuid(data.get("draft"))
    kind = data.get("draft_kind", "")
    if patient_id is None or draft_id is None or not kind:
        return False
    with actor.unit_of_work(actor.Actor(user_id=user.pk)):
        patient = Patient.objects.for_user(user).filter(pk=patient_id).first()
        if patient is None:
            return False
        state = DraftState(
            id=draft_id,
            kind=kind,
            patient_id=patient.pk,
            target=parse_uuid(data.get("draft_target")),
            resume=safe_resume(data.get("draft_resume", "")),
            version=_version(data.get("draft_version")),
        )
        fields = posted_fields(data)
        grant = access_of(user, patient)
        given: dict[str, Any] = {
            "user": user,
            "patient": patient,
            "capacity": grant.kind if grant else "none",
        }
        try:
            try:
                save_draft(**given, state=state, fields=fields)
            except DraftGone:
                if not request.FILES and any(
                    told(user, patient, draft_id, kind, fields) for told in delivered
                ):
                    messages.info(
                        request, _("What you sent had arrived before. You do not need to send it again.")
                    )
                    return False
                # Another tab has sent something: what arrives now is new.
                state.id, state.version = uuid7(), 0
                save_draft(**given, state=state, fields=fields)
        except DraftConflict as conflict:
            # Neither text is lost: both stand in the newest version, the late one below the other.
            merged = {name: list(values) for name, values in conflict.newest.fields.items()}
            for name, values in fields.items():
                theirs = merged.get(name, [])
                if values != theirs and len(values) == 1 and len(theirs) == 1 and values[0] not in theirs[0]:
                    merged[name] = [f"{theirs[0]}\n\n{values[0]}" if theirs[0] else values[0]]
                elif not theirs:
                    merged[name] = values
            try:
                save_draft(**given, state=conflict.newest, fields=merged)
            except DomainError:
                return False
        except (DomainError, Http404):
            return False
    return True


def safe_resume(path: str) -> str:
    """A path of ours, or Today: a stored link never leads away."""
    if not path.startswith("/") or path.startswith("//") or "\\" in path or "\x00" in path:
        return "/"
    return path[:300]
