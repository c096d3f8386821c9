"""What comes with a note from elsewhere: a JC virus test enters the ledger once, and a booked dose stands on the lists until it is entered here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.lib.contributions import booked_doses
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from portal.lib.time_words import day as day_words
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_pages import dated, posted
from treatment import services as treatment
from treatment.courses.planning import add_months
from treatment.elsewhere import bookings, importing, services
from treatment.elsewhere.services import Told
from treatment.ledger import reading as ledger
from treatment.ledger import services as results
from treatment.models import GivenElsewhere, Result, ResultContent


def days(count: int) -> timedelta:
    return timedelta(days=count)


def with_test(ward: Ward, **more: Any) -> Told:
    """Twelve doses of natalizumab elsewhere, with a JC virus test of 40 days ago."""
    said = {
        "doses_given": 12, "last_on": ward.today - days(20), "jcv_assay": "STRATIFY JCV DxSelect", "jcv_index": "0.42",
        "jcv_on": ward.today - days(40),
    }  # fmt: skip
    return Told(**{**said, **more})


def write(
    ward: Ward, told: Told, *, by: Any = None, confirmed: bool = False, therapy: str = "natalizumab"
) -> GivenElsewhere:
    by = by or ward.pharmacist
    with ward.acting(by):
        return services.note_elsewhere(
            by=by, patient=ward.patient, therapy=therapy, told=told, confirmed=confirmed, id=uuid7(), now=ward.at(ward.today, 8)
        )  # fmt: skip


def confirm(ward: Ward, row: GivenElsewhere, told: Told, *, by: Any = None, id: Any = None) -> None:
    by = by or ward.nurse
    with ward.acting(by):
        services.confirm_elsewhere(
            by=by, patient=ward.patient, elsewhere_id=row.pk, told=told, id=id or uuid7(), now=ward.at(ward.today, 9)
        )  # fmt: skip


def take_off(ward: Ward, row: GivenElsewhere) -> None:
    with ward.acting(ward.nurse):
        services.withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, id=uuid7(), now=ward.at(ward.today, 10)
        )


def entered(ward: Ward) -> list[Result]:
    return [row for row, _found in with_content(ward)]


def with_content(ward: Ward) -> list[tuple[Result, dict[str, Any]]]:
    """The JC virus tests of the ledger with what was found."""
    with ward.acting(ward.nurse):
        rows: Any = Result.objects.for_user(ward.nurse, ward.patient).with_people().select_related("content")
        return [(row, row.content.details) for row in rows.filter(test="jcv")]


def jcv_line(ward: Ward) -> ledger.Line:
    with ward.acting(ward.nurse):
        lines = ledger.ledger_of(ward.nurse, ward.patient, ward.at(ward.today, 12))
    return next(line for line in lines if line.test.code == "jcv")


# --- A JC virus test ------------------------------------------------------------------------------------------------


def test_a_confirmed_note_takes_its_test_to_the_ledger_and_the_next_one_counts_from_it(ward: Ward) -> None:
    told = with_test(ward)
    row = write(ward, told)
    assert entered(ward) == []
    confirm(ward, row, told)
    ((result, found),) = with_content(ward)
    assert result.taken_on == ward.today - days(40)
    assert found["values"] == [{"code": "index", "number": "0.42", "unit": "index"}]
    assert (found["assay"], found["elsewhere"]) == ("STRATIFY JCV DxSelect", True)
    assert (result.entered_by, result.look.by) == (ward.pharmacist, ward.nurse)
    acts = acts_of(ward.patient)
    assert [acts.count(f"result.{act} team") for act in ("entered", "checked")] == [1, 1]
    ward.order("natalizumab", ward.today, given_before=12)
    assert jcv_line(ward).last_done == ward.today - days(40)
    assert jcv_line(ward).due == add_months(ward.today - days(40), 6)


def test_the_patient_reads_it_after_the_release_and_where_it_is_from(ward: Ward) -> None:
    told = with_test(ward)
    confirm(ward, write(ward, told), told)
    (result,) = entered(ward)
    page = f"/patients/{ward.patient.pk}/treatment/ledger/results/{result.pk}/"
    assert "From another center, as it was told" in signed_in(ward.nurse).get(page).content.decode()
    maya = signed_in(ward.maya)
    assert "0.42" not in maya.get("/treatment/ledger/tests/jcv/").content.decode()
    with ward.acting(ward.nurse):
        results.release(
            by=ward.nurse, patient=ward.patient, result_id=result.pk, note="Your last test at the other center.", id=uuid7(),
            now=ward.at(ward.today, 10),
        )  # fmt: skip
    text = maya.get("/treatment/ledger/tests/jcv/").content.decode()
    assert "0.42" in text
    assert "From another center, as it was told" in text
    told_by_api = signed_in(ward.maya).get("/api/v1/treatment/ledger/results/").json()["results"]
    assert [one["elsewhere"] for one in told_by_api] == [True]


@pytest.mark.parametrize(
    ("by", "more"),
    [
        ("nurse", {}),  # who wrote it down confirms it
        ("pharmacist", {"jcv_index": "0.24"}),  # the nurse puts the index right: that entry is hers
    ],
)
def test_the_second_look_is_never_of_the_person_who_entered_it(
    ward: Ward, by: str, more: dict[str, Any]
) -> None:
    told = with_test(ward)
    row = write(ward, told, by=getattr(ward, by))
    confirm(ward, row, replace(told, **more))
    (result,) = entered(ward)
    assert result.entered_by == ward.nurse
    assert not hasattr(result, "look")
    with ward.acting(ward.nurse), pytest.raises(results.NotTheSamePerson):
        results.look_at(
            by=ward.nurse, patient=ward.patient, result_id=result.pk, id=uuid7(), now=ward.at(ward.today)
        )


def test_a_note_that_is_confirmed_at_once_waits_for_its_second_look(ward: Ward) -> None:
    write(ward, with_test(ward), by=ward.nurse, confirmed=True)
    (result,) = entered(ward)
    assert not hasattr(result, "look")


def test_the_same_result_enters_once_whatever_is_confirmed_again(ward: Ward) -> None:
    told = with_test(ward)
    row, id = write(ward, told), uuid7()
    for _turn in range(2):
        confirm(ward, row, told, id=id)
    with pytest.raises(services.ConfirmedAlready):
        confirm(ward, row, told)
    take_off(ward, row)
    confirm(ward, write(ward, told), told)
    spaced = replace(told, jcv_assay="Stratify  JCV DxSelect", doses_given=3)
    confirm(ward, write(ward, spaced, therapy="rituximab"), spaced)
    assert len(entered(ward)) == 1


def test_a_result_that_was_corrected_or_taken_back_does_not_come_again(ward: Ward) -> None:
    told = with_test(ward)
    row = write(ward, told)
    confirm(ward, row, told)
    (result,) = entered(ward)
    with ward.acting(ward.nurse):
        results.withdraw_result(
            by=ward.nurse, patient=ward.patient, id=uuid7(), result_id=result.pk, why="Of a namesake.", now=ward.at(ward.today, 11)
        )  # fmt: skip
    take_off(ward, row)
    confirm(ward, write(ward, told), told)
    assert [one.withdrawn for one in entered(ward)] == [False, True]
    with ward.acting(ward.nurse):
        assert not Result.objects.for_user(ward.nurse, ward.patient).standing().exists()


def test_what_was_entered_by_hand_is_not_entered_again(ward: Ward) -> None:
    told = with_test(ward)
    with ward.acting(ward.nurse):
        results.enter_result(
            by=ward.nurse, patient=ward.patient, id=uuid7(), test="jcv", taken_on=ward.today - days(40), assay="Stratify JCV DxSelect",
            values=[{"code": "index", "number": "0.42", "unit": "index"}], now=ward.at(ward.today, 8),
        )  # fmt: skip
    confirm(ward, write(ward, told), told)
    assert len(entered(ward)) == 1
    with ward.acting(ward.nurse), pytest.raises(results.AlreadyThere):
        results.enter_result(
            by=ward.nurse, patient=ward.patient, id=uuid7(), test="jcv", taken_on=ward.today - days(40), assay="Stratify JCV DxSelect",
            values=[{"code": "index", "number": "0.42", "unit": "index"}], now=ward.at(ward.today, 9),
        )  # fmt: skip


@pytest.mark.parametrize("missing", [{"jcv_on": None}, {"jcv_index": ""}, {"jcv_index": "", "jcv_assay": ""}])
def test_without_day_name_and_index_it_stays_text(ward: Ward, missing: dict[str, Any]) -> None:
    told = with_test(ward, **missing)
    confirm(ward, write(ward, told), told)
    assert entered(ward) == []


def test_an_index_in_words_is_kept_in_words(ward: Ward) -> None:
    told = with_test(ward, jcv_index="negative")
    confirm(ward, write(ward, told), told)
    ((_result, found),) = with_content(ward)
    assert (found["values"], found["words"]) == ([], "negative")


def test_a_day_before_any_test_is_refused_and_nothing_is_confirmed(ward: Ward) -> None:
    told = with_test(ward, jcv_on=date(1901, 1, 1))
    row = write(ward, told)
    with pytest.raises(results.NotPossible):
        confirm(ward, row, told)
    with ward.acting(ward.nurse):
        assert not GivenElsewhere.objects.for_user(ward.nurse).get(pk=row.pk).is_confirmed
        assert not ResultContent.objects.for_user(ward.nurse).exists()


HEAD = (
    "name,date_of_birth,therapy,doses_given,last_on,jcv_assay,jcv_index,jcv_on,booked_on,booked_place,booked"
)


def test_an_import_brings_test_and_booking_once(ward: Ward) -> None:
    soon, was = ward.today + days(12), ward.today - days(30)
    row = f"Nora Novak,1990-01-31,natalizumab,4,{was},STRATIFY,0.3,{was},{soon},Old center,In the morning"
    for _turn in range(2):
        with ward.acting(ward.nurse):
            lines = importing.bring_in(
                by=ward.nurse, text=f"{HEAD}\n{row}", id=uuid7(), now=ward.at(ward.today, 8)
            )
    with ward.acting(ward.nurse):
        (kept,) = GivenElsewhere.objects.for_user(ward.nurse).select_related("patient__site")
        assert (kept.booked_on, kept.booking, lines[0].state) == (soon, "open", "there")
        services.confirm_elsewhere(
            by=ward.nurse, patient=kept.patient, elsewhere_id=kept.pk, told=services.told_by(kept), id=uuid7(),
            now=ward.at(ward.today, 9),
        )  # fmt: skip
        assert Result.objects.for_user(ward.nurse, kept.patient).filter(test="jcv", taken_on=was).count() == 1
        importing.bring_in(by=ward.nurse, text=f"{HEAD}\n{row}", id=uuid7(), now=ward.at(ward.today, 10))
        assert Result.objects.for_user(ward.nurse, kept.patient).count() == 1
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 1


# --- A dose that is booked elsewhere --------------------------------------------------------------------------------


def booked(ward: Ward, ahead: int = 5, **more: Any) -> Told:
    said = {"doses_given": 4, "last_on": ward.today - days(23), "booked_on": ward.today + days(ahead), "booked_place": "Lakeside", "booked": "At nine, chair 2."}  # fmt: skip
    return Told(**{**said, **more})


def first_lines(ward: Ward, who: Any = None) -> list[str]:
    who = who or ward.nurse
    with ward.acting(who):
        return [one.words for one in bookings.problems(who, ward.at(ward.today, 12))]


def settle(ward: Ward, row: GivenElsewhere, how: str, by: Any = None, id: Any = None) -> GivenElsewhere:
    by = by or ward.nurse
    with ward.acting(by):
        return services.settle_booking(
            by=by,
            patient=ward.patient,
            elsewhere_id=row.pk,
            how=how,
            id=id or uuid7(),
            now=ward.at(ward.today, 13),
        )


def pages(ward: Ward) -> str:
    maya = signed_in(ward.maya)
    return "".join(maya.get(path).content.decode() for path in ("/treatment/", "/treatment/plan/"))


def test_it_stands_on_what_first_at_once_and_on_the_patients_pages_when_it_is_confirmed(ward: Ward) -> None:
    told = booked(ward)
    row = write(ward, told)
    said = f"A dose is booked elsewhere for {day_words(ward.today + days(5))}, to be entered here"
    assert first_lines(ward) == [said]
    today = signed_in(ward.nurse).get("/").content.decode()
    assert said in today.split("What first?")[1]
    assert "Lakeside" not in pages(ward)
    confirm(ward, row, told)
    text = pages(ward)
    assert text.count("Lakeside") == 2
    assert text.count("At nine, chair 2.") == 2
    assert text.count("It is not booked here yet: your team enters it.") == 2
    (of_api,) = signed_in(ward.maya).get("/api/v1/treatment/journey/").json()["booked_elsewhere"]
    assert of_api == {
        "therapy": "natalizumab", "day": (ward.today + days(5)).isoformat(), "place": "Lakeside", "words": "At nine, chair 2.",
    }  # fmt: skip
    staff = signed_in(ward.nurse).get(f"/patients/{ward.patient.pk}/treatment/journey/").content.decode()
    assert "Book the dose here, or set it aside." in staff
    with ward.acting(ward.carer):
        assert list(bookings.problems(ward.carer, ward.at(ward.today))) == []


@pytest.mark.parametrize(("ahead", "rank"), [(5, 1), (40, 2)])
def test_a_near_day_is_for_today(ward: Ward, ahead: int, rank: int) -> None:
    write(ward, booked(ward, ahead))
    with ward.acting(ward.nurse):
        (found,) = bookings.problems(ward.nurse, ward.at(ward.today, 12))
    assert found.rank == rank
    assert found.url == f"/patients/{ward.patient.pk}/treatment/elsewhere/"


def test_words_without_a_day_stand_there_too_and_a_day_that_is_over_says_so(ward: Ward) -> None:
    row = write(ward, booked(ward, booked_on=None, booked_place=""))
    assert first_lines(ward) == ["A dose is booked elsewhere, to be entered here"]
    take_off(ward, row)
    write(ward, booked(ward, 0))
    with ward.acting(ward.nurse):
        (found,) = bookings.problems(ward.nurse, ward.at(ward.today + days(3), 12))
    assert "is not entered here" in found.words


@pytest.mark.parametrize("how", ["entered", "aside"])
def test_whoever_has_booked_it_or_sets_it_aside_ends_it_once(ward: Ward, how: str) -> None:
    told = booked(ward)
    row = write(ward, told)
    confirm(ward, row, told)
    id = uuid7()
    for _turn in range(2):
        done = settle(ward, row, how, id=id)
    assert (done.booking, done.booking_by_id) == (how, ward.nurse.pk)
    assert acts_of(ward.patient).count(f"elsewhere.booking-{how} team") == 1
    with pytest.raises(services.BookingSettled):
        settle(ward, row, "aside")
    assert first_lines(ward) == []
    assert "Lakeside" not in pages(ward)
    for who in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            settle(ward, row, how, by=who)


def test_the_page_has_the_two_ways(ward: Ward) -> None:
    write(ward, booked(ward))
    nurse, home = signed_in(ward.nurse), f"/patients/{ward.patient.pk}/treatment/elsewhere/"
    text = nurse.get(home).content.decode()
    assert "It is booked here now" in text
    with ward.acting(ward.nurse):
        row = GivenElsewhere.objects.for_user(ward.nurse).get()
    unread = nurse.post(f"{home}{row.pk}/booking/", {"once": str(uuid7()), "how": "lost"}, follow=True)
    assert "Press one of the two buttons." in unread.content.decode()
    assert len(first_lines(ward)) == 1
    for _turn in range(2):
        answer = nurse.post(f"{home}{row.pk}/booking/", {"once": str(uuid7()), "how": "entered"})
        assert answer.status_code == 302
    text = nurse.get(home).content.decode()
    assert "Booked here" in text
    assert "Nothing is left to enter here." in text
    assert "It is booked here now" not in text


def test_a_booked_time_here_ends_it_while_it_stands(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    told = booked(ward)
    row = write(ward, told)
    confirm(ward, row, told)
    course = ward.order("natalizumab", ward.today + days(5), given_before=4, now=ward.at(ward.today))
    dose = ward.planned(course)
    assert len(first_lines(ward)) == 1
    times = {dose.pk}
    monkeypatch.setattr(booked_doses, "_entries", {})
    booked_doses.add(10, lambda user, ids: times & set(ids), name="x")
    assert first_lines(ward) == []
    assert "Lakeside" not in pages(ward)
    times.clear()
    assert len(first_lines(ward)) == 1, "the time was canceled: it is to be entered again"


def test_another_booking_in_the_confirmed_note_is_open_again(ward: Ward) -> None:
    told = booked(ward)
    row = write(ward, told)
    settle(ward, row, "aside")
    confirm(ward, row, replace(told, booked_on=ward.today + days(9)))
    assert len(first_lines(ward)) == 1


def test_a_booking_that_stood_can_be_confirmed_when_its_day_is_over(ward: Ward) -> None:
    told = booked(ward, 0)
    row = write(ward, told)
    with ward.acting(ward.nurse):
        services.confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, told=told, id=uuid7(), now=ward.at(ward.today + days(2))
        )  # fmt: skip


@pytest.mark.parametrize("ahead", [-1, 733])
def test_a_new_booking_lies_ahead(ward: Ward, ahead: int) -> None:
    with pytest.raises(services.CannotBeSo):
        write(ward, booked(ward, ahead))


def test_the_form_takes_day_and_place(ward: Ward) -> None:
    home = f"/patients/{ward.patient.pk}/treatment/elsewhere/"
    data = posted(
        therapy="natalizumab", doses_given="4", booked_place="Lakeside", **dated("booked_on", ward.today + days(4)),
        **dated("last_on", ward.today - days(24)),
    )  # fmt: skip
    assert signed_in(ward.nurse).post(f"{home}add/", data).status_code == 302
    with ward.acting(ward.nurse):
        row = GivenElsewhere.objects.for_user(ward.nurse).get()
        assert (row.booked_on, row.booking, row.details["booked_place"]) == (
            ward.today + days(4),
            "open",
            "Lakeside",
        )


def test_the_database_keeps_who_settled_a_booking(ward: Ward) -> None:
    row = write(ward, booked(ward))
    with ward.acting(ward.nurse), pytest.raises(IntegrityError), transaction.atomic():
        GivenElsewhere.objects.for_user(ward.nurse).filter(pk=row.pk).update(booking="aside")


def test_as_many_statements_for_any_number_of_bookings(ward: Ward) -> None:
    def count() -> int:
        with ward.acting(ward.nurse), CaptureQueriesContext(connection) as seen:
            list(bookings.problems(ward.nurse, ward.at(ward.today, 12)))
        return len(seen)

    write(ward, booked(ward))
    course = ward.order("ublituximab", ward.today)
    assert treatment.name_of(course)
    count()
    one = count()
    for therapy in ("rituximab", "ocrelizumab_iv", "alemtuzumab"):
        write(ward, booked(ward), therapy=therapy)
    count()
    assert count() == one
