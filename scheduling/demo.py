"""The synthetic clinic's visit types, calendars, chairs, visits and infusions; all booked by the same services as everyone's."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from accounts.models import User
from clinic.services import state_of
from patients.models import Patient
from patients.services import enroll_patient, patients_of
from portal.lib import actor
from portal.lib.ids import uuid7
from scheduling import doses, infusions, services
from scheduling.finding import find_starts
from scheduling.models import AvailabilityException, AvailabilityRule, Resource, Service
from treatment.services import running_course, sign_order

DIRECTIONS = "Use the main door and take the elevator to floor 2. There is step-free access and parking for drop-off at the door."
CALL = (
    "Keep your phone near you. The call can come up to 15 minutes late. We call the number that you gave us."
)

COMFORT = (
    "Use the main door and take the elevator to floor 3. There is step-free access. Wear sleeves that roll up. "
    "Bring water, something to eat, and your list of medicines. Someone may sit with you."
)


def load(world: Any) -> None:
    """Visit types, two clinicians' calendars, and visits of both patients around `world.now`."""
    with actor.unit_of_work(actor.system("demo")):
        nurse, neurologist = _calendars(world)
        kinds = _visit_types(world, nurse, neurologist)
        _infusion_lanes(world)
        conference = world.at(23, 12), world.at(23, 17)
        AvailabilityException.objects.create(resource=neurologist, during=conference, reason="Conference")
    maya, samuel = world.users["patient"], world.users["other-patient"]
    _visit(world, maya, world.patient, kinds["nurse"], -83, "Questions before the next treatment day")
    _visit(world, maya, world.patient, kinds["neurologist"], -34, "Six-month check")
    soon = _visit(
        world,
        maya,
        world.patient,
        kinds["nurse"],
        10,
        "Getting ready, and the new tiredness in the afternoon",
    )
    call = _visit(world, maya, world.patient, kinds["call"], 24, "")
    _visit(world, samuel, world.other_patient, kinds["neurologist"], -12, "")
    _visit(world, samuel, world.other_patient, kinds["nurse"], 0, "Blood pressure and weight", staff=True)
    _visit(world, samuel, world.other_patient, kinds["neurologist"], 17, "")
    with actor.unit_of_work(actor.Actor(user_id=maya.pk)):
        services.cancel(
            by=maya,
            patient=world.patient,
            appointment_id=call,
            reason="My sister visits that day.",
            id=uuid7(),
            now=world.now,
        )
    assert soon
    _infusions(world)


def _infusions(world: Any) -> None:
    """Three infusions on the board of the day, one next week, and Samuel's request that waits for an answer."""
    rosa = world.users["nurse"]
    on = _open_day(world)
    ocrelizumab, natalizumab = _protocol(world, world.patient), _protocol(world, world.other_patient)
    for name, born, protocol in (
        ("Leah Grant", date(1990, 2, 11), ocrelizumab),
        ("Omar Sayed", date(1972, 8, 30), natalizumab),
        ("Greta Holm", date(1985, 12, 5), natalizumab),
    ):
        with actor.unit_of_work(actor.system("demo")):
            patient = enroll_patient(
                site=world.site, name=name, date_of_birth=born, by=rosa, team=world.team, phone="555-0166"
            )
        _ordered(world, patient, protocol, on)
        _infusion(world, rosa, patient, number=("Leah Grant", "Omar Sayed", "Greta Holm").index(name) * 5)
    with actor.unit_of_work(actor.Actor(user_id=rosa.pk)):
        ines = next((one for one in patients_of(rosa) if one.name == "Ines Moreau"), None)
    if ines is not None:
        _infusion(world, rosa, ines, number=2)
    _infusion(world, world.users["other-patient"], world.other_patient, number=6, wishes=3)


def _open_day(world: Any) -> date:
    state = state_of(world.site)
    today: date = world.today()
    return next(day for ahead in range(14) if state.intervals(day := today + timedelta(days=ahead)))


def _protocol(world: Any, patient: Patient) -> UUID:
    """The protocol of a patient's running course."""
    by = world.users["neurologist"]
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        course = running_course(by, patient)
        assert course is not None
        return course.protocol_id


def _ordered(world: Any, patient: Patient, protocol: UUID, on: date) -> None:
    by = world.users["neurologist"]
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        sign_order(
            by=by, patient=patient, protocol_id=protocol, path="standard", first_on=on, indication="Relapsing MS",
            id=uuid7(), now=world.at(-9, 10), in_demo=True,
        )  # fmt: skip


def _infusion(world: Any, by: User, patient: Patient, *, number: int, wishes: int = 1) -> None:
    """The `number`-th time in the window of the next dose, asked for (or booked by the team) six days ago."""
    now = world.at(-6, 10)
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        dose = doses.next_dose(by, patient)
        assert dose is not None
        capacity = "team" if by == world.users["nurse"] else "self"
        free = infusions.infusion_starts(by=by, patient=patient, dose=dose, capacity=capacity, now=now)
        infusions.ask(
            by=by,
            patient=patient,
            dose_id=dose.id,
            wishes=[free[number + 9 * wish] for wish in range(wishes)],
            reason="" if wishes == 1 else "Mornings are best: my ride works in the afternoon.",
            id=uuid7(),
            now=now,
        )


def _calendars(world: Any) -> tuple[Resource, Resource]:
    nurse = Resource.objects.create(
        site=world.site, user=world.users["nurse"], label="Rosa Delgado, infusion nurse"
    )
    neurologist = Resource.objects.create(
        site=world.site, user=world.users["neurologist"], label="Dr. Hana Sato, neurologist"
    )
    for weekday in range(5):
        AvailabilityRule.objects.create(
            resource=nurse, weekday=weekday, local_start=time(8), local_end=time(12)
        )
        AvailabilityRule.objects.create(
            resource=nurse, weekday=weekday, local_start=time(12, 30), local_end=time(16, 30)
        )
    for weekday in (0, 1, 3):
        AvailabilityRule.objects.create(
            resource=neurologist, weekday=weekday, local_start=time(9), local_end=time(12)
        )
    for weekday in (1, 2):
        AvailabilityRule.objects.create(
            resource=neurologist, weekday=weekday, local_start=time(13), local_end=time(16, 30)
        )
    return nurse, neurologist


def _visit_types(world: Any, nurse: Resource, neurologist: Resource) -> dict[str, Service]:
    def kind(
        code: str, name: str, hint: str, minutes: int, place: str, directions: str, position: int
    ) -> Service:
        return Service.objects.create(
            site=world.site,
            code=code,
            name=name,
            hint=hint,
            minutes=minutes,
            place=place,
            directions=directions,
            position=position,
        )

    kinds = {
        "nurse": kind(
            "nurse-visit",
            "Visit with a nurse",
            "To talk about treatment days, side effects and blood tests. About 30 minutes.",
            30,
            "clinic",
            DIRECTIONS,
            1,
        ),
        "neurologist": kind(
            "neurologist-visit",
            "Visit with a neurologist",
            "To talk about how your MS is going and about your treatment plan. About 45 minutes.",
            45,
            "clinic",
            DIRECTIONS,
            2,
        ),
        "call": kind(
            "phone-call",
            "Phone call with a nurse",
            "A short talk without the trip. About 15 minutes.",
            15,
            "phone",
            CALL,
            3,
        ),
    }
    kinds["nurse"].resources.add(nurse)
    kinds["neurologist"].resources.add(neurologist)
    kinds["call"].resources.add(nurse)
    return kinds


def _infusion_lanes(world: Any) -> Service:
    """Five chairs and three nurses who give infusions. The nurses' day ends with the center's, the last chair closes earlier."""
    infusion = Service.objects.create(
        site=world.site,
        kind="infusion",
        code="infusion",
        name="Infusion",
        hint="In an infusion chair, with a nurse who stays in charge of you.",
        minutes=240,
        directions=COMFORT,
        position=9,
    )
    closes = {"Chair 5": time(14)}
    for number in range(1, 6):
        _lane(
            world,
            infusion,
            "chair",
            f"Chair {number}",
            number,
            time(8),
            closes.get(f"Chair {number}", time(17)),
        )
    nurses = (("Amara Obi, infusion nurse", time(8)), ("Jonas Weber, infusion nurse", time(8)))
    for number, (label, starts) in enumerate((*nurses, ("Priya Nair, infusion nurse", time(9))), start=1):
        _lane(world, infusion, "nurse", label, number, starts, time(17))
    return infusion


def _lane(
    world: Any, infusion: Service, kind: str, label: str, position: int, starts: time, ends: time
) -> Resource:
    lane = Resource.objects.create(site=world.site, kind=kind, label=label, position=position)
    AvailabilityRule.objects.bulk_create(
        AvailabilityRule(resource=lane, weekday=weekday, local_start=starts, local_end=ends)
        for weekday in range(5)
    )
    infusion.resources.add(lane)
    return lane


def _visit(
    world: Any, user: User, patient: Patient, kind: Service, days: int, reason: str, *, staff: bool = False
) -> Any:
    """The first free time from `days` away on, booked as if on the day before (or by the nurse, for the same day)."""
    by = world.users["nurse"] if staff else user
    start, now = _search(world, days)
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        free = find_starts(
            site=world.site,
            service=kind,
            start=start,
            end=start + timedelta(days=14),
            busy=services.busy_times(by, patient, start),
        )
        wanted = free[3]
        return services.book(
            by=by,
            patient=patient,
            service=kind,
            starts_at=wanted.at,
            resource=wanted.resource_id,
            reason=reason,
            id=uuid7(),
            now=now,
            by_phone=staff,
        ).result


def _search(world: Any, days: int) -> tuple[datetime, datetime]:
    start = world.at(days, 6)
    return start, min(start - timedelta(days=1), world.now)
