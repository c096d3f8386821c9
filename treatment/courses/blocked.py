"""What keeps doses of many patients from going on, whatever their lists say: their version was withdrawn, numbers are not confirmed, or
the limit for a lifetime leaves no whole dose.

The rules are those of the one gate (`courses.proceeding`); here they are asked for boards and lists, with a number of statements that
does not grow with the doses. Doses of many patients are read with `patient__site`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clinic.models import Site
from patients.models import Patient
from patients.services import warm_keys
from portal.lib.problems import DomainError
from treatment.courses import reading
from treatment.courses.proceeding import Code, Stop, VersionWithdrawn, counted_stops
from treatment.elsewhere import counters
from treatment.models import Dose, GivenElsewhere, InfusionRecord, Withdrawal
from treatment.protocols.facts import Facts, facts_of

WHY: dict[Code, Any] = {
    Code.WITHDRAWN: _("its version was withdrawn"),
    Code.UNKNOWN: _("numbers from elsewhere are not confirmed"),
    Code.LIMIT: _("the limit for a lifetime leaves no whole dose"),
}


def why(stops: Iterable[Stop]) -> str:
    """The reasons in a few words, for a line of a list."""
    return "; ".join(str(WHY[stop.code]) for stop in stops)


def blocks_of(user: User, doses: Iterable[Dose], patient: Patient | None = None) -> dict[UUID, list[Stop]]:
    """What keeps each planned dose from going on, in the order of `Code`; doses that nothing keeps are not named.

    Two statements, and where something is written down about elsewhere, or a medicine has a limit, one more for each site and three for
    what was given here.
    """
    planned = [dose for dose in doses if dose.is_planned and dose.course.is_running]
    if not planned:
        return {}
    sites = {dose.patient_id: (patient or dose.patient).site for dose in planned}
    gone = set(Withdrawal.objects.values_list("site_id", "protocol_id"))
    rows = _elsewhere(user, sites, patient)
    records = _records(user, planned, patient)
    found = {}
    for dose in planned:
        facts, site = reading.facts_for(dose.course), sites[dose.patient_id]
        key = (dose.patient_id, facts.substance)
        stops: dict[Code, DomainError] = {}
        if (site.pk, dose.course.protocol_id) in gone:
            stops[Code.WITHDRAWN] = VersionWithdrawn()
        stops |= counted_stops(facts, dose.phase_key, site, rows[key], partial(records.__getitem__, key))
        if stops:
            found[dose.pk] = [Stop(code, stops[code]) for code in Code if code in stops]
    return found


def _elsewhere(
    user: User, sites: dict[UUID, Site], patient: Patient | None
) -> dict[tuple[UUID, str], list[GivenElsewhere]]:
    """What stands about doses given elsewhere, by patient and substance; `sites` by the patient."""
    rows: Any = GivenElsewhere.objects.for_user(user, patient).standing().filter(patient_id__in=sites)
    by_site: dict[UUID, list[GivenElsewhere]] = defaultdict(list)
    for row in rows:
        by_site[sites[row.patient_id].pk].append(row)
    found: dict[tuple[UUID, str], list[GivenElsewhere]] = defaultdict(list)
    for group in by_site.values():
        facts = counters.facts_by_therapy(group, sites[group[0].patient_id])
        for row in group:
            found[row.patient_id, facts[row.therapy_id].substance].append(row)
    return found


def _records(
    user: User, doses: list[Dose], patient: Patient | None
) -> dict[tuple[UUID, str], list[InfusionRecord]]:
    """The records of what was given here of medicines with a limit, by patient and substance; no statement where there is none."""
    found: dict[tuple[UUID, str], list[InfusionRecord]] = defaultdict(list)
    limited = {dose.patient_id for dose in doses if _is_limited(reading.facts_for(dose.course), dose)}
    if not limited:
        return found
    warm_keys(limited)
    rows: Any = InfusionRecord.objects.for_user(user, patient).filter(patient_id__in=limited)
    rows = rows.select_related("dose__course__order__protocol").defer(
        "dose__course__order__protocol__content"
    )
    for row in rows:
        found[row.patient_id, facts_of(row.dose.course.protocol_id).substance].append(row)
    return found


def _is_limited(facts: Facts, dose: Dose) -> bool:
    return facts.has_lifetime_limit and facts.mg_per_m2(dose.phase_key) is not None


__all__ = ["blocks_of", "why"]
