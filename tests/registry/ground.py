"""What pages are opened on: the demo world, completed so that both patients have one of everything.

Call `lay()` with Django pointed at a clone of the demo world. Everything is made by the same services that people use; only what no
service may make (an access that has already ended, a colleague who has left) is written directly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.urls import reverse
from PIL import Image

from accounts.models import User
from accounts.tokens import issue_token
from clinic.cover import enter_absence, put_on_call
from clinic.models import Team, TeamMember
from education.models import Article, Topic
from education.services import adopt, submit_for_review, write_draft
from journal.models import JournalEntry
from journal.reports import ReportWords, approve_report, choices, share_report, write_report
from journal.services import Words, write_entry
from messaging.composing.mailings import plan
from messaging.composing.making import make_open_item
from messaging.composing.retractions import correct
from messaging.files.services import take_in
from messaging.models import ReplyTemplate
from messaging.services import add_note, answer, start_thread
from messaging.work.calls import ask_to_call
from messaging.work.routing import hand_over
from messaging.writing import redflags, triage
from patients.drafts import DraftState, save_draft
from patients.emergency import open_in_emergency
from patients.models import Grant, Patient
from patients.questions import add_question
from patients.services import grant_carer, patients_of
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.time import now as present
from portal.lib.time import today_in
from scheduling import infusions, offers, slots
from scheduling import services as visits
from scheduling.doses import next_dose
from scheduling.finding import Start, day_window
from scheduling.infusion_views import APART
from scheduling.models import Service
from scheduling.pages import slot_text, time_text
from tests.registry.people import MAYA, MORE, PATIENTS, SAMUEL
from treatment import services as treatment
from treatment.chair import services as chair
from treatment.courses import pausing
from treatment.courses.later_reactions import note_later_reaction
from treatment.courses.reading import facts_for
from treatment.dayof import plans
from treatment.editing import kinds
from treatment.editing import services as editing
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.labelchange import moving
from treatment.ledger import keepers
from treatment.ledger import services as ledger
from treatment.models import ChairDay, CheckIn, Course, Dose, LabelChange, Protocol
from treatment.outcomes import services as outcomes
from treatment.readiness import answers
from treatment.readiness import items as readiness_items
from treatment.selfcheck import services as selfcheck

DUE_TODAY = "Dario Conti"


@dataclass
class Ground:
    """Ids by kind and patient; `users` by key of `tests.registry.people`."""

    users: dict[str, User] = field(default_factory=dict)
    ids: dict[tuple[str, str], UUID | str] = field(default_factory=dict)
    slug: str = ""
    topic_slug: str = ""
    therapy: str = "natalizumab"
    query: dict[str, str] = field(default_factory=dict)

    def of(self, kind: str, whose: str) -> UUID | str:
        """The id of a thing of one patient. Raises KeyError when the demo has none."""
        return self.ids[kind, whose]

    def url(self, name: str, kwargs: tuple[str, ...], whose: str, **instead: str) -> str:
        """The address of a named page on the things of one patient. `instead` names another kind for a part."""
        values: dict[str, Any] = {}
        for part in kwargs:
            kind = instead.get(part, part)
            known = {"slug": self.slug, "topic": self.topic_slug, "therapy": self.therapy, "version": 1}
            known |= {"kind": "contraindications", "index": 0, "phases": "phases"}
            values[part] = known[kind] if kind in known else self.of(kind, whose)
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
    with acting(ground.users["neurologist"]):
        version = redflags.newest().version
        triage.sign(by=ground.users["neurologist"], version=version, id=uuid7(), now=now)
    for whose in PATIENTS:
        with acting(ground.users[whose]):
            patient = (
                Patient.objects.for_user(ground.users[whose]).select_related("site").get(grants__kind="self")
            )
            ground.ids["patient_id", whose] = patient.pk
            _things(ground, whose, patient, now)
        with acting(ground.users["nurse"]):
            _note(ground, whose, patient, now)
            _work(ground, whose, patient, now)
    _mailing(ground, now)
    _rota(ground, now)
    _treatment(ground, now)
    for whose in PATIENTS:
        _infusion_times(ground, whose, now)
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
    _due_today(ground)
    _break_glass(ground)
    return ground


def _due_today(ground: Ground) -> None:
    """Somebody of the demo whose next dose is due today, and of whose allergies nobody has asked; the same for both patients."""
    nurse = ground.users["nurse"]
    with acting(nurse):
        patient = next(one for one in patients_of(nurse) if one.name == DUE_TODAY)
        dose = treatment.next_dose(nurse, patient)
        assert dose is not None
    for whose in PATIENTS:
        ground.ids["due_patient", whose], ground.ids["due_dose", whose] = patient.pk, dose.pk


def freshen(ground: Ground) -> None:
    """What can be undone for ten minutes is as if it was written just now, however long ago the ground was laid."""
    for whose in PATIENTS:
        with acting(ground.users[whose]):
            entries = JournalEntry.objects.for_user(ground.users[whose])
            entries.filter(pk=ground.of("entry_id", whose)).update(recorded_at=present())
            patient = (
                Patient.objects.for_user(ground.users[whose])
                .select_related("site")
                .get(pk=ground.of("patient_id", whose))
            )
            sent = start_thread(
                by=ground.users[whose], patient=patient, id=uuid7(), topic="letter", text="Sent a moment ago.",
                now=present(),
            )  # fmt: skip
            ground.ids["fresh_thread", whose], ground.ids["fresh_message", whose] = sent.thread_id, sent.pk


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
        template = ReplyTemplate.objects.get(state="in_use", title="A time for a call")
        for whose in PATIENTS:
            ground.ids["template_id", whose] = template.pk
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
    sent, waiting = (
        take_in(by=user, patient=patient, id=uuid7(), name="arm.jpg", data=_photo(shade), now=now).pk
        for shade in ("navy", "teal")
    )
    ground.ids["file_id", whose], ground.ids["waiting_file", whose] = sent, waiting
    thread = start_thread(
        by=user, patient=patient, id=uuid7(), topic="question", text="May I bring my own blanket?", now=now,
        hide_from_carers=False, files=[sent],
    ).thread  # fmt: skip
    ground.ids["thread_id", whose] = thread.pk
    answered = start_thread(
        by=user, patient=patient, id=uuid7(), topic="visit", text="Is there a table for my blanket?", now=now
    )
    ground.ids["answered_thread", whose] = answered.thread_id
    hidden = start_thread(
        by=user, patient=patient, id=uuid7(), topic="feeling", text="Not for those who help me.", now=now,
        about="An article", hide_from_carers=True,
    ).thread  # fmt: skip
    ground.ids["hidden_thread", whose] = hidden.pk
    start_thread(
        by=user, patient=patient, id=uuid7(), topic="feeling", text="Something is new.", now=now,
        signs=["feeling:new"],
    )  # fmt: skip
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
    _reports(ground, whose, patient, now)
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


def _photo(shade: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 40), shade).save(out, "JPEG")
    return out.getvalue()


def _reports(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """A report that only the patient sees yet, an approved one, and one that is shared for the next visit."""
    user = ground.users[whose]
    coming = choices(user, patient, now)[0]
    for kind in ("draft_report", "approved_report", "report_id"):
        words = ReportWords(
            why=f"To talk about the morning, {kind}.",
            questions=["Is the blanket fine?"],
            symptoms=["tiredness", "mood"],
            how="Slow mornings.",
            reactions="A rash on one arm.",
        )
        report = write_report(by=user, patient=patient, id=uuid7(), words=words, now=now)
        ground.ids[kind, whose] = report.pk
        if kind != "draft_report":
            approve_report(by=user, patient=patient, report_id=report.pk, id=uuid7(), now=now)
        if kind == "report_id":
            share_report(
                by=user, patient=patient, report_id=report.pk, visit_id=coming.id, id=uuid7(), now=now
            )


def _times(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """Free times of a patient as they stand in addresses. Runs as the patient, after everything is booked."""
    user = ground.users[whose]
    service, start = _free(user, patient, now)
    ground.query[f"slot-{whose}"] = (
        f"visit={service.code}&suits=any&at={slot_text(start.at, start.resource_id)}"
    )
    # A time that is offered on a page of days to everybody who books, and still when the ground is hours old.
    on = today_in(start.at, patient.site.time_zone)
    first = visits.find_starts(
        site=patient.site,
        service=service,
        start=day_window(on, patient.site.time_zone)[0],
        end=start.at + timedelta(days=1),
        busy=visits.busy_times(user, patient, now),
    )[0]
    ground.query[f"offered-{whose}"] = slot_text(first.at, first.resource_id)
    ground.query["today"] = today_in(now, patient.site.time_zone).isoformat()
    ground.query["visit"] = f"visit={service.code}"
    ground.query["days"] = f"visit={service.code}&suits=any&from={on}"
    ground.query[f"days-{whose}"] = ground.query["days"]


def _infusion_times(ground: Ground, whose: str, now: datetime) -> None:
    """A booked infusion with words of the team, and a request to move it that waits for an answer."""
    user, nurse = ground.users[whose], ground.users["nurse"]
    with acting(user):
        patient = Patient.objects.for_user(user).select_related("site").get(grants__kind="self")
        dose = next_dose(user, patient)
        assert dose is not None
        ground.ids["infusion_dose", whose] = dose.id
        asked = _asked(user, patient, dose.id, 0, now)
    with acting(nurse):
        own = Patient.objects.for_user(nurse).select_related("site").get(pk=patient.pk)
        infusions.confirm(
            by=nurse,
            patient=own,
            appointment_id=asked,
            words="Bring a blanket if you like.",
            id=uuid7(),
            now=now,
        )
    ground.ids["infusion_appointment", whose] = asked
    with acting(user):
        ground.ids["requested_appointment", whose] = _asked(user, patient, dose.id, 20, now)
        visits_of_dose = [one for one in infusions.infusion_of(user, patient, dose.id) if one is not None]
        times = infusions.infusion_starts(
            by=user, patient=patient, dose=dose, capacity="self", now=now, moving=visits_of_dose
        )
        length = timedelta(minutes=dose.minutes)
        starts = [Start(at, at + length, None, "") for at in slots.spread(times, minutes=APART)]
        planned = day_window(dose.target, patient.site.time_zone)[0] + timedelta(hours=9)
        offered = offers.next_three(offers.near(starts, planned), patient.site.time_zone)[0].at
    ground.query[f"infusion-{whose}"] = f"at={time_text(offered)}"
    ground.query[f"infusion-days-{whose}"] = f"from={dose.earliest}"


def _asked(user: User, patient: Patient, dose_id: UUID, number: int, now: datetime) -> UUID:
    dose = next_dose(user, patient)
    assert dose is not None
    times = infusions.infusion_starts(by=user, patient=patient, dose=dose, capacity="self", now=now)
    done = infusions.ask(
        by=user, patient=patient, dose_id=dose_id, wishes=[times[number], times[number + 5]],
        reason="A chair at the window for the blanket", id=uuid7(), now=now,
    )  # fmt: skip
    assert done.result is not None
    return done.result


def _treatment(ground: Ground, now: datetime) -> None:
    """Both patients have every kind of row: a dose moved with a reason, an open phase, entries that stand and one that was ended.

    Ublituximab is signed off, so that an order is possible outside demo mode. A next version of natalizumab is in the making.
    """
    neurologist, nurse = ground.users["neurologist"], ground.users["nurse"]
    protocol = Protocol.objects.get(therapy__code="ublituximab", version=1)
    for signer in (neurologist, nurse, ground.users["pharmacist"]):
        treatment.sign_off(by=signer, protocol_id=protocol.pk, id=uuid7(), now=now)
    ground.query["plan"] = f"{protocol.pk}:standard"
    _versions(ground, now)
    for whose in PATIENTS:
        with acting(neurologist):
            patient = (
                Patient.objects.for_user(neurologist)
                .select_related("site")
                .get(pk=ground.of("patient_id", whose))
            )
            dose = treatment.next_dose(neurologist, patient)
            assert dose is not None
            ground.ids["course_id", whose], ground.ids["dose_id", whose] = dose.course_id, dose.pk
            ground.ids["code", whose] = dose.course.order.protocol.therapy.code
            theirs = [
                line
                for line in treatment.before(neurologist, patient, dose, now)
                if line.owner == "you" and line.id
            ]
            item = next(line for line in theirs if not line.asked_again)
            assert item.id is not None
            # The fever below stops a later dose and its line: nobody can write over it, or note the dose as given.
            stopped = [
                one for one in treatment.doses_of(neurologist, patient, dose.course) if one.is_planned
            ][1]
            ground.ids["stopped_dose", whose] = stopped.pk
            ground.ids["stopped_item", whose] = next(
                line.id
                for line in treatment.before(neurologist, patient, stopped, now)
                if line.id and line.fact.endswith(".chk.infection")
            )
            ground.ids["item_id", whose] = item.id
            readiness_items.note_item(
                by=neurologist, patient=patient, item_id=item.id, state="open", text="Her sister looks them over", id=uuid7(),
                now=now,
            )  # fmt: skip
            treatment.confirm_moves(
                by=neurologist, patient=patient, course_id=dose.course_id, targets={dose.pk: dose.target + timedelta(days=1)},
                reason="The chair is free a day later", id=uuid7(), now=now,
            )  # fmt: skip
            other = Protocol.objects.get(therapy__code="alemtuzumab", version=1)
            course = treatment.sign_order(
                by=neurologist, patient=patient, protocol_id=other.pk, path="standard",
                first_on=today_in(now, patient.site.time_zone) + timedelta(days=40), indication="For the tests", id=uuid7(),
                now=now, in_demo=True,
            )  # fmt: skip
            ground.ids["open_course", whose] = course.pk
            second = Protocol.objects.get(therapy__code="alemtuzumab", version=2)
            moving.move_course(
                by=neurologist, patient=patient, course_id=course.pk, protocol_id=second.pk, demo=True, id=uuid7(), now=now,
                reason="The screening is on the list now", change=LabelChange.objects.get(),
            )  # fmt: skip
            _in_the_chair(ground, whose, patient, now)
            _mid_course(ground, whose, patient, course, now)
        with acting(ground.users[whose]):
            user = ground.users[whose]
            more = {"by": user, "patient": patient, "now": now}
            ground.ids["allergy_id", whose] = treatment.save_allergy(
                id=uuid7(), what="Strawberries", reaction="Itching", **more
            )
            ground.ids["check_id", whose] = _self_check(user, patient, now, none=False)
            ground.ids["reviewed_answer", whose] = _fever(ground, whose, user, patient, now)
            ground.ids["answer_id", whose] = _fever(ground, whose, user, patient, now)
            ground.ids["lifted_answer", whose] = _fever(ground, whose, user, patient, now)
            ground.ids["quiet_check", whose] = _self_check(user, patient, now, none=True)
            ended = treatment.save_allergy(id=uuid7(), what="Wool", reaction="Itching", **more)
            treatment.end_entry(kind="allergy", entry=ended, version=1, id=uuid7(), **more)
            ground.ids["ended_allergy", whose] = ended
            ground.ids["medicine_id", whose] = treatment.save_medicine(
                id=uuid7(), what="Iron", how="With food", **more
            )
            # The API names both kinds of lines alike.
            ground.ids["allergy", whose] = ground.ids["allergy_id", whose]
            ground.ids["medicine", whose] = ground.ids["line_id", whose] = ground.ids["medicine_id", whose]
        with acting(neurologist):
            looked_at = ground.of("reviewed_answer", whose)
            assert isinstance(looked_at, UUID)
            answers.review(
                by=neurologist, patient=patient, answer_id=looked_at, agreed="Her sister calls back at noon", lift=False,
                id=uuid7(), now=now,
            )  # fmt: skip
            lifted = ground.of("lifted_answer", whose)
            assert isinstance(lifted, UUID)
            answers.review(
                by=neurologist, patient=patient, answer_id=lifted, agreed="No fever when the nurse measured", lift=True,
                id=uuid7(), now=now,
            )  # fmt: skip

        _ledger(ground, whose, now)
        _chair(ground, whose, patient, now)
        _after_a_dose(ground, whose, patient, now)


def _chair(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """The next dose has lines and has not begun: a record that runs would refuse every other act on it, so those that run are of
    courses of their own (`_in_the_chair`). The last one has a closed record of the demo."""
    neurologist = ground.users["neurologist"]
    dose_id = UUID(str(ground.of("dose_id", whose)))
    more: dict[str, Any] = {"by": neurologist, "patient": patient, "dose_id": dose_id, "now": now}
    with acting(neurologist):
        closed = ChairDay.objects.for_user(neurologist, patient).first()
        assert closed is not None
        ground.ids["chair_dose", whose] = closed.dose_id
        note_later_reaction(
            by=neurologist, patient=patient, dose_id=closed.dose_id, grade=1, since=today_in(now, patient.site.time_zone),
            words="Itching at night, gone by morning", id=uuid7(), now=now,
        )  # fmt: skip
        chair.add_row(
            kind="reaction",
            said={"signs": ["skin"], "grade": 1, "done": "Slower", "words": "Left arm"},
            id=uuid7(),
            **more,
        )
        chair.add_row(
            kind="premedication",
            said={"what": "Made-up tablet", "amount": "1", "words": ""},
            id=uuid7(),
            **more,
        )
        ground.ids["row_id", whose] = chair.add_row(
            kind="vitals", said={"pulse": 78, "words": "Calm"}, id=uuid7(), **more
        ).pk


def _in_the_chair(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """Three records that are open: one that runs, one whose time of observation runs, one that can be closed.

    Each is of a course of its own, because an open record refuses every other act on its dose and its course. They were planned for
    later, so that nobody's next dose is another one than without them. The drug that is counted began on a word about elsewhere that was
    taken off again; the numbers that nobody has confirmed come later.
    """
    said: list[tuple[str, int, dict[str, Any]]] = [
        ("premedication", 0, {"what": "Made-up tablet", "amount": "1"}),
        ("vitals", 5, {"pulse": 74, "systolic": 118, "diastolic": 76, "temperature": "98.2", "unit": "F", "oxygen": 98}),
        ("started", 10, {"ml_h": "40", "although": "The neurologist agreed on the phone"}),
        ("stopped", 20, {"words": "Itching on both arms"}),
        ("reaction", 1, {"signs": ["skin", "breath"], "grade": 2, "done": "A break, then slower", "words": "Both arms"}),
        ("went_on", 10, {"words": "The itching is gone"}),
        ("rate", 1, {"ml_h": "30", "words": "Slower"}),
        ("vitals", 10, {"pulse": 78, "words": "Calm"}),
    ]  # fmt: skip
    beside = {MAYA: "natalizumab", SAMUEL: "ocrelizumab_iv"}[whose]
    ended = [("ended", 60, {"words": "All of it"})]
    neurologist = ground.users["neurologist"]
    about: dict[str, Any] = {"by": neurologist, "patient": patient, "now": now}
    nothing = Told(doses_given=0, lifetime_mg_m2=Decimal(0))
    word = elsewhere.note_elsewhere(therapy="mitoxantrone", told=nothing, confirmed=True, id=uuid7(), **about)
    _sits(ground, whose, patient, "running", ("mitoxantrone", "standard"), said, now)
    elsewhere.withdraw_elsewhere(elsewhere_id=word.pk, id=uuid7(), **about)
    _sits(ground, whose, patient, "ended", ("ivmp", "three_days"), [*said, *ended], now)
    _sits(ground, whose, patient, "watched", (beside, "standard"), [*said, *ended, ("observing", 1, {})], now)


def _sits(
    ground: Ground, whose: str, patient: Patient, name: str, plan: tuple[str, str], lines: list[tuple[str, int, dict[str, Any]]],
    now: datetime,
) -> None:  # fmt: skip
    """The first dose of a new course, with lines so many minutes apart of which the last is written now."""
    neurologist = ground.users["neurologist"]
    more: dict[str, Any] = {"by": neurologist, "patient": patient}
    protocol = Protocol.objects.get(therapy__code=plan[0], version=1)
    course = treatment.sign_order(
        protocol_id=protocol.pk, path=plan[1], first_on=today_in(now, patient.site.time_zone) + timedelta(days=39),
        indication="For the tests", id=uuid7(), in_demo=True, now=now - timedelta(days=2), **more,
    )  # fmt: skip
    dose = treatment.doses_of(neurologist, patient, course)[0]
    ground.ids[f"{name}_dose", whose] = dose.pk
    left = timedelta(minutes=sum(after for _kind, after, _said in lines))
    for kind, after, said in lines:
        left -= timedelta(minutes=after)
        row = chair.add_row(kind=kind, said=said, dose_id=dose.pk, id=uuid7(), now=now - left, **more)
        if kind == "vitals":
            ground.ids[f"{name}_row", whose] = row.pk


def _after_a_dose(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """A check-in that waits for an answer, one hour after the newest dose, and two plans."""
    with actor.unit_of_work(actor.system("tests")):
        given = Dose.objects.for_system().of(patient).given().exclude(check_ins__step=1)
        dose = given.order_by("-given_at").first()
        assert dose is not None
        ground.ids["check_in_id", whose] = CheckIn.objects.create(
            patient=patient, dose=dose, step=1, state=CheckIn.State.NOBODY, asked_at=now, created_at=now
        ).pk
    with acting(ground.users[whose]):
        day = today_in(now, patient.site.time_zone)
        more = {"by": ground.users[whose], "patient": patient, "now": now}
        note = "Two weeks at the sea with my sister"
        ground.ids["plan_id", whose] = plans.save_plan(
            id=uuid7(), kind="travel", note=note, starts_on=day, ends_on=day + timedelta(days=60), **more
        ).id
        plans.save_plan(id=uuid7(), kind="pregnancy", note="", starts_on=None, ends_on=None, **more)


def _fever(ground: Ground, whose: str, user: User, patient: Patient, now: datetime) -> UUID:
    """The answer "yes" to the first question before the dose after the next one."""
    fact = f"{ground.of('code', whose)}.chk.infection"
    dose_id = ground.of("stopped_dose", whose)
    assert isinstance(dose_id, UUID)
    return answers.answer(
        by=user, patient=patient, dose_id=dose_id, said={fact: "yes"}, place="home", id=uuid7(), now=now
    ).pk


def _mid_course(ground: Ground, whose: str, patient: Patient, course: Course, now: datetime) -> None:
    """A dose that waits, a paused course, a drug on its way, numbers from elsewhere that nobody has confirmed, weight and height."""
    neurologist = ground.users["neurologist"]
    more: dict[str, Any] = {"by": neurologist, "patient": patient, "now": now}
    today = today_in(now, patient.site.time_zone)
    first = treatment.doses_of(neurologist, patient, course)[0]
    outcomes.postpone(
        dose_id=first.pk, reason="result", owner="lab", recheck_on=today + timedelta(days=5), note="Blood count",
        id=uuid7(), **more,
    )  # fmt: skip
    ground.ids["waiting_dose", whose] = first.pk
    protocol = Protocol.objects.get(therapy__code="rituximab", version=1)
    paused = treatment.sign_order(
        protocol_id=protocol.pk, path="single", first_on=today + timedelta(days=35), indication="For the tests",
        id=uuid7(), in_demo=True, **more,
    )  # fmt: skip
    pausing.pause_course(course_id=paused.pk, reason="A journey", id=uuid7(), **more)
    ground.ids["paused_course", whose] = paused.pk
    dose_id = UUID(str(ground.of("dose_id", whose)))
    outcomes.note_drug_step(
        dose_id=dose_id, kind="ordered", product="Made up", lot="L-1", note="By phone", id=uuid7(), **more
    )
    told = Told(
        doses_given=None,
        place="Elsewhere",
        reactions="Itching",
        note="By letter",
        booked="Next month",
        booked_place="The old center",
        booked_on=today + timedelta(days=20),
    )
    ground.ids["elsewhere_id", whose] = elsewhere.note_elsewhere(
        therapy="mitoxantrone", told=told, confirmed=False, id=uuid7(), **more
    ).pk
    elsewhere.note_measure(
        weight_kg=Decimal("70.5"), height_cm=Decimal(171), measured_on=today, id=uuid7(), **more
    )


def _ledger(ground: Ground, whose: str, now: datetime) -> None:
    """Results that wait for a second look, for their release, and one that the patient can read; a decision; and a hand-over there and back."""
    neurologist, nurse = ground.users["neurologist"], ground.users["nurse"]
    test, fact = {
        MAYA: ("immunoglobulins", "ocrelizumab_iv.mon.serum_immunoglobulins"),
        SAMUEL: ("jcv", "natalizumab.mon.mri_brain_higher_pml_risk_jcv_positive_and_18_mo"),
    }[whose]
    ground.ids["test", whose], ground.ids["fact", whose] = test, fact
    with acting(neurologist):
        patient = (
            Patient.objects.for_user(neurologist)
            .select_related("site")
            .get(pk=ground.of("patient_id", whose))
        )
    more: dict[str, Any] = {"patient": patient, "now": now}
    today = today_in(now, patient.site.time_zone)

    def enter(by: User, kind: str, days: int) -> UUID:
        with acting(by):
            taken = today - timedelta(days=days)
            made = ledger.enter_result(
                by=by, id=uuid7(), test=kind, taken_on=taken, words="Nothing unusual in it", assay="Stratify JCV", **more
            )  # fmt: skip
        return made.pk

    ground.ids["result_id", whose] = enter(neurologist, test, 5)
    for name in ("looked_result", "released_result"):
        ground.ids[name, whose] = made = enter(nurse, "mri", 6 if name == "looked_result" else 7)
        with acting(neurologist):
            ledger.look_at(by=neurologist, result_id=made, id=uuid7(), **more)
    with acting(neurologist):
        ledger.release(
            by=neurologist, result_id=made, note="There is nothing new to see.", id=uuid7(), **more
        )
        ledger.decide(
            by=neurologist, fact=fact, applies=True, every_months=6, reason="As agreed at the last visit", id=uuid7(), **more
        )  # fmt: skip
        own = ground.of("team_id", whose)
        assert isinstance(own, UUID)
        for team in (None, own):
            keepers.hand_over(
                by=neurologist, team_id=team, reason="Away for a year, and back", id=uuid7(), **more
            )


def _versions(ground: Ground, now: datetime) -> None:
    """A draft of natalizumab in which one text differs, and the label change of the demo."""
    nurse = ground.users["nurse"]
    with acting(nurse):
        draft = editing.begin(by=nurse, code=ground.therapy, now=now)
        texts = kinds.BY_CODE["texts"]
        editing.save_fact(
            by=nurse, code=ground.therapy, kind=texts, index=0, was=editing.digest(texts, draft.content),
            fact={"review_due": "on every label change"}, id=uuid7(), now=now,
        )  # fmt: skip
    for whose in PATIENTS:
        ground.ids["change_id", whose] = LabelChange.objects.get().pk


def _self_check(user: User, patient: Patient, now: datetime, *, none: bool) -> UUID:
    """A self-check with something new, or with nothing."""
    course = selfcheck.course_to_ask(user, patient)
    assert course is not None
    signs = selfcheck.signs_of(facts_for(course))
    new = [] if none else [signs[-1].key]
    found: UUID = selfcheck.answer(by=user, patient=patient, id=uuid7(), new=new, none=none, now=now).pk
    return found


def _note(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """An internal note of the team on the conversation, and an answer in another one. Runs as the nurse."""
    nurse, answered = ground.users["nurse"], ground.of("answered_thread", whose)
    assert isinstance(answered, UUID)
    more = {"by": nurse, "patient": patient, "thread_id": answered, "seen_seq": 9, "now": now}
    wrong = answer(id=uuid7(), text="There is, beside the blanket.", **more).pk
    ground.ids["message_id", whose] = correct(
        message_id=wrong, id=uuid7(), text="There is, beside the bed.", reason="The wrong table", **more
    ).pk
    thread = ground.of("thread_id", whose)
    assert isinstance(thread, UUID)
    item = make_open_item(
        by=nurse,
        patient=patient,
        thread_id=answered,
        id=uuid7(),
        words="Bring the form",
        owner="you",
        now=now,
    )
    assert item.result is not None
    ground.ids["made_id", whose] = item.result
    add_note(
        by=ground.users["nurse"],
        patient=patient,
        thread_id=thread,
        id=uuid7(),
        text="Blankets are fine.",
        now=now,
    )


def _mailing(ground: Ground, now: datetime) -> None:
    """The same words to both patients, waiting for the worker. Runs as the nurse."""
    nurse = ground.users["nurse"]
    with acting(nurse):
        patients = list(Patient.objects.for_user(nurse).select_related("site"))
        made = plan(
            by=nurse, id=uuid7(), patients=patients, topic="visit", text="The door is at the side.", now=now
        )
    for whose in PATIENTS:
        ground.ids["mailing_id", whose] = made.pk


def _work(ground: Ground, whose: str, patient: Patient, now: datetime) -> None:
    """Work that was handed over with a reason, and a call that is to be made. Runs as the nurse."""
    thread = ground.of("hidden_thread", whose)
    assert isinstance(thread, UUID)
    by = ground.users["nurse"]
    hand_over(
        by=by, patient=patient, thread_id=thread, id=uuid7(), to=ground.users["neurologist"].pk,
        reason="A question for a doctor.", now=now,
    )  # fmt: skip
    call = ask_to_call(patient, ground.users[whose], "bounced", now)
    assert call is not None
    ground.ids["call_id", whose] = call.pk


def _rota(ground: Ground, now: datetime) -> None:
    """A time on call and an absence of the care team, far ahead."""
    team = Team.objects.get(name="MS infusion team")
    nurse, lead = ground.users["nurse"], ground.users["neurologist"]
    later = now + timedelta(days=50)
    on_call = put_on_call(
        by=lead, team=team, user=nurse, starts_at=later, ends_at=later + timedelta(hours=12), id=uuid7()
    )
    away = enter_absence(
        by=lead, team=team, user=lead, cover=nurse, starts_on=later.date(), ends_on=later.date(), id=uuid7()
    )
    for whose in PATIENTS:
        ground.ids["on_call_id", whose] = on_call.pk
        ground.ids["absence_id", whose] = away.pk


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
