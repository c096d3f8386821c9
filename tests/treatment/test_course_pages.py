"""The team's pages about doses that wait, pauses, switches and people who come mid-course; and what the patient reads of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.lib.ids import uuid7
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_elsewhere import csv, measure, note
from tests.treatment.test_pages import dated, posted
from treatment import services
from treatment.elsewhere.services import Told
from treatment.models import Course, GivenElsewhere


def days(count: int) -> timedelta:
    return timedelta(days=count)


@pytest.fixture
def course(ward: Ward) -> Course:
    """Ocrelizumab: both halves given, the next full dose due today."""
    start = ward.today - days(182)
    made = ward.order("ocrelizumab_iv", start)
    ward.give(made, start)
    ward.give(made, start + days(14))
    return made


def base(ward: Ward) -> str:
    return f"/patients/{ward.patient.pk}/treatment/"


def read(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_a_dose_is_put_off_on_a_page_and_the_patient_reads_why_and_when(ward: Ward, course: Course) -> None:
    nurse, dose = signed_in(ward.nurse), ward.planned(course)
    url = f"{base(ward)}doses/{dose.pk}/put-off/"
    assert f"{base(ward)}doses/{dose.pk}/put-off/" in read(nurse, f"{base(ward)}{course.pk}/")
    again = ward.today + days(6)
    body = posted(reason="infection", owner="you", note="Call us on Monday.", **dated("recheck_on", again))
    assert nurse.post(url, {**body, "reason": ""}).status_code == 422
    assert nurse.post(url, body).status_code == 302
    said = read(nurse, f"{base(ward)}{course.pk}/")
    assert "Put off" in said
    assert "New dates are proposed" in said
    maya = signed_in(ward.maya)
    for path in ("/treatment/", "/"):
        text = read(maya, path)
        assert "A sign of infection" in text
        assert "We look at it again on" in text
    assert "Call us on Monday." in read(maya, "/treatment/")
    given = nurse.post(
        f"{base(ward)}doses/{dose.pk}/given/",
        posted(given_at="8:00", reaction="no", extent="whole", **dated("given_on", ward.today - days(1))),
    )
    assert given.status_code == 422
    assert "This dose is put off. Say first that it can go ahead." in given.content.decode()
    assert nurse.post(f"{base(ward)}doses/{dose.pk}/go-ahead/", {"once": str(uuid7())}).status_code == 302
    assert "It can go ahead: " in read(nurse, f"{base(ward)}{course.pk}/")


def test_a_stop_is_noted_with_how_much_and_the_nurse_reads_who_looks_first(
    ward: Ward, course: Course
) -> None:
    nurse = signed_in(ward.nurse)
    url = f"{base(ward)}doses/{ward.planned(course).pk}/given/"
    day = dated("given_on", ward.today - days(1))
    said = posted(given_at="8:00", reaction="no", extent="stopped", how_much="", **day)
    refused = nurse.post(url, said)
    assert refused.status_code == 422
    assert "Say how much of the dose was given." in refused.content.decode()
    assert nurse.post(url, {**said, "reaction": "yes", "how_much": "A third"}).status_code == 302
    text = read(nurse, f"{base(ward)}{course.pk}/")
    assert "Stopped for a reaction" in text
    assert "A neurologist looks at this first." in text
    waiting = ward.planned(course)
    ahead = f"{base(ward)}doses/{waiting.pk}/go-ahead/"
    review = f"{base(ward)}doses/{waiting.pk}/review/"
    assert ahead not in text
    assert review not in text
    assert signed_in(ward.nurse).post(ahead, {"once": str(uuid7())}).status_code == 403
    assert signed_in(ward.nurse).get(review).status_code == 403
    neurologist = signed_in(ward.neurologist)
    assert review in read(neurologist, f"{base(ward)}{course.pk}/")
    assert "A third" in read(neurologist, review)
    assert neurologist.post(review, posted(reason="", confirm="on")).status_code == 422
    said = posted(reason="Slower next time", confirm="on")
    assert neurologist.post(review, said).status_code == 302
    text = read(neurologist, f"{base(ward)}{course.pk}/")
    assert "Looked at after a reaction" in text
    assert "Slower next time" in text
    assert "Nothing holds this dose any more." in read(neurologist, review)
    assert "A third" in read(signed_in(ward.maya), "/treatment/")


def test_a_treatment_is_paused_and_goes_on_from_a_day(ward: Ward, course: Course) -> None:
    neurologist, maya = signed_in(ward.neurologist), signed_in(ward.maya)
    where = f"{base(ward)}{course.pk}/"
    assert neurologist.post(f"{where}pause/", posted(reason="Surgery")).status_code == 302
    assert "This treatment is paused" in read(neurologist, where)
    assert "This treatment is paused since" in read(maya, "/treatment/")
    body = posted(reason="Healed", confirm="on", **dated("first_on", ward.today + days(30)))
    assert neurologist.post(f"{where}go-on/", {**body, "confirm": ""}).status_code == 422
    assert neurologist.post(f"{where}go-on/", body).status_code == 302
    text = read(neurologist, where)
    assert "Paused" in text
    assert "Gone on with" in text
    assert ward.planned(course).target == ward.today + days(30)
    assert signed_in(ward.nurse).get(f"{where}pause/").status_code == 403


def test_an_order_asks_what_becomes_of_the_treatment_that_runs(
    ward: Ward, course: Course, settings: Any
) -> None:
    settings.DEMO = True
    neurologist, where = signed_in(ward.neurologist), f"{base(ward)}order/"
    assert "It goes on beside the new one" in read(neurologist, where)
    plan = f"{ward.protocol('natalizumab').pk}:standard"
    body = posted(plan=plan, indication="New activity", sign="on", **dated("first_on", ward.today + days(3)))
    assert neurologist.post(where, body).status_code == 422
    assert neurologist.post(where, {**body, "replaces": str(course.pk)}).status_code == 302
    with ward.acting(ward.nurse):
        rows = services.courses_of(ward.nurse, ward.patient)
        assert [row.is_running for row in rows] == [True, False]
    assert "Switched to another treatment: Natalizumab" in read(neurologist, f"{base(ward)}{course.pk}/")


def test_the_drug_of_a_dose_fills_the_record(ward: Ward, course: Course) -> None:
    nurse, dose = signed_in(ward.nurse), ward.planned(course)
    url = f"{base(ward)}doses/{dose.pk}/drug/"
    assert nurse.post(url, {"once": str(uuid7()), "kind": "mixed"}).status_code == 422
    for kind, more in (("ordered", {}), ("released", {"product": "Ocrevus", "lot": "OC-77"})):
        day = dated("expires_on", ward.today + days(90)) if more else {}
        assert nurse.post(url, {"once": str(uuid7()), "kind": kind, **more, **day}).status_code == 302
    assert 'value="OC-77"' in read(nurse, f"{base(ward)}doses/{dose.pk}/given/")
    assert "Released by the pharmacy" in read(nurse, f"{base(ward)}{course.pk}/")


def test_a_nurse_writes_confirms_and_takes_off_what_was_given_elsewhere(ward: Ward) -> None:
    nurse = signed_in(ward.nurse)
    home = f"{base(ward)}elsewhere/"
    body = posted(
        therapy="natalizumab", doses_given="", place="University clinic", jcv_assay="", jcv_index=""
    )
    assert nurse.post(f"{home}add/", body).status_code == 302
    with ward.acting(ward.nurse):
        (row,) = GivenElsewhere.objects.for_user(ward.nurse)
    text = read(nurse, home)
    assert "Not confirmed: it does not count yet" in text
    assert "How many doses: not known" in text
    url = f"{home}{row.pk}/confirm/"
    sure = posted(
        doses_given="", place="University clinic", confirmed="on", **dated("last_on", date(2026, 1, 5))
    )
    refused = nurse.post(url, sure)
    assert refused.status_code == 422
    assert "Write 0 only if there was none" in refused.content.decode()
    assert nurse.post(url, {**sure, "doses_given": "14"}).status_code == 302
    assert "Confirmed by" in read(nurse, home)
    assert "14 doses" in read(signed_in(ward.maya), "/treatment/")
    off = f"{home}{row.pk}/take-off/"
    assert nurse.post(off, {"once": str(uuid7())}).status_code == 302
    assert "Nothing is written down." in read(nurse, home)
    for who in (ward.carer, ward.elsewhere, ward.maya):
        assert signed_in(who).get(home).status_code == 404


def test_the_course_says_the_total_the_limit_and_where_they_come_from(ward: Ward) -> None:
    note(
        ward, "mitoxantrone", Told(doses_given=6, last_on=ward.today - days(100), lifetime_mg_m2=Decimal(72))
    )
    nurse = signed_in(ward.nurse)
    url = f"{base(ward)}measure/"
    wrong = {"once": str(uuid7()), "weight_kg": "7", "height_cm": "170", **dated("measured_on", ward.today)}
    assert nurse.post(url, wrong).status_code == 422
    assert nurse.post(url, {**wrong, "weight_kg": "80"}).status_code == 302
    measure(ward)
    course = ward.order("mitoxantrone", ward.today)
    text = read(nurse, f"{base(ward)}{course.pk}/")
    assert "Lifetime total: 72 of 140 mg/m2 (US label), 0 of it here." in text
    assert "Source of the limit:" in text
    given = read(nurse, f"{base(ward)}doses/{ward.planned(course).pk}/given/")
    assert "12 mg/m2 are 24 mg for this patient." in given
    assert "Mosteller" in read(nurse, f"{base(ward)}elsewhere/")


def test_unknown_counters_are_said_in_words(ward: Ward) -> None:
    course = ward.order("natalizumab", ward.today)
    nurse = signed_in(ward.nurse)
    where = f"{base(ward)}{course.pk}/"
    assert "0 whole infusions so far" in read(nurse, where)
    note(ward, "natalizumab", Told(), confirmed=False)
    text = read(nurse, where)
    assert "The count is unknown" in text
    assert "whole infusions so far" not in text


def test_an_import_is_checked_first_and_other_rows_are_checked_again(ward: Ward) -> None:
    nurse, url = signed_in(ward.nurse), "/therapies/import/people/"
    text = csv("Nora Novak,1990-01-31,rituximab,2,2026-01-05,,,,,")
    upload = SimpleUploadedFile("people.csv", text.encode("utf-8-sig"), content_type="text/csv")
    once = str(uuid7())
    checked = nurse.post(url, {"once": once, "check": "1", "rows": "", "file": upload})
    page = " ".join(checked.content.decode().split())
    assert checked.status_code == 200
    assert "New patient: will be added to your team" in page
    assert "Nora Novak,1990-01-31" in page  # the rows stand in the form now
    mark = page.split('name="shown" value="')[1].split('"')[0]
    other = nurse.post(
        url,
        {"once": once, "keep": "1", "rows": f"{text}\nOtto Okoro,1980-05-05,rituximab,,,,,,,", "shown": mark},
    )
    assert "What would be imported" in other.content.decode()  # not what was shown
    with ward.acting(ward.nurse):
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 0
    done = nurse.post(url, {"once": once, "keep": "1", "rows": text, "shown": mark})
    assert "What was imported" in done.content.decode()
    with ward.acting(ward.nurse):
        assert GivenElsewhere.objects.for_user(ward.nurse).count() == 1
    assert nurse.post(url, {"once": once, "check": "1", "rows": ""}).status_code == 422
    bad = SimpleUploadedFile("people.csv", b"\xff\xfe\x00", content_type="text/csv")
    assert nurse.post(url, {"once": once, "check": "1", "rows": "", "file": bad}).status_code == 422
    for who in (ward.maya, ward.carer):
        assert signed_in(who).get(url).status_code == 404
