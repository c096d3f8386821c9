"""What pages say of doses given elsewhere, of the counters, and of weight and height: words, no rules."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.lib.time_words import day as day_words
from treatment.courses import planning, reading
from treatment.elsewhere import bookings, counters
from treatment.elsewhere.counters import Infusions, Lifetime
from treatment.models import BodyMeasure, Course, Dose, GivenElsewhere
from treatment.pages import Asked
from treatment.protocols.facts import Facts
from treatment.words import source_words, status_words

UNKNOWN_WORDS = gettext_lazy(
    "Unknown until a nurse has confirmed what was given elsewhere. Until then nothing can be ordered or given."
)


def number(value: Decimal | float) -> str:
    """A number as people write it: 84, 84.5."""
    said = f"{Decimal(str(value)):f}"
    return said.rstrip("0").rstrip(".") if "." in said else said


def before_rows(asked: Asked) -> list[dict[str, Any]]:
    """What stands about doses given elsewhere."""
    rows = counters.elsewhere_of(asked.user, asked.patient)
    facts = counters.facts_by_therapy(rows, asked.patient.site) if rows else {}
    return [_row(asked, row, facts[row.therapy_id]) for row in rows]


def _row(asked: Asked, row: GivenElsewhere, facts: Facts) -> dict[str, Any]:
    details = row.details
    confirmed = row.is_confirmed
    return {
        "row": row,
        "name": facts.name,
        "kind": "done" if confirmed else "urgent",
        "word": _("Confirmed") if confirmed else _("Not confirmed: it does not count yet"),
        "lines": [line for line in _lines(row, details) if line],
        "counted": _counted_next(row, facts) if asked.is_staff and confirmed else "",
        "reactions": details.get("reactions", ""),
        **_booking(asked, row),
        "note": details.get("note", ""),
        "confirm_url": asked.url("elsewhere-confirm", row.pk) if asked.is_staff and not confirmed else "",
        "withdraw_url": asked.url("elsewhere-withdraw", row.pk) if asked.is_staff else "",
    }


def _lines(row: GivenElsewhere, details: dict[str, str]) -> Iterable[str]:
    if row.doses_given is None:
        yield _("How many doses: not known")
    else:
        yield ngettext("%(count)d dose", "%(count)d doses", row.doses_given) % {"count": row.doses_given}
    if row.first_on is not None:
        yield _("First one on %(day)s") % {"day": day_words(row.first_on)}
    if row.last_on is not None:
        yield _("Last one on %(day)s") % {"day": day_words(row.last_on)}
    elif row.doses_given != 0:
        yield _("Day of the last one: not known")
    if row.lifetime_mg_m2 is not None:
        yield _("Lifetime total elsewhere: %(total)s mg/m2") % {"total": number(row.lifetime_mg_m2)}
    if details.get("place"):
        yield _("Where: %(place)s") % {"place": details["place"]}
    if details.get("jcv_assay"):
        said = {"assay": details["jcv_assay"], "index": details.get("jcv_index") or _("not known")}
        yield _("JC virus test %(assay)s: index %(index)s") % said
        if details.get("jcv_on"):
            yield _("Tested on %(day)s") % {"day": day_words(date.fromisoformat(details["jcv_on"]))}


def _booking(asked: Asked, row: GivenElsewhere) -> dict[str, Any]:
    """A dose that is booked elsewhere: what was told of it, and for the team how it stands and what to do."""
    opens = asked.is_staff and row.booking == GivenElsewhere.Booking.OPEN
    return {
        "booked": bookings.told_words(row),
        "booking_word": row.get_booking_display() if row.booking and asked.is_staff else "",
        "booking_kind": "todo" if row.booking == GivenElsewhere.Booking.OPEN else "done",
        "booking_url": asked.url("elsewhere-booking", row.pk) if opens else "",
    }


def _counted_next(row: GivenElsewhere, facts: Facts) -> str:
    """To which day the data count the next dose from the last one elsewhere, for whoever signs an order; nothing where they do not say."""
    path = next((path for path in facts.paths.values() if not path.prescriber_choice), None)
    if path is None or not row.doses_given or row.last_on is None:
        return ""
    slot = planning.slot_at(path.phases, row.doses_given + 1)
    days = {1: row.first_on, row.doses_given: row.last_on}
    window = planning.window_of(slot, days.get) if slot is not None else None
    if slot is None or window is None:
        return ""
    target = planning.kept(window, planning.not_before(slot, row.last_on)).target
    said = {"number": slot.number, "day": day_words(target)}
    return (
        _("By the data dose %(number)d comes next, counted to %(day)s. Nothing is planned without an order.")
        % said
    )


def counts_of(asked: Asked, course: Course, doses: list[Dose]) -> dict[str, Any]:
    """The counters of a course's medicine, over all courses and elsewhere."""
    facts = reading.facts_for(course)
    rows = counters.elsewhere_of(asked.user, asked.patient, facts.substance)
    if any(other.course_id != course.pk for other in doses):
        doses = [dose for dose in doses if reading.facts_for(dose.course).substance == facts.substance]
    found = counters.infusions(doses, rows, facts, asked.patient.site)
    life = counters.lifetime(asked.user, asked.patient, facts)
    unknown = found.count is None or (life is not None and life.total is None)
    shown = found.watched is not None or life is not None or bool(rows)
    kind, status = status_words(found.status) if found.status else ("", "")
    return {
        "shown": shown,
        "unknown": unknown,
        "unknown_words": UNKNOWN_WORDS if unknown else "",
        "infusions": infusion_words(found) if found.watched is not None and not unknown else [],
        "rule": found.rule if found.watched is not None else "",
        "rule_kind": kind,
        "rule_status": status,
        "rule_source": "; ".join(source_words(facts, {"source": list(found.source)})),
        "lifetime": lifetime_words(life) if life is not None else [],
        "limit_status": status_words(life.limit.status)[1] if life is not None else "",
        "limit_source": "; ".join(source_words(facts, {"source": list(life.limit.source)})) if life else "",
    }


def infusion_words(found: Infusions) -> list[str]:
    """How many were given, and how many more are watched each time."""
    said = [
        ngettext("%(count)d whole infusion so far, here and elsewhere.", "%(count)d whole infusions so far, here and elsewhere.", found.count or 0)
        % {"count": found.count or 0}
    ]  # fmt: skip
    if found.in_part:
        words = ngettext(
            "%(count)d was given in part and is not in this count.",
            "%(count)d were given in part and are not in this count.",
            found.in_part,
        )
        said.append(words % {"count": found.in_part})
    if found.restarted_on is not None:
        said.append(
            _("The count began anew on %(day)s, after a gap of six months or more.")
            % {"day": day_words(found.restarted_on)}
        )
    if found.left:
        words = ngettext(
            "The next %(count)d is one of the first %(all)d.",
            "The next %(count)d are among the first %(all)d.",
            found.left,
        )
        said.append(words % {"count": found.left, "all": found.watched})
    return said


def lifetime_words(found: Lifetime) -> list[str]:
    limit = {"limit": number(found.limit.mg_per_m2), "label": found.limit.jurisdiction}
    if found.total is None:
        return [_("Lifetime total: unknown. The most is %(limit)s mg/m2 (%(label)s label).") % limit]
    return [
        _("Lifetime total: %(total)s of %(limit)s mg/m2 (%(label)s label), %(here)s of it here.")
        % {**limit, "total": number(found.total), "here": number(found.here)}
    ]


def counted_words(asked: Asked, dose: Dose) -> list[str]:
    """Before a dose of a medicine with a limit is noted: the total, the body surface and what a whole dose is by it."""
    facts = reading.facts_for(dose.course)
    found = counters.lifetime(asked.user, asked.patient, facts)
    if found is None:
        return []
    body = counters.body_of(asked.user, asked.patient)
    if body is None:
        return [*lifetime_words(found), _("Weight and height are not known. Measure them first.")]
    said = {"m2": number(body.m2), "day": day_words(body.on)}
    lines = [*lifetime_words(found), _("Body surface %(m2)s m2, measured on %(day)s.") % said]
    strength = facts.mg_per_m2(dose.phase_key)
    if strength is not None:
        amount = {"strength": number(strength), "mg": number((strength * body.m2).quantize(Decimal("0.1")))}
        lines.append(_("%(strength)s mg/m2 are %(mg)s mg for this patient.") % amount)
    return lines


def measure_rows(asked: Asked) -> list[dict[str, Any]]:
    """Weight, height and the body surface from them, newest first."""
    rows: Any = BodyMeasure.objects.for_user(asked.user, asked.patient).newest_first()
    return [
        {
            "on": body.on,
            "weight": number(body.weight_kg),
            "height": number(body.height_cm),
            "m2": number(body.m2),
            "by": row.measured_by.name,
        }
        for row in rows[:20]
        for body in (counters.body_from(row),)
    ]
