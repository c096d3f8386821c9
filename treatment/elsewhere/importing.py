"""People who come mid-course, many at once: a file is read, checked and shown before anything is kept. Imported numbers count only
when a nurse has confirmed them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Team
from clinic.services import teams_of
from patients.models import Patient
from patients.services import enroll_patient, patients_of
from portal.lib.problems import DomainError, NotAllowed
from portal.lib.text import clean_line
from portal.lib.time import today_in
from treatment.elsewhere import services
from treatment.elsewhere.services import Told
from treatment.models import GivenElsewhere, Therapy

COLUMNS = (
    "name", "date_of_birth", "phone", "therapy", "doses_given", "first_on", "last_on", "lifetime_mg_m2", "jcv_assay",
    "jcv_index", "jcv_on", "reactions", "booked_on", "booked_place", "booked", "place", "note", "new_patient",
)  # fmt: skip
NEEDED = ("name", "date_of_birth", "therapy")
MOST_ROWS = 200
MOST_CHARACTERS = 200_000
NEW, KNOWN, THERE, WRONG = "new", "known", "there", "wrong"


class FileUnusable(DomainError):
    status = 422
    default_message = gettext_lazy(
        "This file cannot be read. It has to be text with columns separated by commas."
    )


class SomethingWrong(DomainError):
    status = 422
    default_message = gettext_lazy(
        "Nothing was imported, because some rows are wrong. Correct them and check again."
    )


@dataclass(slots=True)
class Line:
    """One row of the file and what would become of it. `state`: new (a patient is added), known, there (kept already), wrong."""

    number: int
    state: str = WRONG
    name: str = ""
    born: date | None = None
    phone: str = ""
    therapy: str = ""
    told: Told = field(default_factory=Told)
    patient_id: UUID | None = None
    problems: list[str] = field(default_factory=list)
    _new_too: bool = False  # the file says that this is another person than the one who looks like it


def read(text: str) -> list[dict[str, str]]:
    """The rows of a file by column. Raises FileUnusable with the reason."""
    if len(text) > MOST_CHARACTERS:
        raise FileUnusable(_("This file is too long. Import at most 200 rows at once."))
    try:
        reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff").strip()), strict=True)
        names = [clean_line(name).lower() for name in reader.fieldnames or []]
        reader.fieldnames = names
        rows = list(reader)
    except csv.Error:
        raise FileUnusable from None
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing:
        raise FileUnusable(_("These columns are missing: %(names)s.") % {"names": ", ".join(missing)})
    if unknown or len(set(names)) != len(names):
        raise FileUnusable(
            _("The portal does not know these columns, or they are there twice: %(names)s.")
            % {"names": ", ".join(unknown) or ", ".join(names)}
        )
    if not rows:
        raise FileUnusable(_("There is no row below the names of the columns."))
    if len(rows) > MOST_ROWS:
        raise FileUnusable(_("This file is too long. Import at most 200 rows at once."))
    return [
        {name: clean_line(value) if isinstance(value, str) else "" for name, value in row.items() if name}
        | ({"": "more"} if None in row else {})
        for row in rows
    ]


def team_for(by: User) -> Team:
    """The team that new patients belong to: the person's first one. Raises NotAllowed for somebody without a team."""
    teams = teams_of(by)
    if not teams:
        raise NotAllowed
    return teams[0]


def dry_run(by: User, text: str, now: datetime) -> list[Line]:
    """What an import would do, row by row. Nothing is kept. Raises FileUnusable, NotAllowed."""
    team = team_for(by)
    today = today_in(now, team.site.time_zone)
    rows = read(text)
    people = _people(by)
    codes = set(Therapy.objects.values_list("code", flat=True))
    kept: Any = GivenElsewhere.objects.for_user(by).standing()
    there = set(kept.values_list("patient_id", "therapy__code"))
    seen: dict[tuple[str, date | None, str], int] = {}
    lines = []
    for number, row in enumerate(rows, start=2):
        line = _line(number, row, codes, today)
        if not line.problems:
            _match(line, people, there)
        key = _same(line.name), line.born, line.therapy
        if line.born is not None and key in seen:
            line.state = WRONG
            line.problems.append(_("The same person and therapy stand in row %(row)s.") % {"row": seen[key]})
        seen.setdefault(key, number)
        lines.append(line)
    return lines


def _line(number: int, row: dict[str, str], codes: set[str], today: date) -> Line:
    line = Line(number, name=row.get("name", ""), phone=row.get("phone", ""), therapy=row.get("therapy", ""))
    said = row.get("new_patient", "").casefold()
    line._new_too = said in ("yes", "true", "1")
    if "" in row:
        line.problems.append(
            _("There are more cells than columns. Text with a comma needs quotes around it.")
        )
    if not line.name or len(line.name) > 150:
        line.problems.append(_("The name is missing, or too long."))
    if len(line.phone) > 30:
        line.problems.append(_("The phone number is too long."))
    if line.therapy not in codes:
        line.problems.append(
            _("The portal does not know this therapy: %(code)s.") % {"code": line.therapy or "-"}
        )
    if said not in ("", "yes", "true", "1", "no", "false", "0"):
        line.problems.append(_("The column new_patient takes yes or no."))
    days: dict[str, Any] = dict(
        _days(line, row, ("date_of_birth", "first_on", "last_on", "jcv_on", "booked_on"))
    )
    line.born = days.pop("date_of_birth")
    if line.born is None and not row.get("date_of_birth"):
        line.problems.append(_("The date of birth is missing."))
    if line.born is not None and line.born > today:
        line.problems.append(_("The date of birth lies in the future."))
    texts: dict[str, Any] = {name: row.get(name, "") for name in services.TEXTS}
    line.told = Told(
        doses_given=_whole(line, row.get("doses_given", "")), lifetime_mg_m2=_decimal(line, row.get("lifetime_mg_m2", "")),
        **days, **texts,
    )  # fmt: skip
    try:
        services.check_told(line.told, today)
    except DomainError as error:
        line.problems.append(str(error.message))
    return line


def _days(line: Line, row: dict[str, str], names: tuple[str, ...]) -> Iterator[tuple[str, date | None]]:
    for name in names:
        said = row.get(name, "")
        try:
            if said and not re.fullmatch(r"\d{4}-\d\d-\d\d", said, re.ASCII):
                raise ValueError
            yield name, date.fromisoformat(said) if said else None
        except ValueError:
            line.problems.append(
                _("%(column)s: write the day as 2026-03-14, or leave it empty.") % {"column": name}
            )
            yield name, None


def _whole(line: Line, said: str) -> int | None:
    if not said:
        return None
    if not re.fullmatch(r"\d{1,4}", said, re.ASCII):
        line.problems.append(
            _("doses_given: write a whole number. Leave it empty if it is not known; 0 means none.")
        )
        return None
    return int(said)


def _decimal(line: Line, said: str) -> Decimal | None:
    if not said:
        return None
    try:
        if not re.fullmatch(r"\d{1,4}(\.\d{1,2})?", said, re.ASCII):
            raise InvalidOperation
        return Decimal(said)
    except InvalidOperation:
        line.problems.append(_("lifetime_mg_m2: write a number like 84 or 84.5, without the unit."))
        return None


# --- Who is it ----------------------------------------------------------------------------------------------------

_Person = tuple[UUID, str, date]


def _people(by: User) -> list[_Person]:
    """The people of one's own teams, by name and date of birth."""
    return [
        (patient.pk, _same(patient.name), date.fromisoformat(patient.date_of_birth))
        for patient in patients_of(by, kinds=("team",))
    ]


def _same(name: str) -> str:
    """A name as it is compared: without case, accents of writing and double spaces."""
    return " ".join(re.sub(r"[.,'’-]", " ", name.casefold()).split())


def _match(line: Line, people: list[_Person], there: set[tuple[UUID, str]]) -> None:
    """Whose row it is: the same name and date of birth; what is only alike needs a person's look."""
    name = _same(line.name)
    exact = [person for person in people if person[1:] == (name, line.born)]
    if len(exact) > 1:
        line.problems.append(_("Two patients have this name and date of birth. Write this one down by hand."))
        return
    if exact:
        line.patient_id = exact[0][0]
        line.state = THERE if (line.patient_id, line.therapy) in there else KNOWN
        return
    # The same day of birth and one name in common, or the same name and another day.
    alike = [
        person
        for person in people
        if person[1] == name or (person[2] == line.born and set(person[1].split()) & set(name.split()))
    ]
    if alike and not line._new_too:
        line.problems.append(
            _(
                "This looks like somebody who is a patient already (same name or same date of birth). Correct the row, or write "
                "yes in the column new_patient."
            )
        )
        return
    line.state = NEW


# --- Keeping it ---------------------------------------------------------------------------------------------------


@transaction.atomic
def bring_in(*, by: User, text: str, id: UUID, now: datetime) -> list[Line]:
    """Keep every row, unconfirmed; all or nothing. What is there already is left as it is, so a second press changes nothing.

    Raises FileUnusable, SomethingWrong, NotAllowed.
    """
    team = team_for(by)
    Team.objects.select_for_update(no_key=True).filter(pk=team.pk).first()  # one import of a team at a time
    lines = dry_run(by, text, now)
    if any(line.state == WRONG for line in lines):
        raise SomethingWrong
    made: dict[tuple[str, date | None], Patient] = {}
    for line in lines:
        if line.state == THERE:
            continue
        who = _same(line.name), line.born
        patient = made.get(who)
        if line.patient_id is not None:
            patient = Patient.objects.for_user(by).get(pk=line.patient_id)
        if patient is None:
            assert line.born is not None
            patient = made[who] = enroll_patient(
                site=team.site, name=line.name, date_of_birth=line.born, by=by, team=team, phone=line.phone
            )
        line.patient_id = patient.pk
        services.note_elsewhere(
            by=by, patient=patient, therapy=line.therapy, told=line.told, confirmed=False, origin="file",
            id=uuid5(id, str(line.number)), now=now,
        )  # fmt: skip
    return lines
