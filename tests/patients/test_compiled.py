"""Statements whose SQL is built once: the same rows as ever, for whoever asks, on whatever thread."""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.models import Grant
from patients.services import own_patient
from portal.lib import actor
from portal.lib.db.compiled import Compiled
from portal.lib.time import now as present
from tests.patients.world import Clinic, acting


def grants_of(*, user_id: UUID, now: datetime) -> Any:
    return Grant.objects.own(user_id, now).select_related("patient__site")


def test_each_value_gets_its_own_rows(clinic: Clinic) -> None:
    compiled = Compiled(grants_of)
    for name in ("maya", "samuel", "jonas", "maya"):
        user = clinic[name]
        with acting(user):
            plain = list(grants_of(user_id=user.pk, now=present()))
            with CaptureQueriesContext(connection) as asked:
                found = compiled(user_id=user.pk, now=present())
                patients = [grant.patient.site.name for grant in found]
        assert len(asked) == 1  # patient and site came along
        assert [grant.pk for grant in found] == [grant.pk for grant in plain]
        assert len(patients) == (0 if name == "jonas" else 1)


def test_the_moment_counts_and_not_the_one_of_the_first_call(clinic: Clinic) -> None:
    compiled = Compiled(grants_of)
    with acting(clinic["maya"]):
        assert compiled(user_id=clinic["maya"].pk, now=present() - timedelta(days=900)) == []
        assert len(compiled(user_id=clinic["maya"].pk, now=present())) == 1


def test_people_in_turn_are_who_they_are(clinic: Clinic) -> None:
    for name, patient in (
        ("maya", clinic.maya),
        ("samuel", clinic.samuel),
        ("rosa", None),
        ("maya", clinic.maya),
    ):
        with acting(clinic[name]):
            assert own_patient(clinic[name]) == patient


@pytest.mark.parametrize("value", ["text", 3, None])
def test_other_values_are_refused(clinic: Clinic, value: object) -> None:
    with acting(clinic["maya"]), pytest.raises(TypeError):
        Compiled(lambda *, kind: Grant.objects.filter(kind=kind))(kind=value)


def test_a_value_that_is_not_a_plain_condition_is_refused(clinic: Clinic) -> None:
    day = present()
    with acting(clinic["maya"]), pytest.raises(TypeError, match="plain condition"):
        Compiled(lambda *, on: Grant.objects.filter(starts_at__year=on.year))(on=day)


def test_threads_use_their_own_connections(fresh_db: None) -> None:
    compiled = Compiled(grants_of)
    with actor.unit_of_work(actor.system("tests")):
        compiled(user_id=UUID(int=1), now=present())
    seen: list[Any] = []

    def ask() -> None:
        try:
            with actor.unit_of_work(actor.system("tests")):
                seen.append(compiled(user_id=UUID(int=1), now=present()))
        finally:
            connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert seen == [[]]
