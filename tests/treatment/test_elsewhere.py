"""People who come mid-course: unknown blocks and never counts as zero; the lifetime limit of the site's label blocks; many at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from patients.models import Patient
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import services
from treatment.elsewhere import counters, importing
from treatment.elsewhere import services as elsewhere
from treatment.elsewhere.services import Told
from treatment.models import Course, Dose, GivenElsewhere, InfusionRecord
from treatment.protocols.facts import Facts, facts_of


def days(count: int) -> timedelta:
    return timedelta(days=count)


def note(
    ward: Ward, therapy: str, told: Told, *, confirmed: bool = True, by: Any = None, **more: Any
) -> GivenElsewhere:
    by = by or ward.nurse
    more = {"id": uuid7(), "now": ward.at(ward.today), **more}
    with ward.acting(by):
        return elsewhere.note_elsewhere(
            by=by, patient=ward.patient, therapy=therapy, told=told, confirmed=confirmed, **more
        )


def measure(ward: Ward, weight: str = "80", height: str = "180", on: date | None = None) -> None:
    with ward.acting(ward.nurse):
        elsewhere.note_measure(
            by=ward.nurse, patient=ward.patient, weight_kg=Decimal(weight), height_cm=Decimal(height),
            measured_on=on or ward.today, id=uuid7(), now=ward.at(ward.today, 23),
        )  # fmt: skip


def facts(ward: Ward, code: str) -> Facts:
    return facts_of(ward.protocol(code).pk)


# --- Unknown blocks -------------------------------------------------------------------------------------------------


def test_what_nobody_confirmed_blocks_the_order_and_the_record(ward: Ward) -> None:
    row = note(ward, "natalizumab", Told(place="Elsewhere"), confirmed=False)
    with pytest.raises(counters.CountersUnknown):
        ward.order("natalizumab", ward.today)
    ward.order("ublituximab", ward.today)  # another medicine is not touched by that
    told = Told(doses_given=8, last_on=ward.today - days(30), place="Elsewhere")
    with ward.acting(ward.nurse):
        done = elsewhere.confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, told=told, id=uuid7(), now=ward.at(ward.today)
        )  # fmt: skip
    assert (done.doses_given, done.confirmed_by_id) == (8, ward.nurse.pk)
    course = ward.order("natalizumab", ward.today, given_before=8)
    assert ward.planned(course).number == 9
    assert acts_of(ward.patient).count("elsewhere.confirmed team") == 1


def test_a_note_that_comes_later_blocks_the_next_dose_too(ward: Ward) -> None:
    course = ward.order("natalizumab", ward.today)
    row = note(ward, "natalizumab", Told(), confirmed=False)
    with pytest.raises(counters.CountersUnknown):
        ward.give(course, ward.today)
    with ward.acting(ward.nurse):
        elsewhere.withdraw_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, id=uuid7(), now=ward.at(ward.today)
        )
    assert ward.give(course, ward.today).state == "given"


@pytest.mark.parametrize(
    ("therapy", "before", "told"),
    [
        ("alemtuzumab", 5, None),
        ("ocrelizumab_iv", 2, None),
        ("natalizumab", 13, None),
        ("alemtuzumab", 5, Told(doses_given=4, last_on=date(2020, 1, 6))),
        ("alemtuzumab", 1, Told(doses_given=0)),
    ],
)
def test_doses_before_an_order_need_a_confirmed_note_of_so_many(
    ward: Ward, therapy: str, before: int, told: Told | None
) -> None:
    """Unknown blocks also where only the order says it: without a last day nothing would hold the shortest interval."""
    if told is not None:
        note(ward, therapy, told)
    with pytest.raises(counters.CountersUnknown) as refused:
        ward.order(therapy, ward.today + days(1), given_before=before)
    assert "Note what was given elsewhere first" in str(refused.value.message)
    with ward.acting(ward.neurologist):
        assert not Course.objects.for_user(ward.neurologist).exists()


def test_with_a_confirmed_note_the_second_course_keeps_its_year(ward: Ward) -> None:
    last = ward.today - days(200)
    note(ward, "alemtuzumab", Told(doses_given=5, last_on=last))
    with pytest.raises(services.TooEarly):
        ward.order("alemtuzumab", ward.today + days(1), given_before=5, now=ward.at(ward.today))
    course = ward.order("alemtuzumab", last + days(365), given_before=5, now=ward.at(ward.today))
    assert [dose.number for dose in ward.doses(course)] == [6, 7, 8]


def test_doses_given_here_are_known_and_a_refused_order_keeps_its_text(ward: Ward, settings: Any) -> None:
    settings.DEMO = True
    start = ward.today - days(30)
    course = ward.order("natalizumab", start)
    ward.give(course, start)
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="She moves", id=uuid7(), now=ward.at(ward.today, 7)
        )  # fmt: skip
    first = ward.today + days(1)
    form = {
        "draft": str(uuid7()), "draft_version": "0", "plan": f"{ward.protocol('natalizumab').pk}:standard",
        "first_on_day": str(first.day), "first_on_month": str(first.month), "first_on_year": str(first.year),
        "given_before": "2", "indication": "She is back", "sign": "on",
    }  # fmt: skip
    told = signed_in(ward.neurologist).post(reverse("treatment:patient-order", args=[ward.patient.pk]), form)
    page = told.content.decode()
    assert told.status_code in (409, 422)
    assert "Note what was given elsewhere first" in page
    assert "She is back" in page
    again = ward.order("natalizumab", ward.today, given_before=1)
    assert ward.planned(again).number == 2
    assert counted(ward).count == 1


def test_the_gap_holds_across_the_brand_and_the_place(ward: Ward) -> None:
    """The last dose elsewhere was of the injection; the drip waits for the same shortest interval."""
    last = ward.today - days(100)
    note(ward, "ocrelizumab_sc", Told(doses_given=3, last_on=last))
    with pytest.raises(services.TooEarly):
        ward.order("ocrelizumab_iv", last + days(151), now=ward.at(ward.today))
    course = ward.order("ocrelizumab_iv", last + days(152), now=ward.at(ward.today))
    assert ward.planned(course).not_before == last + days(152)


def test_a_day_elsewhere_that_is_confirmed_later_counts_for_a_dose_that_is_planned(ward: Ward) -> None:
    course = ward.order("ocrelizumab_iv", ward.today)
    note(ward, "ocrelizumab_sc", Told(doses_given=1, last_on=ward.today - days(20)))
    with pytest.raises(services.TooEarly):
        ward.give(course, ward.today)


@pytest.mark.parametrize(
    "told",
    [
        Told(),
        Told(doses_given=3),
        Told(last_on=date(2020, 1, 1)),
        Told(doses_given=0),  # of a medicine with a lifetime limit: the total has to be said, too
    ],
)
def test_what_is_not_known_cannot_be_confirmed(ward: Ward, told: Told) -> None:
    with pytest.raises(elsewhere.NotKnownYet):
        note(ward, "mitoxantrone", told)


REFUSED = [
    {"last_on": date(2199, 1, 1)},
    {"first_on": date(2021, 1, 2), "last_on": date(2021, 1, 1)},
    {"doses_given": 501},
    {"doses_given": 0, "last_on": date(2021, 1, 1)},
    {"doses_given": 1, "first_on": date(2021, 1, 1), "last_on": date(2021, 1, 2)},
    {"lifetime_mg_m2": Decimal(-1)},
    {"jcv_index": "0.9"},
    {"note": "x" * 1001},
]


@pytest.mark.parametrize("wrong", REFUSED)
def test_numbers_that_cannot_be_are_refused_with_a_reason(ward: Ward, wrong: dict[str, Any]) -> None:
    with pytest.raises(elsewhere.CannotBeSo) as refused:
        note(ward, "natalizumab", replace(Told(), **wrong), confirmed=False)
    assert str(refused.value.message).endswith(".")


def test_one_note_for_each_therapy_and_only_by_the_team(ward: Ward) -> None:
    note(ward, "natalizumab", Told(doses_given=1, last_on=date(2024, 5, 1)))
    with pytest.raises(elsewhere.StandsAlready):
        note(ward, "natalizumab", Told(doses_given=2), confirmed=False)
    with pytest.raises(elsewhere.NotANurse):
        note(ward, "rituximab", Told(doses_given=1, last_on=date(2024, 5, 1)), by=ward.pharmacist)
    for who in (ward.maya, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            note(ward, "rituximab", Told(), confirmed=False, by=who)
    with ward.acting(ward.carer):
        assert GivenElsewhere.objects.count() == 0


# --- Twelve infusions -------------------------------------------------------------------------------------------------


def counted(ward: Ward) -> counters.Infusions:
    with ward.acting(ward.nurse):
        found = facts(ward, "natalizumab")
        rows = counters.elsewhere_of(ward.nurse, ward.patient, "natalizumab")
        return counters.infusions(services.doses_of(ward.nurse, ward.patient), rows, found, ward.patient.site)


def test_natalizumab_counts_whole_infusions_here_and_elsewhere(ward: Ward) -> None:
    start = ward.today - days(84)
    row = note(ward, "natalizumab", Told(), confirmed=False)
    assert (counted(ward).count, counted(ward).left) == (None, None)  # unknown, not zero
    with ward.acting(ward.nurse):
        elsewhere.confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk, id=uuid7(), now=ward.at(ward.today),
            told=Told(doses_given=9, last_on=start - days(28)),
        )  # fmt: skip
    course = ward.order("natalizumab", start, given_before=9)
    ward.give(course, start)
    ward.give(course, start + days(28), extent="part", how_much="Half")
    assert (counted(ward).count, counted(ward).in_part, counted(ward).left) == (10, 1, 2)
    for number in (2, 3):
        ward.give(course, start + days(28 * number))
    assert (counted(ward).count, counted(ward).left, counted(ward).watched) == (12, 0, 12)
    assert counted(ward).source == ("S2", "S3")


def test_outside_the_us_label_a_gap_of_six_months_begins_the_count_anew(ward: Ward) -> None:
    start = ward.today - days(10)
    note(ward, "natalizumab", Told(doses_given=20, last_on=start - days(200)))
    course = ward.order("natalizumab", start, given_before=20)
    ward.give(course, start)
    assert (counted(ward).count, counted(ward).restarted_on) == (21, None)
    ward.patient.site.jurisdiction = "EU"
    assert (counted(ward).count, counted(ward).left, counted(ward).restarted_on) == (1, 11, start)


# --- The limit for a lifetime -----------------------------------------------------------------------------------------

# Weight, height, and the body surface by the formula, worked out with a pocket calculator.
SURFACES = [("80", "180", "2.00"), ("70", "170", "1.82"), ("50", "160", "1.49"), ("100", "200", "2.36")]


@pytest.mark.parametrize(("weight", "height", "m2"), SURFACES)
def test_body_surface_by_hand(weight: str, height: str, m2: str) -> None:
    assert counters.surface(Decimal(weight), Decimal(height)) == Decimal(m2)


@pytest.mark.parametrize(("site", "limit", "label"), [("US", 140, "US"), ("EU", 72, "EU"), ("UK", 72, "EU")])
def test_the_sites_label_sets_the_limit_and_the_lowest_holds_where_it_has_none(
    ward: Ward, site: str, limit: int, label: str
) -> None:
    ward.patient.site.jurisdiction = site
    found = counters.limit_of(facts(ward, "mitoxantrone"), ward.patient.site)
    assert found is not None
    assert (int(found.mg_per_m2), found.jurisdiction) == (limit, label)
    assert found.source
    assert counters.limit_of(facts(ward, "natalizumab"), ward.patient.site) is None


def mitoxantrone(ward: Ward, total: str, first_on: date | None = None, **more: Any) -> Course:
    given = 0 if total == "0" else int(Decimal(total) // 12)
    last = {"last_on": ward.today - days(500)} if given else {}
    note(ward, "mitoxantrone", Told(doses_given=given, lifetime_mg_m2=Decimal(total), **last))
    return ward.order("mitoxantrone", first_on or ward.today, **more)


def test_without_a_word_on_the_lifetime_total_nothing_is_ordered(ward: Ward) -> None:
    with pytest.raises(counters.CountersUnknown):
        ward.order("mitoxantrone", ward.today)


def test_a_dose_counts_in_mg_per_m2_by_the_newest_measure(ward: Ward) -> None:
    course = mitoxantrone(ward, "0", ward.today - days(1))
    day = ward.today - days(1)
    with pytest.raises(counters.MeasureMissing):
        ward.give(course, day, amount_mg=Decimal(24))
    measure(ward, on=ward.today)  # after the dose: it does not count for it
    with pytest.raises(counters.MeasureMissing):
        ward.give(course, day, amount_mg=Decimal(24))
    measure(ward, on=day)
    with pytest.raises(counters.AmountMissing):
        ward.give(course, day)
    given = ward.give(course, day, amount_mg=Decimal(24))
    with ward.acting(ward.nurse):
        details = InfusionRecord.objects.for_user(ward.nurse).get(dose=given).details
        assert (details["amount_mg"], details["body_m2"], details["mg_per_m2"]) == (24.0, 2.0, 12.0)
        found = counters.lifetime(ward.nurse, ward.patient, facts(ward, "mitoxantrone"))
    assert found is not None
    assert (found.total, found.here, found.left) == (Decimal(12), Decimal(12), Decimal(128))


def test_the_plan_ends_where_the_limit_is_and_the_dose_over_it_is_refused(ward: Ward) -> None:
    """120 of 140 given elsewhere: one whole dose of 12 fits, a second one does not."""
    course = mitoxantrone(ward, "120")
    assert [dose.number for dose in ward.doses(course)] == [1]
    measure(ward)
    with pytest.raises(counters.OverTheLimit) as refused:
        ward.give(course, ward.today, amount_mg=Decimal("40.1"))
    assert "140" in str(refused.value.message)
    ward.give(course, ward.today, amount_mg=Decimal("24"))
    assert [dose.number for dose in ward.doses(course)] == [1]  # 132: no further dose is planned


@pytest.mark.parametrize(("site", "total"), [("US", "128.01"), ("EU", "60.01")])
def test_an_order_that_no_dose_fits_into_is_refused(ward: Ward, site: str, total: str) -> None:
    type(ward.patient.site).objects.filter(pk=ward.patient.site_id).update(jurisdiction=site)
    ward.patient.site.jurisdiction = site
    with pytest.raises(counters.OverTheLimit):
        mitoxantrone(ward, total)


def test_exactly_the_limit_is_allowed(ward: Ward) -> None:
    course = mitoxantrone(ward, "128")
    measure(ward)
    given = ward.give(course, ward.today, amount_mg=Decimal(24))
    assert given.state == Dose.State.GIVEN


@pytest.mark.parametrize(
    ("weight", "height"), [("19.9", "170"), ("350.1", "170"), ("70", "89"), ("70", "241")]
)
def test_a_measure_nobody_can_have_is_refused(ward: Ward, weight: str, height: str) -> None:
    with pytest.raises(elsewhere.CannotBeSo):
        measure(ward, weight, height)


# --- Many at once -----------------------------------------------------------------------------------------------------

HEAD = "name,date_of_birth,therapy,doses_given,last_on,lifetime_mg_m2,jcv_assay,jcv_index,note,new_patient"


def csv(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows])


def dry(ward: Ward, text: str, by: Any = None) -> list[importing.Line]:
    by = by or ward.nurse
    with ward.acting(by):
        return importing.dry_run(by, text, ward.at(ward.today))


def keep(ward: Ward, text: str) -> list[importing.Line]:
    with ward.acting(ward.nurse):
        return importing.bring_in(by=ward.nurse, text=text, id=uuid7(), now=ward.at(ward.today))


def maya(ward: Ward) -> tuple[str, str]:
    with ward.acting(ward.nurse):
        patient = Patient.objects.for_user(ward.nurse).get(pk=ward.patient.pk)
        return patient.name, patient.date_of_birth


def test_a_dry_run_says_what_would_become_of_each_row_and_keeps_nothing(ward: Ward) -> None:
    name, born = maya(ward)
    text = csv(
        f"{name.upper()},{born},natalizumab,8,2026-01-05,,Stratify,0.4,By letter,",
        "Nora Novak,1990-01-31,mitoxantrone,,,,,,,",
    )
    lines = dry(ward, text)
    assert [line.state for line in lines] == ["known", "new"]
    assert lines[0].patient_id == ward.patient.pk
    assert (lines[0].told.doses_given, lines[1].told.doses_given) == (8, None)  # empty is unknown
    with ward.acting(ward.nurse):
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 0
        assert Patient.objects.for_user(ward.nurse).count() == 2


def test_an_import_is_unconfirmed_blocks_and_a_second_press_changes_nothing(ward: Ward) -> None:
    name, born = maya(ward)
    text = csv(
        f"{name},{born},natalizumab,8,2026-01-05,,,,,",
        "Nora Novak,1990-01-31,rituximab,2,2026-01-05,,,,,",
        "Nora Novak,1990-01-31,natalizumab,1,2020-01-05,,,,,",
    )
    assert [line.state for line in keep(ward, text)] == ["known", "new", "new"]
    assert [line.state for line in keep(ward, text)] == ["there", "there", "there"]
    with ward.acting(ward.nurse):
        rows = list(GivenElsewhere.objects.for_user(ward.nurse))
        assert [(row.origin, row.is_confirmed) for row in rows] == [("file", False)] * 3
        assert len({row.patient_id for row in rows}) == 2
        assert Patient.objects.for_user(ward.nurse).count() == 3
    with pytest.raises(counters.CountersUnknown):
        ward.order("natalizumab", ward.today)
    with ward.acting(ward.elsewhere):
        assert GivenElsewhere.objects.for_user(ward.elsewhere).count() == 0


WRONG = [
    ("Nora Novak,31.1.1990,rituximab,2,,,,,,", "date_of_birth"),
    ("Nora Novak,,rituximab,2,,,,,,", "date of birth is missing"),
    ("Nora Novak,1990-02-30,rituximab,2,,,,,,", "date_of_birth"),
    ("Nora Novak,1990-01-31,aspirin,2,,,,,,", "aspirin"),
    ("Nora Novak,1990-01-31,rituximab,two,,,,,,", "doses_given"),
    ("Nora Novak,1990-01-31,rituximab,2,2199-01-01,,,,,", "future"),
    ("Nora Novak,1990-01-31,mitoxantrone,2,,84 mg,,,,", "lifetime_mg_m2"),
    ("Nora Novak,1990-01-31,natalizumab,2,,,,0.4,,", "name of the test"),
    ("Nora Novak,1990-01-31,rituximab,2,,,,,,perhaps", "yes or no"),
    ("Nora Novak,1990-01-31,rituximab,2,,,,,,,more", "more cells"),
    (",1990-01-31,rituximab,2,,,,,,", "name is missing"),
]


@pytest.mark.parametrize(("row", "says"), WRONG)
def test_a_wrong_row_says_why_and_nothing_of_the_file_is_kept(ward: Ward, row: str, says: str) -> None:
    text = csv("Otto Okoro,1980-05-05,rituximab,2,2025-05-05,,,,,", row)
    good, wrong = dry(ward, text)
    assert (good.state, wrong.state) == ("new", "wrong")
    assert says in " ".join(wrong.problems)
    with pytest.raises(importing.SomethingWrong):
        keep(ward, text)
    with ward.acting(ward.nurse):
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 0


def test_people_who_are_alike_need_a_look_and_twice_in_a_file_is_wrong(ward: Ward) -> None:
    name, born = maya(ward)
    first = name.split(maxsplit=1)[0]
    (same_name,) = dry(ward, csv(f"{name},1960-06-06,rituximab,,,,,,,"))
    (same_day,) = dry(ward, csv(f"{first} Other,{born},rituximab,,,,,,,"))
    (other,) = dry(ward, csv(f"{first} Other,{born},rituximab,,,,,,,yes"))
    twice = dry(ward, csv(*["Nora Novak,1990-01-31,rituximab,,,,,,,"] * 2))
    assert [same_name.state, same_day.state, other.state] == ["wrong", "wrong", "new"]
    assert [line.state for line in twice] == ["new", "wrong"]


@pytest.mark.parametrize(
    "text",
    [
        "", "name,date_of_birth\nA,1990-01-01", "name,date_of_birth,therapy", "name,date_of_birth,therapy,mood\nA,1990-01-01,x,y",
        "name,name,date_of_birth,therapy\nA,A,1990-01-01,x", csv(*["A B,1990-01-01,rituximab,,,,,,,"] * 201),
        'name,date_of_birth,therapy\n"A,1990-01-01,rituximab', "x" * 200_001,
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_with_a_reason(ward: Ward, text: str) -> None:
    with pytest.raises(importing.FileUnusable) as refused:
        dry(ward, text)
    assert str(refused.value.message).endswith(".")


def test_only_people_of_a_team_import(ward: Ward) -> None:
    with pytest.raises(NotAllowed):
        dry(ward, csv("A B,1990-01-01,rituximab,,,,,,,"), by=ward.maya)
