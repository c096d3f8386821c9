"""How long people are watched after a dose: by what was really given, not by the number in the plan alone.

A version states minutes for each phase ("for each of the first 12 infusions"). A dose that was missed, or given in part, still has its
number; so a phase with a shorter watch would begin too soon. Then the phases count that the person has not been through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from treatment.courses import planning, reading
from treatment.courses.eyes import Eyes
from treatment.courses.planning import Phase
from treatment.elsewhere import counters
from treatment.models import Dose
from treatment.protocols.facts import Facts, InfusionNeed


@dataclass(frozen=True, slots=True)
class Watching:
    """Minutes of observation after a dose; None: the version does not say. `longer`: than its place in the plan alone would say."""

    minutes: int | None
    longer: bool = False


def watching(facts: Facts, path: Sequence[Phase], number: int, given: int | None) -> Watching:
    """The observation after the `number`-th dose of a path when `given` whole doses came before it; None for unknown.

    The longest of the phases from the place that was really reached to the one in the plan; unknown reaches none. A phase of the version
    that counts its doses holds on every path until so many were given. Where one of these phases states no minutes, nobody knows.
    """
    phases = _passed(path, 1 if given is None else min(number, given + 1), number)
    counted = _counted(facts)
    if counted is not None and counted.count is not None and (given is None or given < counted.count):
        phases.append(counted)
    found = [_minutes(facts, phase) for phase in phases]
    own = _minutes(facts, _passed(path, number, number)[0])
    known = [minutes for minutes in found if minutes is not None]
    if own is None or len(known) < len(found):
        return Watching(None)
    longest = max(known)
    return Watching(longest, longest > own)


def watching_of(eyes: Eyes, dose: Dose) -> Watching:
    """The same of a patient's dose. It reads what was given only where phases of the version differ."""
    facts, path = reading.facts_for(dose.course), reading.path_of(dose.course)
    counted = _counted(facts)
    phases = [*_passed(path, 1, dose.number), *([counted] if counted is not None else [])]
    own = _minutes(facts, facts.phases[dose.phase_key])
    if own is None or {_minutes(facts, phase) for phase in phases} == {own}:
        return Watching(own)
    return watching(facts, path, dose.number, _given_before(eyes, dose, facts))


def need_of(eyes: Eyes, dose: Dose) -> InfusionNeed | None:
    """How long a dose takes, with the observation that holds; None when the version leaves a part of it open."""
    need = reading.infusion_need(dose)
    minutes = watching_of(eyes, dose).minutes
    return replace(need, observation_minutes=minutes) if need is not None and minutes is not None else need


def _passed(path: Sequence[Phase], first: int, last: int) -> list[Phase]:
    """The phases of the doses from `first` to `last`, each once."""
    found: list[Phase] = []
    for slot in planning.slots(path):
        if slot.number > last:
            break
        if slot.number >= first and slot.phase not in found:
            found.append(slot.phase)
    return found


def _counted(facts: Facts) -> Phase | None:
    """The phase that holds for the first so many doses, whatever the plan."""
    return next((phase for phase in facts.phases.values() if phase.count), None)


def _minutes(facts: Facts, phase: Phase) -> int | None:
    found: int | None = facts.phase_content(phase.key)["observation_minutes"]
    return found


def _given_before(eyes: Eyes, dose: Dose, facts: Facts) -> int | None:
    """How many whole doses come before this one: of the drug, here and confirmed elsewhere, and on the plan; the fewer count. Planned ones
    before it are taken for given. None while what was given elsewhere is unknown."""
    rows = eyes.rows(Dose).with_course()
    doses = [row for row in rows if reading.facts_for(row.course).substance == facts.substance]
    if dose.given_at is not None:
        doses = [row for row in doses if row.given_at is None or row.given_at < dose.given_at]
    elsewhere = counters.elsewhere_of(eyes.user, eyes.patient, facts.substance, eyes=eyes)
    count = counters.infusions(doses, elsewhere, facts, eyes.patient.site).count
    if count is None:
        return None
    earlier = [row for row in doses if row.course_id == dose.course_id and row.number < dose.number]
    ahead = sum(row.is_planned for row in earlier)
    whole = sum(row.given_on is not None and row.extent == Dose.Extent.WHOLE for row in earlier)
    reached: int = min(count, dose.course.order.given_before + whole) + ahead
    return reached


__all__ = ["Watching", "need_of", "watching", "watching_of"]
