"""Registries that apps fill in their apps.py: `portal` composes, apps contribute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

T = TypeVar("T")


@dataclass(slots=True)
class Registry(Generic[T]):
    """An ordered list; adding the same thing twice is one entry."""

    _entries: dict[str, tuple[int, T]] = field(default_factory=dict)

    def add(self, order: int, entry: T, *, name: str = "") -> None:
        key = name or f"{getattr(entry, '__module__', '')}.{getattr(entry, '__qualname__', entry)}"
        self._entries[key] = (order, entry)

    def __iter__(self) -> Iterator[T]:
        return iter([entry for _, entry in sorted(self._entries.values(), key=lambda pair: pair[0])])

    def all(self) -> list[T]:
        return list(self)


@dataclass(frozen=True, slots=True)
class Card:
    """A block of a composed page: a template and its context."""

    template: str
    context: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Topic:
    """A ready-made topic for a message to the team, handed over by another app."""

    code: str
    label: Any


# fn(request, patient, now) -> Card | None: a block of the patient's Today
today_cards: Registry[Callable[..., Card | None]] = Registry()
# fn(request, patient, now) -> list[dict]: lines of "Needs you" with keys label, url
needs_you: Registry[Callable[..., list[dict[str, Any]]]] = Registry()
# fn(request, patient, now) -> Card | None: a panel of the one-screen patient summary for staff
summary_panels: Registry[Callable[..., Card | None]] = Registry()
# fn(request, now) -> Card | None: a block of the staff's Today
staff_today: Registry[Callable[..., Card | None]] = Registry()
# fn(user, now, patient=None) -> Iterable[portal.lib.first.Problem]: what is wrong, with everybody or with one patient; for "What first?"
# and the alerts beside a conversation; a constant number of statements
problems: Registry[Callable[..., Any]] = Registry()
# fn(world) -> None: loads the app's part of the synthetic clinic; `world` is portal.demo.World
demo_loaders: Registry[Callable[..., None]] = Registry()
# kind -> plain words for a draft on "Finish later": "A message to your team"
draft_kinds: dict[str, Any] = {}
# fn(user, draft_id) -> how many files wait with a draft of this person's
draft_files: Registry[Callable[[Any, UUID], int]] = Registry()
# fn(user, patient, id, kind, fields) -> bool: a form that was sent under this id was delivered with all that stands in these fields
delivered: Registry[Callable[..., bool]] = Registry()
# act code -> plain words for "who looked": "wrote a journal entry"
trail_acts: dict[str, Any] = {}
# fn(topic, about) -> address of a new message to the team with its topic chosen
ready_message: Registry[Callable[[str, str], str]] = Registry()
# fn(user, patient, topic, text) -> address: puts words into a new message of the person's, where they wait to be sent
begin_message: Registry[Callable[..., str]] = Registry()
# fn(user, patient) -> list[dict]: links of "Your record" on the patient's own details, with keys label, url
profile_links: Registry[Callable[..., list[dict[str, Any]]]] = Registry()
# fn(user, patient, dose, now) -> list[dict]: what is open or done before a dose, with keys label, who, url, done
before_dose: Registry[Callable[..., list[dict[str, Any]]]] = Registry()


@dataclass(frozen=True, slots=True)
class DoseTime:
    """A time for a dose: an aware instant; `booked` is False while the center has not answered. `url` is where it stands."""

    dose_id: UUID
    starts_at: Any
    booked: bool
    url: str


# fn(user, patient, now) -> list[DoseTime]: times that are booked or asked for and not over; one statement; carers with the appointments too
dose_times: Registry[Callable[..., list[DoseTime]]] = Registry()
# fn() -> a QuerySet with `dose_id`, `starts` and `day` (on the clock of the place): booked times for doses; for subqueries by the dose
booked_days: Registry[Callable[[], Any]] = Registry()
# fn(user, dose_ids) -> set[UUID]: those of these doses that have a booked time, over or not; one statement
booked_doses: Registry[Callable[..., set[UUID]]] = Registry()
# fn(user, patient, visit_id, is_open) -> list[dict]: papers for a visit, or the way to one while it can still change; keys label, url
visit_papers: Registry[Callable[..., list[dict[str, Any]]]] = Registry()
# fn(user, patient) -> list[dict]: what a carer may open of a patient, with keys label, url
carer_links: Registry[Callable[..., list[dict[str, Any]]]] = Registry()
# fn(patient, now): tells the patient by mail that the team has written, in fixed words; without an address, somebody is asked to call
tell_patient: Registry[Callable[..., None]] = Registry()
# fn(now) -> list[str]: what an administrator has to look at, in sentences without anything about health, above the set-up pages
for_administrators: Registry[Callable[..., list[str]]] = Registry()
# Kinds of mails that tell a patient something; "appointment." is all kinds that begin so. When one is given up, somebody calls
notice_kinds: set[str] = set()
# fn(kind, user_id, address, now): a mail was given up after its last try, to a person where one was named; called as a system actor, in the transaction that gives it up
mail_given_up: Registry[Callable[..., None]] = Registry()
# fn(patient, team_id, now) -> list[dict]: what a team keeps for a patient, with keys label, url (where it is handed over or done) and how (what to
# do there, in a sentence): its access cannot end before that
relation_duties: Registry[Callable[..., list[dict[str, Any]]]] = Registry()
# noun of the API -> what it is about, in plain words: the parts that a program's token can be limited to
api_nouns: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class VisitChoice:
    """A visit to come that something can be meant for: its id and its words, "Visit with a nurse, Thursday 3 December …"."""

    id: UUID
    words: str


# fn(words) -> list[dict]: articles for the words, the best first, with keys title, url
article_search: Registry[Callable[[str], list[dict[str, str]]]] = Registry()
# fn(user, names) -> list[dict]: texts of the portal in which one of the names stands, with keys kind, title, url
texts_naming: Registry[Callable[..., list[dict[str, str]]]] = Registry()
# fn(by, patients, text, id, now) -> (address, count): one message to each of the patients, once under the id; where it says how far it is
tell_patients: Registry[Callable[..., tuple[str, int]]] = Registry()
# fn(path) -> the title of the article at this address of ours, or ""
article_at: Registry[Callable[[str], str]] = Registry()
# fn(user, patient, thread_id, visit_id, words, now): a visit was booked out of a conversation
booked_from: Registry[Callable[..., None]] = Registry()


@dataclass(frozen=True, slots=True)
class PatientGroup:
    """Patients that belong together for a message of the team: the visits of a day, the people on one therapy."""

    code: str
    label: str
    patient_ids: frozenset[UUID]


# fn(user, day, now) -> list[PatientGroup]: groups of the patients whom this person sees
patient_groups: Registry[Callable[..., list[PatientGroup]]] = Registry()
# fn(user, patient, now) -> list[VisitChoice]: visits to come, the next one first
visit_choices: Registry[Callable[..., list[VisitChoice]]] = Registry()
