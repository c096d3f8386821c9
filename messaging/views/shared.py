"""What the pages of both sides share: who is here, how a conversation is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from messaging.files.page import SEEN, files_of
from messaging.models import AnswerHelped, Message, MessageRetraction, Thread, WorkItem
from messaging.reading.helped import words_for_team
from messaging.views.signs import Signs, signs_of
from patients.drafting import DraftedPage
from patients.models import Patient
from patients.services import capacity_of, get_patient_or_404
from portal.lib.time_words import when

SIDE = ("self", "carer")
STAFF = ("team", "break_glass")
SHOWN_OPEN = 5  # older messages stand behind one press


@dataclass(frozen=True, slots=True)
class Place:
    """Who is on the page, about whom, in what capacity; and how the pages of this place are reached."""

    user: User
    patient: Patient
    capacity: str
    patient_id: UUID | None

    def url(self, name: str, *args: Any) -> str:
        """The page `name` of this place: the patient's own, or the one that carries the patient's id."""
        if self.patient_id is None:
            return reverse(f"messaging:{name}", args=args)
        return reverse(f"messaging:patient-{name}", args=[self.patient_id, *args])

    @property
    def zone(self) -> str:
        zone: str = self.patient.site.time_zone
        return zone

    @property
    def for_self(self) -> bool:
        return self.capacity == "self"

    @property
    def staff(self) -> bool:
        """True for the care team and for emergency access."""
        return self.capacity in STAFF

    @property
    def may_act(self) -> bool:
        """True for the care team: emergency access only reads."""
        return self.capacity == "team"


def signed_in(request: HttpRequest) -> User:
    """The person of the request; every page here is behind the sign-in already."""
    if not isinstance(request.user, User):
        raise Http404
    return request.user


def enter(request: HttpRequest, patient_id: UUID | None, *allowed: str) -> Place:
    """The place of a page. 404 for strangers, and for people whose capacity is not `allowed` here."""
    patient = get_patient_or_404(request, patient_id, area="messages")
    user = signed_in(request)
    capacity = capacity_of(user, patient)
    if capacity not in allowed:
        raise Http404
    return Place(user, patient, capacity, patient_id)


def posted_seq(request: HttpRequest) -> int:
    """Up to which message the writer had read; 0 when the page does not say it in plain numbers."""
    return _seq(request.POST.get(SEEN, "")) or 0


def form_seq(request: HttpRequest, thread: Thread) -> int:
    """What the form of a page says was read: all that the page shows. On the page that comes back after a template or a file only what the
    writer had read before that press (`seen` in the address): the form stands in front of them, and what came in that moment above it.
    """
    kept = _seq(request.GET.get(SEEN, "")) if request.method != "POST" else None
    return thread.last_seq if kept is None else min(kept, thread.last_seq)


def read_before(request: HttpRequest, thread: Any) -> int:
    """From where on messages are new on this page: what the person has read (`seen` of `with_state`), or what the page they come from had shown."""
    seen: int = thread.seen
    return min(seen, posted_seq(request) if request.method == "POST" else form_seq(request, thread))


def _seq(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else None


def unread(request: HttpRequest, place: Place, thread: Thread) -> list[Message]:
    """What others wrote after what the page showed that was sent just now, oldest first; nothing for a page that is opened."""
    if request.method != "POST":
        return []
    every = Message.objects.for_user(place.user, place.patient).filter(thread=thread)
    return list(every.newer_than(posted_seq(request), place.user).in_order())


def refused_later(page: DraftedPage) -> int:
    """The status of a page whose text could not be put away for later: two texts, or one that is too long."""
    if page.unkept is None:
        return 409
    page.refuse(page.unkept)
    return page.unkept.status


@dataclass(frozen=True, slots=True)
class Gone:
    """That a message was taken back, in the reader's words."""

    words: str
    reason: str  # the team's only
    correction: int  # the number of the message that replaces it; 0 for none


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as a page shows it."""

    who: str
    text: str
    at: datetime
    seq: int
    ours: bool  # written on the side of the person who reads the page
    new: bool
    id: UUID
    came_at: datetime | None = None  # of a call or a letter that was written down later
    gone: Gone | None = None  # it was taken back
    corrects: int = 0  # the number of the message that this one replaces
    correct_url: str = ""
    signs: Signs | None = None  # what was answered beside it
    helped: tuple[str, ...] = ()  # for the team: what the patient's side said about this answer
    files: list[Any] = field(default_factory=list)  # messaging.files.page.FileRow


def author_words(message: Message, place: Place) -> str:
    """Who wrote, in the reader's words: "You", "Jonas Lindqvist for Maya Lindqvist", "Rosa Delgado, Infusion nurse"."""
    name, patient = message.author.name, place.patient.name
    if message.capacity == Message.Capacity.PHONE:
        return _("%(patient)s by phone, written down by %(name)s") % {"patient": patient, "name": name}
    if message.capacity == Message.Capacity.LETTER:
        return _("%(patient)s by letter, written down by %(name)s") % {"patient": patient, "name": name}
    if message.capacity == Message.Capacity.CARER:
        who = _("You") if message.author_id == place.user.pk else name
        return _("%(name)s for %(patient)s") % {"name": who, "patient": patient}
    if message.author_id == place.user.pk:
        return _("You")
    title = message.author.job_title
    return f"{name}, {title}" if message.from_team and title else name


def bubbles(
    messages: Iterable[Message],
    place: Place,
    seen: int,
    said: dict[UUID, list[AnswerHelped]] | None = None,
    *,
    with_files: bool = True,
) -> list[Bubble]:
    """Messages as shown. `seen` is the last one this person had read before; own ones are never new. `with_files`: there may be some."""
    every = list(messages)
    numbers = {message.pk: message.seq for message in every}
    replaced = {
        message.taken_back.correction_id: message.seq for message in every if message.taken_back is not None
    }
    files = files_of(every, place) if with_files else {}
    return [
        Bubble(
            who=author_words(message, place),
            text=message.text_for(staff=place.staff),
            at=message.created_at,
            seq=message.seq,
            ours=message.from_team == place.staff,
            new=message.seq > seen and message.author_id != place.user.pk and message.taken_back is None,
            id=message.pk,
            came_at=message.came_at,
            gone=gone_words(message, place, numbers),
            corrects=replaced.get(message.pk, 0),
            correct_url=correct_url(message, place),
            signs=None if message.taken_back is not None else signs_of(message),
            helped=words_for_team((said or {}).get(message.pk, [])),
            files=[] if message.taken_back is not None else files.get(message.pk, []),
        )
        for message in every
    ]


def gone_words(message: Message, place: Place, numbers: dict[UUID, int]) -> Gone | None:
    """How a page says that a message was taken back; None for one that stands."""
    row = message.taken_back
    if row is None:
        return None
    time = when(row.at, place.zone)
    if row.kind == MessageRetraction.Kind.CORRECTED:
        words = _("Taken back by the team on %(time)s.") % {"time": time}
        reason = f"{row.by.name}: {row.reason}" if place.staff else ""
    else:
        words, reason = _("Taken back by the writer on %(time)s.") % {"time": time}, ""
    return Gone(words, reason, numbers.get(row.correction_id, 0) if row.correction_id else 0)


def correct_url(message: Message, place: Place) -> str:
    """The team's page to take back an answer of the team."""
    if not (place.may_act and message.from_team and message.taken_back is None):
        return ""
    return reverse("messaging:correct", args=[place.patient.pk, message.thread_id, message.pk])


def to_message(place: Place, message: Message) -> str:
    """The address of one message in its conversation, on the pages of this place."""
    if place.staff:
        url = reverse("messaging:work-thread", args=[place.patient.pk, message.thread_id])
    else:
        url = place.url("thread", message.thread_id)
    return f"{url}?show={message.seq}#m{message.seq}"


def asked_seq(request: HttpRequest) -> int:
    """The message that the address leads to (`show`); 0 for none."""
    value = request.GET.get("show", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 9 else 0


def fold(shown: list[Bubble], show: int = 0) -> tuple[list[Bubble], list[Bubble]]:
    """(older ones behind one press, the rest): at least the last five, everything new and what `show` names stay open."""
    keep_from = max(0, len(shown) - SHOWN_OPEN)
    open_ones = (place for place, bubble in enumerate(shown) if bubble.new or bubble.seq == show)
    first_new = next(open_ones, keep_from)
    cut = min(keep_from, first_new)
    return ([], shown) if cut < 2 else (shown[:cut], shown[cut:])


def state_words(thread: Thread) -> tuple[str, str]:
    """(status kind, plain words) of a conversation from `with_state`, for the patient's side."""
    item_state: str = thread.item_state or ""  # type: ignore[attr-defined]
    if waits(thread) and thread.item_gone:  # type: ignore[attr-defined]
        return "waiting", _("Taken back. Your team may call.")
    if thread.last_taken_back and not waits(thread):  # type: ignore[attr-defined]
        return "stopped", _("Taken back")
    if thread.state == Thread.State.CLOSED:
        return "stopped", _("Closed")
    if item_state == WorkItem.State.CLAIMED:
        return "started", _("With the team")
    if item_state == WorkItem.State.OPEN:
        return "waiting", _("Sent")
    if thread.last_capacity == Message.Capacity.TEAM:  # type: ignore[attr-defined]
        return ("done", _("Answered")) if item_state else ("info", _("From your team"))
    return "info", _("Read by the team")


def waits(thread: Thread) -> bool:
    """True while the team owes an answer."""
    return thread.item_state in (WorkItem.State.OPEN, WorkItem.State.CLAIMED)  # type: ignore[attr-defined]


def due_of(thread: Thread) -> Any:
    """Until when an answer is promised (aware), or None: a team that nobody is in, or that looks after the patient no more, owes no day."""
    if not (thread.somebody_reads and thread.team_stands):  # type: ignore[attr-defined]
        return None
    return thread.item_due if promised(thread) else None  # type: ignore[attr-defined]


def promised(thread: Thread) -> bool:
    """True while the writer waits for it: who closed the conversation or took the message back does not, also when the team still has the work."""
    gone: bool = thread.item_gone  # type: ignore[attr-defined]
    return waits(thread) and thread.state != Thread.State.CLOSED and not gone
