"""Today: what matters now, composed from what the apps contribute."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.models import User
from clinic.services import is_clinician
from patients.models import Patient
from patients.services import drafts_of, own_patient, patients_of, record_many, record_view
from portal.lib import contributions
from portal.lib.actor import reading_many
from portal.lib.contributions import Card
from portal.lib.display import look_of
from portal.lib.time import now as present
from portal.views.first import first_card


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The start page of each kind of user."""
    user = request.user
    assert isinstance(user, User)
    patient = own_patient(user)
    if patient is not None:
        return patient_today(request, user, patient)
    if is_clinician(user):
        return staff_today(request, user)
    people = patients_of(user, kinds=["carer"])
    if people:
        return carer_today(request, user, people)
    if user.has_perm("wagtailadmin.access_admin") and not user.is_superuser:
        return redirect("education-desk")
    if user.is_superuser:
        return redirect("admin:index")
    return render(request, "portal/today_nobody.html")


def patient_today(request: HttpRequest, user: User, patient: Patient) -> HttpResponse:
    """At most five blocks in a fixed order; "nothing to do" is said when it is true."""
    now = present()
    record_view(user, patient, "today.view")
    needs: list[dict[str, Any]] = []
    for contribute in contributions.needs_you:
        needs.extend(contribute(request, patient, now))
    cards = [card for contribute in contributions.today_cards if (card := contribute(request, patient, now))]
    context = {
        "patient": patient,
        "needs": needs,
        "cards": cards,
        "drafts": drafts_of(user, patient),
        "now": now,
        "low_energy": look_of(request).low_energy,
    }
    if context["low_energy"] and request.GET.get("thing") != "all":
        return render(request, "portal/today_one.html", {**context, **one_thing(request, cards)})
    return render(request, "portal/today.html", context)


def one_thing(request: HttpRequest, cards: list[Card]) -> dict[str, Any]:
    """The block of Today that a page in low-energy mode shows: the first card, what needs the person, then the other cards.

    `card` is None where "Needs you" stands; `earlier` and `following` are addresses, empty at the ends.
    """
    blocks: list[Card | None] = [*cards[:1], None, *cards[1:]]
    asked = request.GET.get("thing", "")
    place = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 1
    place = min(max(place, 1), len(blocks))
    return {
        "card": blocks[place - 1],
        "place": place,
        "count": len(blocks),
        "earlier": f"?thing={place - 1}" if place > 1 else "",
        "following": f"?thing={place + 1}" if place < len(blocks) else "",
    }


def carer_today(request: HttpRequest, user: User, people: list[Patient]) -> HttpResponse:
    """The people a carer helps, each with what was opened to them."""
    record_many(user, people, "carer.today")
    links = [
        {
            "patient": patient,
            "links": [link for add in contributions.carer_links for link in add(user, patient)],
        }
        for patient in people
    ]
    return render(request, "portal/today_carer.html", {"people": links, "drafts": drafts_of(user)})


def staff_today(request: HttpRequest, user: User) -> HttpResponse:
    now = present()
    with reading_many():  # every card is about many patients
        cards = [first_card(user, now)]
        cards += [card for contribute in contributions.staff_today if (card := contribute(request, now))]
    return render(request, "portal/today_staff.html", {"cards": cards, "drafts": drafts_of(user), "now": now})
