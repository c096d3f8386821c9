"""What is counted over a lifetime: infusions, mg/m2, the last day. What nobody has confirmed is unknown, and unknown blocks.

Unknown is never zero: a medicine with a limit for the lifetime needs a nurse's word on what was given before, even if that is nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from patients.models import Patient
from portal.lib.problems import DomainError
from treatment.courses import planning
from treatment.courses.eyes import Eyes
from treatment.models import BodyMeasure, Dose, GivenElsewhere, InfusionRecord, Protocol
from treatment.protocols.facts import Facts, facts_of

HUNDREDTH = Decimal("0.01")
BODY_SURFACE = {
    "name": "Mosteller",
    "formula": "√(height in cm × weight in kg ÷ 3600)",
    "source": "RD Mosteller, Simplified calculation of body-surface area, N Engl J Med 1987;317:1098",
    "status": "verify",  # not in the clinical reference; a pharmacist checks it with the protocol
}
RESTART_MONTHS = 6
"""From the note of the data's own phase (natalizumab, "after a gap of 6 months or more the count restarts"); outside the US label."""


class CountersUnknown(DomainError):
    default_message = gettext_lazy(
        "What was given elsewhere is not confirmed, so the count is unknown. A nurse has to confirm it first."
    )


class OverTheLimit(DomainError):
    status = 422
    default_message = gettext_lazy("This would go over the limit for a lifetime.")


class MeasureMissing(DomainError):
    status = 422
    default_message = gettext_lazy("Weight and height are not known. Measure them first.")


class AmountMissing(DomainError):
    status = 422
    default_message = gettext_lazy("Enter how many milligrams were given. The lifetime total needs it.")


# --- What was given elsewhere -------------------------------------------------------------------------------------


def elsewhere_of(
    user: User, patient: Patient, substance: str = "", *, eyes: Eyes | None = None
) -> list[GivenElsewhere]:
    """What stands about doses given elsewhere: of one substance, whatever the route or brand, or of all."""
    rows = list((eyes or Eyes(user, patient)).rows(GivenElsewhere).standing())
    if not rows or not substance:
        return rows
    facts = facts_by_therapy(rows, patient.site)
    return [row for row in rows if facts[row.therapy_id].substance == substance]


def facts_by_therapy(rows: Iterable[GivenElsewhere], site: Site) -> dict[UUID, Facts]:
    """The facts of the newest version of each therapy that is named, as the site has it."""
    named = Protocol.objects.at(site).filter(therapy_id__in={row.therapy_id for row in rows})
    versions = named.order_by("version")
    newest = dict(versions.values_list("therapy_id", "pk"))
    return {therapy: facts_of(pk) for therapy, pk in newest.items()}


def require_known(rows: Iterable[GivenElsewhere], facts: Facts) -> None:
    """Raises CountersUnknown while somebody's word is missing."""
    found = list(rows)
    if any(not row.is_confirmed for row in found):
        raise CountersUnknown
    if facts.has_lifetime_limit and not any(row.lifetime_mg_m2 is not None for row in found):
        raise CountersUnknown(
            _(
                "This medicine has a limit for the lifetime. A nurse has to note and confirm what was given before, even if it was "
                "nothing."
            )
        )


# --- Infusions ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Infusions:
    """How many were given of one substance. `count` None: unknown. `watched`: after how many a shorter watch may be ordered."""

    count: int | None
    in_part: int
    last_on: date | None
    watched: int | None
    left: int | None
    restarted_on: date | None
    rule: str
    source: tuple[str, ...]
    status: str


def infusions(doses: Iterable[Dose], rows: Iterable[GivenElsewhere], facts: Facts, site: Site) -> Infusions:
    """The count of whole infusions here and elsewhere. The first phase of the data says how many are watched each time.

    Where nothing is written down about elsewhere, a first order that says doses were given before leaves the count unknown.

    Under a label other than the US one the count begins anew after a gap of six months: the stricter reading of the data's note.
    """
    doses = list(doses)
    given = sorted((dose.given_on, dose.extent) for dose in doses if dose.given_on is not None)
    whole = [day for day, extent in given if extent == Dose.Extent.WHOLE]
    found = list(rows)
    signed = min(doses, key=lambda dose: (dose.course.starts_on, dose.number), default=None)
    known = all(row.is_confirmed for row in found)
    if not found and signed is not None and signed.course.order.given_before:
        known = False
    before = sum(row.doses_given or 0 for row in found)
    days = [day for day, _extent in given] + [row.last_on for row in found if row.last_on is not None]
    restarted = _restarted(sorted(days), site)
    count = sum(day >= restarted for day in whole) if restarted else before + len(whole)
    phase = next((one for one in facts.phases.values() if one.count), None)
    watched = phase.count if phase is not None else None
    raw = facts.phase_content(phase.key) if phase is not None else {}
    return Infusions(
        count=count if known else None,
        in_part=len(given) - len(whole),
        last_on=max(days, default=None),
        watched=watched,
        left=max(0, watched - count) if watched is not None and known else None,
        restarted_on=restarted,
        rule=str(raw.get("observation_rule", "")),
        source=tuple(raw.get("source", ())),
        status=str(raw.get("status", "")),
    )


def _restarted(days: list[date], site: Site) -> date | None:
    """The first infusion after the newest gap of six months, where the site's label is not the US one."""
    if site.jurisdiction == "US":
        return None
    found = None
    for before, day in itertools.pairwise(days):
        if day >= planning.add_months(before, RESTART_MONTHS):
            found = day
    return found


# --- The lifetime total in mg/m2 ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limit:
    """The most in a lifetime by the label of a jurisdiction, with its source and status."""

    mg_per_m2: Decimal
    jurisdiction: str
    source: tuple[str, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Lifetime:
    """The total so far. `total` None: unknown, because nobody has confirmed what was given elsewhere."""

    total: Decimal | None
    elsewhere: Decimal | None
    here: Decimal
    limit: Limit

    @property
    def left(self) -> Decimal | None:
        return max(Decimal(0), self.limit.mg_per_m2 - self.total) if self.total is not None else None

    def doses_left(self, strength: Decimal) -> int:
        """How many whole doses of a strength fit below the limit; none while the total is unknown."""
        return int(self.left // strength) if self.left is not None and strength else 0


def limit_of(facts: Facts, site: Site) -> Limit | None:
    """The limit of the site's own label; the lowest of all where the data have none for it. None for a medicine without a limit."""
    rows = [row for row in facts.lifetime_limits if row["jurisdiction"] == site.jurisdiction]
    lowest = min(rows or facts.lifetime_limits, key=lambda row: row["mg_per_m2"], default=None)
    if lowest is None:
        return None
    return Limit(
        Decimal(str(lowest["mg_per_m2"])), lowest["jurisdiction"], tuple(lowest["source"]), lowest["status"]
    )


def lifetime_of(
    facts: Facts, site: Site, rows: Iterable[GivenElsewhere], records: Iterable[InfusionRecord]
) -> Lifetime | None:
    """The total of what was given elsewhere and of the records given here; None for a medicine without a limit."""
    limit = limit_of(facts, site)
    if limit is None:
        return None
    here = sum((Decimal(str(row.details.get("mg_per_m2") or 0)) for row in records), Decimal(0))
    found = list(rows)
    stated = [row.lifetime_mg_m2 for row in found if row.is_confirmed and row.lifetime_mg_m2 is not None]
    known = bool(stated) and all(row.is_confirmed for row in found)
    before = sum(stated, Decimal(0)) if known else None
    return Lifetime(before + here if before is not None else None, before, here, limit)


def records_of(
    user: User, patient: Patient, substance: str, *, eyes: Eyes | None = None
) -> list[InfusionRecord]:
    """The records of doses of a substance, in any course."""
    rows = (
        (eyes or Eyes(user, patient))
        .rows(InfusionRecord)
        .select_related("dose__course__order__protocol")
        .defer("dose__course__order__protocol__content")
    )
    return [row for row in rows if facts_of(row.dose.course.protocol_id).substance == substance]


def lifetime(user: User, patient: Patient, facts: Facts) -> Lifetime | None:
    """The same, read for one patient; no statement for a medicine without a limit."""
    if not facts.has_lifetime_limit:
        return None
    rows = elsewhere_of(user, patient, facts.substance)
    return lifetime_of(facts, patient.site, rows, records_of(user, patient, facts.substance))


# --- Body surface -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """Weight and height on a day, and the body surface made from them (see BODY_SURFACE)."""

    on: date
    weight_kg: Decimal
    height_cm: Decimal
    m2: Decimal


def surface(weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    """Body surface in m2 after Mosteller, to the hundredth."""
    return (height_cm * weight_kg / 3600).sqrt().quantize(HUNDREDTH, ROUND_HALF_UP)


def body_of(user: User, patient: Patient, until: date | None = None) -> Body | None:
    """The newest measure, on or before a day; None when there is none."""
    rows: Any = BodyMeasure.objects.for_user(user, patient).newest_first()
    if until is not None:
        rows = rows.filter(measured_on__lte=until)
    row = rows.first()
    return body_from(row) if row is not None else None


def body_from(row: BodyMeasure) -> Body:
    weight, height = (Decimal(str(row.numbers[name])) for name in ("weight_kg", "height_cm"))
    return Body(row.measured_on, weight, height, surface(weight, height))


def strength_given(
    user: User, patient: Patient, facts: Facts, amount_mg: Decimal | None, on: date, *, over: bool = False
) -> dict[str, float]:
    """What the record keeps of a dose that counts toward a limit; nothing for other medicines. `over`: it was given although it goes over.

    Raises CountersUnknown, MeasureMissing, AmountMissing, OverTheLimit.
    """
    found = lifetime(user, patient, facts)
    if found is None:
        return {}
    if found.total is None:
        raise CountersUnknown
    body = body_of(user, patient, on)
    if body is None:
        raise MeasureMissing
    if amount_mg is None or amount_mg <= 0:
        raise AmountMissing
    strength = (amount_mg / body.m2).quantize(HUNDREDTH, ROUND_HALF_UP)
    if found.total + strength > found.limit.mg_per_m2 and not over:
        raise OverTheLimit(over_words(found, strength))
    return {"amount_mg": float(amount_mg), "body_m2": float(body.m2), "mg_per_m2": float(strength)}


def over_words(found: Lifetime, strength: Decimal) -> str:
    """Why a dose is refused, with the numbers and the label they come from."""
    return _(
        "With %(dose)s mg/m2 the lifetime total would be %(total)s mg/m2. The most is %(limit)s mg/m2 (%(label)s label)."
    ) % {
        "dose": strength.normalize().__format__("f"),
        "total": ((found.total or Decimal(0)) + strength).normalize().__format__("f"),
        "limit": found.limit.mg_per_m2.normalize().__format__("f"),
        "label": found.limit.jurisdiction,
    }
