"""Allergies and medicines: added, changed and ended by the patient and the team; nothing is deleted."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import ProgrammingError, transaction
from django.http import Http404

from accounts.models import User
from patients.services import DifferentContent
from portal.lib.ids import uuid7
from portal.lib.problems import NotAllowed
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import lists, services
from treatment.models import Allergy


def add(ward: Ward, by: User, what: str, id: UUID | None = None) -> UUID:
    with ward.acting(by):
        return services.save_allergy(
            by=by, patient=ward.patient, id=id or uuid7(), what=what, reaction="Rash", now=ward.at(ward.today)
        )


def test_an_entry_is_written_once_and_shown_with_its_writer(ward: Ward) -> None:
    id = uuid7()
    assert add(ward, ward.maya, "Penicillin", id) == add(ward, ward.maya, "Penicillin", id)
    with pytest.raises(DifferentContent):
        add(ward, ward.maya, "Latex", id)
    with ward.acting(ward.nurse):
        (line,) = services.allergies_of(ward.nurse, ward.patient)
    assert (line.what, line.more, line.written_by, line.by_patient) == ("Penicillin", "Rash", "Maya", True)
    page = signed_in(ward.nurse).get(f"/patients/{ward.patient.pk}/").content.decode()
    assert "Penicillin" in page
    assert "(Maya, " in page


def test_changing_needs_the_newest_version_and_keeps_the_old_words(ward: Ward) -> None:
    entry = add(ward, ward.maya, "Penicilin")

    def change(by: User, version: int, what: str) -> None:
        with ward.acting(by):
            services.save_allergy(
                by=by,
                patient=ward.patient,
                id=uuid7(),
                what=what,
                entry=entry,
                version=version,
                now=ward.at(ward.today),
            )

    change(ward.nurse, 1, "Penicillin")
    with pytest.raises(lists.EntryChanged):
        change(ward.maya, 1, "Penicillin tablets")
    change(ward.maya, 2, "Penicillin tablets")
    with ward.acting(ward.maya):
        versions = lists.versions_of(ward.maya, ward.patient, Allergy, entry)
    assert [line.what for line in versions] == ["Penicilin", "Penicillin", "Penicillin tablets"]
    assert [line.written_by for line in versions] == ["Maya", "Rosa", "Maya"]


def test_no_known_allergies_is_an_answer_that_an_allergy_ends(ward: Ward) -> None:
    with ward.acting(ward.maya):
        assert services.allergies_of(ward.maya, ward.patient) == []
        services.say_no_known_allergies(
            by=ward.maya, patient=ward.patient, id=uuid7(), now=ward.at(ward.today)
        )
        (line,) = services.allergies_of(ward.maya, ward.patient)
        assert line.none_known
    add(ward, ward.nurse, "Latex")
    with ward.acting(ward.maya):
        assert [line.what for line in services.allergies_of(ward.maya, ward.patient)] == ["Latex"]
        with pytest.raises(lists.AllergiesThere):
            services.say_no_known_allergies(
                by=ward.maya, patient=ward.patient, id=uuid7(), now=ward.at(ward.today)
            )
    assert acts_of(ward.patient)[-2:] == ["allergy.none-known self", "allergy.written team"]


def test_ending_keeps_the_entry_below_and_nothing_can_be_deleted(ward: Ward) -> None:
    entry = add(ward, ward.maya, "Latex")
    with ward.acting(ward.maya):
        services.end_entry(
            by=ward.maya,
            patient=ward.patient,
            kind="allergy",
            entry=entry,
            version=1,
            id=uuid7(),
            now=ward.at(ward.today),
        )
        assert services.allergies_of(ward.maya, ward.patient) == []
        assert [line.what for line in services.allergies_of(ward.maya, ward.patient, ended=True)] == ["Latex"]
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            Allergy.objects.all().delete()


@pytest.mark.parametrize("who", ["carer", "elsewhere"])
def test_carers_and_other_teams_neither_write_nor_read(ward: Ward, who: str) -> None:
    entry = add(ward, ward.maya, "Latex")
    user = getattr(ward, who)
    with pytest.raises(NotAllowed):
        add(ward, user, "Nuts")
    with ward.acting(user), pytest.raises(Http404):
        lists.versions_of(user, ward.patient, Allergy, entry)
    assert signed_in(user).get(f"/patients/{ward.patient.pk}/treatment/lists/").status_code == 404


def test_the_pages_add_change_and_end(ward: Ward) -> None:
    maya = signed_in(ward.maya)
    form = {"draft": str(uuid7()), "draft_version": "0", "what": "", "more": "Drops"}
    refused = maya.post("/treatment/medicines/add/", form)
    assert refused.status_code == 422
    assert "Drops" in refused.content.decode()
    assert maya.post("/treatment/medicines/add/", {**form, "what": "Iron"}).status_code == 302
    page = maya.get("/treatment/lists/").content.decode()
    assert "Iron" in page
    with ward.acting(ward.maya):
        (line,) = services.medicines_of(ward.maya, ward.patient)
    url = f"/treatment/medicines/{line.entry}/"
    stale = {"draft": str(uuid7()), "draft_version": "0", "what": "Iron 20 mg", "more": "", "version": "7"}
    answer = maya.post(url, stale)
    assert answer.status_code == 422
    assert "changed somewhere else" in answer.content.decode()
    assert maya.post(url, {**stale, "draft": str(uuid7()), "version": "1"}).status_code == 302
    assert "Iron</p>" in maya.get(url).content.decode().replace("\n", "")
    assert maya.post(f"{url}end/", {"once": str(uuid7()), "version": "2"}).status_code == 302
    with ward.acting(ward.maya):
        assert services.medicines_of(ward.maya, ward.patient) == []
    assert "Nothing was ended." not in maya.get("/treatment/lists/").content.decode()
