"""Label changes: noted with source and date, versions withdrawn at once, courses moved one by one by a prescriber, people told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from patients.models import Patient
from patients.services import capacity_of, own_patient, record_many, warm_keys
from portal.lib import actor
from portal.lib.actor import reading_many
from portal.lib.contributions import tell_patients, texts_naming
from portal.lib.problems import DomainError
from portal.lib.time import today_in
from treatment.courses.proceeding import DayNotPossible
from treatment.editing import differing
from treatment.editing.services import MayNotEdit, may_edit
from treatment.labelchange import moving
from treatment.labelchange.models import LabelNotice
from treatment.models import Course, Dose, LabelChange, Protocol, Therapy, Withdrawal
from treatment.protocols import catalog
from treatment.protocols.facts import Facts, facts_of
from treatment.protocols.signing import hold_version, home_site

EARLIEST = date(1990, 1, 1)
MOST_AHEAD = timedelta(days=366)
WHAT_LENGTH, SOURCE_LENGTH, TEXT_LENGTH = 2_000, 300, 5_000


class NotWhole(DomainError):
    status = 422
    default_message = gettext_lazy("Say what changed, where it says so, and from which day.")


class NobodyToTell(DomainError):
    status = 422
    default_message = gettext_lazy("Nobody of your patients is on this therapy now, so nobody is told.")


class TextNeeded(DomainError):
    status = 422
    default_message = gettext_lazy("Write what people read: at most 5,000 characters.")


def changes_of(code: str, site: Site | None) -> list[LabelChange]:
    """The label changes of a therapy that were noted at a site, newest first, with what was withdrawn. Two statements."""
    withdrawn = Withdrawal.objects.select_related("protocol").defer("protocol__content")
    changes = LabelChange.objects.filter(therapy__code=code, site=site).select_related("therapy", "noted_by")
    return list(changes.prefetch_related(Prefetch("withdrawals", withdrawn)))


def change_or_404(user: User, change_id: UUID) -> LabelChange:
    """A label change of the person's site."""
    site = home_site(user)
    changes = LabelChange.objects.select_related("therapy", "site", "noted_by")
    found = changes.filter(pk=change_id, site=site).first() if site is not None else None
    if found is None:
        raise Http404
    return found


@transaction.atomic
def note_change(
    *, by: User, code: str, what: str, source: str, changed_on: date, withdraw: Iterable[int], id: UUID, now: datetime
) -> LabelChange:  # fmt: skip
    """Note what changed about a label, once under `id`, and withdraw versions at once (by their numbers).

    Nothing is ordered on them any more from this moment; courses keep their dates. Raises NotWhole, DayNotPossible, MayNotEdit, Http404.
    """
    site = home_site(by)
    if site is None or not may_edit(by):
        raise MayNotEdit
    earlier = LabelChange.objects.filter(pk=id, noted_by=by).first()
    if earlier is not None:
        return earlier
    therapy = Therapy.objects.filter(code=code).first()
    if therapy is None:
        raise Http404
    what, source = what.strip(), source.strip()
    if not what or not source or len(what) > WHAT_LENGTH or len(source) > SOURCE_LENGTH:
        raise NotWhole
    if not EARLIEST <= changed_on <= today_in(now, site.time_zone) + MOST_AHEAD:
        raise DayNotPossible(_("Enter the day of the change: at most a year ahead."))
    numbers = set(withdraw)
    versions = list(Protocol.objects.light().at(site).filter(therapy=therapy, version__in=numbers))
    if len(versions) != len(numbers):
        raise Http404
    change = LabelChange.objects.create(
        id=id,
        site=site,
        therapy=therapy,
        what=what,
        source=source,
        changed_on=changed_on,
        noted_by=by,
        noted_at=now,
    )
    for version in sorted(versions, key=lambda one: one.pk):
        hold_version(version.pk, site, alone=True)
        Withdrawal.objects.get_or_create(
            site=site, protocol=version, defaults={"change": change, "withdrawn_by": by, "withdrawn_at": now}
        )
    return change


# --- Whom it touches ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Touched:
    """A running course, and what another version would make of its planned doses."""

    course: Course
    patient: Patient
    effect: moving.Effect | None  # None: it is on that version already, or there is none to go to


@dataclass(frozen=True, slots=True)
class OnVersion:
    """The courses on one version, and every fact in which the other version differs."""

    protocol: Protocol
    withdrawn: bool
    differs: list[differing.Differs]
    courses: list[Touched] = field(default_factory=list)


def targets(change: LabelChange) -> list[catalog.Row]:
    """The versions that courses can be moved to, the one that is ordered on first."""
    rows = catalog.versions_of(change.therapy.code, change.site)
    return [row for row in rows if row.usable] or [
        row for row in rows if row.withdrawal is None and moving.in_demo()
    ]


def touched_by(user: User, change: LabelChange, target: Protocol | None, now: datetime) -> list[OnVersion]:
    """The running courses on the therapy that the person sees, by their version; each patient is noted on the trail."""
    own = own_patient(user)
    with reading_many():
        courses: Any = Course.objects.for_user(user).running().newest_first()
        found = [
            course
            for course in courses.filter(order__protocol__therapy=change.therapy)
            if own is None or course.patient_id != own.pk
        ]
        ids = {course.patient_id for course in found}
        patients = Patient.objects.for_user(user).filter(pk__in=ids).select_related("site")
        people = {patient.pk: patient for patient in patients}
        doses: dict[UUID, list[Dose]] = {course.pk: [] for course in found}
        rows: Any = Dose.objects.for_user(user).with_course().filter(course__in=list(doses))
        for dose in rows:
            doses[dose.course_id].append(dose)
    warm_keys(people)
    record_many(user, people.values(), "labelchange.view")
    over = set(Withdrawal.objects.filter(site=change.site).values_list("protocol_id", flat=True))
    groups: dict[UUID, OnVersion] = {}
    for course in sorted(found, key=lambda one: people[one.patient_id].name):
        group = groups.get(course.protocol_id)
        if group is None:
            differs = _differs(course.protocol_id, target)
            group = groups[course.protocol_id] = OnVersion(
                course.protocol, course.protocol_id in over, differs
            )
        effect = None
        if target is not None and target.pk != course.protocol_id:
            effect = moving.effect_of(course, doses[course.pk], facts_of(target.pk))
        group.courses.append(Touched(course, people[course.patient_id], effect))
    return sorted(groups.values(), key=lambda group: group.protocol.version)


def _differs(old: UUID, target: Protocol | None) -> list[differing.Differs]:
    if target is None or target.pk == old:
        return []
    return differing.differences(facts_of(old).content, facts_of(target.pk).content)


def elsewhere(user: User, change: LabelChange, seen: int) -> int:
    """How many more courses run on the therapy at the site, of patients whom the person does not see. A number, and nobody's name."""
    with actor.unit_of_work(actor.Actor(user_id=user.pk, system="label change")), reading_many():
        running: Any = Course.objects.for_system().filter(ended_on__isnull=True)
        every = running.filter(order__protocol__therapy=change.therapy, patient__site=change.site).count()
    return max(0, int(every) - seen)


def move_all(
    *, by: User, change: LabelChange, course_ids: Iterable[UUID], version: int, reason: str, id: UUID, now: datetime
) -> tuple[list[Course], list[tuple[Course, str]]]:  # fmt: skip
    """Move the chosen courses to a version, each by itself: those that cannot be moved stay, with the reason.

    Once under `id`, course by course. Raises NotAPrescriber, TextMissing, Http404.
    """
    target = Protocol.objects.light().at(change.site).filter(therapy=change.therapy, version=version).first()
    if target is None:
        raise Http404
    moving.prescribes(by)
    reason = moving.reason_in(reason)
    chosen = set(course_ids)
    courses: Any = Course.objects.for_user(by).filter(pk__in=chosen).select_related("patient__site")
    moved, stayed = [], []
    for course in courses.order_by("patient_id", "pk"):  # everybody locks in this order
        try:
            moved.append(
                moving.move_course(
                    by=by, patient=course.patient, course_id=course.pk, protocol_id=target.pk, change=change,
                    reason=reason, id=uuid5(id, str(course.pk)), now=now,
                )
            )  # fmt: skip
        except DomainError as error:
            stayed.append((course, str(error.message)))
    return moved, stayed


# --- Texts and people ------------------------------------------------------------------------------------------------------------


def names_in(facts: Facts) -> list[str]:
    """The words by which texts name a therapy: the substance and the brands, one word each."""
    said = [facts.substance, facts.content["generic_name"], *facts.brands]
    return list(dict.fromkeys(word for one in said if len(word := one.split()[0].strip("(),")) > 3))


def dependent_texts(user: User, change: LabelChange) -> list[dict[str, str]]:
    """Every text that names the therapy: other therapies' facts, articles, templates; keys kind, title, url."""
    rows = catalog.newest_protocols(change.site)
    own = next((row for row in rows if row.protocol.therapy_id == change.therapy_id), None)
    if own is None:
        return []
    names = names_in(own.facts)
    found = [text for entry in texts_naming for text in entry(user, names)]
    for row in rows:
        if row.protocol.therapy_id == change.therapy_id:
            continue
        texts = {key: value for key, value in row.facts.content.items() if key != "sources"}
        text = json.dumps(texts, ensure_ascii=False).casefold()
        if any(name.casefold() in text for name in names):
            found.append(catalog.as_text(row))
    return found


def notices_of(change: LabelChange) -> list[LabelNotice]:
    """Who told how many people when."""
    return list(change.notices.select_related("sent_by"))


@transaction.atomic
def tell(*, by: User, change: LabelChange, text: str, id: UUID, now: datetime) -> LabelNotice:
    """One message to each patient of the person's teams who is on the therapy, through the doors of messaging; once under `id`.

    Raises NobodyToTell, TextNeeded, MayNotEdit, and what the messages themselves refuse.
    """
    if not may_edit(by):
        raise MayNotEdit
    earlier = LabelNotice.objects.filter(pk=id, sent_by=by, change=change).first()
    if earlier is not None:
        return earlier
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise TextNeeded
    patients = {
        touched.patient.pk: touched.patient
        for group in touched_by(by, change, None, now)
        for touched in group.courses
        if capacity_of(by, touched.patient) == "team"
    }
    doors = tell_patients.all()
    if not patients or not doors:
        raise NobodyToTell
    where, told = doors[0](by, list(patients.values()), text, id, now)
    return LabelNotice.objects.create(id=id, change=change, told=told, where=where, sent_by=by, sent_at=now)


__all__ = [
    "NobodyToTell",
    "NotWhole",
    "OnVersion",
    "TextNeeded",
    "Touched",
    "change_or_404",
    "changes_of",
    "dependent_texts",
    "elsewhere",
    "move_all",
    "names_in",
    "note_change",
    "notices_of",
    "targets",
    "tell",
    "touched_by",
]
