"""The self-check: what is new leads to the phone first, then to the team; nothing new reassures nobody."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest
from django.http import Http404
from django.urls import reverse

import portal.context
from clinic.models import OpeningHours
from messaging.models import WorkItem
from patients.models import Draft
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.security.test_canary import HEALTH
from tests.treatment.conftest import Ward
from tests.treatment.test_readiness import waiting_mails
from treatment.elsewhere.services import Told, confirm_elsewhere, note_elsewhere
from treatment.models import SelfCheck
from treatment.readiness.dose import standing_of_dose
from treatment.selfcheck import services


@pytest.fixture
def course(ward: Ward) -> Any:
    return ward.order("natalizumab", ward.today - timedelta(days=17))


def key(ward: Ward, part: str) -> str:
    """The key of the sign whose words begin so."""
    with ward.acting(ward.maya):
        found = services.course_to_ask(ward.maya, ward.patient)
        assert found is not None
        from treatment.courses.reading import facts_for

        return next(sign.key for sign in services.signs_of(facts_for(found)) if sign.text.startswith(part))


def answer(ward: Ward, *new: str, none: bool = False, **more: Any) -> SelfCheck:
    given = {"by": ward.maya, "id": uuid7(), "now": ward.at(ward.today, 8), **more}
    with ward.acting(given["by"]):
        row = services.answer(patient=ward.patient, new=new, none=none, **given)
        assert row.answers  # opened here, where the key is within reach
    return row


def first_of(client: Any) -> str:
    html = client.get("/").content.decode()
    return html[html.index("What first?") :]


def test_what_is_asked_are_the_red_flags_of_the_patients_own_therapy(ward: Ward, course: Any) -> None:
    page = signed_in(ward.maya).get(reverse("treatment:self-check")).content.decode()
    facts = ward.protocol("natalizumab").content["red_flags"]
    assert all(row["symptom"].replace("'", "&#x27;") in page for row in facts)
    emergencies = [row["symptom"] for row in facts if row["level"] == "emergency"]
    calls = [row["symptom"] for row in facts if row["level"] == "call_now"]
    assert max(page.index(text) for text in emergencies) < min(page.index(text) for text in calls)
    assert "not the form of the REMS" in page
    for word in ("score of", "you are fine", "all clear", "safe"):
        assert word not in page.lower().replace("rems safety program", "")


def test_something_new_shows_the_phone_first_and_stands_on_the_teams_list(ward: Ward, course: Any) -> None:
    maya, nurse = signed_in(ward.maya), signed_in(ward.nurse)
    assert "Self-check" not in first_of(nurse)
    form = {"draft": str(uuid7()), "draft_version": "0", "call_now": [key(ward, "Fever of")]}
    told = maya.post(reverse("treatment:self-check"), form)
    assert told.status_code == 302
    page = maya.get(told["Location"]).content.decode()
    assert page.index("Call us now") < page.index("What is new") < page.index("Write to your team")
    assert "We cannot tell you here if it is serious" in page
    line = first_of(nurse)
    assert "Self-check: something new" in line
    assert "Fever of 38" not in line  # that something is new, never what


def test_an_emergency_sign_leads_to_the_emergency_number(ward: Ward, course: Any) -> None:
    row = answer(ward, key(ward, "Chest pain"), key(ward, "Fever of"))
    assert row.level == "emergency"
    page = signed_in(ward.maya).get(reverse("treatment:self-check-done", args=[row.pk])).content.decode()
    main = page[page.index("<h1") :]
    assert main.index("tel:911") < main.index("What is new")
    assert "an emergency sign" in first_of(signed_in(ward.nurse))


def test_nothing_new_is_kept_without_a_word_that_all_is_well(ward: Ward, course: Any) -> None:
    row = answer(ward, none=True)
    assert (row.level, row.answers["new"]) == ("none", [])
    page = signed_in(ward.maya).get(reverse("treatment:self-check-done", args=[row.pk])).content.decode()
    assert "Nothing new was ticked." in page
    for word in ("all is well", "you are fine", "safe to", "no problem", "good news"):
        assert word not in page.lower()
    assert "Self-check" not in first_of(signed_in(ward.nurse))


def test_something_must_be_said_and_something_new_beats_none(ward: Ward, course: Any) -> None:
    maya = signed_in(ward.maya)
    told = maya.post(reverse("treatment:self-check"), {"draft": str(uuid7()), "draft_version": "0"})
    assert told.status_code == 422
    assert "Tick what is new for you" in told.content.decode()
    assert answer(ward, key(ward, "Fever of"), none=True).level == "call_now"
    with pytest.raises(services.SayNewOrNone):
        answer(ward, "natalizumab.rf.no_such_sign")


def test_once_under_an_id_and_only_by_the_patient(ward: Ward, course: Any) -> None:
    id, fever = uuid7(), key(ward, "Fever of")
    assert answer(ward, fever, id=id).pk == answer(ward, fever, id=id).pk == id
    with pytest.raises(DifferentContent):
        answer(ward, none=True, id=id)
    for person in (ward.nurse, ward.carer, ward.elsewhere):
        with pytest.raises(NotAllowed):
            answer(ward, fever, by=person)
    assert [act for act in acts_of(ward.patient) if act.startswith("selfcheck")] == [
        "selfcheck.answered self"
    ]


def test_the_team_looks_at_it_by_name_once_and_it_leaves_the_list(ward: Ward, course: Any) -> None:
    row, nurse = answer(ward, key(ward, "Fever of")), signed_in(ward.nurse)
    path = reverse("treatment:patient-self-check-review", args=[ward.patient.pk, row.pk])
    assert nurse.post(path, {"once": str(uuid7())}).status_code == 302
    assert signed_in(ward.neurologist).post(path, {"once": str(uuid7())}).status_code == 302
    assert "Self-check" not in first_of(nurse)
    page = signed_in(ward.maya).get(reverse("treatment:self-check-done", args=[row.pk])).content.decode()
    assert f"{ward.nurse.name} of your team looked at it" in page
    for stranger in (ward.elsewhere, ward.carer, ward.maya):
        assert signed_in(stranger).post(path, {"once": str(uuid7())}).status_code in (403, 404)
    with ward.acting(ward.neurologist), pytest.raises(Http404):
        services.check_or_404(ward.neurologist, ward.other, row.pk)


def test_only_a_neurologist_or_a_nurse_looks_at_what_stops_a_dose(ward: Ward, course: Any) -> None:
    row, farid = answer(ward, key(ward, "Fever of")), signed_in(ward.pharmacist)
    path = reverse("treatment:patient-self-check-review", args=[ward.patient.pk, row.pk])
    shown = reverse("treatment:patient-self-check-done", args=[ward.patient.pk, row.pk])
    page = farid.get(shown).content.decode()
    assert path not in page
    assert "The next dose stays stopped until a neurologist or a nurse" in page
    assert farid.post(path, {"once": str(uuid7())}).status_code == 403
    dose = ward.planned(course)
    with ward.acting(ward.nurse):
        assert standing_of_dose(ward.nurse, ward.patient, dose, ward.at(ward.today)).self_checks
    assert path in signed_in(ward.nurse).get(shown).content.decode()
    assert signed_in(ward.neurologist).post(path, {"once": str(uuid7())}).status_code == 302
    with ward.acting(ward.nurse):
        assert not standing_of_dose(ward.nurse, ward.patient, dose, ward.at(ward.today)).self_checks


def test_something_new_is_mailed_to_the_team_once_in_neutral_words(ward: Ward, course: Any) -> None:
    answer(ward, none=True)
    assert waiting_mails("stop-notice") == []
    id, fever = uuid7(), key(ward, "Fever of")
    for _twice in range(2):
        answer(ward, fever, id=id)
    mails = waiting_mails("stop-notice")
    assert mails
    assert len({mail["to"] for mail in mails}) == len(mails)
    assert ward.maya.email not in {mail["to"] for mail in mails}
    for mail in mails:
        said = mail["subject"] + mail["body"]
        assert not HEALTH.search(said)
        assert ward.patient.name.split()[0] not in said


def test_the_message_begins_with_what_was_ticked_and_loses_nothing_that_was_begun(
    ward: Ward, course: Any
) -> None:
    row, maya = answer(ward, key(ward, "Fever of")), signed_in(ward.maya)
    path = reverse("treatment:self-check-write", args=[row.pk])
    for _twice in range(2):
        told = maya.post(path)
        assert told.status_code == 302
        assert told["Location"] == reverse("messaging:new")
    page = maya.get(told["Location"]).content.decode()
    assert page.count("New for me:") == 1
    assert "- Fever of 38" in page
    with ward.acting(ward.maya):
        (draft,) = Draft.objects.filter(owner=ward.maya, kind="message")
        assert draft.fields["topic"] == ["side_effect"]


def test_it_goes_out_as_urgent_below_a_letter_that_was_begun(ward: Ward, course: Any) -> None:
    """The topic that was chosen for the letter would send it as office work, with days to answer."""
    row, maya = answer(ward, key(ward, "Fever of")), signed_in(ward.maya)
    begun = {
        "draft": str(uuid7()),
        "draft_version": "0",
        "topic": "letter",
        "text": "A form for work.",
        "later": "1",
    }
    assert maya.post(reverse("messaging:new"), begun).status_code == 302
    maya.post(reverse("treatment:self-check-write", args=[row.pk]))
    with ward.acting(ward.maya):
        (draft,) = Draft.objects.filter(owner=ward.maya, kind="message")
        assert draft.fields["topic"] == ["side_effect"]
        text = draft.fields["text"][0]
    assert text.startswith("A form for work.\n\n")
    assert "New for me:" in text
    sent = {
        "draft": str(draft.pk),
        "draft_version": str(draft.version),
        "topic": draft.fields["topic"][0],
        "text": text,
    }
    assert maya.post(reverse("messaging:new"), sent).status_code == 302
    with ward.acting(ward.nurse):
        assert WorkItem.objects.get().lane == "safety"


def asked(ward: Ward) -> list[services.AskedSign]:
    with ward.acting(ward.maya):
        return services.asked_of(services.versions_to_ask(ward.maya, ward.patient))


def flags(ward: Ward, code: str) -> dict[str, str]:
    return {row["symptom"]: row["level"] for row in ward.protocol(code).content["red_flags"]}


def test_signs_of_an_earlier_treatment_go_on_after_a_switch(ward: Ward) -> None:
    """Natalizumab was given, then ocrelizumab: both are asked about, each sign once, the more urgent level of two."""
    start = ward.today - timedelta(days=60)
    old = ward.order("natalizumab", start)
    ward.give(old, start)
    new = ward.order("ocrelizumab_iv", ward.today - timedelta(days=20), replaces=old.pk)
    ward.give(new, ward.today - timedelta(days=20))
    found = asked(ward)
    first, second = flags(ward, "ocrelizumab_iv"), flags(ward, "natalizumab")
    assert {one.sign.text for one in found} == {*first, *second}
    assert len({one.sign.text for one in found}) == len({one.sign.key for one in found}) == len(found)
    for one in found:
        levels = {first.get(one.sign.text), second.get(one.sign.text)}
        assert one.sign.level == ("emergency" if "emergency" in levels else "call_now")
    page = signed_in(ward.maya).get(reverse("treatment:self-check")).content.decode()
    assert all(one.sign.text.replace("'", "&#x27;") in page for one in found)
    assert "not the form of the REMS" in page
    only_old = next(one.sign for one in found if one.sign.text not in first and one.sign.level == "call_now")
    row = answer(ward, only_old.key)
    assert row.protocol_id == ward.protocol("natalizumab").pk
    assert [line["fact_code"] for line in row.answers["new"]] == [only_old.key]
    assert row.answers["asked"] == len(found)
    assert answer(ward, none=True).protocol_id == ward.protocol("ocrelizumab_iv").pk


def test_one_answer_about_two_treatments_names_the_version_of_each_sign(ward: Ward) -> None:
    start = ward.today - timedelta(days=60)
    ward.give(ward.order("natalizumab", start), start)
    ward.give(ward.order("ivmp", start, path="three_days"), start)
    found = asked(ward)
    codes = [one.version.protocol.therapy.code for one in found]
    two = [
        next(one.sign.key for one, code in zip(found, codes, strict=True) if code == wanted)
        for wanted in ("natalizumab", "ivmp")
    ]
    row = answer(ward, *two)
    others = [line for line in row.answers["new"] if "version" in line]
    assert len(row.answers["new"]) == 2
    assert [line["therapy_code"] for line in others] == ["ivmp" if row.protocol_id == ward.protocol("natalizumab").pk else "natalizumab"]  # fmt: skip


def test_doses_given_elsewhere_are_asked_about_once_they_are_confirmed(ward: Ward) -> None:
    told = Told(doses_given=5, last_on=ward.today - timedelta(days=400))
    act: dict[str, Any] = {"by": ward.nurse, "patient": ward.patient, "now": ward.at(ward.today, 7)}
    with ward.acting(ward.nurse):
        row = note_elsewhere(therapy="alemtuzumab", told=told, confirmed=False, id=uuid7(), **act)
    assert not asked(ward)
    with ward.acting(ward.nurse):
        confirm_elsewhere(elsewhere_id=row.pk, told=told, id=uuid7(), **act)
    assert {one.sign.text for one in asked(ward)} == set(flags(ward, "alemtuzumab"))
    maya = signed_in(ward.maya)
    assert "there is nothing to ask" not in maya.get(reverse("treatment:self-check")).content.decode()
    sign = asked(ward)[-1].sign
    form = {"draft": str(uuid7()), "draft_version": "0", sign.level: [sign.key]}
    assert maya.post(reverse("treatment:self-check"), form).status_code == 302
    assert "Self-check: something new" in first_of(signed_in(ward.nurse))
    assert len(maya.get("/api/v1/treatment/signs/").json()) == len(asked(ward))


def test_without_a_treatment_nothing_is_asked(ward: Ward) -> None:
    page = signed_in(ward.maya).get(reverse("treatment:self-check")).content.decode()
    assert "there is nothing to ask" in page
    with pytest.raises(services.NothingToAsk):
        answer(ward, none=True)


# --- The message and the hours -----------------------------------------------------------------------------------------


def test_the_message_names_the_rule_that_fired_with_its_fact_and_version(ward: Ward, course: Any) -> None:
    fever, chest = key(ward, "Fever of"), key(ward, "Chest pain")
    row = answer(ward, fever, chest)
    maya = signed_in(ward.maya)
    told = maya.post(reverse("treatment:self-check-write", args=[row.pk]))
    text = maya.get(told["Location"]).content.decode()
    version = ward.protocol("natalizumab").version
    for sign, says in ((fever, "call first"), (chest, "call the emergency number")):
        assert f"means “{says}”. ({sign}, version {version})" in text
    assert text.index("- Chest pain") < text.index(chest) < text.index("- Fever of") < text.index(fever)


def test_a_sign_of_another_version_is_named_with_its_own(ward: Ward, course: Any) -> None:
    row = answer(ward, key(ward, "Fever of"))
    row.answers = {
        "new": [{**row.answers["new"][0], "therapy_code": "alemtuzumab", "version": 7}],
        "asked": 1,
    }
    assert ", version 7)" in services.message_text(row)


@pytest.mark.parametrize("part", ["Fever of", "Chest pain"])
@pytest.mark.parametrize(("weekday", "hour", "is_open"), [(0, 10, True), (6, 10, False), (0, 23, False)])
def test_the_page_obeys_open_and_closed(
    ward: Ward,
    course: Any,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    weekday: int,
    hour: int,
    is_open: bool,
) -> None:
    site = ward.patient.site
    for number in range(5):
        OpeningHours.objects.create(site=site, weekday=number, opens=time(8), closes=time(17))
    row = answer(ward, key(ward, part))
    day = ward.today - timedelta(days=ward.today.weekday()) + timedelta(days=weekday)
    monkeypatch.setattr(portal.context, "present", lambda: ward.at(day, hour))
    portal.context.forget_site()
    page = signed_in(ward.maya).get(reverse("treatment:self-check-done", args=[row.pk])).content.decode()
    portal.context.forget_site()
    main = page[page.index("<h1") :]
    assert ("Nobody looks at that list every minute" in main) == is_open
    assert ("Nobody reads your answers before we open again" in main) == (not is_open)
    assert ("Closed now. Open again" in main[: main.index("What is new")]) == (not is_open)
    phone = f"tel:{site.day_phone if is_open else site.after_hours_phone}"
    first = "tel:911" if part == "Chest pain" else phone
    assert main.index(first) < main.index("What is new") < main.index("Write to your team")
    if not is_open:
        assert main.index(phone) < main.index("What is new")
        assert "is read when we are open again" in main
        assert "Your team sees this list." not in main
