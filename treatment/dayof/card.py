"""The wallet card: what somebody who does not know the patient has to know. Nothing is invented; what is not known says "ask".

Drug, class and warning are the words of the version that the patient was treated on; the rest is from the record at the moment
at which the card is made. Nothing of it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from patients.models import Patient
from portal.lib import paper
from treatment.courses import reading
from treatment.elsewhere.counters import elsewhere_of, facts_by_therapy
from treatment.lists import allergies_of
from treatment.models import Course
from treatment.protocols.facts import Facts


@dataclass(frozen=True, slots=True)
class OnCard:
    """One medicine. `last_on` None: no dose is noted here, so whoever reads the card has to ask."""

    name: str
    generic: str
    brands: str
    kind: str  # the class, as the version names it
    effect: str  # what it does, in the version's plain words
    warning: str  # the boxed warning of the version; empty when it has none
    last_on: date | None
    ended_on: date | None
    elsewhere_only: bool
    demo_only: bool
    unconfirmed: bool = False  # doses given elsewhere were told, and nobody has confirmed them


@dataclass(frozen=True, slots=True)
class WalletCard:
    """`allergies` empty and `none_known` False: nobody has asked yet."""

    medicines: list[OnCard]
    allergies: list[str]
    none_known: bool
    made_at: datetime

    @property
    def demo_only(self) -> bool:
        return any(medicine.demo_only for medicine in self.medicines)

    @property
    def allergy_words(self) -> str:
        if self.allergies:
            return "; ".join(self.allergies)
        return _("No known allergies") if self.none_known else _("Not written down: ask")


def card_of(user: User, patient: Patient, now: datetime) -> WalletCard:
    """The card as it stands at `now` (aware). One line for each substance, the one that was given last first."""
    doses = reading.doses_of(user, patient)
    courses = sorted(reading.courses_of(user, patient), key=lambda one: one.ended_on is not None)
    before = [row for row in elsewhere_of(user, patient) if row.doses_given != 0]  # 0: there was none
    told = facts_by_therapy(before, patient.site)
    days: dict[str, list[date]] = {}
    unknown = set()
    for dose in doses:
        if dose.given_on is not None:
            days.setdefault(reading.facts_for(dose.course).substance, []).append(dose.given_on)
    for row in before:
        substance = told[row.therapy_id].substance
        if row.confirmed_at is None:
            unknown.add(substance)
        elif row.last_on is not None:
            days.setdefault(substance, []).append(row.last_on)
    found: dict[str, OnCard] = {}
    for course in courses:
        facts = reading.facts_for(course)
        if course.ended_on is None or facts.substance in days:
            found.setdefault(facts.substance, _on_card(facts, course, days))
    for row in before:
        facts = told[row.therapy_id]
        found.setdefault(facts.substance, _on_card(facts, None, days))
    allergies = allergies_of(user, patient)
    return WalletCard(
        medicines=sorted(
            (replace(one, unconfirmed=key in unknown) for key, one in found.items()),
            key=lambda one: one.last_on or date.min,
            reverse=True,
        ),
        allergies=[
            f"{line.what} ({line.more})" if line.more else line.what
            for line in allergies
            if not line.none_known
        ],
        none_known=any(line.none_known for line in allergies),
        made_at=now,
    )


def _on_card(facts: Facts, course: Course | None, days: dict[str, list[date]]) -> OnCard:
    """`course` None: it was given elsewhere only."""
    warning = facts.content["boxed_warning"] or {}
    return OnCard(
        name=facts.name,
        generic=facts.content["generic_name"],
        brands=", ".join(facts.brands),
        kind=facts.content["class"] or "",
        effect=facts.content["mechanism_plain"] or "",
        warning=warning.get("text") or "",
        last_on=max(days.get(facts.substance, []), default=None),
        ended_on=course.ended_on if course is not None else None,
        elsewhere_only=course is None,
        demo_only=course is not None and course.order.demo_only,
    )


def pdf_answer(patient: Patient, made: WalletCard) -> HttpResponse:
    """The card as a PDF, from the lines of its page; the file's name says nothing. Raises portal.lib.paper.NoPaper."""
    context = {"patient": patient, "place": patient.site, "zone": patient.site.time_zone, "card": made}
    file = paper.pdf_of(render_to_string("treatment/card_pdf.html", context))
    answer = HttpResponse(file, content_type="application/pdf")
    answer["Content-Disposition"] = 'inline; filename="card.pdf"'
    return answer
