"""Server drafts: half-empty, versioned, kept 30 days, found again on Today and on another device."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from patients.keys import CLINIC, OWN
from patients.models import Draft, Patient
from patients.once import hold_id, was_done
from portal.lib.contributions import draft_files, draft_kinds
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, DomainError

KEPT = timedelta(days=30)
MAX_FIELDS = 120
MAX_CHARACTERS = 60_000

Fields = dict[str, list[str]]

# Names in a form that are ours and nobody's words.
HIDDEN = frozenset(
    {
        "csrfmiddlewaretoken",
        "draft",
        "draft_version",
        "draft_kind",
        "draft_patient",
        "draft_target",
        "draft_resume",
        "later",
        "once",
        "step",
        "go",
        "attach",
        "attached",
        "detach",
    }
)


class DraftGone(DomainError):
    """It was sent already: a late autosave must not bring it back."""

    default_message = _("This was sent already.")
    status = 410


class DraftTooLarge(DomainError):
    default_message = _("This is too long to be kept. Please make it shorter.")
    status = 413


class UnknownDraftKind(DomainError):
    """No form of the portal has this kind of draft."""

    default_message = _("There is no such form.")
    status = 400


class DraftConflict(Conflict):
    """Somebody (another tab, another device) saved a newer version; `newest` holds it."""

    def __init__(self, newest: DraftState) -> None:
        super().__init__()
        self.newest = newest


@dataclass(slots=True)
class DraftState:
    """A draft as a form needs it. Version 0 means: nothing is saved yet."""

    id: UUID
    kind: str
    patient_id: UUID
    target: UUID | None
    resume: str
    version: int = 0
    fields: Fields = field(default_factory=dict)
    saved_at: datetime | None = None

    @property
    def pk(self) -> UUID:
        return self.id


def state_of_draft(draft: Draft) -> DraftState:
    """A stored draft as a form needs it."""
    return DraftState(
        id=draft.pk,
        kind=draft.kind,
        patient_id=draft.patient_id,
        target=draft.target,
        resume=draft.resume,
        version=draft.version,
        fields=draft.fields or {},
        saved_at=draft.updated_at,
    )


def open_draft(
    *, user: User, patient: Patient, kind: str, target: UUID | None = None, resume: str
) -> DraftState:
    """The person's draft for this place, or an unsaved one with a fresh id. Writes nothing."""
    draft = Draft.objects.for_user(user, patient).filter(owner=user, kind=kind, target=target).first()
    if draft is not None:
        return state_of_draft(draft)
    return DraftState(id=uuid7(), kind=kind, patient_id=patient.pk, target=target, resume=resume)


@transaction.atomic
def save_draft(
    *, user: User, patient: Patient, capacity: str, state: DraftState, fields: Fields
) -> DraftState:
    """Save what stands in the form, compare-and-set on the version.

    Raises DraftConflict (with the newer text), DraftGone (already sent), DraftTooLarge. Typing is not an
    event on the trail; what is sent is.
    """
    if state.kind not in draft_kinds:
        raise UnknownDraftKind
    fields = {name: values for name, values in fields.items() if name not in HIDDEN}
    size = sum(len(name) + sum(len(value) for value in values) for name, values in fields.items())
    if len(fields) > MAX_FIELDS or size > MAX_CHARACTERS:
        raise DraftTooLarge
    hold_id(state.id)
    if was_done(state.id, user):
        raise DraftGone
    draft = (
        Draft.objects.for_user(user, patient)
        .select_for_update(no_key=True)
        .filter(owner=user, kind=state.kind, target=state.target)
        .first()
    )
    now = timezone.now()
    if draft is None:
        draft = Draft(
            id=state.id,
            owner=user,
            patient=patient,
            kind=state.kind,
            target=state.target,
            resume=state.resume,
            space=OWN if capacity == "self" else CLINIC,
            version=1,
            updated_at=now,
        )
        draft.fields = fields
        try:
            with transaction.atomic():
                draft.save(force_insert=True)
        except IntegrityError:
            newest = open_draft(
                user=user, patient=patient, kind=state.kind, target=state.target, resume=state.resume
            )
            if newest.version == 0:  # the id is somebody else's, or was used for another place
                raise Http404 from None
            raise DraftConflict(newest) from None
        return state_of_draft(draft)
    if draft.fields == fields:
        return state_of_draft(draft)
    if draft.version != state.version or draft.pk != state.id:
        raise DraftConflict(state_of_draft(draft))
    draft.fields, draft.version, draft.updated_at, draft.resume = fields, draft.version + 1, now, state.resume
    draft.save(update_fields=["fields", "version", "updated_at", "resume"])
    return state_of_draft(draft)


def draft_or_404(*, user: User, id: UUID) -> Draft:
    """One's own draft. Raises Http404."""
    draft = Draft.objects.for_user(user).filter(owner=user, pk=id).select_related("patient__site").first()
    if draft is None:
        raise Http404
    return draft


def files_of(user: User, id: UUID) -> int:
    """How many files wait with a draft, whichever app keeps them."""
    return sum(count(user, id) for count in draft_files)


def drop_sent(*, user: User, state: DraftState, sent: Fields) -> None:
    """The words were sent: their draft goes, and so does one of the same place under another id (two tabs, begun before the first save)
    that holds nothing else. One statement when nothing was kept."""
    same_place = Q(patient_id=state.patient_id, kind=state.kind, target=state.target)
    drafts = Draft.objects.for_user(user).filter(Q(pk=state.id) | same_place, owner=user)
    gone = [
        draft.pk
        for draft in drafts
        if draft.pk == state.id or (holds_all(sent, draft.fields or {}) and not files_of(user, draft.pk))
    ]
    if gone:
        Draft.objects.for_user(user).filter(owner=user, pk__in=gone).delete()


def holds_all(mine: Fields, other: Fields) -> bool:
    """True when every answer of another version stands in mine, or mine goes on where it stops: nothing of it can be lost."""

    def goes_on(ours: str, theirs: str) -> bool:
        return ours == theirs or (ours.startswith(theirs) and not theirs.isdigit())

    return all(
        len(theirs) == len(mine.get(name, [])) and all(map(goes_on, mine[name], theirs))
        for name, theirs in other.items()
        if any(theirs)
    )


def drop_draft(*, user: User, id: UUID) -> None:
    """Take a draft away: it was sent, or the person threw it away."""
    Draft.objects.for_user(user).filter(owner=user, pk=id).delete()


def drafts_of(user: User, patient: Patient | None = None) -> list[dict[str, Any]]:
    """ "Finish later": label, link and time of the person's drafts, newest first."""
    drafts = Draft.objects.for_user(user, patient).filter(owner=user)
    rows = drafts.order_by("-updated_at").values("id", "kind", "resume", "updated_at", "patient_id")[:20]
    return [{**row, "label": draft_kinds.get(row["kind"], row["kind"])} for row in rows]


def drafts_among(ids: Iterable[UUID]) -> set[UUID]:
    """Which of these drafts are still there. Runs as a system actor."""
    return set(Draft.objects.for_system().filter(pk__in=list(ids)).values_list("pk", flat=True))


def sweep_drafts(now: datetime) -> int:
    """Delete drafts older than 30 days. Runs as a system actor; returns how many went."""
    deleted, _by_model = Draft.objects.for_system().filter(updated_at__lt=now - KEPT).delete()
    return deleted
