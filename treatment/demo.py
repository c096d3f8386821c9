"""The synthetic clinic's treatments: therapies at different points of their course, made by the same services as everyone's.

Maya is in the middle of an ocrelizumab cycle with two full ones behind her; Samuel comes every four weeks for natalizumab and missed one.
Two more patients of the team, without accounts of their own: one between the two starting doses of ublituximab, one whose second course of
alemtuzumab is long over while her blood tests go on. Three more show what else happens: a lifetime total near its limit, a dose in
part and the next one put off, and numbers from elsewhere that nobody has confirmed. Ruth waits for her insurer before the third injection of
ocrelizumab, and Dario is between the first and the second day of steroids: with these two, eight therapies have somebody on them.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from accounts.models import User
from patients.models import Patient
from patients.services import enroll_patient
from portal.lib import actor
from portal.lib.ids import uuid7
from treatment import checks, lists
from treatment.chair.demo import in_the_chair
from treatment.courses import giving, moving, ordering, reading
from treatment.courses.planning import add_months
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.models import Course, Protocol
from treatment.outcomes import services as outcomes
from treatment.protocols.loading import load_protocols
from treatment.selfcheck import services as selfcheck

if TYPE_CHECKING:
    from portal.demo.world import World

NEXT_IN_DAYS = 20


def load(world: World) -> None:
    """Protocols, then each patient's course as the team would have written it down."""
    load_protocols()
    _maya(world)
    _samuel(world)
    _ines(world)
    _tomas(world)
    _helga(world)
    _andre(world)
    _mina(world)
    _ruth(world)
    _dario(world)


class Hand:
    """The neurologist and the nurse, writing about one patient."""

    def __init__(self, world: World, patient: Patient) -> None:
        self.world, self.patient = world, patient
        self.neurologist, self.nurse = world.users["neurologist"], world.users["nurse"]

    def at(self, day: date, hour: int = 10) -> datetime:
        wall = datetime.combine(day, time(hour), ZoneInfo(self.world.site.time_zone))
        return wall.astimezone(UTC)

    def order(self, code: str, first_on: date, indication: str, path: str = "standard") -> Course:
        protocol = Protocol.objects.filter(therapy__code=code).order_by("-version").first()
        assert protocol is not None
        with acting(self.neurologist):
            return ordering.sign_order(
                by=self.neurologist, patient=self.patient, protocol_id=protocol.pk, path=path, first_on=first_on,
                indication=indication, id=uuid7(), now=self.at(first_on - timedelta(days=10)),
                in_demo=True,
            )  # fmt: skip

    def give(
        self, course: Course, day: date, lot: str, *, reaction: bool = False, note: str = "", **more: Any
    ) -> None:
        """The first planned dose, given on `day`."""
        with acting(self.nurse):
            planned = next(
                dose for dose in reading.doses_of(self.nurse, self.patient, course) if dose.is_planned
            )
            giving.record_infusion(
                by=self.nurse, patient=self.patient, dose_id=planned.pk, id=uuid7(), given_at=self.at(day),
                now=self.at(day, 16), lot=lot, reaction=reaction, note=note, **more,
            )  # fmt: skip

    def sit(self, course: Course, day: date, lot: str, *, signs: tuple[str, ...] = ()) -> None:
        """The first planned dose, given on `day` with a record of what happened in the chair."""
        with acting(self.nurse):
            planned = giving.next_planned(self.nurse, self.patient, course.pk)
        assert planned is not None
        in_the_chair(self.world, self.patient, planned.pk, self.at(day), lot=lot, signs=signs)

    def put_off(self, course: Course, reason: str, owner: str, days: int, note: str) -> None:
        """The next dose waits since yesterday; somebody looks again in so many days."""
        with acting(self.nurse):
            dose = giving.next_planned(self.nurse, self.patient, course.pk)
            assert dose is not None
            outcomes.postpone(
                by=self.nurse, patient=self.patient, dose_id=dose.pk, reason=reason, owner=owner, note=note, id=uuid7(),
                recheck_on=self.world.today() + timedelta(days=days), now=self.world.at(-1, 15),
            )  # fmt: skip

    def drug(self, course: Course, *kinds: str, product: str, lot: str) -> None:
        """The steps of the next dose's drug, one a day until yesterday."""
        with acting(self.nurse):
            dose = giving.next_planned(self.nurse, self.patient, course.pk)
            assert dose is not None
            for ago, kind in zip(range(len(kinds), 0, -1), kinds, strict=True):
                released = kind != "ordered"
                outcomes.note_drug_step(
                    by=self.nurse, patient=self.patient, dose_id=dose.pk, kind=kind, product=product,
                    lot=lot if released else "",
                    expires_on=self.world.today() + timedelta(days=200) if released else None, id=uuid7(),
                    now=self.world.at(-ago, 14),
                )  # fmt: skip

    def came_with(self, therapy: str, told: Told, at: datetime, *, confirmed: bool) -> None:
        """What was given elsewhere, as the nurse wrote it down."""
        with acting(self.nurse):
            elsewhere.note_elsewhere(
                by=self.nurse, patient=self.patient, therapy=therapy, told=told, confirmed=confirmed, id=uuid7(), now=at
            )  # fmt: skip

    def measured(self, weight: str, height: str, day: date) -> None:
        with acting(self.nurse):
            elsewhere.note_measure(
                by=self.nurse, patient=self.patient, weight_kg=Decimal(weight), height_cm=Decimal(height), measured_on=day,
                id=uuid7(), now=self.at(day, 9),
            )  # fmt: skip

    def miss(self, course: Course, day: date, reason: str) -> None:
        with acting(self.nurse):
            planned = next(
                dose for dose in reading.doses_of(self.nurse, self.patient, course) if dose.is_planned
            )
            giving.mark_missed(
                by=self.nurse,
                patient=self.patient,
                dose_id=planned.pk,
                reason=reason,
                id=uuid7(),
                now=self.at(day),
            )

    def move_as_proposed(self, course: Course, day: date, reason: str) -> None:
        by = self.neurologist
        with acting(by):
            moves = moving.proposed_moves(by, self.patient, course, self.at(day))
            moving.confirm_moves(
                by=by, patient=self.patient, course_id=course.pk,
                targets={dose.pk: move.window.target for dose, move in moves}, reason=reason, id=uuid7(), now=self.at(day),
            )  # fmt: skip

    def tick(self, course: Course, *facts: str, by: User | None = None) -> None:
        """Ticks items of the next dose, a day ago."""
        by = by or self.nurse
        with acting(by):
            dose = reading.next_dose(by, self.patient)
            assert dose is not None
            assert dose.course_id == course.pk
            for item in checks.checklist_of(by, self.patient, dose, self.world.now):
                if item.fact.split(".", 1)[1] in facts and item.id is not None:
                    checks.settle_item(
                        by=by,
                        patient=self.patient,
                        item_id=item.id,
                        done=True,
                        id=uuid7(),
                        now=self.world.at(-1, 11),
                    )

    def checked(self, course: Course, fact: str, *days: date) -> None:
        with acting(self.nurse):
            for day in days:
                checks.note_check(
                    by=self.nurse, patient=self.patient, course_id=course.pk, fact=f"{_code(course)}.{fact}", done_on=day,
                    id=uuid7(), now=self.at(day, 16),
                )  # fmt: skip

    def allergy(self, by: User, what: str, reaction: str, days: int) -> UUID:
        with acting(by):
            return lists.save_allergy(
                by=by,
                patient=self.patient,
                id=uuid7(),
                what=what,
                reaction=reaction,
                now=self.world.at(days, 9),
            )

    def medicine(self, by: User, what: str, how: str, days: int) -> UUID:
        with acting(by):
            return lists.save_medicine(
                by=by, patient=self.patient, id=uuid7(), what=what, how=how, now=self.world.at(days, 9)
            )


def acting(user: User) -> AbstractContextManager[None]:
    return actor.unit_of_work(actor.Actor(user_id=user.pk))


def _code(course: Course) -> str:
    return reading.facts_for(course).code


def _weekday(day: date) -> date:
    """The same day, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def _maya(world: World) -> None:
    """Ocrelizumab: two half doses about two years ago, three full ones since, the next in about three weeks."""
    hand, maya = Hand(world, world.patient), world.users["patient"]
    coming = _weekday(world.today() + timedelta(days=NEXT_IN_DAYS))
    first = coming - timedelta(days=4 * 182)
    course = hand.order("ocrelizumab_iv", first, "Relapsing MS, two relapses in one year")
    hand.give(
        course,
        first,
        "OC-2011",
        reaction=True,
        reaction_grade=2,
        note="Itching for ten minutes. Slowed down, then gone.",
    )
    hand.give(course, first + timedelta(days=14), "OC-2024")
    for cycle, lot in ((1, "OC-2209"), (2, "OC-2388")):
        hand.give(course, first + timedelta(days=182 * cycle), lot)
    hand.sit(course, first + timedelta(days=182 * 3), "OC-2517", signs=("skin",))
    hand.checked(course, "mon.mri_brain", _weekday(world.today() - timedelta(days=200)))
    hand.tick(course, "mon.serum_immunoglobulins")
    hand.allergy(maya, "Penicillin", "Rash on my arms, as a child", -300)
    medicine = hand.medicine(maya, "Vitamin D", "1,000 units each morning", -300)
    with acting(hand.nurse):
        lists.save_medicine(
            by=hand.nurse, patient=world.patient, id=uuid7(), what="Vitamin D", how="2,000 units each morning",
            entry=medicine, version=1, now=world.at(-160, 15),
        )  # fmt: skip
    hand.medicine(hand.nurse, "Baclofen", "10 mg three times a day, for stiff legs", -160)


def _samuel(world: World) -> None:
    """Natalizumab every four weeks: one missed for a cold, the later ones moved by the neurologist, the next in nine days."""
    hand, samuel = Hand(world, world.other_patient), world.users["other-patient"]
    coming = _weekday(world.today() + timedelta(days=9))
    missed = coming - timedelta(days=28 * 3 + 7)
    first = missed - timedelta(days=28 * 5)
    course = hand.order("natalizumab", first, "Relapsing MS with new activity on the scan")
    for number in range(5):
        hand.give(course, first + timedelta(days=28 * number), f"NA-{310 + number}")
    hand.miss(course, missed, "Cold with fever on the day")
    again = missed + timedelta(days=7)
    hand.move_as_proposed(course, again, "Given as soon as the cold was over, then every 4 weeks from there")
    for number in range(2):
        hand.give(course, again + timedelta(days=28 * number), f"NA-{320 + number}")
    hand.sit(course, again + timedelta(days=56), "NA-322")
    hand.tick(course, "chk.rems_auth", "chk.jcv_current")
    hand.checked(course, "mon.clinical_pml_assessment", first + timedelta(days=84))
    hand.checked(course, "mon.rems_re_authorisation", first + timedelta(days=168))
    with acting(samuel):
        lists.say_no_known_allergies(
            by=samuel, patient=world.other_patient, id=uuid7(), now=world.at(-150, 9)
        )
    hand.medicine(samuel, "Ibuprofen", "When my back hurts", -150)
    _self_checks(world)


def _self_checks(world: World) -> None:
    """Samuel's last two: a rash after an infusion, which the nurse has looked at, and then nothing new."""
    patient, samuel, nurse = world.other_patient, world.users["other-patient"], world.users["nurse"]
    with acting(samuel):
        course = selfcheck.course_to_ask(samuel, patient)
        assert course is not None
        rash = next(
            sign.key
            for sign in selfcheck.signs_of(reading.facts_for(course))
            if sign.text.startswith("A rash")
        )
        more: dict[str, Any] = {"by": samuel, "patient": patient}
        told = selfcheck.answer(id=uuid7(), new=[rash], none=False, now=world.at(-46, 19), **more)
        selfcheck.answer(id=uuid7(), new=[], none=True, now=world.at(-18, 20), **more)
    with acting(nurse):
        selfcheck.review(by=nurse, patient=patient, check_id=told.pk, id=uuid7(), now=world.at(-45, 9))


def _ines(world: World) -> None:
    """Ublituximab: the first starting dose was last week, the second is due next week."""
    patient = _enroll(world, "Ines Moreau", date(1994, 11, 3))
    hand = Hand(world, patient)
    first = _weekday(world.today() - timedelta(days=7))
    first = first if first < world.today() else first - timedelta(days=7)
    course = hand.order("ublituximab", first, "Relapsing MS, first treatment")
    hand.tick(
        course,
        "scr.hepatitis_b_hbsag_and_anti_hbc_label_wording_hbs",
        "scr.quantitative_immunoglobulins_igg_iga_igm",
        "scr.liver_tests_alt_ast_alkaline_phosphatase_bilirub",
        "scr.vaccines_live_at_least_4_weeks_non_live_at_least",
    )
    hand.give(
        course,
        first,
        "UB-077",
        reaction=True,
        reaction_grade=2,
        note="Shivering in the first hour. Slowed down, then gone.",
    )
    hand.allergy(hand.nurse, "Latex", "Hives", -20)


def _tomas(world: World) -> None:
    """Alemtuzumab: both courses are over, the monthly tests go on; two of them are due."""
    patient = _enroll(world, "Tomas Rivera", date(1983, 6, 27))
    hand = Hand(world, patient)
    today = world.today()
    first = today - timedelta(days=14 * 31 + 366)
    first -= timedelta(days=first.weekday())  # a Monday: five days in a row without a weekend
    course = hand.order("alemtuzumab", first, "Very active MS after two other treatments")
    for number in range(5):
        grade = 1 if number == 0 else None
        day = first + timedelta(days=number)
        hand.give(course, day, f"AL-{40 + number}", reaction=grade is not None, reaction_grade=grade)
    second = first + timedelta(days=371)
    with acting(hand.neurologist):
        doses = reading.doses_of(hand.neurologist, patient, course)
        moving.confirm_moves(
            by=hand.neurologist, patient=patient, course_id=course.pk,
            targets=moving.with_days_along(course, doses, doses[5], second),
            reason="A Monday, so that the three days lie in one week", id=uuid7(), now=hand.at(second - timedelta(days=30)),
        )  # fmt: skip
    for number in range(3):
        hand.give(course, second + timedelta(days=number), f"AL-{60 + number}")
    tests = (
        "mon.cbc_with_differential",
        "mon.serum_creatinine",
        "mon.urinalysis_with_urine_cell_counts",
        "mon.alt_ast_bilirubin",
    )
    for number, fact in enumerate(tests):
        ago = 45 if number < 2 else 12
        hand.checked(course, fact, add_months(today, -3), today - timedelta(days=ago))
    hand.checked(course, "mon.thyroid_function_tsh", add_months(today, -1))


def _helga(world: World) -> None:
    """Mitoxantrone: six doses elsewhere, two here, so the lifetime total nears its limit; the next one's drug is on its way."""
    patient = _enroll(world, "Helga Brandt", date(1971, 2, 17))
    hand = Hand(world, patient)
    coming = _weekday(world.today() + timedelta(days=12))
    first = coming - timedelta(days=182)
    told = Told(
        doses_given=6, first_on=first - timedelta(days=91 * 6), last_on=first - timedelta(days=91),
        lifetime_mg_m2=Decimal(72), place="Another center, before she moved", note="Letter and heart checks are here.",
    )  # fmt: skip
    hand.came_with("mitoxantrone", told, hand.at(first - timedelta(days=20)), confirmed=True)
    hand.measured("68", "165", first - timedelta(days=3))
    course = hand.order("mitoxantrone", first, "Progressive MS, nothing else has helped")
    for number in range(2):
        hand.give(
            course, first + timedelta(days=91 * number), f"MX-{12 + number}", amount_mg=Decimal("21.2"), line_site="Left forearm"
        )  # fmt: skip
    hand.measured("66.5", "165", _weekday(world.today() - timedelta(days=9)))
    hand.drug(course, "ordered", "released", product="Mitoxantrone", lot="MX-19")


def _andre(world: World) -> None:
    """Rituximab: one infusion in part, and the next one put off for an infection; somebody looks again today."""
    patient = _enroll(world, "Andre Silva", date(1988, 9, 9))
    hand = Hand(world, patient)
    first = _weekday(world.today() - timedelta(days=182 + 3))
    course = hand.order("rituximab", first, "Relapsing MS, two relapses on another treatment", path="single")
    hand.give(
        course, first, "RX-90", reaction=True, reaction_grade=2, note="A tight throat. Stopped early, then well.", extent="part",
        how_much="About 700 of 1,000 mg",
    )  # fmt: skip
    hand.put_off(course, "infection", "nurse", 0, "A cough with fever since the weekend. Call on the day.")


def _mina(world: World) -> None:
    """Natalizumab elsewhere: nobody has confirmed the numbers, so nothing can be ordered yet."""
    patient = _enroll(world, "Mina Park", date(1997, 12, 1))
    hand = Hand(world, patient)
    told = Told(
        last_on=_weekday(world.today() - timedelta(days=170)), place="University clinic", reactions="Hives at the second one",
        jcv_assay="Stratify JCV DxSelect", jcv_index="0.42", jcv_on=_weekday(world.today() - timedelta(days=160)),
        note="How many there were is not in the letter.",
    )  # fmt: skip
    hand.came_with("natalizumab", told, world.at(-2, 9), confirmed=False)


def _ruth(world: World) -> None:
    """Ocrelizumab as an injection: two were given, and the third, in twelve days, waits for the insurer."""
    hand = Hand(world, _enroll(world, "Ruth Castell", date(1990, 3, 8)))
    first = _weekday(world.today() + timedelta(days=12)) - timedelta(days=2 * 182)
    course = hand.order("ocrelizumab_sc", first, "Relapsing MS, no vein is easy to find")
    for number in range(2):
        hand.give(course, first + timedelta(days=182 * number), f"OS-{51 + number}")
    hand.put_off(course, "approval", "insurer", 4, "The insurer asked for the last scan. We sent it.")


def _dario(world: World) -> None:
    """Steroids for a relapse: the first of three days was yesterday, the second is today."""
    hand = Hand(world, _enroll(world, "Dario Conti", date(1999, 10, 21)))
    first = world.today() - timedelta(days=1)
    course = hand.order(
        "ivmp", first, "A relapse: his left leg has been weak for four days", path="three_days"
    )
    hand.give(course, first, "MP-07", note="A metal taste. It went away.")


def _enroll(world: World, name: str, born: date) -> Patient:
    """A patient of the team who does not sign in."""
    return enroll_patient(
        site=world.site,
        name=name,
        date_of_birth=born,
        by=world.users["nurse"],
        team=world.team,
        phone="555-0188",
    )


__all__ = ["load"]
