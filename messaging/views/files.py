"""Files of messages, opened after the same check as the message. What comes out has been written anew by the portal."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from accounts.models import User
from clinic.services import team_ids
from messaging.files import store
from messaging.files.models import Attachment
from messaging.files.names import plain_name
from messaging.files.page import is_shown
from messaging.files.services import open_file
from messaging.models import MessageRetraction
from messaging.views.shared import SIDE, STAFF, Place, enter
from messaging.writing import undo
from patients.models import Patient
from patients.services import capacity_of, record_view
from portal.lib.time import now as present

APART = "sandbox; default-src 'none'"  # nothing in a file can act as a page of ours


def found_file(place: Place, file_id: UUID) -> Attachment:
    """The file of a page. Raises Http404."""
    return openable(place.user, place.patient, file_id, place.may_act)


def openable(user: User, patient: Patient, file_id: UUID, in_team: bool) -> Attachment:
    """The file, when it can be opened by this person: a team opens what is in its own conversations. Raises Http404.

    What was taken back is gone; what a team has corrected, the team still opens. A file that the team has opened is not taken back
    any more: of the two at once, one wins.
    """
    file = _openable(user, patient, file_id, in_team)
    if file.message is not None and capacity_of(user, patient) in STAFF:
        undo.open_one_for_team(by=user, message=file.message, now=present())
        file = _openable(user, patient, file_id, in_team)
    return file


def _openable(user: User, patient: Patient, file_id: UUID, in_team: bool) -> Attachment:
    files = Attachment.objects.for_user(user, patient).filter(state=Attachment.State.READY)
    corrected = Q(message__retraction__kind=MessageRetraction.Kind.CORRECTED) if in_team else Q(pk__in=[])
    files = files.filter(Q(message__retraction__isnull=True) | corrected)
    if in_team:
        files = files.filter(Q(message=None) | Q(message__thread__team_id__in=team_ids(user)))
    file: Attachment | None = files.select_related("message__thread").filter(pk=file_id).first()
    if file is None:
        raise Http404
    return file


@require_safe
def download(request: HttpRequest, file_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The file, to be saved: never shown as a page."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    file = found_file(place, file_id)
    record_view(place.user, place.patient, "file.view", file.pk)
    return served(file, store.FILE, file.content_type, save=True)


@require_safe
def picture(request: HttpRequest, file_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """A picture, to be looked at. A PDF has no such address."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    file = found_file(place, file_id)
    if not file.is_picture:
        raise Http404
    record_view(place.user, place.patient, "file.view", file.pk)
    return served(file, store.FILE, file.content_type, save=False)


@require_safe
def small(request: HttpRequest, file_id: UUID, patient_id: UUID | None = None) -> HttpResponse:
    """The small picture that a page shows. Asked for without such a page it is a look of its own."""
    place = enter(request, patient_id, *SIDE, *STAFF)
    file = found_file(place, file_id)
    if not file.has_small:
        raise Http404
    if not is_shown(request.GET.get("shown", ""), place.user, file.pk):
        record_view(place.user, place.patient, "file.view", file.pk)
    return served(file, store.SMALL, "image/jpeg", save=False)


def served(file: Attachment, part: str, content_type: str, *, save: bool) -> HttpResponse:
    """The bytes, with headers that let nothing in them act. `HeadersMiddleware` adds nosniff and no-store."""
    response = HttpResponse(open_file(file, part), content_type=content_type)
    name = plain_name(file.name, "jpeg") if part == store.SMALL else file.name
    disposition = content_disposition_header(save, name)
    if disposition:
        response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = APART
    return response
