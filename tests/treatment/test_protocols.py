"""Therapies as versioned data: loaded once, never edited, signed by name; every fact keeps its source and status."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import ProgrammingError, transaction

from portal.lib.ids import uuid7
from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from treatment import words
from treatment.models import Protocol, Signature, Therapy
from treatment.protocols import catalog, loading, signing
from treatment.protocols.facts import Facts, facts_of


def data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(loading.DATA.read_text(encoding="utf-8"))
    return found


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of the file that states something with a status."""
    if isinstance(value, dict):
        if "status" in value:
            yield value
        for one in value.values():
            yield from statements(one)
    elif isinstance(value, list):
        for one in value:
            yield from statements(one)


def written(tmp_path: Path, content: dict[str, Any]) -> Path:
    path = tmp_path / "therapies.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_every_fact_has_a_known_status_and_sources_in_the_list() -> None:
    counted = 0
    for therapy in data()["therapies"]:
        known = {source["id"] for source in therapy["sources"]}
        assert all(source["ref"] for source in therapy["sources"])
        for fact in statements(therapy):
            assert fact["status"] in words.STATUS_WORDS
            assert fact["source"], f"a fact of {therapy['id']} has no source"
            assert set(fact["source"]) <= known
            counted += 1
    assert counted > 500


def test_our_reading_names_only_facts_that_are_there() -> None:
    for content in data()["therapies"]:
        facts = Facts(content)
        keys = {
            row["key"]
            for part in ("screening", "monitoring", "pre_infusion_checklist")
            for row in content[part]
        } | {row["key"] for row in content["portal"].get("logistics", [])}
        assert {item.fact for item in facts.before_dose} | {check.fact for check in facts.checks} <= keys
        assert all(path.phases for path in facts.paths.values())
        rule = content["portal"]["late_dose"]
        assert rule["source"] == content["missed_dose"]["source"]
        # A rule is read only where the text states one: "reset", or "continue … from that date".
        text = content["missed_dose"]["text"]
        assert (rule["rule"] is not None) == (
            "reset" in text.replace("Reset", "reset") or "from that date" in text
        )


def test_every_limit_before_a_dose_stands_in_the_text_of_its_fact() -> None:
    """Days, months and hours of the list are read, never made up; no text states a day for drawing blood."""
    weeks, found = {28: "4 weeks", 42: "6 weeks"}, set()
    for content in data()["therapies"]:
        facts = Facts(content)
        for item in facts.before_dose:
            said = facts.statement(item.fact)
            assert said is not None
            text = " ".join(str(said.get(name, "")) for name in ("item", "when", "question")).replace(
                "-", " to "
            )
            if item.due_days_before is not None:
                assert weeks[item.due_days_before].split()[0] + " weeks" in text
                found.add("days")
            if item.valid_months is not None:
                assert f"{item.valid_months} months" in text
                found.add("months")
            if item.kind == "lab":
                assert item.due_days_before is None
            assert item.valid_hours in (None, 24)
            assert item.applies_to is None or item.applies_to in words.APPLIES_WORDS
        for question in facts.questions:
            row = facts.statement(question.fact)
            assert row is not None
            assert (question.text, question.concern_if) == (row["question"], row["concern_if"])
            if (
                "hold" in row["action"].lower().split(";")[0]
            ):  # what holds a dose is never only told to the nurse
                assert question.on_concern == "call_first", question.fact
        if facts.can_be_ordered:
            assert {"infection", "new_neuro"} <= {one.fact.rsplit(".", 1)[1] for one in facts.questions}
    assert found == {"days", "months"}


def test_a_version_from_before_the_list_was_read_still_asks_about_infection() -> None:
    content = next(one for one in data()["therapies"] if one["id"] == "natalizumab")
    del content["portal"]["questions"]
    content["portal"]["before_dose"] = [
        {"fact": "natalizumab.chk.infection", "owner": "team", "label": "Infection", "when": "every", "valid_hours": 24, "link": None}
    ]  # fmt: skip
    facts = Facts(content)
    assert [(one.topic, one.on_concern) for one in facts.questions] == [
        ("infection", "call_first"), ("side_effect", "call_first"),
    ]  # fmt: skip
    assert not facts.before_dose[0].at_chair


def test_loading_again_changes_nothing_and_a_changed_therapy_gets_a_next_version(
    ward: Ward, tmp_path: Path
) -> None:
    before = list(Protocol.objects.values_list("id", "content_hash").order_by("id"))
    assert len(before) == Therapy.objects.count() == 10
    assert loading.load_protocols().versions == []
    changed = data()
    changed["therapies"][1]["regimen"][2]["infusion_minutes"] = 200
    assert loading.load_protocols(written(tmp_path, changed)).versions == ["ocrelizumab_iv version 2"]
    assert list(Protocol.objects.values_list("id", "content_hash").filter(version=1).order_by("id")) == before
    newest = ward.protocol("ocrelizumab_iv")
    assert facts_of(newest.pk).need("ocrelizumab_iv.phase.maintenance_standard_infusion") is not None
    # The same facts with their keys in another order are the same facts.
    shuffled = json.loads(json.dumps(changed, sort_keys=True))
    assert loading.load_protocols(written(tmp_path, shuffled)).versions == []


def test_a_course_keeps_the_version_that_it_was_ordered_on(ward: Ward, tmp_path: Path) -> None:
    course = ward.order("ocrelizumab_iv", ward.today)
    changed = data()
    for phase in changed["therapies"][1]["regimen"]:
        phase["infusion_minutes"] = 20
    loading.load_protocols(written(tmp_path, changed))
    from treatment import services

    dose = ward.planned(course)
    need = services.infusion_need(dose)
    assert need is not None
    assert need.infusion_minutes == 150


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.update(format=2),
        lambda content: content.pop("therapies"),
        lambda content: content["therapies"][0].pop("regimen"),
        lambda content: content["therapies"][0]["portal"]["paths"][0].update(phases=["no.such.phase"]),
    ],
    ids=["format", "therapies", "regimen", "phase"],
)
def test_a_file_that_cannot_be_used_changes_nothing(db: None, tmp_path: Path, spoil: Any) -> None:
    content = data()
    spoil(content)
    with pytest.raises(CommandError):
        call_command("load_protocols", file=written(tmp_path, content))
    assert not Protocol.objects.exists()


@pytest.mark.parametrize("model", [Protocol, Therapy, Signature])
def test_the_database_refuses_to_edit_or_delete_a_version(ward: Ward, model: Any) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.update(id=uuid7())
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        model.objects.all()._raw_delete("default")


# --- Sign-off -----------------------------------------------------------------------------------------------------------


def test_each_role_signs_once_and_a_person_once(ward: Ward) -> None:
    protocol = ward.protocol("natalizumab")
    id = uuid7()
    first = signing.sign_off(by=ward.nurse, protocol_id=protocol.pk, id=id, now=ward.at(ward.today))
    again = signing.sign_off(by=ward.nurse, protocol_id=protocol.pk, id=id, now=ward.at(ward.today))
    assert first.pk == again.pk
    assert (first.role, first.name) == ("nurse", "Rosa")
    with pytest.raises(signing.NoRoleToSign):
        signing.sign_off(by=ward.nurse, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    for stranger in (ward.maya, ward.carer):
        with pytest.raises(signing.NoRoleToSign):
            signing.sign_off(by=stranger, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    assert not signing.is_signed_off(protocol, ward.clinic.site)
    for other in (ward.neurologist, ward.pharmacist):
        signing.sign_off(by=other, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    assert signing.is_signed_off(protocol, ward.clinic.site)


def test_a_signature_is_for_one_version_only(ward: Ward, tmp_path: Path) -> None:
    protocol = ward.protocol("natalizumab")
    for one in (ward.nurse, ward.neurologist, ward.pharmacist):
        signing.sign_off(by=one, protocol_id=protocol.pk, id=uuid7(), now=ward.at(ward.today))
    changed = data()
    changed["therapies"][0]["review_due"] = "soon"
    loading.load_protocols(written(tmp_path, changed))
    newest = ward.protocol("natalizumab")
    assert newest.version == 2
    assert not signing.is_signed_off(newest, ward.clinic.site)


def test_signing_is_a_page_of_its_own(ward: Ward) -> None:
    nurse = signed_in(ward.nurse)
    page = "/therapies/natalizumab/1/sign/"
    assert nurse.post(page, {"once": str(uuid7())}).status_code == 422
    assert not Signature.objects.exists()
    once = str(uuid7())
    for _press in range(2):
        answer = nurse.post(page, {"once": once, "read": "on"})
        assert answer.status_code == 302
    assert Signature.objects.get().name == "Rosa"
    assert "Infusion nurse: Rosa" in nurse.get(page).content.decode()
    assert signed_in(ward.maya).get(page).status_code == 404


def test_every_fact_stands_on_its_page_with_source_and_status_in_words(ward: Ward) -> None:
    nurse = signed_in(ward.nurse)
    for code in ("natalizumab", "alemtuzumab", "plasma_exchange"):
        text = nurse.get(f"/therapies/{code}/").content.decode()
        facts = facts_of(ward.protocol(code).pk)
        shown = catalog.sections_of(facts)
        rows = [
            row
            for key, value in facts.content.items()
            if key not in ("portal", "sources")
            for row in (value if isinstance(value, list) else [value])
            if isinstance(row, dict)
        ]
        assert sum(len(section.facts) for section in shown[:-1]) == len(rows)
        assert text.count("Source:") == len(rows) + len(shown[-1].facts)
        assert all(item.fact in text for item in facts.before_dose)
        assert "Not signed off" in text
        assert "NOT clinically approved" in text
        if code == "natalizumab":
            assert "From memory: verify" in text
            assert "From the text we saw" in text
    assert nurse.get("/therapies/no-such/").status_code == 404
    assert nurse.get("/therapies/natalizumab/9/").status_code == 404
