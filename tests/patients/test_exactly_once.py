"""A retry gets the first result; nothing is done twice, and other words under the same id are a conflict."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from accounts.models import User
from patients import once
from patients.models import Question, Receipt
from patients.once import DifferentContent, Done, exactly_once
from patients.questions import add_question
from portal.lib.ids import uuid7
from portal.lib.problems import Conflict, NotAllowed
from tests.patients.test_sealing import key_line
from tests.patients.world import Clinic, acting, acting_system, acts_of, make_clinic

RACERS = 16


def add(clinic: Clinic, id: UUID, text: str = "How long does it take?", by: str = "maya") -> Done:
    patient = clinic.maya if by == "maya" else clinic.samuel
    with acting(clinic[by]):
        return add_question(patient=patient, by=clinic[by], id=id, text=text)


def test_a_retry_gets_the_first_result_and_leaves_no_second_event(clinic: Clinic) -> None:
    id = uuid7()
    first, second = add(clinic, id), add(clinic, id)
    assert first.first
    assert not second.first
    assert first.result == second.result
    with acting(clinic["maya"]):
        assert Question.objects.count() == 1
    assert acts_of(clinic.maya).count("question.added self") == 1


def test_other_words_under_the_same_id_are_a_conflict(clinic: Clinic) -> None:
    id = uuid7()
    done = add(clinic, id)
    with pytest.raises(DifferentContent) as refused:
        add(clinic, id, "Something else?")
    assert refused.value.result == done.result
    assert refused.value.at is not None
    with acting(clinic["maya"]):
        assert [question.text for question in Question.objects.all()] == ["How long does it take?"]


def test_another_act_under_the_same_id_is_a_conflict(clinic: Clinic) -> None:
    id = uuid7()
    add(clinic, id)
    with acting(clinic["maya"]), pytest.raises(DifferentContent):
        exactly_once(
            act="question.remove", id=id, patient=clinic.maya, user=clinic["maya"], content=["x"], do=uuid7
        )


def test_somebody_elses_id_does_nothing_and_tells_nothing(clinic: Clinic) -> None:
    id = uuid7()
    add(clinic, id)
    with pytest.raises(Conflict) as refused:
        add(clinic, id, by="samuel")
    assert not isinstance(refused.value, DifferentContent)
    with acting_system():
        assert Question.objects.count() == 1


def test_an_act_that_fails_frees_its_id(clinic: Clinic) -> None:
    id = uuid7()

    def fail() -> UUID:
        raise NotAllowed

    with acting(clinic["maya"]), pytest.raises(NotAllowed):
        exactly_once(
            act="question.add", id=id, patient=clinic.maya, user=clinic["maya"], content=["x"], do=fail
        )
    assert add(clinic, id).first


def test_the_receipt_keeps_no_words(clinic: Clinic) -> None:
    add(clinic, id := uuid7(), "a very private question")
    with acting_system():
        receipt = Receipt.objects.get(pk=id)
    assert b"private" not in bytes(receipt.fingerprint)
    assert len(bytes(receipt.fingerprint)) == 32


def test_a_retry_after_a_new_key_encryption_key_is_still_the_same_act(
    clinic: Clinic, settings: Any, tmp_path: Any
) -> None:
    id = uuid7()
    add(clinic, id)
    file = tmp_path / "kek"
    with open(settings.KEK_FILE, encoding="ascii") as known:  # noqa: PTH123 - a plain read
        file.write_text(key_line("newer") + known.read())
    settings.KEK_FILE = str(file)
    assert not add(clinic, id).first
    with pytest.raises(DifferentContent):
        add(clinic, id, "Other words")


# --- Races ----------------------------------------------------------------------------------------------------


def race(act: Callable[[int], Any]) -> list[Any]:
    """What sixteen threads get that start together; exceptions are results too."""
    gate, results = threading.Barrier(RACERS), []

    def run(number: int) -> None:
        try:
            gate.wait()
            results.append(act(number))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            results.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def naive(
    *, act: str, id: UUID, patient: Any, user: User, content: Any, do: Callable[[], UUID | None]
) -> Done:
    """What one would write without the receipt's own key: look, then do."""
    if Receipt.objects.filter(pk=id).exists():
        return Done(id, first=False)
    time.sleep(0.2)
    return Done(do(), first=True)


@pytest.mark.parametrize("guarded", [False, True], ids=["without the receipt", "with it"])
def test_sixteen_at_once_do_it_once(fresh_db: str, monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    clinic = make_clinic()
    id = uuid7()
    once_only = once.exactly_once if guarded else naive

    def act(number: int) -> Done:
        user = clinic["maya"]
        with acting(user):

            def make() -> UUID:
                question = Question(patient=clinic.maya, text="one", position=1)
                question.save(force_insert=True)
                time.sleep(0.05)
                return question.pk

            return once_only(
                act="question.add", id=id, patient=clinic.maya, user=user, content=["one"], do=make
            )

    results = race(act)
    with acting_system():
        made = Question.objects.count()
    if not guarded:
        assert made > 1, "the race is not there: the test would be green without the guard"
        return
    assert made == 1
    assert all(isinstance(result, Done) for result in results), results
    assert sum(result.first for result in results) == 1
    assert len({result.result for result in results}) == 1
    assert len(results) == RACERS
