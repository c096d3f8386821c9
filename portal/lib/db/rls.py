"""Row-level security as a migration operation.

`PatientRows("message", area="messages")` closes a table: the app role sees and writes a row only when
`portal_patients(area)` holds its patient, or when a named system actor runs. The function is made in the
migrations of `patients`; a migration that uses the operation depends on them.
"""

from __future__ import annotations

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
