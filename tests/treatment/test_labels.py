"""The site's jurisdiction chooses the label; where its sources differ, the stricter value is the default, and both are shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.patients.world import signed_in
from tests.treatment.conftest import Ward
from tests.treatment.test_protocols import data
from treatment.protocols import catalog, labels
from treatment.protocols.facts import Facts

EVERYWHERE = ("US", "EU", "UK")


def therapy(code: str) -> dict[str, Any]:
    return next(one for one in data()["therapies"] if one["id"] == code)


def test_every_difference_names_sources_of_the_list_and_places_that_are_there() -> None:
    counted = 0
    for content in data()["therapies"]:
        known = {one["id"] for one in content["sources"]}
        for one in labels.differences_of(content):
            counted += 1
            assert len(one.values) > 1, one.key
            assert all(set(value.source) <= known and value.words for value in one.values), one.key
            assert all(set(value.labels) <= set(EVERYWHERE) for value in one.values), one.key
            for place in one.fields:
                assert labels.held_at(content, place) is not None, place
    assert counted > 6


@pytest.mark.parametrize("jurisdiction", EVERYWHERE)
def test_no_version_of_the_file_is_less_strict_than_the_label_of_a_site(jurisdiction: str) -> None:
    for content in data()["therapies"]:
        assert labels.relaxed_in(content, jurisdiction) == []


@pytest.mark.parametrize(("jurisdiction", "cap"), [("US", 140), ("EU", 72), ("UK", 72)])
def test_the_most_in_a_lifetime_is_the_one_of_the_label(jurisdiction: str, cap: int) -> None:
    """The data name no figure for the UK, so the strictest of all holds there."""
    found = labels.lifetime_cap(Facts(therapy("mitoxantrone")), jurisdiction)
    assert found is not None
    assert found.value == cap
    assert labels.lifetime_cap(Facts(therapy("natalizumab")), jurisdiction) is None


def test_of_two_us_pages_the_longer_gap_holds() -> None:
    content = therapy("ocrelizumab_iv")
    gap = next(one for one in labels.differences_of(content) if one.key.endswith("minimum_gap"))
    held = gap.default_at("US")
    assert held is not None
    assert (held.value, {value.value for value in gap.values}) == (152, {152, 140})
    assert [gap.relaxed(value, "US") for value in (152, 160, 140, None)] == [False, False, True, True]
    content["regimen"][2]["min_interval_days"] = 140
    assert [one.key for one, _value in labels.relaxed_in(content, "US")] == [gap.key]


def test_what_a_label_leaves_open_is_not_taken_for_zero() -> None:
    """The EU text asks for no watching after later infusions; 60 minutes stay booked until a prescriber decides."""
    watching = next(
        one for one in labels.differences_of(therapy("ublituximab")) if one.key.endswith("later_observation")
    )
    for jurisdiction in EVERYWHERE:
        held = watching.default_at(jurisdiction)
        assert held is not None
        assert held.value == 60


def test_the_page_shows_both_values_with_their_sources_and_whose_label_they_are(ward: Ward) -> None:
    nurse, site = signed_in(ward.nurse), ward.clinic.site
    page = nurse.get("/therapies/mitoxantrone/").content.decode()
    assert "Label that holds here: United States." in page
    assert "140 mg/m² (holds here)" in page
    assert "European Union: 72 mg/m²" in page
    site.jurisdiction = "EU"
    site.save(update_fields=["jurisdiction"])
    page = nurse.get("/therapies/mitoxantrone/").content.decode()
    assert "72 mg/m² (holds here)" in page
    assert "United States: 140 mg/m²" in page


def test_facts_of_other_labels_stand_last_and_say_so(ward: Ward) -> None:
    facts = Facts(therapy("natalizumab"))
    for jurisdiction, others in (("US", ["EU/UK:"]), ("EU", ["US:"])):
        found = next(one for one in catalog.sections_of(facts, jurisdiction) if one.title == "What it is for")
        shown = [(fact.lines[0][1].split()[0], fact.of_others) for fact in found.facts]
        assert [word for word, other in shown if other] == others
        assert shown[-1][1]
    assert (
        "Not the label of your center."
        in signed_in(ward.nurse).get("/therapies/natalizumab/").content.decode()
    )
