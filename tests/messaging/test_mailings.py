"""The same words to several patients: one conversation each, exactly once, also when the worker is stopped in the middle."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Barrier
from threading import Thread as Worker
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clinic.models import TeamMember
from messaging.composing import mailings, outreach
from messaging.models import Mailing, MailingLetter, Message, Thread
from patients.models import Patient
from portal.lib.contributions import PatientGroup, Registry
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, NotAllowed
from tests.messaging.ward import Ward

WORDS = "The center is closed tomorrow."


def planned(ward: Ward, **more: Any) -> Mailing:
    by = more.pop("by", ward.rosa)
    given = {"id": uuid7(), "topic": "visit", "text": WORDS, "now": timezone.now()} | more
    with ward.acting(by):
        patients = given.pop("patients", None) or list(Patient.objects.for_user(by).select_related("site"))
        return mailings.plan(by=by, patients=patients, **given)


def threads(ward: Ward) -> dict[UUID, int]:
    """How many conversations each patient has."""
    with ward.system():
        found = list(Thread.objects.for_system().values_list("patient_id", flat=True))
    return {patient: found.count(patient) for patient in found}


def test_each_gets_one_conversation_and_nobody_two(ward: Ward) -> None:
    mailing = planned(ward)
    assert threads(ward) == {}
    assert mailings.send(mailing.pk, timezone.now()) == 2
    assert mailings.send(mailing.pk, timezone.now()) == 0
    assert threads(ward) == {ward.of_maya.pk: 1, ward.of_samuel.pk: 1}
    with ward.system():
        assert {row.body for row in Message.objects.for_system().all()} == {WORDS}
    assert Mailing.objects.get().finished_at is not None


def test_stopped_in_the_middle_it_goes_on_where_it_was(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    mailing, real = planned(ward), outreach.write_first
    calls = []

    def stop_at_the_second(**given: Any) -> Message:
        calls.append(given["patient"].pk)
        if len(calls) == 2:
            real(**given)
            raise RuntimeError("the machine went off before the commit")
        return real(**given)

    monkeypatch.setattr(outreach, "write_first", stop_at_the_second)
    with pytest.raises(RuntimeError):
        mailings.send(mailing.pk, timezone.now())
    assert len(threads(ward)) == 1
    assert Mailing.objects.get().finished_at is None
    monkeypatch.setattr(outreach, "write_first", real)
    assert mailings.send(mailing.pk, timezone.now()) == 1
    assert threads(ward) == {ward.of_maya.pk: 1, ward.of_samuel.pk: 1}


def test_a_letter_that_fails_does_not_stop_the_others(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    mailing, real = planned(ward), outreach.write_first
    tried: list[UUID] = []

    def fail_for_the_first(**given: Any) -> Message:
        tried.append(given["patient"].pk)
        if given["patient"].pk == tried[0]:
            raise RuntimeError("it does not open")
        return real(**given)

    monkeypatch.setattr(outreach, "write_first", fail_for_the_first)
    with pytest.raises(mailings.LettersLeft):
        mailings.send(mailing.pk, timezone.now())
    assert threads(ward) == {tried[1]: 1}
    assert Mailing.objects.get().finished_at is None
    monkeypatch.setattr(outreach, "write_first", real)
    assert mailings.send(mailing.pk, timezone.now()) == 1


def test_planned_once_for_each_id(ward: Ward) -> None:
    id = uuid7()
    assert planned(ward, id=id).pk == planned(ward, id=id).pk
    assert ward.count(MailingLetter) == 2
    for other in ({"text": "Other words."}, {"topic": "other"}, {"patients": [ward.of_maya]}):
        with pytest.raises(Conflict):
            planned(ward, id=id, **other)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'messaging.send_mailing'")
        assert cursor.fetchone()[0] == 1


def test_nobody_writes_to_patients_of_others(ward: Ward) -> None:
    with pytest.raises(NotAllowed):
        planned(ward, by=ward.peter, patients=[ward.of_maya])
    assert ward.count(MailingLetter) == 0


def test_who_left_the_team_sends_nothing_and_the_page_says_so(ward: Ward, signed_in: Any) -> None:
    mailing = planned(ward)
    yesterday = timezone.now().date() - timedelta(days=2)
    TeamMember.objects.filter(user=ward.rosa).update(ends_on=yesterday)
    assert mailings.send(mailing.pk, timezone.now()) == 0
    assert threads(ward) == {}
    assert ward.count(MailingLetter, state="refused") == 2
    TeamMember.objects.filter(user=ward.rosa).update(ends_on=None)
    page = signed_in(ward.rosa).get(reverse("messaging:mailing", args=[mailing.pk])).content.decode()
    assert "0 of 2 sent." in page
    assert "Sent, but not to all" in page


def test_choose_check_send(ward: Ward, signed_in: Any) -> None:
    nurse, page = signed_in(ward.rosa), reverse("messaging:mailing-new")
    form = {"patients": [str(ward.of_maya.pk), str(ward.of_samuel.pk)], "topic": "visit", "text": WORDS}
    nobody = nurse.post(page, {**form, "patients": []})
    assert nobody.status_code == 422
    assert f"{WORDS}</textarea>" in nobody.content.decode()
    assert nurse.post(page, {**form, "patients": [str(uuid7())]}).status_code == 422
    check = nurse.post(page, {**form, "go": "check"}).content.decode()
    assert "Send to 2 patients" in check
    assert "Maya Lindqvist" in check
    assert ward.count(MailingLetter) == 0
    changed = nurse.post(page, {**form, "change": "1"})
    assert changed.status_code == 200
    assert f"{WORDS}</textarea>" in changed.content.decode()
    again = {
        name: re.search(rf'name="{name}" value="([^"]*)"', check)[1]  # type: ignore[index]
        for name in ("once", "who")
    }
    other = nurse.post(page, {**form, **again, "patients": [str(ward.of_maya.pk)], "go": "send"})
    assert other.status_code == 409
    assert ward.count(MailingLetter) == 0
    for _twice in range(2):
        sent = nurse.post(page, {**form, **again, "go": "send"})
        assert sent.status_code == 302
    assert ward.count(MailingLetter) == 2
    assert "0 of 2 sent." in nurse.get(sent.url).content.decode()
    assert signed_in(ward.hana).get(sent.url).status_code == 404
    assert signed_in(ward.maya).get(page).status_code == 404


def test_two_workers_at_once_send_one_each(fresh_db: str, ward: Ward) -> None:
    mailing, start, counts = planned(ward), Barrier(2), []

    def work() -> None:
        start.wait()
        try:
            counts.append(mailings.send(mailing.pk, timezone.now()))
        finally:
            connection.close()

    workers = [Worker(target=work) for _two in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 2
    assert threads(ward) == {ward.of_maya.pk: 1, ward.of_samuel.pk: 1}


def test_groups_are_offered_without_patients_of_others(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: Registry[Any] = Registry()
    stranger = uuid7()
    groups.add(1, lambda user, day, now: [
        PatientGroup("both", "Both", frozenset({ward.of_maya.pk, ward.of_samuel.pk, stranger})),
        PatientGroup("nobody", "Nobody", frozenset({stranger})),
    ])  # fmt: skip
    monkeypatch.setattr(mailings, "patient_groups", groups)
    with ward.acting(ward.rosa):
        choice = mailings.choice_of(ward.rosa, timezone.now().date(), timezone.now())
        assert [(group.code, len(group.patient_ids)) for group in choice.groups] == [("both", 2)]
        chosen = choice.chosen(["both"], [str(ward.of_maya.pk), str(stranger)])
        assert [patient.name for patient in chosen] == ["Maya Lindqvist", "Samuel Okafor"]
