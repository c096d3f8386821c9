"""The synthetic clinic's treatments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from accounts.models import User
from patients.models import Patient
from portal.lib import actor
from portal.lib.time import now as present
from portal.lib.time import today_in
from treatment import services
from treatment.courses.reading import facts_for
from treatment.elsewhere import counters
from treatment.journey.place import Kind, Place
from treatment.journey.reading import journey_of
from treatment.labelchange import services as labelchange
from treatment.models import LabelChange
from treatment.outcomes.reading import drug_of, hold_of
from treatment.protocols import catalog
from treatment.protocols.signing import home_site


def test_therapies_stand_at_different_points(demo_world: str) -> None:
    nurse = User.objects.get(email="nurse@example.com")
    now = present()
    with actor.unit_of_work(actor.Actor(user_id=nurse.pk)):
        by_name = {
            patient.name: patient for patient in Patient.objects.for_user(nurse).select_related("site")
        }
        maya, samuel = by_name["Maya Lindqvist"], by_name["Samuel Okafor"]
        today = today_in(now, maya.site.time_zone)
        dose = services.next_dose(nurse, maya)
        assert dose is not None
        assert 19 <= (dose.target - today).days <= 22
        assert dose.number == 6
        assert [item.done for item in services.before(nurse, maya, dose, now)].count(False) >= 3
        assert len(services.cycles_of(nurse, maya)) == 5
        day = services.cycle_day(nurse, maya, today)
        assert day == 182 - (dose.target - today).days + 1
        need = services.infusion_need(dose)
        assert need is not None
        assert need.chair_minutes == 325

        other = services.next_dose(nurse, samuel)
        assert other is not None
        assert other.course.order.protocol.therapy.code == "natalizumab"
        assert [dose.state for dose in services.doses_of(nurse, samuel)].count("missed") == 1

        between = services.next_dose(nurse, by_name["Ines Moreau"])
        assert between is not None
        assert between.number == 2
        assert today <= between.target <= today + timedelta(days=14)

        tail = by_name["Tomas Rivera"]
        assert services.next_dose(nurse, tail) is None
        course = services.running_course(nurse, tail)
        assert course is not None
        checks = services.regular_checks(nurse, tail, course)
        assert sum(check.is_overdue(today) for check in checks) >= 2
        assert all(check.until is None or check.until > today + timedelta(days=900) for check in checks)

        helga = by_name["Helga Brandt"]
        following = services.next_dose(nurse, helga)
        assert following is not None
        total = counters.lifetime(nurse, helga, facts_for(following.course))
        assert total is not None
        assert total.total is not None
        assert Decimal(90) < total.total < Decimal(100)
        assert drug_of(nurse, helga, following.pk).following == ("mixed", "returned")
        waiting = services.next_dose(nurse, by_name["Andre Silva"])
        assert waiting is not None
        assert hold_of(nurse, by_name["Andre Silva"], waiting.pk) is not None
        (unknown,) = counters.elsewhere_of(nurse, by_name["Mina Park"])
        assert not unknown.is_confirmed

        courses = {
            course.order.protocol.therapy.code
            for patient in by_name.values()
            for course in services.courses_of(nurse, patient)
        }
        assert len(courses) >= 8, courses
        assert {"ocrelizumab_sc", "ivmp"} <= courses
        insured = journey_of(nurse, by_name["Ruth Castell"], now)
        assert insured.step.code == "put_off"
        assert insured.step.block is not None
        assert insured.step.block.owner == "insurer"
        steroids = journey_of(nurse, by_name["Dario Conti"], now).main
        assert steroids is not None
        assert steroids.place == Place(Kind.IN_A_ROW, 1, 3)


def test_versions_are_signed_for_the_demo_only_and_a_label_change_is_followed(demo_world: str) -> None:
    pharmacist = User.objects.get(email="pharmacist@example.com")
    with actor.unit_of_work(actor.Actor(user_id=pharmacist.pk)):
        site = home_site(pharmacist)
        versions = catalog.versions_of("alemtuzumab", site)
        assert [(row.protocol.version, row.sign_off.complete, row.in_demo) for row in versions] == [
            (2, True, True),
            (1, True, True),
        ]
        assert not any(row.sign_off.is_clinical for row in versions)
        waiting = catalog.versions_of("rituximab", site)[0]
        assert waiting.missing == ["Pharmacist"]
        assert catalog.waits_for(pharmacist, waiting)
        change = LabelChange.objects.select_related("therapy", "site").get()
        groups = labelchange.touched_by(pharmacist, change, versions[0].protocol, present())
        assert [one.patient.name for group in groups for one in group.courses] == ["Tomas Rivera"]
        assert [one.title for one in groups[0].differs] == ["Regular checks that the portal keeps"]
        texts = labelchange.dependent_texts(pharmacist, change)
        assert any(text["kind"] == "Article" for text in texts)
