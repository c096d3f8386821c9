"""What pages are opened on: the demo world, completed so that both patients have one of everything.

Call `lay()` with Django pointed at a clone of the demo world. Everything is made by the same services that people use; only what no
service may make (an access that has already ended, a colleague who has left) is written directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.urls import reverse

from accounts.models import User
from accounts.tokens import issue_token
from clinic.models import Team, TeamMember
from education.models import Article, Topic
from education.services import adopt, submit_for_review, write_draft
from journal.models import JournalEntry
from journal.services import Words, write_entry
from messaging.services import add_note, start_thread
from patients.drafts import DraftState, save_draft
from patients.emergency import open_in_emergency
from patients.models import Grant, Patient
from patients.questions import add_question
from patients.services import grant_carer
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in
from scheduling import services as visits
from scheduling.models import Service
from scheduling.pages import slot_text
from tests.registry.people import MAYA, MORE, PATIENTS, SAMUEL
from treatment import services as treatment


@dataclass
class Ground:
    """Ids by kind and patient; `users` by key of `tests.registry.people`."""

    users: dict[str, User] = field(default_factory=dict)
    ids: dict[tuple[str, str], UUID | str] = field(default_factory=dict)
    slug: str = ""
    topic_slug: str = ""
    query: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str, whose: str) -> UUID | str:
        """The id of a thing of one patient. Raises KeyError when the demo has none."""
        return self.ids[kind, whose]

    def url(self, name: str, kwargs: tuple[str, ...], whose: str, **instead: str) -> str:
        """The address of a named page on the things of one patient. `instead` names another kind for a part."""
        values: dict[str, Any] = {}
        for part in kwargs:
            kind = instead.get(part, part)
            values[part] = (
                self.slug if kind == "slug" else self.topic_slug if kind == "topic" else self.of(kind, whose)
            )
        return reverse(name, kwargs=values) if kwargs else reverse(name)


@contextmanager
def acting(user: User) -> Iterator[None]:
    """A unit of work as one person."""
    with actor.unit_of_work(actor.Actor(user_id=user.pk)):
        yield


def lay() -> Ground:
    """Complete the demo world and say where everything is."""
    ground = Ground()
    now = present()
    for user in User.objects.all():
        ground.users[user.email.split("@")[0]] = user
    _more_people(ground, now)
    for whose in PATIENTS:
        with acting(ground.users[whose]):
            patient = (
                Patient.objects.for_user(ground.users[whose]).select_related("site").get(grants__kind="self")
            )
            ground.ids["patient_id", whose] = patient.pk
            _things(ground, whose, patient, now)
        with acting(ground.users["nurse"]):
            _note(ground, whose, patient, now)
    for whose in PATIENTS:
        with acting(ground.users[whose]):
            own = (
                Patient.objects.for_user(ground.users[whose]).select_related("site").get(grants__kind="self")
            )
            _times(ground, whose, own, now)
    with acting(ground.users[MAYA]):
        carer = Grant.objects.live().get(kind="carer", user=ground.users["carer"])
        ground.ids["grant_id", MAYA] = carer.pk
        _let_in(ground, Patient.objects.for_user(ground.users[MAYA]).get(), now)
    with acting(ground.users[SAMUEL]):
        samuel = Patient.objects.for_user(ground.users[SAMUEL]).get()
        made = grant_carer(
            patient=samuel, by=ground.users[SAMUEL], carer=ground.users["elsewhere"], relation="my friend",
            scopes=["journal"], ends_at=now + timedelta(days=1),
        )  # fmt: skip
        made.revoked_at = now  # ended at once: a stranger again, but its row is there
        made.save(update_fields=["revoked_at"])
        ground.ids["grant_id", SAMUEL] = made.pk
    _library(ground)
    ground.slug = Article.objects.filter(live=True).order_by("position").values_list("slug", flat=True)[0]
    ground.topic_slug = Topic.objects.order_by("position").values_list("slug", flat=True)[0]
    _break_glass(ground)
    return ground


def freshen(ground: Ground) -> None:
    """What can be undone for ten minutes is as if it was written just now, however long ago the ground was laid."""
    for whose in PATIENTS:
        with acting(ground.users[whose]):
            entries = JournalEntry.objects.for_user(ground.users[whose])
            entries.filter(pk=ground.of("entry_id", whose)).update(recorded_at=present())


def _library(ground: Ground) -> None:
    """The demo's texts are reviewed only for the demo: the center adopts all but one; another one waits for review."""
    articles = list(Article.objects.filter(live=True).order_by("position"))
    for article in articles[:-1]:
        adopt(article=article, by=ground.users["reviewer"], reason="For the tests")
    waiting = articles[1]
    write_draft(article=waiting, by=ground.users["editor"], title=f"{waiting.title}, corrected")
    submit_for_review(article=waiting, by=ground.users["editor"])
    for whose in PATIENTS:
        ground.ids["article_id", whose] = articles[0].pk
        ground.ids["waiting_article", whose] = waiting.pk
        ground.ids["new_article", whose] = articles[-1].pk


def _more_people(ground: Ground, now: datetime) -> None:
    """Accounts for `people.MORE`; the one who left was in the team until yesterday."""
    for key in MORE:
        user = User(email=f"{key}@example.com", name=f"{key.capitalize().replace('-', ' ')} Example")
        user.password = ground.users["nurse"].password
        user.save()
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        ground.users[key] = user
    today = now.date()
    with actor.unit_of_work(actor.system("tests")):
        team = Team.objects.get(name="MS infusion team")
        other = Team.objects.exclude(pk=team.pk).get()
        for whose in PATIENTS:
            ground.ids["team_id", whose] = team.pk
            ground.ids["noun", whose] = "journal"
            token, _text = issue_token(
                user=ground.users[whose], scopes=["journal:read"], days=30, label="My watch", now=now
            )
            ground.ids["token_id", whose] = token.pk
        TeamMember.objects.create(
            team=team,
            user=ground.users["past-nurse"],
            role="nurse",
            starts_on=today - timedelta(days=90),
            ends_on=today - timedelta(days=2),
        )
        TeamMember.objects.create(
            team=other,
            user=ground.users["emergency"],
            role="coordinator",
            starts_on=today - timedelta(days=90),
        )


def _things(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """One of everything a patient can make, found or made. Runs as the patient."""
    user = ground.users[whose]
    question = add_question(patient=patient, by=user, id=uuid7(), text="May I travel in spring?").result
    add_question(patient=patient, by=user, id=uuid7(), text="Who can drive me home?")
    assert question is not None
    ground.ids["question_id", whose] = question
    thread = start_thread(
        by=user, patient=patient, id=uuid7(), topic="question", text="May I bring my own blanket?", now=now,
        hide_from_carers=False,
    ).thread  # fmt: skip
    ground.ids["thread_id", whose] = thread.pk
    hidden = start_thread(
        by=user, patient=patient, id=uuid7(), topic="feeling", text="Not for those who help me.", now=now,
        about="An article", hide_from_carers=True,
    ).thread  # fmt: skip
    ground.ids["hidden_thread", whose] = hidden.pk
    day = today_in(now, patient.site.time_zone)
    entry = write_entry(
        by=user,
        patient=patient,
        id=uuid7(),
        words=Words(day, {"tiredness": 2, "mood": 1}, "A slow morning."),
        share=True,
        now=now,
    )
    ground.ids["entry_id", whose] = entry.pk
    ground.ids["appointment_id", whose] = _visit(user, patient, now)
    cancelled = _visit(user, patient, now)
    visits.cancel(
        by=user, patient=patient, appointment_id=cancelled, reason="Too far that day.", id=uuid7(), now=now
    )
    ground.ids["cancelled_appointment", whose] = cancelled
    _treatment(ground, whose, patient, now)
    draft = save_draft(
        user=user,
        patient=patient,
        capacity="self",
        state=DraftState(
            id=uuid7(), kind="message", patient_id=patient.pk, target=None, resume=reverse("messaging:new")
        ),
        fields={"text": ["Half a sentence about"]},
    )
    ground.ids["draft_id", whose] = draft.id
    ground.ids["id", whose] = draft.id


def _treatment(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """The next dose of the demo's course, an allergy and a medicine. Runs as the patient."""
    user = ground.users[whose]
    dose = treatment.next_dose(user, patient)
    assert dose is not None
    ground.ids["course_id", whose], ground.ids["dose_id", whose] = dose.course_id, dose.pk
    items = treatment.before(user, patient, dose, now)
    ground.ids["item_id", whose] = next(
        item.id for item in items if item.id is not None and item.owner == "you"
    )
    ground.ids["code", whose] = dose.course.order.protocol.therapy.code
    ground.ids["allergy", whose] = treatment.save_allergy(
        by=user, patient=patient, id=uuid7(), what="Penicillin", reaction="A rash", now=now
    )
    ground.ids["medicine", whose] = ground.ids["line_id", whose] = treatment.save_medicine(
        by=user, patient=patient, id=uuid7(), what="Vitamin D", how="In the morning", now=now
    )


def _times(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """Free times of a patient as they stand in addresses. Runs as the patient, after everything is booked."""
    user = ground.users[whose]
    service, start = _free(user, patient, now)
    ground.query[f"slot-{whose}"] = (
        f"visit={service.code}&suits=any&at={slot_text(start.at, start.resource_id)}"
    )
    offered, _until = visits.booking_window("self", now)
    first = visits.find_starts(
        site=patient.site,
        service=service,
        start=offered,
        end=start.at,
        busy=visits.busy_times(user, patient, now),
    )[0]
    ground.query[f"offered-{whose}"] = slot_text(first.at, first.resource_id)
    ground.query["today"] = today_in(now, patient.site.time_zone).isoformat()
    ground.query["visit"] = f"visit={service.code}"
    ground.query["days"] = f"visit={service.code}&suits=any&from={today_in(start.at, patient.site.time_zone)}"


def _note(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """An internal note of the team on the conversation. Runs as the nurse."""
    thread = ground.of("thread_id", whose)
    assert isinstance(thread, UUID)
    add_note(
        by=ground.users["nurse"],
        patient=patient,
        thread_id=thread,
        id=uuid7(),
        text="Blankets are fine.",
        now=now,
    )


def _free(user: User, patient: Patient, now: datetime) -> tuple[Service, Any]:
    service = Service.objects.offered_at(patient.site).order_by("position")[0]
    start, end = visits.booking_window("self", now)
    free = visits.find_starts(
        site=patient.site,
        service=service,
        start=start + timedelta(days=20),
        end=end,
        busy=visits.busy_times(user, patient, now),
    )
    return service, free[5]


def _visit(user: User, patient: Patient, now: datetime) -> UUID:
    service, start = _free(user, patient, now)
    done = visits.book(
        by=user, patient=patient, service=service, starts_at=start.at, resource=start.resource_id,
        reason="To talk about the blanket", id=uuid7(), now=now,
    )  # fmt: skip
    assert done.result is not None
    return done.result


def _let_in(ground: Ground, patient: Patient, now: datetime) -> None:
    """A carer with every scope, and one whose last day is over (which no service would make)."""
    maya = ground.users[MAYA]
    everything = ["appointments", "messages", "journal"]
    grant_carer(
        patient=patient, by=maya, carer=ground.users["journal-carer"], relation="my sister", scopes=everything,
        ends_at=now + timedelta(days=100),
    )  # fmt: skip
    past = Grant(
        patient=patient, kind="carer", user=ground.users["past-carer"], scopes=everything, created_by=maya,
        starts_at=now - timedelta(days=60), ends_at=now - timedelta(days=1),
    )  # fmt: skip
    past.relation = "my neighbor"
    past.save(force_insert=True)


def _break_glass(ground: Ground) -> None:
    by = ground.users["emergency"]
    with acting(by):
        grant = open_in_emergency(
            by=by,
            id=uuid7(),
            email="patient@example.com",
            name="",
            date_of_birth=None,
            reason="Found unwell in the hall",
        )
    assert grant is not None


__all__ = ["Ground", "acting", "lay"]
