"""Files on pages: the list in a form that is being written, and the list under a message."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from accounts.models import User
from messaging.files import services
from messaging.files.clean import FileRefused
from messaging.files.cleaner import LARGEST
from messaging.files.models import Attachment
from patients.drafting import DraftedPage
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.text import clean_line
from portal.lib.time import now as present

if TYPE_CHECKING:
    from messaging.models import Message
    from messaging.views.shared import Place

SIGNER = signing.TimestampSigner(salt="messaging.small-picture")
SEEN = "seen"  # in a form and in an address: up to which message the writer had read
AROUND = ("attach", "attached", "detach")  # what a form with files sends beside its fields
SHOWN_FOR = 600  # seconds in which a page may fetch the small pictures that it shows


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as a page lists it."""

    id: UUID
    name: str
    words: str  # "Photo, 240 KB"
    state: str
    url: str
    picture_url: str
    small_url: str
    small_words: str  # what the small picture shows, when the name does not say it


def row_of(file: Attachment, place: Place) -> FileRow:
    """The line of a file. The address of its small picture is signed: the page that shows it is what goes on the trail."""
    words = _("%(kind)s, %(size)s") % {"kind": file.get_kind_display(), "size": filesizeformat(file.size)}
    ready = file.is_ready
    small = place.url("file-small", file.pk) if ready and file.has_small else ""
    return FileRow(
        file.pk,
        file.name,
        words,
        file.state,
        place.url("file", file.pk) if ready else "",
        place.url("file-picture", file.pk) if ready and file.is_picture else "",
        f"{small}?shown={SIGNER.sign(shown_to(place.user, file.pk))}" if small else "",
        "" if file.is_picture else _("First page of %(name)s") % {"name": file.name},
    )


def shown_to(user: User, file_id: UUID) -> str:
    """What is signed in the address of a small picture."""
    return f"{user.pk}.{file_id}"


def is_shown(value: str, user: User, file_id: UUID) -> bool:
    """True when a page that this person opened a moment ago shows the small picture."""
    try:
        return SIGNER.unsign(value, max_age=SHOWN_FOR) == shown_to(user, file_id)
    except signing.BadSignature:
        return False


def still_seen(request: HttpRequest, url: str) -> str:
    """An address of a conversation's page that goes on saying how far the writer had read when they pressed a button of its form."""
    parts = urlsplit(url)
    query = {**dict(parse_qsl(parts.query)), SEEN: request.POST.get(SEEN, "")}
    return urlunsplit(
        parts._replace(query=urlencode({name: value for name, value in query.items() if value}))
    )


def files_of(messages: Iterable[Message], place: Place) -> dict[UUID, list[FileRow]]:
    """The files of messages, by message: one statement."""
    found: dict[UUID, list[FileRow]] = {}
    ids = [message.pk for message in messages]
    for file in Attachment.objects.for_user(place.user, place.patient).of_messages(ids):
        found.setdefault(file.message_id, []).append(row_of(file, place))  # type: ignore[arg-type]
    return found


class FormFiles:
    """The files of one form: what was sent with it is taken in, what was crossed out goes, the rest stays with the draft."""

    def __init__(self, request: HttpRequest, place: Place, page: DraftedPage) -> None:
        self.place, self.page = place, page
        self.refused: list[str] = []
        self.pressed = False
        self._posted: list[UUID] = []
        if request.method == "POST" and (place.may_act or not place.staff):
            self._read(request)

    def _read(self, request: HttpRequest) -> None:
        self.pressed = "attach" in request.POST or "detach" in request.POST
        posted = [parse_uuid(value) for value in request.POST.getlist("attached")[: services.MOST_WAITING]]
        self._posted = [id for id in posted if id is not None]
        if (gone := parse_uuid(request.POST.get("detach"))) is not None:
            services.put_away(by=self.place.user, patient=self.place.patient, id=gone)
            self._posted = [id for id in self._posted if id != gone]
        for upload in request.FILES.getlist("files"):
            self._take(upload)

    def _take(self, upload: UploadedFile) -> None:
        """One file that came along; why it was not taken is said beside its name."""
        try:
            if (upload.size or 0) > LARGEST:
                raise FileRefused.because("large")
            data = upload.read()
            if not data:
                raise FileRefused.because("empty")
            id = services.id_in_draft(self.page.id, data)
            if id not in self._posted and len(self._posted) >= services.MOST_IN_MESSAGE:
                raise services.TooManyFiles
            row = services.take_in(
                by=self.place.user,
                patient=self.place.patient,
                id=id,
                name=upload.name or "",
                data=data,
                now=present(),
                draft=self.page.id,
            )
        except DomainError as error:
            name = clean_line(upload.name or "")[:80]
            self.refused.append(f"{name}: {error.message}" if name else str(error.message))
        else:
            if row.pk not in self._posted:
                self._posted.append(row.pk)

    @property
    def stops(self) -> bool:
        """Nothing is sent now: a button of the list was pressed, or a file was not taken."""
        return self.pressed or bool(self.refused)

    @property
    def ids(self) -> list[UUID]:
        """The files that go with the message: those that the person saw in the form, and those that came with it."""
        return self._posted

    @property
    def status(self) -> int:
        """The status of the page that comes back instead of `back()`."""
        return (
            422
            if self.refused
            else 409
            if self.page.conflict
            else self.page.unkept.status
            if self.page.unkept
            else 200
        )

    def back(self, *, first: bool = False) -> HttpResponse | None:
        """The words are kept, and the page comes again with the new list; None when there is something to say or to show `first`."""
        page = self.page
        page.keep()
        page.form.restored = True  # nothing was sent, so nothing is missing yet
        if page.conflict is not None and not page._texts(page.conflict):
            page.conflict = None  # the page's own saving was a moment faster: the same words
        if first or self.refused or page.conflict is not None or page.unkept is not None:
            return None
        self.settle()
        return redirect(still_seen(page.request, page.state.resume) + "#files")

    def settle(self) -> None:
        """The files follow the draft, whatever its id has become."""
        rows = Attachment.objects.for_user(self.place.user, self.place.patient).waiting_of(self.place.user)
        rows.filter(pk__in=self._posted).exclude(draft=self.page.id).update(draft=self.page.id)

    @cached_property
    def rows(self) -> list[FileRow]:
        """The list as the form shows it."""
        if self._posted:
            self.settle()
        elif not self.page.state.version:
            return []  # nothing is kept for this form yet
        files = Attachment.objects.for_user(self.place.user, self.place.patient).waiting_of(self.place.user)
        return [row_of(file, self.place) for file in files.filter(draft=self.page.id)]

    @property
    def room(self) -> bool:
        """True while another file fits."""
        return len(self.rows) < services.MOST_IN_MESSAGE
