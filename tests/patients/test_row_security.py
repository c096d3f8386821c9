"""Two walls, each proven alone: the Python filter with row security off, and row security with the Python filter off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, ProgrammingError, connection, models, transaction

from accounts.models import User
from clinic.models import TeamMember
from clinic.services import utc_today
from patients.keys import SPACES, wrap_new_key
from patients.models import AuditHead, Grant, Patient, PatientKey, Question, Receipt
from patients.services import access_of, can, grant_carer, patients_of
from portal.lib import actor
from portal.lib.ids import uuid7
from tests.patients.world import Clinic, acting, acting_system, make_clinic, person

AREAS = ("profile", "appointments", "messages", "journal", "shared_journal", "team", "treatment", "own")

# Reviewed: the owner's functions read or write these for everybody, so the owner is not bound; the app role always is.
NARROWED = {"messaging_attachment": ["keep_sent"]}  # what was sent with a message is never deleted
NOT_FORCED = {"patients_grant", "patients_auditevent", "patients_audithead"}
# No Python filter of their own: read by services through the patient, or only by the trail's own functions.
NO_QUERYSET = {Grant, PatientKey, AuditHead, Receipt}


def patient_models() -> list[type[models.Model]]:
    """Every model whose rows belong to a patient, found by walking; nobody has to remember to add one."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        owned = any(
            isinstance(field, models.ForeignKey) and field.related_model is Patient
            for field in model._meta.get_fields()
        )
        if (model is Patient or owned) and not model._meta.proxy:
            found.append(model)
    return found


def owner_of_row(model: type[models.Model]) -> str:
    return "id" if model is Patient else "patient_id"


def rows_of(model: type[models.Model]) -> set[UUID]:
    """The patients whose rows come back without any Python filter."""
    return set(models.QuerySet(model).values_list(owner_of_row(model), flat=True))


def test_every_patient_table_is_closed_by_row_security(db: None) -> None:
    assert len(patient_models()) >= 9
    for model in patient_models():
        table = model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relrowsecurity, relforcerowsecurity, (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid AND p.polpermissive),"
                " ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid AND NOT p.polpermissive)"
                " FROM pg_class c WHERE relname = %s AND relnamespace = 'public'::regnamespace",
                [table],
            )
            enabled, forced, opening, narrowing = cursor.fetchone()
        assert enabled, f"{table} has no row security"
        assert forced or table in NOT_FORCED, f"{table}: row security does not bind its owner"
        assert opening == 1, f"{table} has {opening} policies that open: the widest would decide"
        assert narrowing == NARROWED.get(table, []), f"{table} is narrowed by {narrowing}"


def test_every_patient_model_has_a_closed_python_filter() -> None:
    for model in patient_models():
        if model in NO_QUERYSET:
            continue
        assert getattr(model, "record_area", None) in AREAS, f"{model.__name__} names no area"
        assert hasattr(model._default_manager, "for_user"), f"{model.__name__} has no for_user"


@pytest.mark.parametrize("nobody", [AnonymousUser(), None, object()])
def test_the_python_filter_is_closed_for_nobody(clinic: Clinic, nobody: Any) -> None:
    for model in patient_models():
        if model not in NO_QUERYSET:
            with acting_system():
                assert list(model._default_manager.for_user(nobody)) == []


@pytest.mark.parametrize("known", [False, True], ids=["grant not read yet", "grant at hand"])
def test_the_rule_for_one_patient_is_the_rule_over_all(demo_world: str, known: bool) -> None:
    """`for_user(user, patient)` looks the grant up; `for_user(user)` holds the rule in its statement. They must agree."""
    people = list(User.objects.all())
    with acting_system():
        patients = [*Patient.objects.all()]
    seen = 0
    for user in people:
        for patient in patients:
            with acting_system():
                if known:
                    access_of(user, patient)
                for model in patient_models():
                    if model in NO_QUERYSET:
                        continue
                    column = getattr(model, "record_patient_column", "patient_id")
                    over_all = model._default_manager.for_user(user).filter(**{column: patient.pk})
                    of_one = set(model._default_manager.for_user(user, patient).values_list("pk", flat=True))
                    assert of_one == set(over_all.values_list("pk", flat=True)), (user.email, model.__name__)
                    seen += len(of_one)
    assert seen > 500


def test_an_inactive_person_sees_nothing(clinic: Clinic) -> None:
    clinic["rosa"].is_active = False
    with acting_system():
        assert list(Patient.objects.for_user(clinic["rosa"])) == []


# --- The Python filter off ---------------------------------------------------------------------------


@pytest.fixture
def everyone(demo_world: str) -> dict[str, User]:
    return {user.email.split("@")[0]: user for user in User.objects.all()}


@pytest.fixture
def lindqvist(everyone: dict[str, User]) -> UUID:
    with acting_system():
        return Grant.objects.get(kind="self", user=everyone["patient"]).patient_id


def test_row_security_alone_keeps_each_record_to_its_people(
    everyone: dict[str, User], lindqvist: UUID
) -> None:
    with acting_system():
        filled = {model for model in patient_models() if rows_of(model)}
        okafor = Grant.objects.get(kind="self", user=everyone["other-patient"]).patient_id
    assert {Patient, Grant, PatientKey} <= filled
    for name, may_see in (
        ("patient", {lindqvist}),
        ("other-patient", {okafor}),
        ("carer", {lindqvist}),
        ("elsewhere", set()),
        ("editor", set()),
        ("reviewer", set()),
        ("admin", set()),
    ):
        with acting(everyone[name]):
            for model in patient_models():
                foreign = rows_of(model) - may_see
                assert not foreign, f"{name} sees foreign rows of {model.__name__}"
            assert rows_of(Patient) == may_see


def test_a_list_over_many_shows_each_person_the_same_rows(everyone: dict[str, User]) -> None:
    """Row security answers lists in another way (`reading_many`); what it lets through is the same, row by row."""
    compared = 0
    for name, user in everyone.items():
        for model in patient_models():
            rows: Any = models.QuerySet(model).values_list("pk", flat=True)
            with acting(user):
                one_by_one = set(rows.all())
                with actor.reading_many():
                    listed = set(rows.all())
                assert set(rows.all()) == one_by_one
            assert listed == one_by_one, (name, model.__name__)
            compared += len(listed)
    assert compared > 300


def test_reading_many_is_over_after_a_fault_and_after_the_unit(clinic: Clinic) -> None:
    with acting(clinic["rosa"]):
        with pytest.raises(ZeroDivisionError), actor.reading_many():
            raise ZeroDivisionError
        assert said("app.many") == ""
        with actor.reading_many():
            assert said("app.many") == "on"
        assert said("app.many") == ""


def said(setting: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s, true)", [setting])
        return str(cursor.fetchone()[0])


def test_without_an_actor_there_is_not_one_row(everyone: dict[str, User]) -> None:
    for model in patient_models():
        assert rows_of(model) == set()
    with transaction.atomic():
        for model in patient_models():
            assert rows_of(model) == set()
        with actor.reading_many():
            for model in patient_models():
                assert rows_of(model) == set()


def test_carers_see_only_tables_of_the_areas_that_were_opened(
    everyone: dict[str, User], lindqvist: UUID
) -> None:
    allowed = {"profile", "appointments", "messages"}
    with acting(everyone["carer"]):
        for model in patient_models():
            area = getattr(model, "record_area", "")
            if area and area not in allowed:
                assert rows_of(model) == set(), f"a carer without the area sees {model.__name__}"


def test_a_connection_used_by_fifty_people_in_turn_shows_each_only_their_own(clinic: Clinic) -> None:
    people = [clinic["maya"], clinic["samuel"], clinic["stranger"], clinic["peter"]]
    own = {clinic["maya"].pk: {clinic.maya.pk}, clinic["samuel"].pk: {clinic.samuel.pk}}
    for turn in range(50):
        user = people[turn % len(people)]
        with acting(user):
            assert set(Patient.objects.values_list("pk", flat=True)) == own.get(user.pk, set())
        assert not Patient.objects.exists()


def test_one_real_connection_reused_by_another_person_carries_nothing_over(fresh_db: str) -> None:
    clinic = make_clinic()
    connection.close()
    for turn in range(50):
        user, patient = ((clinic["maya"], clinic.maya), (clinic["samuel"], clinic.samuel))[turn % 2]
        with acting(user):
            assert list(Patient.objects.values_list("pk", flat=True)) == [patient.pk]
            if turn == 0:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    first = cursor.fetchone()
        try:
            with acting(user):
                raise RuntimeError
        except RuntimeError:
            pass
        assert not Patient.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), current_setting('app.user_id', true), current_setting('app.system', true)"
        )
        pid, user_id, system = cursor.fetchone()
    assert pid == first[0]
    assert not user_id
    assert not system


# --- Row security off -----------------------------------------------------------------------------------


@pytest.fixture
def no_row_security(everyone: dict[str, User], owner_cursor: psycopg.Cursor) -> None:
    """The owner turns row security off in this test's own copy of the database."""
    for model in patient_models():
        owner_cursor.execute(f"ALTER TABLE {model._meta.db_table} DISABLE ROW LEVEL SECURITY")


def test_the_python_filter_alone_keeps_each_record_to_its_people(
    everyone: dict[str, User], lindqvist: UUID, no_row_security: None
) -> None:
    with acting(everyone["elsewhere"]):
        assert lindqvist in rows_of(Patient), "row security is still on: this test proves nothing"
    okafor = Grant.objects.get(kind="self", user=everyone["other-patient"]).patient_id
    for name, may_see in (
        ("patient", {lindqvist}),
        ("other-patient", {okafor}),
        ("carer", {lindqvist}),
        ("elsewhere", set()),
        ("editor", set()),
        ("reviewer", set()),
        ("admin", set()),
    ):
        user = everyone[name]
        for model in patient_models():
            if model in NO_QUERYSET:
                continue
            with acting(user):
                shown = set(model._default_manager.for_user(user).values_list(owner_of_row(model), flat=True))
            assert shown <= may_see, f"{name} is shown foreign rows of {model.__name__}"
            if name == "carer" and model.record_area not in {"profile", "appointments", "messages"}:
                assert shown == set(), f"a carer without the area is shown {model.__name__}"


# --- Both walls say the same ---------------------------------------------------------------------------------


def opened_by_database(patient: Patient) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT area, %s IN (SELECT portal_patients(area)), portal_opens(area, %s), portal_listed(area) IS NULL"
            " FROM unnest(%s::text[]) area",
            [patient.pk, patient.pk, list(AREAS)],
        )
        answers = cursor.fetchall()
    assert all(named == asked and silent for _area, named, asked, silent in answers)
    with actor.reading_many(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT area FROM unnest(%s::text[]) area WHERE portal_listed(area) ? %s",
            [list(AREAS), str(patient.pk)],
        )
        listed = {area for (area,) in cursor.fetchall()}
    assert listed == {area for area, named, _asked, _silent in answers if named}
    return listed


def opened(user: User, patient: Patient) -> set[str]:
    """The areas that are open to a person, when both walls agree."""
    with acting(user):
        by_python = {area for area in AREAS if can(user, patient, area)}
        assert by_python == opened_by_database(patient)
        return by_python


TEAM = {"profile", "appointments", "messages", "shared_journal", "team", "treatment"}


@pytest.mark.parametrize(
    ("name", "areas"),
    [
        ("maya", set(AREAS) - {"team"}), ("rosa", TEAM), ("jonas", {"profile", "appointments", "messages"}),
        ("samuel", set()), ("peter", set()), ("former", set()), ("future", set()), ("stranger", set()),
    ],
)  # fmt: skip
def test_both_walls_open_the_same_areas(clinic: Clinic, name: str, areas: set[str]) -> None:
    assert opened(clinic[name], clinic.maya) == areas


@pytest.mark.parametrize("scope", ["appointments", "messages", "journal"])
def test_each_scope_opens_its_own_areas_only(clinic: Clinic, scope: str) -> None:
    friend = person("friend")
    with acting(clinic["maya"]):
        grant_carer(
            patient=clinic.maya, by=clinic["maya"], carer=friend, relation="", scopes=[scope],
            ends_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip
    expected = {"profile", scope} | ({"shared_journal"} if scope == "journal" else set())
    assert opened(friend, clinic.maya) == expected


@pytest.mark.parametrize(
    ("starts", "ends", "revoked", "open_now"),
    [(-2, 2, None, True), (-2, -1, None, False), (1, 2, None, False), (-2, 2, -1, False)],
    ids=["holds", "expired", "not yet", "revoked"],
)
@pytest.mark.parametrize("kind", ["carer", "break_glass", "team"])
def test_a_grant_holds_only_between_its_instants(
    clinic: Clinic, kind: str, starts: int, ends: int, revoked: int | None, open_now: bool
) -> None:
    now = datetime.now(UTC)
    with acting_system():
        grant = Grant(
            patient=clinic.maya,
            kind=kind,
            starts_at=now + timedelta(hours=starts),
            ends_at=now + timedelta(hours=ends),
        )
        if kind == "team":
            grant.team = clinic.other_team
        else:
            grant.user = clinic["peter"]
            grant.scopes = ["messages"]
            grant.reason = "she called from the street"
        grant.revoked_at = now + timedelta(hours=revoked) if revoked else None
        grant.save(force_insert=True)
    expected = TEAM if kind != "carer" else {"profile", "messages"}
    assert opened(clinic["peter"], clinic.maya) == (expected if open_now else set())


@pytest.mark.parametrize(
    ("starts", "ends", "works"), [(0, 0, True), (-5, 0, True), (-5, -1, False), (1, 5, False)]
)
def test_team_access_follows_the_days_of_the_membership(
    clinic: Clinic, starts: int, ends: int, works: bool
) -> None:
    colleague = person("colleague")
    today = utc_today()
    TeamMember.objects.create(
        team=clinic.team,
        user=colleague,
        role="nurse",
        starts_on=today + timedelta(days=starts),
        ends_on=today + timedelta(days=ends),
    )
    assert opened(colleague, clinic.maya) == (TEAM if works else set())


def test_own_keys_stay_out_of_the_teams_reach(clinic: Clinic) -> None:
    for name, spaces in (
        ("maya", {"own", "clinic"}),
        ("rosa", {"clinic"}),
        ("jonas", {"clinic"}),
        ("samuel", set()),
    ):
        with acting(clinic[name]):
            assert (
                set(PatientKey.objects.filter(patient=clinic.maya).values_list("space", flat=True)) == spaces
            )


# --- Writing past the walls -------------------------------------------------------------------------------------


def refused(write: Any) -> bool:
    try:
        with transaction.atomic():
            write()
    except ProgrammingError as error:
        return "row-level security" in str(error)
    except IntegrityError:
        return False
    return False


def test_rows_for_another_patient_are_refused(clinic: Clinic) -> None:
    with acting(clinic["samuel"]):
        assert refused(lambda: insert("patients_question", position=1, text=b"x", patient_id=clinic.maya.pk))
        assert refused(
            lambda: insert("patients_patient", site_id=clinic.site.pk, name=b"x", date_of_birth=b"x")
        )
        assert refused(
            lambda: insert(
                "patients_draft", patient_id=clinic.maya.pk, owner_id=clinic["samuel"].pk, kind="profile", resume="/",
                space="own", version=1, fields=b"x", updated_at=datetime.now(UTC),
            )
        )  # fmt: skip
        assert refused(
            lambda: insert(
                "patients_receipt",
                patient_id=clinic.maya.pk,
                user_id=clinic["samuel"].pk,
                act="x",
                fingerprint=b"x",
            )
        )
        assert refused(
            lambda: insert(
                "patients_receipt",
                patient_id=clinic.samuel.pk,
                user_id=clinic["maya"].pk,
                act="x",
                fingerprint=b"x",
            )
        )


def insert(table: str, **values: Any) -> None:
    values = {"id": uuid7(), "created_at": datetime.now(UTC), **values}
    with connection.cursor() as cursor:
        columns = ", ".join(f'"{name}"' for name in values)
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(values))})",
            list(values.values()),
        )


@pytest.mark.parametrize("name", ["stranger", "samuel", "peter", "jonas", "rosa"])
@pytest.mark.parametrize("kind", ["self", "carer", "break_glass", "team"])
def test_nobody_can_grant_themselves_access(clinic: Clinic, name: str, kind: str) -> None:
    user = clinic[name]
    values: dict[str, Any] = {
        "kind": kind,
        "scopes": [],
        "starts_at": datetime.now(UTC),
        "patient_id": clinic.maya.pk,
    }
    values |= {"team_id": clinic.other_team.pk} if kind == "team" else {"user_id": user.pk}
    values |= {"reason": b"x", "ends_at": datetime.now(UTC) + timedelta(hours=1)}
    with acting(user):
        assert refused(lambda: insert("patients_grant", **values))


def test_a_carer_cannot_widen_or_prolong_their_own_grant(clinic: Clinic) -> None:
    with acting(clinic["jonas"]):
        mine = Grant.objects.filter(user=clinic["jonas"])
        assert mine.count() == 1
        assert refused(lambda: mine.update(scopes=["appointments", "journal", "messages"]))
        assert refused(lambda: mine.update(ends_at=datetime.now(UTC) + timedelta(days=900)))


def test_a_patient_cannot_move_a_row_to_another_patient(clinic: Clinic) -> None:
    with acting(clinic["maya"]):
        question = Question(patient=clinic.maya, text="mine", position=1)
        question.save(force_insert=True)
        assert refused(lambda: Question.objects.filter(pk=question.pk).update(patient=clinic.samuel))


def test_nobody_makes_keys_but_the_system(clinic: Clinic) -> None:
    with acting(clinic["maya"]):
        for space in SPACES:
            kek_id, wrapped = wrap_new_key(clinic.maya.pk, space, 2)
            key = PatientKey(patient=clinic.maya, space=space, version=2, kek_id=kek_id, wrapped=wrapped)
            assert refused(lambda key=key: key.save(force_insert=True))


def test_an_update_of_foreign_rows_changes_nothing(clinic: Clinic) -> None:
    with acting(clinic["samuel"]), connection.cursor() as cursor:
        cursor.execute("UPDATE patients_patient SET phone = NULL WHERE id = %s", [clinic.maya.pk])
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM patients_question WHERE patient_id = %s", [clinic.maya.pk])
        assert cursor.rowcount == 0


def test_a_system_actor_needs_a_purpose() -> None:
    with pytest.raises(ValueError):
        actor.system("")


def test_lists_of_patients_follow_the_grants(clinic: Clinic) -> None:
    for name, seen in (
        ("rosa", {clinic.maya.pk, clinic.samuel.pk}),
        ("jonas", {clinic.maya.pk}),
        ("peter", set()),
    ):
        with acting(clinic[name]):
            assert {patient.pk for patient in patients_of(clinic[name])} == seen
