"""The door of `patients`: access, the trail, drafts, enrolment. Other apps come in here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clinic.models import Site, Team
from clinic.services import (
    hours_with,
    know_hours,
    know_team_ids,
    somebody_in,
    team_ids,
    team_ids_with,
    user_ids_in_teams,
    utc_today,
)
from patients.areas import PROFILE, Scope
from patients.drafts import DraftConflict, DraftState, drafts_of, drop_draft, save_draft
from patients.keys import SPACES, forget_keys, know_wrapped, warm_keys, wrap_new_key, wrapped_with
from patients.models import Grant, Patient, PatientKey
from patients.once import DifferentContent, Done, exactly_once, hold_id, was_done
from patients.querysets import opens
from patients.trail import Event, note
from portal.lib import actor
from portal.lib.db.compiled import Compiled
from portal.lib.problems import DomainError, NotAllowed

__all__ = [
    "DifferentContent",
    "Done",
    "DraftConflict",
    "DraftState",
    "access_of",
    "account_of",
    "can",
    "capacity_of",
    "drafts_of",
    "drop_draft",
    "enroll_patient",
    "exactly_once",
    "get_patient_or_404",
    "grant_carer",
    "grant_team",
    "hold_id",
    "in_team_of",
    "nobody_reads",
    "own_patient",
    "patient_ids_beyond_carers",
    "patient_ids_of_carer",
    "patient_ids_of_teams",
    "patient_side",
    "patients_of",
    "record_change",
    "record_many",
    "record_view",
    "require",
    "revoke_grant",
    "save_draft",
    "team_of",
    "users_who_may",
    "warm_keys",
    "was_done",
]


class CarerNotPossible(DomainError):
    default_message = _("This person cannot be added as a carer.")


# --- Who may see whom ---------------------------------------------------------------------------------------


@Compiled
def _own_grants(*, user_id: UUID, now: datetime, today: date) -> Any:
    """The person's own live grant with the patient, the site and its hours, the patient's wrapped keys and the ids of the person's
    teams; every page asks this first."""
    grants = Grant.objects.own(user_id, now).select_related("patient__site")
    hours, holidays = hours_with("patient__site_id")
    told = grants.annotate(
        teams=team_ids_with(user_id, today), hours=hours, holidays=holidays, keys=wrapped_with("patient_id")
    )
    return told.order_by("patient_id")[:1]


def own_patient(user: Any) -> Patient | None:
    """The patient this person is, or None; read once a unit of work.

    One statement says who the patient is, in what capacity the person acts on it, their teams, when the site is open, and brings the
    patient's wrapped keys: what almost every page of a patient needs.
    """
    if not isinstance(user, User) or not user.is_active:
        return None
    store = actor.unit_store()
    key = ("own_patient", user.pk)
    if key not in store:
        found_grants = _own_grants(user_id=user.pk, now=timezone.now(), today=utc_today())
        own: Any = found_grants[0] if found_grants else None
        store[key] = own.patient if own is not None else None
        if own is not None:
            store["access", user.pk, own.patient_id] = own
            know_team_ids(user, own.teams)
            know_hours(own.patient.site_id, own.hours, own.holidays)
            know_wrapped(own.patient_id, own.keys)
    found: Patient | None = store[key]
    return found


def get_patient_or_404(request: HttpRequest, patient_id: UUID | None = None, area: str = PROFILE) -> Patient:
    """The patient of a page: the person's own without an id, else the one named in the URL.

    404 for strangers, for the unknown, and for a carer whose grant does not open `area`. A stranger's try
    is put on the patient's trail in a transaction of its own.
    """
    user = request.user
    if patient_id is None:
        patient = own_patient(user)
        if patient is None:
            raise Http404
        return patient
    if not isinstance(user, User):
        raise Http404
    grants = Grant.objects.opening(user, area).filter(patient_id=patient_id)
    hours, holidays = hours_with("site_id")
    seen = Patient.objects.for_user(user).filter(pk=patient_id, grants__in=grants).select_related("site")
    found: Any = seen.annotate(
        open_hours=hours, closed_days=holidays, wrapped_keys=wrapped_with("pk")
    ).first()
    if found is None:
        _note_refusal(request, patient_id)
        raise Http404
    know_hours(found.site_id, found.open_hours, found.closed_days)
    know_wrapped(found.pk, found.wrapped_keys)
    opened: Patient = found
    return opened


def _note_refusal(request: HttpRequest, patient_id: UUID) -> None:
    refusals = getattr(request, "refusals", None)
    if refusals is None:
        refusals = request.refusals = []  # type: ignore[attr-defined]
    refusals.append(Event(patient_id, "record.refused", "none"))


def access_of(user: User, patient: Patient) -> Grant | None:
    """The strongest live grant of a person on a patient, or None; read once a unit of work."""
    store = actor.unit_store()
    key = ("access", user.pk, patient.pk)
    if key not in store:
        order = {"self": 0, "team": 1, "break_glass": 2, "carer": 3}
        grants = Grant.objects.opening(user, PROFILE).filter(patient_id=patient.pk)
        store[key] = min(grants, key=lambda grant: order[grant.kind], default=None)
    found: Grant | None = store[key]
    return found


def capacity_of(user: User, patient: Patient) -> str:
    """In what capacity a person acts on a patient: self, team, break_glass, carer or none."""
    grant = access_of(user, patient)
    return grant.kind if grant is not None else "none"


def patient_ids_of_teams(user: User) -> Any:
    """Subquery of the patients whom a team of this person looks after; without emergency access."""
    grants: Any = Grant.objects.live().filter(kind="team", team_id__in=team_ids(user))
    return grants.values("patient_id")


def in_team_of(user: User, patient: Patient) -> bool:
    """True when a team of this person looks after the patient; mostly known from the grant that was read already."""
    if capacity_of(user, patient) != "self":
        return capacity_of(user, patient) == "team"
    # Somebody who works where they are treated.
    found: bool = patient_ids_of_teams(user).filter(patient_id=patient.pk).exists()
    return found


def can(user: User, patient: Patient, area: str) -> bool:
    """True when a live grant opens `area` of the patient to the person."""
    return opens(user, patient.pk, area)


def require(user: User, patient: Patient, area: str, *kinds: str) -> str:
    """The capacity in which `user` may act on `area`; raises NotAllowed when none of `kinds` fits.

    Every writing service asks this itself: a page that forgot to ask cannot open anything.
    """
    capacity = capacity_of(user, patient)
    if (kinds and capacity not in kinds) or not can(user, patient, area):
        raise NotAllowed
    return capacity


def patients_of(user: User, *, kinds: Iterable[str] = ("team", "break_glass", "carer")) -> list[Patient]:
    """Patients a person sees through grants of these kinds, keys warmed; names are unsealed by the caller."""
    grants = Grant.objects.opening(user, PROFILE).filter(kind__in=list(kinds))
    patients = list(
        Patient.objects.for_user(user).filter(pk__in=grants.values("patient_id")).select_related("site")
    )
    warm_keys(patient.pk for patient in patients)
    return patients


def account_of(patient: Patient) -> User | None:
    """The patient's own account, for notices; None for a patient who does not sign in."""
    own = Grant.objects.live().filter(patient_id=patient.pk, kind="self").select_related("user").first()
    return own.user if own is not None else None


def users_who_may(patient: Patient, area: str) -> set[UUID]:
    """Ids of the people whom a live grant opens `area` of the patient, for notices. Call as a system actor."""
    grants = Grant.objects.live().filter(patient_id=patient.pk)
    people: set[UUID] = set()
    teams: set[UUID] = set()
    for grant in grants:
        if grant.user_id and (grant.kind == "self" or (grant.kind == "carer" and area in grant.scopes)):
            people.add(grant.user_id)
        elif grant.team_id and grant.kind == "team":
            teams.add(grant.team_id)
    return people | user_ids_in_teams(teams)


def patient_ids_beyond_carers(user: User) -> Any:
    """Subquery of the patients whom the person sees as the patient or as staff: what is hidden from carers is open there."""
    grants: Any = Grant.objects.opening(user, PROFILE).exclude(kind="carer").values("patient_id")
    return grants


def patient_ids_of_carer(user: User) -> Any:
    """Subquery of the patients of whom the person is a carer now, whatever else they are."""
    grants: Any = Grant.objects.live().filter(kind="carer", user_id=user.pk).values("patient_id")
    return grants


def patient_side(patient: Patient, area: str) -> dict[UUID, str]:
    """Who reads for the patient: ids of the patient and of carers with `area`, each with the kind of grant."""
    grants = Grant.objects.live().filter(patient_id=patient.pk, kind__in=["self", "carer"])
    return {
        grant.user_id: grant.kind
        for grant in grants
        if grant.user_id and (grant.kind == "self" or area in grant.scopes)
    }


def patient_side_ids(patient: Patient, area: str) -> Any:
    """Subquery of the ids of `patient_side`."""
    reads = Q(kind="self") | Q(kind="carer", scopes__contains=[area])
    grants: Any = Grant.objects.live().filter(reads, patient_id=patient.pk, user_id__isnull=False)
    return grants.values("user_id")


def is_looked_after(patient: str, team: str) -> Exists:
    """Whether the team that the column `team` names is one of `teams_looking_after` the patient that `patient` names."""
    grants = Grant.objects.live().filter(kind="team", team__active=True)
    return Exists(grants.filter(patient_id=OuterRef(patient), team_id=OuterRef(team)))


def teams_looking_after(patient: Patient) -> list[Team]:
    """The teams in use that have access to the patient now, the one that was given it first coming first."""
    grants = Grant.objects.live().filter(patient_id=patient.pk, kind="team", team__active=True)
    return [grant.team for grant in grants.select_related("team").order_by("id") if grant.team is not None]


def teams_looking_after_each(patient_ids: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """The same for many patients, as pairs of patient and team. One statement."""
    grants = Grant.objects.live().filter(patient_id__in=list(patient_ids), kind="team", team__active=True)
    return {
        (patient, team) for patient, team in grants.values_list("patient_id", "team_id") if team is not None
    }


def team_of(patient: Patient) -> Team | None:
    """The team that looks after the patient: the one that was given access first, of those that still have it and are in use."""
    return next(iter(teams_looking_after(patient)), None)


def nobody_reads(patient: Patient) -> bool:
    """True when nobody may read what is sent now: there is no team, or `team_of` has nobody today who may sign in. One statement."""
    grants = Grant.objects.live().filter(patient_id=patient.pk, kind="team", team__active=True)
    read = grants.annotate(read=somebody_in("team_id")).order_by("id").values_list("read", flat=True)
    return not read.first()


# --- The trail -------------------------------------------------------------------------------------------------


def record_view(user: User, patient: Patient, act: str, target: UUID | None = None) -> None:
    """Note that somebody looked: appended before commit, and without it the page is not shown."""
    grant = access_of(user, patient)
    note(
        Event(
            patient.pk,
            act,
            grant.kind if grant is not None else "none",
            target,
            grant.pk if grant is not None else None,
        )
    )


def record_change(
    user: User | None, patient: Patient, act: str, target: UUID | None = None, *, by_phone: bool = False
) -> None:
    """Note that somebody changed something, in the same transaction. `user` None means the system actor."""
    if user is None:
        note(Event(patient.pk, act, "system", target))
        return
    grant = access_of(user, patient)
    capacity = grant.kind if grant is not None else ("system" if actor.current().system else "none")
    note(
        Event(
            patient.pk,
            act,
            "phone" if by_phone else capacity,
            target,
            grant.pk if grant is not None else None,
        )
    )


def record_many(user: User, patients: Iterable[Patient], act: str) -> None:
    """A list page: one event per patient shown, written in one statement with the rest of the unit."""
    shown = list(patients)
    grants: dict[UUID, Grant] = {}
    for grant in Grant.objects.opening(user, PROFILE).filter(
        patient_id__in=[patient.pk for patient in shown]
    ):
        grants.setdefault(grant.patient_id, grant)
    for patient in shown:
        found = grants.get(patient.pk)
        note(Event(patient.pk, act, found.kind if found else "none", None, found.pk if found else None))


# --- Enrolment and grants ------------------------------------------------------------------------------------------


def enroll_patient(
    *,
    site: Site,
    name: str,
    date_of_birth: date,
    by: User | None,
    user: User | None = None,
    team: Team | None = None,
    phone: str = "",
    id: UUID | None = None,
) -> Patient:
    """A new patient with both keys and the first grants, in one transaction.

    Runs as a system actor on behalf of `by`, because nobody can see the patient before the grants are there.
    """
    with actor.unit_of_work(actor.Actor(user_id=by.pk if by else None, system="enrolment")):
        patient = Patient(site=site)
        if id is not None:
            patient.pk = id
        if user is not None:
            Grant(patient_id=patient.pk, kind="self", user=user, created_by=by).save(force_insert=True)
        if team is not None:
            Grant(patient_id=patient.pk, kind="team", team=team, created_by=by).save(force_insert=True)
        for space in SPACES:
            kek_id, wrapped = wrap_new_key(patient.pk, space, 1)
            PatientKey(patient_id=patient.pk, space=space, kek_id=kek_id, wrapped=wrapped).save(
                force_insert=True
            )
        forget_keys(patient.pk)
        patient.name = name
        patient.date_of_birth = date_of_birth.isoformat()
        patient.phone = phone or None
        patient.save(force_insert=True)
        note(Event(patient.pk, "patient.enrolled", "system", patient.pk))
    return patient


@transaction.atomic
def grant_team(*, patient: Patient, team: Team, by: User | None) -> Grant:
    """Open the patient to a team. Call as a system actor (enrolment) or as the patient."""
    grant = Grant(patient=patient, kind="team", team=team, created_by=by)
    grant.save(force_insert=True)
    record_change(by, patient, "grant.team", grant.pk)
    return grant


@transaction.atomic
def grant_carer(
    *,
    patient: Patient,
    by: User,
    carer: User,
    relation: str | dict[str, str],
    scopes: Iterable[str],
    ends_at: datetime,
) -> Grant:
    """The patient opens chosen areas to a carer until an instant. Raises CarerNotPossible, NotAllowed.

    `relation` is how the patient speaks of the carer: "my husband", or {"relation": …, "called": name}.
    """
    if capacity_of(by, patient) != "self":
        raise NotAllowed
    chosen = sorted(set(scopes))
    if carer.pk == by.pk or not chosen or any(scope not in Scope.values for scope in chosen):
        raise CarerNotPossible
    if ends_at <= timezone.now() or ends_at > timezone.now() + timedelta(days=366 * 2):
        raise CarerNotPossible(_("Choose a last day within the next two years."))
    Patient.objects.for_user(by).select_for_update(no_key=True).get(
        pk=patient.pk
    )  # one change of the carers at a time
    if Grant.objects.live().filter(patient=patient, kind="carer", user=carer).exists():
        raise CarerNotPossible(_("This person has access already. End it first, then add them again."))
    Grant.objects.filter(patient=patient, kind="carer", user=carer, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )
    grant = Grant(patient=patient, kind="carer", user=carer, scopes=chosen, ends_at=ends_at, created_by=by)
    grant.relation = relation
    grant.save(force_insert=True)
    record_change(by, patient, "grant.carer", grant.pk)
    return grant


@transaction.atomic
def revoke_grant(*, patient: Patient, by: User, grant_id: UUID) -> Grant:
    """End a carer's access at once. Raises NotAllowed; Http404 when there is no such carer."""
    if capacity_of(by, patient) != "self":
        raise NotAllowed
    grant: Grant | None = (
        Grant.objects.select_for_update(no_key=True)
        .filter(pk=grant_id, patient=patient, kind="carer")
        .first()
    )
    if grant is None:
        raise Http404
    if grant.revoked_at is None:
        grant.revoked_at = timezone.now()
        grant.save(update_fields=["revoked_at"])
        record_change(by, patient, "grant.revoked", grant.pk)
    return grant
