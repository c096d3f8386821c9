"""The editor: a draft fact by fact, a next version that three people sign; a version is never edited and old courses keep theirs."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from clinic.models import Site, Team, TeamMember
from portal.lib.ids import uuid7
from tests.patients.world import person, signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_protocols import data
from treatment import services as treatment
from treatment.courses.guards import NotSignedOff
from treatment.editing import differing, kinds, making, rules, services
from treatment.editing.forms import FactForm
from treatment.models import Protocol, ProtocolDraft
from treatment.protocols import catalog, loading, signing

CODE = "ocrelizumab_iv"
API = "/api/v1/treatment/therapies/"
MAINTENANCE = "ocrelizumab_iv.phase.maintenance_standard_infusion"


def content_of(ward: Ward, code: str = CODE, version: int = 1) -> dict[str, Any]:
    return Protocol.objects.get(therapy__code=code, version=version).content


def posted(kind: kinds.Kind, content: dict[str, Any], fact: dict[str, Any]) -> dict[str, Any]:
    """A fact as its form sends it when nobody types anything."""
    form = FactForm(kind=kind, content=content, initial=FactForm.initial_of(kind, fact))
    found: dict[str, Any] = {}
    for name in form.fields:
        value = form.initial.get(name)
        if value is True:
            found[name] = "on"
        elif value is not None and value is not False and value != "":
            found[name] = value
    return found


def typed(kind: str, content: dict[str, Any], index: int, **changes: Any) -> dict[str, Any]:
    what = kinds.BY_CODE[kind]
    fact = kinds.facts_in(content, what)[index]
    return {
        **posted(what, content, fact),
        "was": services.digest(what, fact),
        "once": str(uuid7()),
        **changes,
    }


def begun(ward: Ward, code: str = CODE) -> Client:
    nurse = signed_in(ward.nurse)
    assert nurse.post(f"/therapies/{code}/edit/").status_code == 302
    return nurse


def made(ward: Ward, client: Client, code: str = CODE, newest: int = 1, **more: Any) -> Any:
    body = {"once": str(uuid7()), "newest": str(newest), "reason": "The new label", "checked": "on", **more}
    return client.post(f"/therapies/{code}/edit/make/", body)


# --- The rules ----------------------------------------------------------------------------------------------------------


def test_the_file_itself_is_right() -> None:
    for content in data()["therapies"]:
        assert rules.wrong_in(content, content) == []


def test_a_fact_that_is_saved_as_it_stands_changes_nothing(ward: Ward) -> None:
    """Every fact of two therapies through its form: nothing is reworded, lost or added."""
    for code in ("natalizumab", "alemtuzumab"):
        with ward.acting(ward.nurse):
            draft = services.begin(by=ward.nurse, code=code, now=ward.at(ward.today))
            base = copy.deepcopy(draft.content)
            for kind in kinds.KINDS:
                for index, fact in enumerate(kinds.facts_in(base, kind)):
                    form = FactForm(posted(kind, base, fact), kind=kind, content=base)
                    assert form.is_valid(), (kind.code, index, form.errors)
                    draft = services.save_fact(
                        by=ward.nurse, code=code, kind=kind, index=index, fact=form.fact(), was=services.digest(kind, fact),
                        id=uuid7(), now=ward.at(ward.today),
                    )  # fmt: skip
        assert differing.differences(base, draft.content) == []
        assert loading.content_hash(draft.content) == loading.content_hash(base)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"infusion_minutes": "two hours"}, "Enter a whole number"),
        ({"infusion_minutes": "-5"}, "Enter a whole number"),
        ({"min_interval_days": "400"}, "The shortest time is longer than the time between two doses."),
        ({"usual_window_days": "190, 200"}, "have to lie inside the window"),
        ({"usual_window_days": "100, 200"}, "The window begins before the shortest time is over."),
        ({"usual_window_days": "168"}, "Enter two whole numbers"),
        ({"usual_window_days": "184, 168"}, "The first number has to be the smaller one."),
        ({"observation_minutes": "30"}, "less than the least that the source allows"),
        ({"interval_days": "0"}, "Enter 1 or more"),
        ({"source": []}, "Name at least one source."),
        ({"source": ["from memory of the US PI, verify"]}, "needs a text"),
        ({"status": ""}, "Choose a status."),
        ({"name": ""}, "This is needed."),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_the_reason_and_nothing_is_lost(
    ward: Ward, changes: dict[str, Any], sentence: str
) -> None:
    nurse, content = begun(ward), content_of(ward)
    body = typed("phases", content, 2, note="Written a moment ago", **changes)
    answer = nurse.post(f"/therapies/{CODE}/edit/phases/2/", body)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "Written a moment ago" in page
    assert ProtocolDraft.objects.get().content == content


# --- From a draft to an order --------------------------------------------------------------------------------------------


def test_a_next_version_is_made_signed_and_ordered_on_and_old_courses_keep_theirs(ward: Ward) -> None:
    course = ward.order(CODE, ward.today)
    before, hashed = content_of(ward), Protocol.objects.get(therapy__code=CODE).content_hash
    nurse = begun(ward)
    body = typed(
        "phases",
        before,
        2,
        observation_minutes="90",
        new_source="Letter of the maker, 3 March 2026",
        note="Longer",
    )
    assert nurse.post(f"/therapies/{CODE}/edit/phases/2/", body).status_code == 302
    check = " ".join(nurse.get(f"/therapies/{CODE}/edit/make/").content.decode().split())
    assert "<del>60</del> now: <ins>90</ins>" in check
    assert "Letter of the maker, 3 March 2026" in check
    assert made(ward, nurse, reason="").status_code == 422
    assert made(ward, nurse, checked="").status_code == 422
    once = str(uuid7())
    for _press in range(2):
        assert made(ward, nurse, once=once)["Location"] == f"/therapies/{CODE}/2/"
    second = Protocol.objects.get(therapy__code=CODE, version=2)
    assert (second.made_by, second.site, second.reason) == (ward.nurse, ward.clinic.site, "The new label")
    assert not ProtocolDraft.objects.exists()
    phase = next(row for row in second.content["regimen"] if row["key"] == MAINTENANCE)
    assert (phase["observation_minutes"], phase["chair_minutes_estimate"]) == (90, 355)
    # The first version says what it said, and so does the course that was ordered on it.
    first = Protocol.objects.get(therapy__code=CODE, version=1)
    assert (first.content, first.content_hash) == (before, hashed)
    assert course.protocol_id == first.pk
    shown = nurse.get(f"/therapies/{CODE}/2/").content.decode()
    assert "Why this version was made" in shown
    assert "Made by Rosa." in shown
    # Ordered on only when all three have signed this version.
    with pytest.raises(NotSignedOff):
        treatment_order(ward, second)
    for one in (ward.neurologist, ward.pharmacist):
        signing.sign_off(by=one, protocol_id=second.pk, id=uuid7(), now=ward.at(ward.today))
    assert catalog.orderable_protocols(ward.clinic.site) == []
    with pytest.raises(NotSignedOff):
        treatment_order(ward, second)
    signing.sign_off(by=ward.nurse, protocol_id=second.pk, id=uuid7(), now=ward.at(ward.today))
    assert [row.protocol.pk for row in catalog.orderable_protocols(ward.clinic.site)] == [second.pk]
    assert not treatment_order(ward, second).order.demo_only


def treatment_order(ward: Ward, protocol: Protocol) -> Any:
    with ward.acting(ward.neurologist):
        return treatment.sign_order(
            by=ward.neurologist, patient=ward.other, protocol_id=protocol.pk, path="standard", first_on=ward.today,
            indication="Relapsing MS", id=uuid7(), now=ward.at(ward.today, 7),
        )  # fmt: skip


def test_two_people_at_one_fact_see_each_other_and_nothing_is_lost(ward: Ward) -> None:
    nurse, content = begun(ward), content_of(ward)
    pharmacist = signed_in(ward.pharmacist)
    hers = typed("flags", content, 0, symptom="Trouble breathing at rest")
    his = typed("flags", content, 0, symptom="Any trouble breathing")
    assert nurse.post(f"/therapies/{CODE}/edit/flags/0/", hers).status_code == 302
    answer = pharmacist.post(f"/therapies/{CODE}/edit/flags/0/", his)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Trouble breathing at rest" in page
    assert "Any trouble breathing" in page
    was = services.digest(kinds.BY_CODE["flags"], ProtocolDraft.objects.get().content["red_flags"][0])
    assert f'value="{was}"' in page
    assert pharmacist.post(f"/therapies/{CODE}/edit/flags/0/", {**his, "was": was}).status_code == 302
    assert ProtocolDraft.objects.get().content["red_flags"][0]["symptom"] == "Any trouble breathing"


def test_a_second_press_adds_one_fact_and_a_fact_that_is_needed_stays(ward: Ward) -> None:
    nurse, content = begun(ward), content_of(ward)
    new = {"text": "Known allergy to it", "source": ["S6"], "status": "sourced", "once": str(uuid7())}
    for _press in range(2):
        assert nurse.post(f"/therapies/{CODE}/edit/contraindications/add/", new).status_code == 302
    texts = [row["text"] for row in ProtocolDraft.objects.get().content["contraindications"]]
    assert texts.count("Known allergy to it") == 1
    body = typed("phases", content, 0, remove="1")
    answer = nurse.post(f"/therapies/{CODE}/edit/phases/0/", body)
    assert answer.status_code == 409
    assert "needs this fact" in answer.content.decode()
    gone = typed("contraindications", content, 0, remove="1")
    assert nurse.post(f"/therapies/{CODE}/edit/contraindications/0/", gone).status_code == 302
    assert content["contraindications"][0] not in ProtocolDraft.objects.get().content["contraindications"]
    assert nurse.post(f"/therapies/{CODE}/edit/discard/").status_code == 302
    assert not ProtocolDraft.objects.exists()


def test_a_draft_is_compared_with_the_newest_version(ward: Ward) -> None:
    nurse, content = begun(ward), content_of(ward)
    nurse.post(f"/therapies/{CODE}/edit/pregnancy/0/", typed("pregnancy", content, 0, text="Ask your team."))
    with ward.acting(ward.pharmacist):
        making.make_version(
            by=ward.pharmacist, code=CODE, based_on=1, content={**content, "review_due": "soon"}, reason="Sooner",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    answer = made(ward, nurse)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "A newer version was made in the meantime." in page
    assert "Review due" in page
    assert ProtocolDraft.objects.exists()
    assert made(ward, nurse, newest=2).status_code == 302
    assert Protocol.objects.filter(therapy__code=CODE).count() == 3


def test_only_a_neurologist_goes_below_the_stricter_value(ward: Ward) -> None:
    nurse, content = begun(ward), content_of(ward)
    body = typed("phases", content, 2, min_interval_days="140")
    assert nurse.post(f"/therapies/{CODE}/edit/phases/2/", body).status_code == 302
    assert "Less strict than the label" in nurse.get(f"/therapies/{CODE}/edit/make/").content.decode()
    answer = made(ward, nurse)
    assert answer.status_code == 403
    assert "The new label" in answer.content.decode()
    assert made(ward, signed_in(ward.neurologist)).status_code == 302


def test_who_makes_versions(ward: Ward) -> None:
    """Roles that sign make versions; a coordinator reads; patients and carers find nothing."""
    coordinator = person("cora")
    TeamMember.objects.create(
        team=ward.clinic.team, user=coordinator, role="coordinator", starts_on=ward.today.replace(year=2020)
    )
    begun(ward)
    for user, reads, writes in ((coordinator, 200, 403), (ward.maya, 404, 404), (ward.carer, 404, 404)):
        client = signed_in(user)
        assert client.get(f"/therapies/{CODE}/edit/").status_code == reads
        for path in ("", "flags/add/", "make/", "discard/"):
            assert client.post(f"/therapies/{CODE}/edit/{path}", {"once": str(uuid7())}).status_code == writes


def test_a_version_of_one_site_is_not_there_at_another(ward: Ward) -> None:
    with ward.acting(ward.nurse):
        making.make_version(
            by=ward.nurse, code=CODE, based_on=1, content={**content_of(ward), "review_due": "soon"}, reason="Sooner",
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    there = Site.objects.create(
        name="Hillside", address="1 Hill", time_zone="Europe/Berlin", emergency_phone="112", emergency_text="Call 112.",
        day_phone="555-0300", after_hours_phone="555-0399", after_hours_text="The nurse line.", reply_urgent_minutes=60,
        reply_routine_days=2, jurisdiction="EU",
    )  # fmt: skip
    far = person("franz")
    team = Team.objects.create(site=there, name="Team")
    TeamMember.objects.create(team=team, user=far, role="nurse", starts_on=ward.today.replace(year=2020))
    client = signed_in(far)
    assert client.get(f"/therapies/{CODE}/2/").status_code == 404
    assert client.get(f"/therapies/{CODE}/1/").status_code == 200
    first = Protocol.objects.get(therapy__code=CODE, version=1)
    signing.sign_off(by=far, protocol_id=first.pk, id=uuid7(), now=ward.at(ward.today))
    assert signing.signatures_of(first, ward.clinic.site) == []
    assert signing.role_to_sign(ward.nurse, first) == "nurse"
    second = Protocol.objects.get(therapy__code=CODE, version=2)
    assert signing.role_to_sign(far, second) is None


def test_signatures_of_the_demo_count_in_the_demo_only(ward: Ward, settings: Any) -> None:
    protocol = ward.protocol(CODE)
    settings.DEMO = True
    for one in (ward.nurse, ward.neurologist, ward.pharmacist):
        signing.sign_off(by=one, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    assert signing.is_signed_off(protocol, ward.clinic.site)
    page = signed_in(ward.nurse).get(f"/therapies/{CODE}/").content.decode()
    assert "Signed off in the demo only, not for clinical use" in page
    assert page.count("(demo, not for clinical use)") == 3
    assert ward.order(CODE, ward.today).order.demo_only
    settings.DEMO = False
    assert not signing.is_signed_off(protocol, ward.clinic.site)
    with pytest.raises(NotSignedOff):
        treatment_order(ward, protocol)


def test_the_database_refuses_to_edit_a_version_of_the_editor(ward: Ward) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Protocol.objects.filter(version=1).update(reason="x")


# --- The API ----------------------------------------------------------------------------------------------------------------


def sent(client: Client, body: dict[str, Any], key: str = "", code: str = CODE) -> Any:
    return client.post(
        f"{API}{code}/versions/",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": key or str(uuid4())},
    )


def test_a_program_makes_a_version_once(ward: Ward) -> None:
    nurse, content = signed_in(ward.nurse), content_of(ward)
    body = {"based_on": 1, "facts": {**content, "review_due": "soon"}, "reason": "Sooner"}
    key = str(uuid4())
    first, again = sent(nurse, body, key), sent(nurse, body, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["version"] == again.json()["version"] == 2
    assert not first.json()["signed_off"]
    assert sent(nurse, body).status_code == 409, "it is not made from the newest any more"
    assert nurse.put(f"{API}{CODE}/versions/2/", {}, content_type="application/json").status_code == 405


SPOILED: list[Callable[[dict[str, Any]], Any]] = [
    lambda facts: facts.update(id="natalizumab"),
    lambda facts: facts["portal"].update(required_signatures=["nurse"]),
    lambda facts: facts["portal"].update(differences=[]),
    lambda facts: facts["sources"].pop(0),
    lambda facts: facts["sources"].append({"id": "S1", "ref": "Twice"}),
    lambda facts: facts.pop("regimen"),
    lambda facts: facts.update(regimen="none"),
    lambda facts: facts["regimen"][0].pop("premedication_wait_minutes"),
    lambda facts: facts["regimen"][0].update(day_offsets=["0"]),
    lambda facts: facts["regimen"][2].update(interval_days=True),
    lambda facts: facts["regimen"][1].update(day_offsets=[0]),
    lambda facts: facts["red_flags"][0].update(key=facts["red_flags"][1]["key"]),
    lambda facts: facts["portal"]["paths"][0].update(phases=["no.such.phase"]),
    lambda facts: facts["portal"]["before_dose"][0].update(fact="no.such.fact"),
    lambda facts: facts["portal"]["before_dose"].append(facts["portal"]["before_dose"][0]),
    lambda facts: facts["pregnancy"].update(source=["S999"]),
    lambda facts: facts.update(pregnancy=None),
    lambda facts: facts.update(red_flags=[None]),
]


@pytest.mark.parametrize("number", range(len(SPOILED)))
def test_what_no_version_may_say_is_refused_with_a_reason(ward: Ward, number: int) -> None:
    content = content_of(ward)
    SPOILED[number](content)
    answer = sent(signed_in(ward.nurse), {"based_on": 1, "facts": content, "reason": "Spoiled"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("#not-right")
    assert len(answer.json()["title"]) > 20
    assert Protocol.objects.filter(therapy__code=CODE).count() == 1


def test_nothing_new_is_no_version(ward: Ward) -> None:
    answer = sent(signed_in(ward.nurse), {"based_on": 1, "facts": content_of(ward), "reason": "Nothing"})
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("#nothing-changed")
