"""The door of `treatment`: courses, doses and their windows, what is open before a dose, allergies and medicines.

All dates are the site's calendar days. The modules behind: `courses` (`planning` is the arithmetic; `ordering`, `giving`,
`moving`, `pausing`, `ending` are the acts), `protocols` (versions of data and who signed them), `checks`, `lists`.
"""

from __future__ import annotations

from treatment.chair.flow import Stand as ChairStand
from treatment.chair.reading import stands_of as chair_stands
from treatment.checks import CheckState, OpenItem, before, note_check, regular_checks, settle_item
from treatment.courses.booking import BookableDose, dose_for_booking, hold_for_booking
from treatment.courses.ending import end_course
from treatment.courses.giving import mark_missed, record_infusion
from treatment.courses.guards import is_prescriber
from treatment.courses.moving import confirm_moves, plan_next_phase, proposed_moves
from treatment.courses.ordering import sign_order
from treatment.courses.planning import Cycle, DoseWindow
from treatment.courses.proceeding import TooEarly
from treatment.courses.reading import (
    DayCheck,
    GivenDose,
    course_or_404,
    courses_of,
    cycle_day,
    cycles_of,
    day_check,
    dose_or_404,
    doses_of,
    given_days,
    infusion_need,
    look_at,
    name_of,
    next_dose,
    running_course,
)
from treatment.lists import (
    allergies_of,
    end_entry,
    medicines_of,
    save_allergy,
    save_medicine,
    say_no_known_allergies,
)
from treatment.problems import patients_with_near_doses
from treatment.protocols.facts import InfusionNeed
from treatment.protocols.loading import load_protocols
from treatment.protocols.signing import is_signed_off, sign_off
from treatment.querysets import booked_on, counted_in

__all__ = [
    "BookableDose",
    "ChairStand",
    "CheckState",
    "Cycle",
    "DayCheck",
    "DoseWindow",
    "GivenDose",
    "InfusionNeed",
    "OpenItem",
    "TooEarly",
    "allergies_of",
    "before",
    "booked_on",
    "chair_stands",
    "confirm_moves",
    "counted_in",
    "course_or_404",
    "courses_of",
    "cycle_day",
    "cycles_of",
    "day_check",
    "dose_for_booking",
    "dose_or_404",
    "doses_of",
    "end_course",
    "end_entry",
    "given_days",
    "hold_for_booking",
    "infusion_need",
    "is_prescriber",
    "is_signed_off",
    "load_protocols",
    "look_at",
    "mark_missed",
    "medicines_of",
    "name_of",
    "next_dose",
    "note_check",
    "patients_with_near_doses",
    "plan_next_phase",
    "proposed_moves",
    "record_infusion",
    "regular_checks",
    "running_course",
    "save_allergy",
    "save_medicine",
    "say_no_known_allergies",
    "settle_item",
    "sign_off",
    "sign_order",
]
