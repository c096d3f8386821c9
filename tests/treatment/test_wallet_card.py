"""After-care and the wallet card: the words of the version, what is known, and "ask" for everything else."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.urls import reverse

from portal.lib.ids import uuid7
from portal.lib.time_words import day as day_words
from tests.harness.paper import ensure
from tests.patients.world import acts_of, signed_in
from tests.treatment.conftest import Ward
from treatment import services
from treatment.dayof.card import card_of
from treatment.elsewhere.services import Told, confirm_elsewhere, note_elsewhere


@pytest.fixture
def course(ward: Ward) -> Any:
    course = ward.order("natalizumab", ward.today - timedelta(days=30))
    ward.give(course, ward.today - timedelta(days=30))
    return course


def page_of(user: Any, name: str, *args: Any) -> str:
    html: str = signed_in(user).get(reverse(f"treatment:{name}", args=args)).content.decode()
    return html[html.index("<h1") :]


# --- After-care -------------------------------------------------------------------------------------------------------


def test_after_care_has_the_phone_then_the_versions_red_flags(ward: Ward, course: Any) -> None:
    page = page_of(ward.maya, "after-care")
    flags = ward.protocol("natalizumab").content["red_flags"]
    texts = {
        level: [row["symptom"] for row in flags if row["level"] == level]
        for level in ("emergency", "call_now")
    }
    shown = {
        level: [page.index(text.replace("'", "&#x27;")) for text in found] for level, found in texts.items()
    }
    assert page.index("tel:") < min(shown["emergency"])
    assert max(shown["emergency"]) < min(shown["call_now"])
    assert "general clinical knowledge" not in page  # sources are for the team
    for word in ("you are fine", "safe to", "normal reaction", "nothing to worry"):
        assert word not in page.lower()


def test_the_team_reads_the_sources_and_when_reactions_come(ward: Ward, course: Any) -> None:
    page = page_of(ward.nurse, "patient-after-care", ward.patient.pk)
    assert "general clinical knowledge, verify" in page
    assert "usually within 2 hours of the start of the infusion" in page
    assert "usually within 2 hours" not in page_of(ward.maya, "after-care")


def test_after_the_last_dose_the_signs_stay(ward: Ward, course: Any) -> None:
    with ward.acting(ward.neurologist):
        services.end_course(
            by=ward.neurologist, patient=ward.patient, course_id=course.pk, reason="Switch", id=uuid7(),
            now=ward.at(ward.today),
        )  # fmt: skip
    assert "New symptoms up to 6 months after the last dose" in page_of(ward.maya, "after-care")


def test_signs_of_an_earlier_treatment_stay_beside_those_of_the_next(ward: Ward, course: Any) -> None:
    ended = ward.order("ocrelizumab_iv", ward.today - timedelta(days=2), replaces=course.pk)
    ward.give(ended, ward.today - timedelta(days=2))
    page = page_of(ward.maya, "after-care")
    assert "New symptoms up to 6 months after the last dose" in page  # natalizumab
    assert "A new breast lump or change" in page  # ocrelizumab
    assert page.count("A seizure") == 1


def elsewhere(ward: Ward, code: str, confirmed: bool) -> Any:
    last = ward.today - timedelta(days=60)
    with ward.acting(ward.nurse):
        return note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy=code, confirmed=confirmed, id=uuid7(), now=ward.at(ward.today),
            told=Told(doses_given=5, first_on=last - timedelta(days=4), last_on=last),
        )  # fmt: skip


def test_what_was_given_elsewhere_is_there_once_it_is_confirmed(ward: Ward, course: Any) -> None:
    row = elsewhere(ward, "alemtuzumab", False)
    sign = next(
        flag["symptom"] for flag in ward.protocol("alemtuzumab").content["red_flags"]
        if flag["symptom"] not in str(ward.protocol("natalizumab").content["red_flags"])
    ).replace("'", "&#x27;")  # fmt: skip
    before = page_of(ward.maya, "after-care")
    assert sign not in before
    assert "given elsewhere" not in before
    with ward.acting(ward.nurse):
        confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=row.pk,
            told=Told(doses_given=5, first_on=row.first_on, last_on=row.last_on), id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    for page in (
        page_of(ward.maya, "after-care"),
        page_of(ward.nurse, "patient-after-care", ward.patient.pk),
    ):
        assert sign in page
        assert f"{day_words(ward.today - timedelta(days=60))}, given elsewhere." in page
        assert f"{day_words(ward.today - timedelta(days=30))}." in page  # natalizumab, here
        assert page.count("It goes on until") >= 1  # the monthly tests after it
        assert page.index("tel:") < page.index(sign)


def test_after_care_of_somebody_who_was_treated_elsewhere_only(ward: Ward) -> None:
    elsewhere(ward, "ocrelizumab_iv", True)
    page = page_of(ward.maya, "after-care")
    assert "A new breast lump or change" in page
    assert f"{day_words(ward.today - timedelta(days=60))}, given elsewhere." in page


def test_without_a_treatment_only_the_phone(ward: Ward) -> None:
    page = page_of(ward.maya, "after-care")
    assert "nothing to show" in page
    assert "tel:" in page


# --- The card ---------------------------------------------------------------------------------------------------------


def card(ward: Ward) -> Any:
    with ward.acting(ward.maya):
        return card_of(ward.maya, ward.patient, ward.at(ward.today))


def test_the_card_says_what_is_known_and_ask_for_the_rest(ward: Ward, course: Any) -> None:
    (one,) = card(ward).medicines
    content = ward.protocol("natalizumab").content
    assert (one.generic, one.kind, one.effect) == (
        "natalizumab",
        content["class"],
        content["mechanism_plain"],
    )
    assert one.warning == content["boxed_warning"]["text"]
    assert one.last_on == ward.today - timedelta(days=30)
    page = page_of(ward.maya, "card")
    assert day_words(one.last_on) in page
    assert "Not written down: ask" in page  # nobody has asked about allergies
    assert ward.patient.site.day_phone in page
    assert day_words(ward.today) in page or "Card made on" in page
    assert "Demo only" in page


def test_allergies_stand_on_it_and_none_known_is_an_answer(ward: Ward, course: Any) -> None:
    with ward.acting(ward.maya):
        more = {"by": ward.maya, "patient": ward.patient, "now": ward.at(ward.today)}
        services.say_no_known_allergies(id=uuid7(), **more)
    assert "No known allergies" in page_of(ward.maya, "card")
    with ward.acting(ward.maya):
        services.save_allergy(id=uuid7(), what="Penicillin", reaction="Hives", **more)
    page = page_of(ward.maya, "card")
    assert "Penicillin (Hives)" in page
    assert "No known allergies" not in page


def test_without_a_dose_here_the_last_dose_says_ask(ward: Ward) -> None:
    ward.order("ocrelizumab_iv", ward.today + timedelta(days=5), now=ward.at(ward.today, 7))
    (one,) = card(ward).medicines
    assert (one.last_on, one.warning) == (None, "")
    page = page_of(ward.maya, "card")
    assert "Not known here: ask" in page
    assert "Boxed warning" not in page


def test_what_was_given_elsewhere_counts_once_somebody_confirmed_it(ward: Ward) -> None:
    from treatment.elsewhere import services as elsewhere
    from treatment.elsewhere.services import Told

    last = ward.today - timedelta(days=90)
    with ward.acting(ward.nurse):
        row = elsewhere.note_elsewhere(
            by=ward.nurse, patient=ward.patient, therapy="rituximab", told=Told(doses_given=2, last_on=last),
            confirmed=False, id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    (one,) = card(ward).medicines
    assert (one.generic, one.last_on, one.elsewhere_only, one.unconfirmed) == ("rituximab", None, True, True)
    assert "not confirmed: ask" in page_of(ward.maya, "card")
    with ward.acting(ward.nurse):
        elsewhere.confirm_elsewhere(
            by=ward.nurse, patient=ward.patient, elsewhere_id=getattr(row, "pk", row), told=Told(doses_given=2, last_on=last),
            id=uuid7(), now=ward.at(ward.today),
        )  # fmt: skip
    (one,) = card(ward).medicines
    assert (one.last_on, one.unconfirmed) == (last, False)


def test_nobody_has_a_card_without_a_medicine_that_says_otherwise(ward: Ward) -> None:
    assert "None is written down here: ask" in page_of(ward.maya, "card")


def test_looking_is_on_the_trail_and_strangers_find_none(ward: Ward, course: Any) -> None:
    page_of(ward.nurse, "patient-card", ward.patient.pk)
    assert "card.view team" in acts_of(ward.patient)
    for name in ("patient-card", "patient-card-pdf"):
        for person in (ward.carer, ward.elsewhere, ward.maya):
            path = reverse(f"treatment:{name}", args=[ward.patient.pk])
            assert signed_in(person).get(path).status_code == 404


@pytest.mark.slow
def test_the_pdf_is_one_tagged_page_with_the_lines_of_the_page(ward: Ward, course: Any) -> None:
    ensure()
    answer = signed_in(ward.maya).get(reverse("treatment:card-pdf"))
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="card.pdf"'
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert len(pdf.pages) == 1
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).startswith("en")
        assert ward.patient.name in str(pdf.docinfo["/Title"])


def test_without_the_library_a_page_says_how_to_print(
    ward: Ward, course: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.lib import paper

    def broken(html: str) -> bytes:
        raise paper.NoPaper

    monkeypatch.setattr(paper, "pdf_of", broken)
    answer = signed_in(ward.maya).get(reverse("treatment:card-pdf"))
    assert answer.status_code == 503
    assert "You can print the page instead" in answer.content.decode()
