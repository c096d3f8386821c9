"""Writing down what was given elsewhere, a nurse's word that it is so, and weight and height."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from clinic.services import memberships
from patients.areas import TREATMENT
from patients.models import Patient
from patients.services import exactly_once, record_change, require
from portal.lib.problems import Conflict, DomainError, NotAllowed
from portal.lib.time import today_in
from treatment.ledger.brought import bring_jcv
from treatment.models import BodyMeasure, GivenElsewhere, Protocol, Therapy
from treatment.protocols.facts import Facts, facts_of

STAFF = ("team", "break_glass")
MOST_DOSES = 500
MOST_TOTAL = Decimal(1_000)
TEXT_LENGTH = 1000
KILOGRAMS = (Decimal(20), Decimal(350))  # what a scale and a person can be; not a clinical figure
CENTIMETERS = (Decimal(90), Decimal(240))
TEXTS = ("place", "reactions", "jcv_assay", "jcv_index", "booked", "booked_place", "note")
MOST_AHEAD = timedelta(days=732)  # of a booking elsewhere: a later one is a slip of the pen


class NotANurse(NotAllowed):
    default_message = gettext_lazy(
        "Only a nurse or a neurologist of the team can confirm this. Nothing was changed."
    )


class StandsAlready(Conflict):
    default_message = gettext_lazy(
        "There is a note already about this therapy given elsewhere. Take that one off first if it is wrong."
    )


class ConfirmedAlready(Conflict):
    default_message = gettext_lazy("This is confirmed or taken off already. Look at the newest state first.")


class BookingSettled(Conflict):
    default_message = gettext_lazy("Nothing is left to enter here. Look at the newest state first.")


class NotKnownYet(DomainError):
    status = 422
    default_message = gettext_lazy("What is not known cannot be confirmed.")


class CannotBeSo(DomainError):
    status = 422
    default_message = gettext_lazy("These numbers cannot be right.")


@dataclass(frozen=True, slots=True)
class Told:
    """What is known about a therapy given elsewhere; None: not known. Days are calendar days."""

    doses_given: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    lifetime_mg_m2: Decimal | None = None
    place: str = ""
    reactions: str = ""
    jcv_assay: str = ""
    jcv_index: str = ""
    jcv_on: date | None = None
    booked: str = ""
    booked_place: str = ""
    booked_on: date | None = None
    note: str = ""

    @property
    def details(self) -> dict[str, str]:
        found = {name: getattr(self, name).strip() for name in TEXTS}
        return {**found, "jcv_on": self.jcv_on.isoformat() if self.jcv_on is not None else ""}

    @property
    def jcv(self) -> tuple[str, str, date | None]:
        """The JC virus test: name, index, day."""
        return self.jcv_assay.strip(), self.jcv_index.strip(), self.jcv_on

    @property
    def booking(self) -> tuple[str, str, date | None]:
        """A dose that is booked elsewhere: words, place, day."""
        return self.booked.strip(), self.booked_place.strip(), self.booked_on

    @property
    def content(self) -> list[Any]:
        named = (self.first_on, self.last_on, self.booked_on)
        days = [day.isoformat() if day is not None else "" for day in named]
        return [self.doses_given, *days, str(self.lifetime_mg_m2), self.details]


def check_told(told: Told, today: date, booked_on: date | None = None) -> None:
    """Raises CannotBeSo for days in the future, days in the wrong order, numbers nobody can have, and texts that are too long.

    `booked_on`: the day of a booking that stands already; a new one lies ahead.
    """
    days = [day for day in (told.first_on, told.last_on, told.jcv_on) if day is not None]
    if any(day > today for day in days):
        raise CannotBeSo(_("A day lies in the future. Bookings to come have a line of their own."))
    new = told.booked_on if told.booked_on != booked_on else None
    if new is not None and not today <= new <= today + MOST_AHEAD:
        raise CannotBeSo(_("A booking lies in the past, or more than two years ahead. Check its day."))
    if told.first_on is not None and told.last_on is not None and told.first_on > told.last_on:
        raise CannotBeSo(_("The first dose lies after the last one."))
    if told.doses_given is not None and not 0 <= told.doses_given <= MOST_DOSES:
        raise CannotBeSo(_("The number of doses has to lie between 0 and 500."))
    if told.doses_given == 0 and (told.first_on or told.last_on or told.lifetime_mg_m2):
        raise CannotBeSo(_("No dose was given, but there is a day or a total of one."))
    if told.doses_given == 1 and told.first_on and told.last_on and told.first_on != told.last_on:
        raise CannotBeSo(_("One dose cannot have two days."))
    if told.lifetime_mg_m2 is not None and not 0 <= told.lifetime_mg_m2 <= MOST_TOTAL:
        raise CannotBeSo(_("A lifetime total has to lie between 0 and 1,000 mg/m2."))
    if any(len(text) > TEXT_LENGTH for text in told.details.values()):
        raise CannotBeSo(_("Make your text shorter: at most 1,000 characters."))
    if told.jcv_index.strip() and not told.jcv_assay.strip():
        raise CannotBeSo(
            _("An index needs the name of the test beside it: values of different tests cannot be compared.")
        )


def require_complete(told: Told, facts: Facts) -> None:
    """Raises NotKnownYet for what the counters need and nobody has said."""
    if told.doses_given is None:
        raise NotKnownYet(_("Enter how many doses were given elsewhere. Write 0 only if there was none."))
    if told.doses_given and told.last_on is None:
        raise NotKnownYet(_("Enter the day of the last dose. The shortest interval counts from it."))
    if facts.has_lifetime_limit and told.lifetime_mg_m2 is None:
        raise NotKnownYet(_("Enter the lifetime total in mg/m2. Write 0 only if there was none."))


def may_confirm(user: User) -> bool:
    """Nurses and neurologists."""
    return memberships(user).filter(role__in=["nurse", "neurologist"]).exists()


def facts_of_therapy(code: str, site: Site) -> tuple[Therapy, Facts]:
    """A therapy with the facts of its newest version at a site. Raises Http404."""
    newest = (
        Protocol.objects.at(site)
        .filter(therapy__code=code)
        .select_related("therapy")
        .defer("content")
        .order_by("-version")
        .first()
    )
    if newest is None:
        raise Http404
    return newest.therapy, facts_of(newest.pk)


# --- Given elsewhere ----------------------------------------------------------------------------------------------


@transaction.atomic
def note_elsewhere(
    *, by: User, patient: Patient, therapy: str, told: Told, confirmed: bool, origin: str = "form", id: UUID, now: datetime
) -> GivenElsewhere:  # fmt: skip
    """Write down what was given elsewhere. Until somebody confirms it, the counters of the drug are unknown and block.

    Raises NotAllowed, NotANurse, StandsAlready, CannotBeSo, NotKnownYet, DifferentContent, Http404.
    """
    require(by, patient, TREATMENT, *STAFF)
    if confirmed and not may_confirm(by):
        raise NotANurse
    known, facts = facts_of_therapy(therapy, patient.site)
    check_told(told, today_in(now, patient.site.time_zone))
    if confirmed:
        require_complete(told, facts)

    def make() -> UUID:
        _hold(by, patient)
        standing: Any = GivenElsewhere.objects.for_user(by, patient).standing()
        if standing.filter(therapy=known).exists():
            raise StandsAlready
        row = GivenElsewhere(
            id=id, patient=patient, therapy=known, origin=origin, written_by=by, written_at=now, created_at=now,
            confirmed_by=by if confirmed else None, confirmed_at=now if confirmed else None,
        )  # fmt: skip
        _fill(row, told)
        row.save(force_insert=True)
        record_change(by, patient, "elsewhere.confirmed" if confirmed else "elsewhere.written", row.pk)
        if confirmed:
            _bring_result(by, patient, row, told, now)
        return row.pk

    content = [therapy, told.content, confirmed]
    exactly_once(act="elsewhere.write", id=id, patient=patient, user=by, content=content, do=make)
    return elsewhere_or_404(by, patient, id)


def _fill(row: GivenElsewhere, told: Told) -> None:
    row.doses_given, row.first_on, row.last_on = told.doses_given, told.first_on, told.last_on
    row.lifetime_mg_m2 = told.lifetime_mg_m2
    row.details = told.details
    row.booked_on = told.booked_on
    if not row.booking and any(told.booking):
        row.booking = GivenElsewhere.Booking.OPEN
    elif row.booking == GivenElsewhere.Booking.OPEN and not any(told.booking):
        row.booking = ""


def _bring_result(by: User, patient: Patient, row: GivenElsewhere, before: Told, now: datetime) -> None:
    """A confirmed note takes its JC virus test to the ledger, when day, name and index are known. `before`: what was written down first; who
    puts the test right is the one who entered it, so that somebody else looks at it."""
    assay, index, day = told_by(row).jcv
    if not assay or not index or day is None:
        return
    same = before.jcv == (assay, index, day)
    bring_jcv(
        by=by, patient=patient, id=uuid5(row.pk, "jcv"), assay=assay, index=index, taken_on=day, now=now,
        written_by=row.written_by if same else by, written_at=row.written_at if same else now,
    )  # fmt: skip


def told_by(row: GivenElsewhere) -> Told:
    """What a row says, as it can be said again."""
    details = dict(row.details)
    said = details.pop("jcv_on", "")
    return Told(
        doses_given=row.doses_given, first_on=row.first_on, last_on=row.last_on, lifetime_mg_m2=row.lifetime_mg_m2,
        jcv_on=date.fromisoformat(said) if said else None, booked_on=row.booked_on, **details,
    )  # fmt: skip


def _hold(by: User, patient: Patient) -> None:
    """One writer at a time about what a patient was given."""
    Patient.objects.for_user(by).select_for_update(no_key=True).filter(pk=patient.pk).first()


def elsewhere_or_404(user: User, patient: Patient, elsewhere_id: UUID) -> GivenElsewhere:
    rows: Any = GivenElsewhere.objects.for_user(user, patient).select_related(
        "therapy", "written_by", "confirmed_by", "withdrawn_by"
    )
    found = rows.filter(pk=elsewhere_id).first()
    if found is None:
        raise Http404
    row: GivenElsewhere = found
    return row


@transaction.atomic
def confirm_elsewhere(
    *, by: User, patient: Patient, elsewhere_id: UUID, told: Told, id: UUID, now: datetime
) -> GivenElsewhere:
    """A nurse's or neurologist's word that the numbers are so, with whatever they put right. From then on they count.

    Raises NotAllowed, NotANurse, ConfirmedAlready, CannotBeSo, NotKnownYet, DifferentContent, Http404.
    """
    require(by, patient, TREATMENT, *STAFF)
    if not may_confirm(by):
        raise NotANurse
    row = elsewhere_or_404(by, patient, elsewhere_id)
    _known, facts = facts_of_therapy(row.therapy.code, patient.site)
    check_told(told, today_in(now, patient.site.time_zone), row.booked_on)
    require_complete(told, facts)

    def make() -> UUID:
        _hold(by, patient)
        found = elsewhere_or_404(by, patient, elsewhere_id)
        if found.is_confirmed or found.withdrawn_at is not None:
            raise ConfirmedAlready
        before = told_by(found)
        if before.booking != told.booking:  # another booking than the one that somebody may have settled
            found.booking, found.booking_at, found.booking_by = "", None, None
        _fill(found, told)
        found.confirmed_by, found.confirmed_at = by, now
        found.save()
        record_change(by, patient, "elsewhere.confirmed", found.pk)
        _bring_result(by, patient, found, before, now)
        return found.pk

    content = [str(elsewhere_id), told.content]
    exactly_once(act="elsewhere.confirm", id=id, patient=patient, user=by, content=content, do=make)
    return elsewhere_or_404(by, patient, elsewhere_id)


@transaction.atomic
def withdraw_elsewhere(
    *, by: User, patient: Patient, elsewhere_id: UUID, id: UUID, now: datetime
) -> GivenElsewhere:
    """Take a wrong one off; it stays in the history and counts no more. A confirmed one only by a nurse or neurologist."""
    require(by, patient, TREATMENT, *STAFF)

    def make() -> UUID:
        _hold(by, patient)
        row = elsewhere_or_404(by, patient, elsewhere_id)
        if row.withdrawn_at is not None:
            raise ConfirmedAlready
        if row.is_confirmed and not may_confirm(by):
            raise NotANurse
        row.withdrawn_by, row.withdrawn_at = by, now
        row.save(update_fields=["withdrawn_by", "withdrawn_at"])
        record_change(by, patient, "elsewhere.withdrawn", row.pk)
        return row.pk

    exactly_once(
        act="elsewhere.withdraw", id=id, patient=patient, user=by, content=[str(elsewhere_id)], do=make
    )
    return elsewhere_or_404(by, patient, elsewhere_id)


@transaction.atomic
def settle_booking(
    *, by: User, patient: Patient, elsewhere_id: UUID, how: str, id: UUID, now: datetime
) -> GivenElsewhere:
    """Say that a dose booked elsewhere is booked here now (`how` entered), or needs nothing any more (aside). Nothing is booked by that.

    Raises NotAllowed, BookingSettled, DifferentContent, Http404.
    """
    require(by, patient, TREATMENT, *STAFF)

    def make() -> UUID:
        _hold(by, patient)
        row = elsewhere_or_404(by, patient, elsewhere_id)
        if row.withdrawn_at is not None or row.booking != GivenElsewhere.Booking.OPEN:
            raise BookingSettled
        row.booking, row.booking_by, row.booking_at = how, by, now
        row.save(update_fields=["booking", "booking_by", "booking_at"])
        entered = how == GivenElsewhere.Booking.ENTERED
        record_change(
            by, patient, "elsewhere.booking-entered" if entered else "elsewhere.booking-aside", row.pk
        )
        return row.pk

    content = [str(elsewhere_id), str(how)]
    exactly_once(act="elsewhere.booking", id=id, patient=patient, user=by, content=content, do=make)
    return elsewhere_or_404(by, patient, elsewhere_id)


# --- Weight and height --------------------------------------------------------------------------------------------


@transaction.atomic
def note_measure(
    *, by: User, patient: Patient, weight_kg: Decimal, height_cm: Decimal, measured_on: date, id: UUID, now: datetime
) -> BodyMeasure:  # fmt: skip
    """Weight and height on a day, in kilograms and centimeters. Raises NotAllowed, CannotBeSo, DifferentContent."""
    require(by, patient, TREATMENT, *STAFF)
    if measured_on > today_in(now, patient.site.time_zone):
        raise CannotBeSo(_("This day lies in the future."))
    if not KILOGRAMS[0] <= weight_kg <= KILOGRAMS[1]:
        raise CannotBeSo(_("Enter the weight in kilograms, between 20 and 350."))
    if not CENTIMETERS[0] <= height_cm <= CENTIMETERS[1]:
        raise CannotBeSo(_("Enter the height in centimeters, between 90 and 240."))

    def make() -> UUID:
        row = BodyMeasure(
            id=id, patient=patient, measured_on=measured_on, measured_by=by, measured_at=now, created_at=now
        )
        row.numbers = {"weight_kg": float(weight_kg), "height_cm": float(height_cm)}
        row.save(force_insert=True)
        record_change(by, patient, "body.measured", row.pk)
        return row.pk

    content = [str(weight_kg), str(height_cm), measured_on.isoformat()]
    exactly_once(act="body.measure", id=id, patient=patient, user=by, content=content, do=make)
    return BodyMeasure.objects.for_user(by, patient).get(pk=id)
