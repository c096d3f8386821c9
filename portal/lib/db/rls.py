"""Row-level security as a migration operation.

`PatientRows("message", area="messages")` closes a table: the app role sees and writes a row only when
`portal_patients(area)` holds its patient, or when a named system actor runs. The function is made in the
migrations of `patients`; a migration that uses the operation depends on them.

Policies are written with that function, because it reads well, and are turned after each migrate to `portal_opens(area, patient)`
(`ask_one_by_one`): listing every patient of the person in each statement costs more the larger the clinic is, where a page is about
one patient or fifty (decision 18). Where a team has access, a list that says it reads many (`portal.lib.actor.reading_many`) is answered
from `portal_listed(area)`, once a statement (decision 24).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

SYSTEM = "(SELECT portal_system()) IS NOT NULL"


def rule(area: str, *, column: str = "patient_id", owner_column: str = "") -> str:
    """The policy's expression: patients of the area, narrowed to the row's owner where there is one."""
    seen = f"{column} IN (SELECT portal_patients('{area}'))"
    if owner_column:
        seen = f"({owner_column} = (SELECT portal_user()) AND {seen})"
    return f"({SYSTEM} OR {seen})"


def on_the_teams_list(column: str) -> str:
    """True where a list over many patients is made and holds this one as a patient of the person's teams; false otherwise, never NULL.

    A short way for rows that hang on another row: whoever looks after the patient sees all of what the patient wrote to the team, so that the other
    row need not be looked for. A page about one patient goes the long way.
    """
    return f"COALESCE((SELECT portal_listed('team')) ? ({column})::text, false)"


# Both forms as PostgreSQL writes them back.
_BY_NAME = re.compile(
    r"\(?([\w.]+) IN \( ?SELECT portal_patients\('(\w+)'(?:::text)?\)(?: AS portal_patients)?\)\)?"
)
_ASKED = re.compile(r"portal_opens\('(\w+)'::text, ([\w.]+)\)")
_LISTED = re.compile(
    r"COALESCE\(\(\( SELECT portal_listed\('\w+'::text\) AS portal_listed\) \? \([\w.]+\)::text\), (portal_opens\([^()]*\))\)"
)
# What a team sees, so that lists over many patients exist; the same as in patients.areas. In the other areas a person sees one or a few.
MANY = frozenset({"profile", "appointments", "messages", "shared_journal", "team", "treatment"})


def asked(expression: str, *, listed: bool = True) -> str:
    """A policy's expression with each `patient_id IN (SELECT portal_patients('area'))` as `portal_opens('area', patient_id)`.

    With `listed`, the list comes first where there is one (written as PostgreSQL gives it back, so that it is written once).
    """

    def ask(match: re.Match[str]) -> str:
        column, area = match.groups()
        one = f"portal_opens('{area}'::text, {column})"
        if not listed or area not in MANY:
            return one
        return (
            f"COALESCE((( SELECT portal_listed('{area}'::text) AS portal_listed) ? ({column})::text), {one})"
        )

    return _BY_NAME.sub(ask, expression)


def by_name(expression: str) -> str:
    """The way back of `asked`."""
    return _ASKED.sub(r"(\2 IN (SELECT portal_patients('\1')))", _LISTED.sub(r"\1", expression))


def rewrite_policies(cursor: Any, turn: Callable[[str], str]) -> None:
    """Give every policy of the public schema the expressions that `turn` makes of its own; as the owner."""
    cursor.execute(
        "SELECT policyname, tablename, coalesce(qual, ''), coalesce(with_check, '') FROM pg_policies WHERE schemaname = 'public'"
    )
    for name, table, *before in cursor.fetchall():
        after = [turn(text) for text in before]
        if after != before:
            parts = [
                f"{word} ({text})" for word, text in zip(("USING", "WITH CHECK"), after, strict=True) if text
            ]
            cursor.execute(f'ALTER POLICY "{name}" ON "{table}" {" ".join(parts)}')


def ask_one_by_one(cursor: Any) -> None:
    """Turn every policy to the rule for one patient, once it is there. Called after each migrate."""
    cursor.execute("SELECT to_regproc('portal_opens') IS NOT NULL, to_regproc('portal_listed') IS NOT NULL")
    one_by_one, listed = cursor.fetchone()
    if one_by_one:
        rewrite_policies(cursor, lambda text: asked(by_name(text), listed=listed))


class PatientRows(Operation):
    """Enable row-level security on a model's table, closed by default."""

    reversible = True
    reduces_to_sql = True

    def __init__(
        self,
        model_name: str,
        *,
        area: str = "",
        column: str = "patient_id",
        owner_column: str = "",
        using: str = "",
        check: str = "",
        force: bool = True,
    ) -> None:
        self.model_name, self.area, self.column, self.owner_column = model_name, area, column, owner_column
        self.using = using or rule(area, column=column, owner_column=owner_column)
        self.check, self.force = check or self.using, force
        self._raw_using, self._raw_check = using, check

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        kwargs: dict[str, Any] = {"area": self.area, "column": self.column, "owner_column": self.owner_column}
        kwargs |= {"using": self._raw_using, "check": self._raw_check, "force": self.force}
        return (type(self).__name__, [self.model_name], kwargs)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        return None

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = schema_editor.quote_name(to_state.apps.get_model(app_label, self.model_name)._meta.db_table)
        schema_editor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        if self.force:
            schema_editor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"DROP POLICY IF EXISTS patient_rows ON {table}")
        schema_editor.execute(
            f"CREATE POLICY patient_rows ON {table} FOR ALL USING ({self.using}) WITH CHECK ({self.check})"
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        table = schema_editor.quote_name(from_state.apps.get_model(app_label, self.model_name)._meta.db_table)
        schema_editor.execute(f"DROP POLICY IF EXISTS patient_rows ON {table}")
        schema_editor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        schema_editor.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    def describe(self) -> str:
        return f"Row-level security on {self.model_name}"

    @property
    def migration_name_fragment(self) -> str:
        return f"{self.model_name.lower()}_rows"
