"""Changing and canceling a visit, in the services and on the pages."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.http import Http404

from accounts.models import OutgoingMail
from accounts.services import open_mail
from portal.lib import actor
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time import now as present
from scheduling import services
from scheduling.models import Claim
from scheduling.pages import Pages, slot_text
from tests.scheduling.people import Clinic, enter


def move(
    clinic: Clinic, id: UUID, start: Any, *, version: int = 0, once: UUID | None = None, **more: Any
) -> services.Done:
    by = more.pop("by", clinic.maya)
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        return services.reschedule(
            by=by,
            patient=more.pop("patient", clinic.patient),
            appointment_id=id,
            starts_at=start.at,
            resource=start.resource_id,
            version=version,
            id=once or uuid7(),
            now=more.pop("now", present()),
            **more,
        )


def cancel(clinic: Clinic, id: UUID, **more: Any) -> services.Done:
    by = more.pop("by", clinic.maya)
    with actor.unit_of_work(actor.Actor(user_id=by.pk)):
        return services.cancel(
            by=by,
            patient=more.pop("patient", clinic.patient),
            appointment_id=id,
            id=more.pop("once", uuid7()),
            **more,
        )


def test_a_change_keeps_the_visit_and_raises_its_version(clinic: Clinic) -> None:
    old, new = clinic.starts()[0], clinic.starts()[9]
    id, once = clinic.book(old, reason="kept"), uuid7()
    assert move(clinic, id, new, once=once).first
    assert not move(clinic, id, new, once=once).first
    visit = clinic.visit(id)
    assert (visit.starts_at, visit.version, visit.reason) == (new.at, 1, "kept")
    assert [claim.during for claim in Claim.objects.live()] == [visit.during]
    assert Claim.objects.count() == 2
    assert old.at in {start.at for start in clinic.starts()}


def test_moving_by_a_quarter_of_an_hour_into_ones_own_time(clinic: Clinic) -> None:
    starts = clinic.starts()
    id = clinic.book(starts[0])
    move(clinic, id, starts[1])
    assert clinic.visit(id).starts_at == starts[1].at


def test_a_taken_time_leaves_the_old_one(clinic: Clinic) -> None:
    mine, theirs = clinic.starts()[0], clinic.starts()[8]
    id = clinic.book(mine)
    clinic.book(theirs, by=clinic.samuel, patient=clinic.world.other_patient)
    with pytest.raises(services.SlotTaken) as refused:
        move(clinic, id, theirs)
    assert len(refused.value.alternatives) == 3
    visit = clinic.visit(id)
    assert (visit.starts_at, visit.version) == (mine.at, 0)
    assert Claim.objects.live().filter(appointment_id=id).get().during == visit.during


def test_an_older_page_does_not_overwrite_a_newer_change(clinic: Clinic) -> None:
    starts = clinic.starts()
    id = clinic.book(starts[0])
    move(clinic, id, starts[8])
    with pytest.raises(services.VisitChanged):
        move(clinic, id, starts[16], version=0)
    assert clinic.visit(id).starts_at == starts[8].at


def test_what_has_begun_is_not_changed(clinic: Clinic) -> None:
    starts = clinic.starts()
    id = clinic.book(starts[0])
    with pytest.raises(services.VisitOver):
        move(clinic, id, starts[30], now=starts[0].at + timedelta(minutes=1))
    with pytest.raises(services.VisitOver):
        cancel(clinic, id, now=starts[0].at + timedelta(minutes=1))


def test_canceling_frees_the_place_and_keeps_the_reason_sealed(clinic: Clinic) -> None:
    start = clinic.starts()[0]
    id, once = clinic.book(start), uuid7()
    assert cancel(clinic, id, reason="I have a cold", once=once).first
    assert not cancel(clinic, id, reason="I have a cold", once=once).first
    visit = clinic.visit(id)
    assert (visit.state, visit.version, visit.cancel_reason) == ("cancelled", 1, "I have a cold")
    clinic.book(start, by=clinic.samuel, patient=clinic.world.other_patient)
    with pytest.raises(services.VisitOver):
        cancel(clinic, id)
    subjects = [open_mail(mail)["subject"] for mail in OutgoingMail.objects.order_by("created_at")]  # type: ignore[index]
    assert subjects == [
        "Your appointment is booked",
        "Your appointment is canceled",
        "Your appointment is booked",
    ]


def test_strangers_neither_change_nor_cancel(clinic: Clinic) -> None:
    id = clinic.book(clinic.starts()[0])
    for who in ("other-patient", "elsewhere", "editor"):
        by = clinic.world.users[who]
        with pytest.raises(NotAllowed):
            cancel(clinic, id, by=by)
        with pytest.raises(NotAllowed):
            move(clinic, id, clinic.starts()[5], by=by)
    with pytest.raises(Http404):
        cancel(clinic, id, by=clinic.samuel, patient=clinic.world.other_patient)


def field(html: bytes, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html.decode())
    assert found is not None, name
    return found[1]


def test_changing_on_the_page(clinic: Clinic) -> None:
    id, browser = clinic.book(clinic.starts()[0]), enter(clinic.maya)
    url = Pages().to("change", id)
    page = browser.get(url)
    slot = re.findall(r'name="slot" value="([^"]+)"', page.content.decode())[1]
    sent = {"slot": slot, "once": field(page.content, "once"), "version": field(page.content, "version")}
    done = browser.post(url, sent)
    assert done["Location"] == Pages().to("changed", id)
    assert browser.post(url, sent)["Location"] == Pages().to("changed", id)
    assert clinic.visit(id).version == 1
    assert re.search(r"<h1[^>]*>.*Appointment changed", browser.get(done["Location"]).content.decode())


def test_a_change_to_a_taken_time_shows_the_nearest_times(clinic: Clinic) -> None:
    starts, browser = clinic.starts(), enter(clinic.maya)
    id = clinic.book(starts[0])
    clinic.book(starts[8], by=clinic.samuel, patient=clinic.world.other_patient)
    url = Pages().to("change", id)
    sent = {"slot": slot_text(starts[8].at, starts[8].resource_id), "once": str(uuid7()), "version": "0"}
    page = browser.post(url, sent)
    assert page.status_code == 409
    others = re.findall(r'name="slot" value="([^"]+)"', page.content.decode())
    assert len(others) == 3
    assert browser.post(url, {**sent, "slot": others[0]}).status_code == 302


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({}, 422),
        ({"slot": "x"}, 422),
        ({"slot": "99999999T999999Z.00000000-0000-0000-0000-000000000000", "once": "1"}, 422),
        ({"slot": "20010101T090000Z.00000000-0000-0000-0000-000000000000"}, 400),
        (
            {
                "slot": "20010101T090000Z.00000000-0000-0000-0000-000000000000",
                "once": "{once}",
                "version": "0",
            },
            409,
        ),
        ({"slot": "{good}", "once": "{once}", "version": "-1"}, 409),
        ({"slot": "{good}", "once": "{once}", "version": "٣"}, 409),
        ({"slot": "{good}", "once": "\x00"}, 400),
    ],
)
def test_bad_input_on_the_change_page(clinic: Clinic, sent: dict[str, str], status: int) -> None:
    starts = clinic.starts()
    id = clinic.book(starts[0])
    good = slot_text(starts[6].at, starts[6].resource_id)
    filled = {
        key: value.replace("{once}", str(uuid7())).replace("{good}", good) for key, value in sent.items()
    }
    assert enter(clinic.maya).post(Pages().to("change", id), filled).status_code == status
    assert clinic.visit(id).version == 0


def test_canceling_on_the_page_and_the_way_back(clinic: Clinic) -> None:
    id, browser = clinic.book(clinic.starts()[0]), enter(clinic.maya)
    url = Pages().to("cancel", id)
    page = browser.get(url)
    assert page.status_code == 200
    assert browser.get(Pages().to("cancelled", id))["Location"] == Pages().to("detail", id)
    long = browser.post(url, {"once": field(page.content, "once"), "reason": "x" * 1001 + "END"})
    assert long.status_code == 422
    assert "END" in long.content.decode()
    assert browser.post(url, {"reason": "a cold"}).status_code == 400
    done = browser.post(url, {"once": field(page.content, "once"), "reason": "a cold"})
    assert done["Location"] == Pages().to("cancelled", id)
    result = browser.get(done["Location"]).content.decode()
    assert re.search(r"<h1[^>]*>.*Appointment canceled", result)
    assert "/appointments/book/when/?visit=nurse-visit" in result
    detail = browser.get(Pages().to("detail", id)).content.decode()
    assert "a cold" in detail
    assert Pages().to("change", id) not in detail


def test_the_team_cancels_for_the_patient_on_the_phone(clinic: Clinic) -> None:
    from patients.models import AuditEvent

    id, browser = clinic.book(clinic.starts()[0]), enter(clinic.rosa)
    url = Pages(clinic.patient.pk).to("cancel", id)
    sent = {"once": str(uuid7()), "reason": "called in sick", "by_phone": "on"}
    assert browser.post(url, sent).status_code == 302
    with actor.unit_of_work(actor.Actor(user_id=clinic.maya.pk)):
        event = AuditEvent.objects.of(clinic.patient).get(act="appointment.cancelled")
        assert (event.capacity, event.user_id) == ("phone", clinic.rosa.pk)


def test_a_visit_that_is_over_cannot_be_opened_for_change(clinic: Clinic) -> None:
    start = clinic.starts(days=-20)[0]
    id = clinic.book(start, now=start.at - timedelta(days=1))
    browser = enter(clinic.maya)
    for name in ("change", "cancel"):
        assert browser.get(Pages().to(name, id))["Location"] == Pages().to("detail", id)
    assert "This appointment is over" in browser.get(Pages().to("detail", id)).content.decode()
    assert "There are no past appointments" not in browser.get("/appointments/").content.decode()
    assert not OutgoingMail.objects.exists()
