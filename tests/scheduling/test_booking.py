"""Booking a visit: what is written, who may, and what is refused with other times to choose from."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import OutgoingMail
from accounts.services import open_mail
from patients.models import AuditEvent
from patients.services import DifferentContent, grant_carer, revoke_grant
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present
from scheduling import services
from scheduling.models import Appointment, AvailabilityException, Claim
from tests.scheduling.people import Clinic


def acts(clinic: Clinic) -> list[tuple[str, str]]:
    """The patient's own trail of visits: act and capacity."""
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        found = AuditEvent.objects.of(clinic.patient).filter(act__startswith="appointment").order_by("seq")
        return list(found.values_list("act", "capacity"))


def test_booking_writes_visit_claim_trail_and_one_mail(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    id = clinic.book(start, reason="New numbness in the left hand")
    visit = clinic.visit(id)
    assert (visit.starts_at, visit.minutes, visit.state, visit.version) == (start.at, 30, "booked", 0)
    assert (visit.reason, visit.capacity, visit.booked_by_id) == (
        "New numbness in the left hand",
        "self",
        clinic.maya.pk,
    )
    claim = Claim.objects.live().get()
    assert (claim.appointment_id, claim.resource_id, claim.during) == (id, clinic.nurse.pk, visit.during)
    assert acts(clinic) == [("appointment.booked", "self")]
    mail = OutgoingMail.objects.get()
    content = open_mail(mail)
    assert content is not None
    assert content["to"] == clinic.maya.email
    said = f"{content['subject']} {content['body']}".replace(settings.PUBLIC_URL, "").lower()
    for word in (
        "numb",
        "nurse",
        "rosa",
        "delgado",
        "riverside",
        "infusion",
        " ms ",
        "neuro",
        "maya",
        "lindqvist",
    ):
        assert word not in said
    assert "your appointment is booked" in said


def test_the_same_id_twice_books_once(clinic: Clinic) -> None:
    start, id = clinic.starts()[0], uuid7()
    assert clinic.book(start, id=id) == clinic.book(start, id=id) == id
    assert Claim.objects.count() == 1
    assert OutgoingMail.objects.count() == 1
    with pytest.raises(DifferentContent):
        clinic.book(clinic.starts()[5], id=id)
    assert Claim.objects.count() == 1


def test_a_taken_time_is_refused_with_the_three_nearest(clinic: Clinic) -> None:
    start = clinic.starts()[10]
    clinic.book(start)
    with pytest.raises(services.SlotTaken) as refused:
        clinic.book(start, by=clinic.samuel, patient=clinic.world.other_patient)
    others = refused.value.alternatives
    assert len(others) == 3
    assert all(abs(other.at - start.at) <= timedelta(hours=2) for other in others)
    for other in others:
        clinic_id = clinic.book(other, by=clinic.samuel, patient=clinic.world.other_patient)
        with actor.unit_of_work(actor.Actor(user_id=clinic.samuel.pk)):
            services.cancel(
                by=clinic.samuel, patient=clinic.world.other_patient, appointment_id=clinic_id, id=uuid7()
            )


def test_every_offered_start_can_be_booked_and_no_other(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "_alternatives", lambda **asked: [])
    first = next(days for days in range(3, 11) if clinic.world.at(days, 12).weekday() == 1)  # a Tuesday
    offered = {start.at for start in clinic.starts("neurologist", days=first, lasting=1)}
    assert offered
    at, end = clinic.world.at(first, 0), clinic.world.at(first + 1, 0)
    wrong = []
    while at < end:
        try:
            id = clinic.book(at, kind="neurologist", resource=None)
        except services.TimeRefused:
            booked = False
        else:
            booked = True
            with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
                services.cancel(by=clinic.maya, patient=clinic.patient, appointment_id=id, id=uuid7())
        if booked != (at in offered):
            wrong.append(at)
        at += timedelta(minutes=15)
    assert wrong == []


@pytest.mark.parametrize("bad", ["past", "soon", "far", "off-grid", "closed"])
def test_forged_times_are_refused(clinic: Clinic, bad: str) -> None:
    now = clinic.starts()[0].at - timedelta(hours=1)
    at = {
        "past": now - timedelta(days=3),
        "soon": clinic.starts()[0].at,
        "far": clinic.world.at(140, 9),
        "off-grid": clinic.starts()[0].at + timedelta(days=1, minutes=7),
        "closed": clinic.world.at(5, 3),
    }[bad]
    with pytest.raises(services.TimeRefused) as refused:
        clinic.book(at, now=now, resource=clinic.nurse.pk)
    assert len(refused.value.alternatives) == 3
    assert not Claim.objects.exists()


def test_the_team_may_book_sooner_and_says_that_it_was_on_the_phone(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    now = start.at - timedelta(minutes=30)
    id = clinic.book(start, by=clinic.rosa, now=now, by_phone=True)
    assert clinic.visit(id).capacity == "phone"
    assert acts(clinic) == [("appointment.booked", "phone")]


def test_a_patient_cannot_stamp_the_phone(clinic: Clinic) -> None:
    assert clinic.visit(clinic.book(clinic.starts()[0], by_phone=True)).capacity == "self"


def test_nobody_is_in_two_places_at_once(clinic: Clinic) -> None:
    both = {start.at for start in clinic.starts("neurologist")} & {
        start.at for start in clinic.starts("nurse")
    }
    at = min(both)
    clinic.book(at, kind="nurse", resource=None)
    with pytest.raises(services.OwnVisitThen) as refused:
        clinic.book(at, kind="neurologist", resource=None)
    assert len(refused.value.alternatives) == 3
    assert at not in {start.at for start in refused.value.alternatives}


def test_six_open_visits_are_the_most_for_a_patient(clinic: Clinic) -> None:
    for start in clinic.starts(days=3, lasting=30)[::10][:6]:
        clinic.book(start)
    last = clinic.starts(days=40)[0]
    with pytest.raises(services.TooManyBooked):
        clinic.book(last)
    clinic.book(last, by=clinic.rosa)


def test_a_carer_books_until_the_grant_ends(clinic: Clinic) -> None:
    carer = clinic.world.users["carer"]
    clinic.book(clinic.starts()[0], by=carer)
    assert acts(clinic) == [("appointment.booked", "carer")]
    assert {open_mail(mail)["to"] for mail in OutgoingMail.objects.all()} == {clinic.maya.email, carer.email}  # type: ignore[index]
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        from patients.models import Grant

        grant = Grant.objects.get(patient=clinic.patient, kind="carer")
        revoke_grant(patient=clinic.patient, by=clinic.maya, grant_id=grant.pk)
        grant_carer(
            patient=clinic.patient,
            by=clinic.maya,
            carer=carer,
            relation="my husband",
            scopes=["messages"],
            ends_at=present() + timedelta(days=30),
        )
    with pytest.raises(NotAllowed):
        clinic.book(clinic.starts()[4], by=carer)


@pytest.mark.parametrize("who", ["other-patient", "elsewhere", "editor", "admin"])
def test_strangers_cannot_book(clinic: Clinic, who: str) -> None:
    with pytest.raises(NotAllowed):
        clinic.book(clinic.starts()[0], by=clinic.world.users[who])
    assert not Claim.objects.exists()


def test_a_site_may_keep_booking_to_the_phone(clinic: Clinic) -> None:
    site = clinic.world.site
    site.books_directly = False
    site.save()
    clinic.patient.site = site
    with pytest.raises(services.BookingClosed):
        clinic.book(clinic.starts()[0])
    clinic.book(clinic.starts()[0], by=clinic.rosa)


def test_closed_times_are_not_offered_and_extra_times_are(clinic: Clinic) -> None:
    day = clinic.starts(days=3)[0].at.date()
    with actor.unit_of_work(actor.system("test")):
        first = clinic.starts(days=3)[0].at
        AvailabilityException.objects.create(
            site=clinic.world.site, during=(first, first + timedelta(hours=12))
        )
        saturday = next(days for days in range(3, 11) if clinic.world.at(days, 12).weekday() == 5)
        extra = clinic.world.at(saturday, 9)
        AvailabilityException.objects.create(
            resource=clinic.nurse, during=(extra, extra + timedelta(hours=1)), opens=True
        )
    starts = {start.at for start in clinic.starts(days=3)}
    assert day not in {at.date() for at in starts if at < first + timedelta(hours=12)}
    assert {extra, extra + timedelta(minutes=30)} <= starts


def test_finding_takes_the_same_number_of_statements_at_any_size(clinic: Clinic) -> None:
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert clinic.starts(days=2, lasting=80)
        return len(captured)

    before = count()
    for start in clinic.starts(days=3, lasting=60)[::9][:6]:
        clinic.book(start)
    assert count() == before <= 6


def test_reason_is_sealed_at_rest(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0], reason="canary-reason-words")
    with actor.unit_of_work(actor.system("test")), connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM scheduling_appointment WHERE id = %s", [id])
        assert b"canary" not in bytes(cursor.fetchone()[0])


def test_without_an_actor_no_visit_is_visible(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0])
    assert not Appointment.objects.filter(pk=id).exists()
    for who, seen in (
        ("patient", True),
        ("carer", True),
        ("nurse", True),
        ("other-patient", False),
        ("elsewhere", False),
    ):
        user = clinic.world.users[who]
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            assert Appointment.objects.filter(pk=id).exists() is seen, who
            assert Appointment.objects.for_user(user).filter(pk=id).exists() is seen, who
