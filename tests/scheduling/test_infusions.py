"""Asking for an infusion time, the team's answer, changing and taking back: always a nurse and a chair, or neither."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError
from django.http import Http404

from accounts.models import OutgoingMail
from accounts.services import open_mail
from patients.models import AuditEvent
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present
from scheduling import doses, infusions, services
from scheduling.finding import lanes_of, place_at
from scheduling.models import Appointment, AvailabilityException, Claim
from tests.scheduling.chairs import Ward, whole
from treatment.chair.flow import Stand

HOUR = timedelta(hours=1)


def mails_to(address: str) -> list[dict[str, str]]:
    opened = [open_mail(mail) for mail in OutgoingMail.objects.order_by("created_at")]
    return [mail for mail in opened if mail and mail["to"] == address]


def test_a_request_holds_a_nurse_and_a_chair_for_the_whole_time(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[0], times[9], times[4], reason="Not before my son is at school")
    visit = ward.visit(id)
    assert (visit.state, visit.minutes, visit.parts) == ("requested", 270, [45, 150, 60, 10])
    assert visit.wishes == [times[9], times[4]]
    assert visit.reason == "Not before my son is at school"
    assert whole(ward) == [visit]
    mail = mails_to("patient@example.com")[-1]
    assert "not booked yet" in mail["body"]
    assert "infusion" not in f"{mail['subject']} {mail['body']}".lower()


def test_the_team_says_yes_with_one_press(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[3])
    assert ward.act(infusions.confirm, id) == id
    visit = ward.visit(id)
    assert (visit.state, visit.starts_at, visit.answered_by_id) == ("booked", times[3], ward.rosa.pk)
    whole(ward)
    assert mails_to("patient@example.com")[-1]["subject"] == "Your appointment is booked"
    with pytest.raises(infusions.AnsweredAlready):
        ward.act(infusions.confirm, id)


def test_the_team_answers_with_another_time(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[3])
    ward.act(infusions.confirm, id, at=times[12], words="The pharmacy needs a day more.")
    visit = ward.visit(id)
    assert (visit.state, visit.starts_at) == ("booked", times[12])
    assert visit.answer == "The pharmacy needs a day more."
    whole(ward)


def test_the_team_says_no_with_words_and_the_place_is_free(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[0])
    ward.act(infusions.decline, id, words="Please call us first.")
    visit = ward.visit(id)
    assert (visit.state, visit.answer) == ("declined", "Please call us first.")
    assert whole(ward) == []
    mail = mails_to("patient@example.com")[-1]
    assert "Please call us first." not in mail["body"]
    assert "is not possible" in mail["body"]
    assert ward.ask(dose, times[0]) != id


def test_a_request_is_taken_back(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    id = ward.ask(dose, times[0])
    ward.act(infusions.withdraw, id)
    assert ward.visit(id).state == "withdrawn"
    assert whole(ward) == []
    with pytest.raises(infusions.AnsweredAlready):
        ward.act(infusions.withdraw, id)
    ward.ask(dose, times[0])


def test_asking_again_keeps_the_first_place_until_the_second_is_held(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    first = ward.ask(dose, times[0])
    with pytest.raises(infusions.PlaceGone):
        ward.ask(dose, times[0] + 9 * HOUR)
    assert [one.pk for one in whole(ward)] == [first]
    second = ward.ask(dose, times[1])  # across the first one
    assert [one.pk for one in whole(ward)] == [second]
    assert ward.visit(first).state == "withdrawn"
    assert ward.ask(dose, times[2], by=ward.rosa) != second
    assert [one.state for one in whole(ward)] == ["booked"]
    assert ward.visit(second).state == "moved"


def test_a_change_keeps_the_old_place_until_the_team_answers(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    booked = ward.ask(dose, times[0])
    ward.act(infusions.confirm, booked)
    asked = ward.ask(dose, times[1])  # across the old one: both are held
    assert {visit.pk for visit in whole(ward)} == {booked, asked}
    assert ward.act(infusions.confirm, asked) == booked
    visit = ward.visit(booked)
    assert (visit.state, visit.starts_at, visit.version) == ("booked", times[1], 1)
    assert ward.visit(asked).state == "moved"
    assert [one.pk for one in whole(ward)] == [booked]
    assert mails_to("patient@example.com")[-1]["subject"] == "Your appointment is changed"


def test_a_declined_change_leaves_the_old_place(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    booked = ward.ask(dose, times[0])
    ward.act(infusions.confirm, booked)
    asked = ward.ask(dose, times[6])
    ward.act(infusions.decline, asked, words="That day is full of first infusions.")
    assert [one.pk for one in whole(ward)] == [booked]
    asked = ward.ask(dose, times[6])
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        services.cancel(by=ward.maya, patient=ward.patient, appointment_id=booked, id=uuid7(), now=present())
    assert [one.pk for one in whole(ward)] == [asked]
    assert ward.act(infusions.confirm, asked) == asked
    assert [one.pk for one in whole(ward)] == [asked]


def test_a_site_may_let_infusions_be_booked_directly(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    ward.patient.site.books_infusions_directly = True
    id = ward.ask(dose, times[0], times[5])
    assert (ward.visit(id).state, ward.visit(id).wishes) == ("booked", [])
    assert ward.ask(dose, times[1]) == id  # moves; its own place counts as free
    assert (ward.visit(id).starts_at, ward.visit(id).version) == (times[1], 1)
    assert len(whole(ward)) == 1


def test_who_was_sent_home_gets_another_time(ward: Ward) -> None:
    """The infusion did not take place: a fever at the chair. The team finds a new time while the old one runs."""
    dose = ward.dose()
    times = ward.times(dose, by=ward.rosa)
    first = ward.ask(dose, times[0], by=ward.rosa)
    begun = times[0] + timedelta(minutes=20)
    with pytest.raises(services.VisitOver):
        ward.ask(dose, times[-1], now=begun)
    second = ward.ask(dose, times[-1], by=ward.rosa, now=begun)
    assert second != first
    old = ward.visit(first)
    assert (old.state, old.cancelled_at) == ("cancelled", begun)
    assert old.cancel_reason == "The infusion did not take place at this time."
    assert ward.claims(first) == []
    assert ward.visit(second).state == "booked"
    assert [visit.pk for visit in whole(ward)] == [second]
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        assert AuditEvent.objects.of(ward.patient).filter(act="appointment.cancelled", target=first).exists()


def test_who_did_not_come_asks_for_another_time_from_the_next_day_on(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose, by=ward.rosa)
    first = ward.ask(dose, times[0], by=ward.rosa)
    evening, later = ward.visit(first).ends_at + HOUR, ward.visit(first).ends_at + 20 * HOUR
    wish = next(at for at in times if at > later + 30 * HOUR)
    with pytest.raises(services.VisitOver):  # a dose is noted as given only after it
        ward.ask(dose, wish, now=evening)
    asked = ward.ask(dose, wish, now=later)
    assert (ward.visit(first).state, ward.visit(asked).state) == ("cancelled", "requested")
    assert ward.act(infusions.confirm, asked, now=later) == asked


def test_a_wish_to_move_is_confirmed_after_the_old_time_has_passed(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose, by=ward.rosa)
    first = ward.ask(dose, times[0], by=ward.rosa)
    asked = ward.ask(dose, ward.times(dose)[-1])
    assert ward.visit(asked).moves_id == first
    assert ward.act(infusions.confirm, asked, now=times[0] + HOUR) == asked
    assert (ward.visit(first).state, ward.visit(asked).state) == ("cancelled", "booked")
    assert [visit.pk for visit in whole(ward)] == [asked]


def test_a_time_is_not_let_go_while_the_infusion_runs(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    dose = ward.dose()
    times = ward.times(dose, by=ward.rosa)
    first = ward.ask(dose, times[0], by=ward.rosa)
    begun = times[0] + HOUR
    running = Stand(started_at=times[0] + timedelta(minutes=30))
    monkeypatch.setattr(infusions, "chair_stands", lambda _user, ids: dict.fromkeys(ids, running))
    with pytest.raises(services.VisitOver):
        ward.ask(dose, times[-1], by=ward.rosa, now=begun)
    assert ward.visit(first).state == "booked"


def test_the_team_books_for_a_patient_on_the_phone(ward: Ward) -> None:
    dose = ward.dose(last=2, first=-3)
    at = ward.times(dose, by=ward.rosa)[-1]
    id = ward.ask(dose, at, by=ward.rosa, by_phone=True)
    assert (ward.visit(id).state, ward.visit(id).capacity) == ("booked", "phone")
    with actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)):
        event = AuditEvent.objects.of(ward.patient).filter(act="infusion.booked").get()
    assert event.user_id == ward.rosa.pk


def test_nobody_comes_before_the_first_day_of_the_window(ward: Ward) -> None:
    dose = ward.dose(first=10)
    early = ward.times(ward.dose(first=3))[0]
    ward.planned[ward.patient.pk] = dose
    for who in (ward.maya, ward.rosa):
        with pytest.raises(services.TimeRefused, match="before the first day") as refused:
            ward.ask(dose, early, by=who)
        assert len(refused.value.times) == 3
        zone = ZoneInfo(ward.world.site.time_zone)
        assert min(at.astimezone(zone).date() for at in refused.value.times) >= dose.earliest
    assert whole(ward) == []


def test_after_the_last_day_the_patient_calls_and_the_team_decides(ward: Ward) -> None:
    late = ward.times(ward.dose(first=12, last=20))[0]
    dose = ward.dose(first=2, last=9)
    with pytest.raises(services.TimeRefused, match="Call us"):
        ward.ask(dose, late)
    ward.ask(dose, late, by=ward.rosa)


def test_too_soon_or_over_is_refused(ward: Ward) -> None:
    dose = ward.dose(first=-5, last=9)
    soon = next(at for at in ward.times(dose, by=ward.rosa) if at > present())
    with pytest.raises(services.TimeRefused, match="over"):
        ward.ask(dose, present() - HOUR)
    with pytest.raises(services.TimeRefused, match="too soon"):
        ward.ask(dose, present() + HOUR)
    ward.ask(dose, soon, by=ward.rosa)


def test_all_of_it_ends_before_the_site_closes(ward: Ward) -> None:
    dose = ward.dose()
    zone = ZoneInfo(ward.world.site.time_zone)
    ends = [(at + timedelta(minutes=dose.minutes)).astimezone(zone) for at in ward.times(dose)]
    assert max(end.hour * 60 + end.minute for end in ends) == 17 * 60
    late = max(ward.times(dose), key=lambda at: at.astimezone(zone).time()) + timedelta(minutes=15)
    with pytest.raises(infusions.PlaceGone):
        ward.ask(dose, late)


def test_every_time_that_is_offered_can_be_had_and_no_other(ward: Ward) -> None:
    """What is looked up through bits and what is decided to the second agree on every quarter hour of two days."""
    dose, other = ward.dose(), ward.dose(ward.world.other_patient)
    times = ward.times(dose)
    first = times[0] - 3 * HOUR
    for at in (times[2], times[9]):
        ward.ask(other, at, by=ward.samuel, patient=ward.world.other_patient)
    for nurse in ward.lanes["nurse"][:2]:
        AvailabilityException.objects.create(resource=nurse, during=(times[0], times[0] + 2 * HOUR))
    offered = set(ward.times(dose))
    agreed = {True: 0, False: 0}
    for quarter in range(2 * 96):
        at = first + quarter * timedelta(minutes=15)
        lanes = lanes_of(ward.infusion)
        place = place_at(
            site=ward.world.site, service=ward.infusion, lanes=lanes, minutes=dose.minutes, at=at
        )
        assert bool(place.pairs(1)) == (at in offered), at
        agreed[at in offered] += 1
    assert min(agreed.values()) > 10


def test_a_dose_without_minutes_or_a_site_without_infusions_asks_to_call(ward: Ward) -> None:
    at = ward.times(ward.dose())[0]
    dose = ward.dose(parts=None)
    assert ward.times(dose) == []
    with pytest.raises(services.BookingClosed):
        ward.ask(dose, at)
    with pytest.raises(doses.NotPlanned):
        ward.ask(ward.dose(), at, patient=ward.world.other_patient, by=ward.samuel)
    ward.infusion.active = False
    ward.infusion.save()
    with pytest.raises(services.BookingClosed):
        ward.ask(ward.dose(), at)


def test_capacity_is_the_smaller_of_nurses_and_chairs(ward: Ward) -> None:
    from tests.scheduling.test_race import crowd

    at = next(at for at in ward.times(ward.dose()) if at.astimezone(ZoneInfo("America/New_York")).hour == 9)
    people = [(user, patient, ward.dose(patient)) for user, patient in crowd(ward, 4)]
    for user, patient, dose in people[:3]:
        ward.ask(dose, at, by=user, patient=patient)
    user, patient, dose = people[3]
    with pytest.raises(infusions.PlaceGone) as refused:
        ward.ask(dose, at, by=user, patient=patient)
    assert len(refused.value.times) == 3
    assert at not in refused.value.times
    assert len(whole(ward)) == 3


def test_a_closed_chair_or_a_sick_nurse_takes_nobody(ward: Ward) -> None:
    dose = ward.dose()
    at = ward.times(dose)[0]
    for nurse in ward.lanes["nurse"]:
        AvailabilityException.objects.create(resource=nurse, during=(at, at + HOUR), reason="Ill")
    assert at not in ward.times(dose)
    with pytest.raises(infusions.PlaceGone):
        ward.ask(dose, at)
    assert whole(ward) == []


def test_when_somebody_writes_past_the_locks_another_lane_is_tried(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    dose, other = ward.dose(), ward.dose(ward.world.other_patient)
    at = next(at for at in ward.times(dose) if at.astimezone(ZoneInfo("America/New_York")).hour == 9)
    taken = ward.ask(other, at, by=ward.samuel, patient=ward.world.other_patient)
    monkeypatch.setattr(
        "scheduling.querysets.ClaimQuerySet.taken", lambda self, lanes, start, end, moving=(): {}
    )
    id = ward.ask(dose, at)
    assert len(whole(ward)) == 2
    mine, theirs = ward.visit(id), ward.visit(taken, ward.samuel)
    assert not set(mine.lane_ids) & set(theirs.lane_ids)


def test_own_visits_are_not_crossed(ward: Ward) -> None:
    dose = ward.dose()
    visit = ward.book(ward.starts("neurologist", days=4)[0], kind="neurologist")
    span = ward.visit(visit).during
    times = ward.times(dose)
    assert not [at for at in times if at < span.upper and span.lower < at + timedelta(minutes=270)]
    with pytest.raises(services.OwnVisitThen):
        ward.ask(dose, span.lower)
    held = ward.ask(dose, times[0])
    inside = [start for start in ward.starts(days=3) if ward.visit(held).during.lower == start.at]
    assert inside
    with pytest.raises(services.OwnVisitThen):
        ward.book(inside[0])


def test_only_who_may_asks_and_only_the_team_answers(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    carer = ward.world.users["carer"]
    id = ward.ask(dose, times[0], by=carer)
    assert ward.visit(id).capacity == "carer"
    assert "/patients/" in mails_to("carer@example.com")[-1]["body"]
    for who in (ward.maya, carer):
        for act in (infusions.confirm, infusions.decline):
            with pytest.raises(NotAllowed):
                ward.act(act, id, by=who, **({"words": "no"} if act is infusions.decline else {}))
    with pytest.raises((NotAllowed, Http404)):
        ward.act(infusions.withdraw, id, by=ward.samuel)
    ward.act(infusions.confirm, id)
    assert len(mails_to("carer@example.com")) == 2


def test_the_same_press_twice_is_one_request(ward: Ward) -> None:
    dose = ward.dose()
    times, id = ward.times(dose), uuid7()
    now = present()
    assert ward.ask(dose, times[0], id=id, now=now) == ward.ask(dose, times[0], id=id, now=now)
    assert len(whole(ward)) == 1


def test_infusions_are_not_visits(ward: Ward) -> None:
    dose = ward.dose()
    id = ward.ask(dose, ward.times(dose)[0])
    ward.act(infusions.confirm, id)
    assert "infusion" not in [kind.code for kind in services.Service.objects.offered_at(ward.world.site)]
    with (
        pytest.raises(services.BookingClosed),
        actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)),
    ):
        services.reschedule(
            by=ward.maya,
            patient=ward.patient,
            appointment_id=id,
            starts_at=ward.times(dose)[5],
            version=0,
            id=uuid7(),
        )
    ward.kinds["infusion"] = ward.infusion
    with pytest.raises(services.BookingClosed):
        ward.book(ward.times(dose)[5], kind="infusion")


def test_the_database_refuses_two_places_for_one_dose_and_half_an_infusion(ward: Ward) -> None:
    dose = ward.dose()
    times = ward.times(dose)
    visit = ward.visit(ward.ask(dose, times[0]))
    for change, name in (
        ({"id": uuid7(), "during": (times[-1], times[-1] + HOUR)}, "appointment_dose_asked_once"),
        ({"nurse": None}, "appointment_infusion_whole"),
        ({"dose": None}, "appointment_infusion_whole"),
        ({"state": "lost"}, "appointment_state_known"),
    ):
        again = Appointment.objects.model(
            **{f.attname: getattr(visit, f.attname) for f in visit._meta.fields}
        )
        for key, value in change.items():
            setattr(again, key, value)
        with (
            pytest.raises(IntegrityError, match=name),
            actor.unit_of_work(actor.Actor(user_id=ward.maya.pk)),
        ):
            again.save(force_insert="id" in change, force_update="id" not in change)
    assert Claim.objects.live().count() == 2
