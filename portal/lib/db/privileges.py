"""What the app and maintenance roles may do to each table; applied by the owner after every migrate, like the form of the policies.

The app role never owns a table, never truncates, and gets on each table only what the model says in
`app_privileges` (a class attribute; the default is the four ordinary statements).
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from portal.lib.db.rls import ask_one_by_one

DEFAULT_PRIVILEGES = "SELECT, INSERT, UPDATE, DELETE"


def table_privileges() -> dict[str, str]:
    """Privileges of the app role by table, for every table that a model owns."""
    tables = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            tables[model._meta.db_table] = getattr(model, "app_privileges", DEFAULT_PRIVILEGES)
    return tables


def grant_after_migrate(*, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """post_migrate runs once per app; the work is done once, for the last of them."""
    config = kwargs.get("app_config")
    if config is not None and config is not list(apps.get_app_configs())[-1]:
        return
    connection = connections[using]
    app, owner = settings.DATABASE_ROLES["app"], settings.DATABASE_ROLES["owner"]
    maintenance = settings.DATABASE_ROLES["maintenance"]
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        if app == owner or cursor.fetchone()[0] == app:
            return
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        existing = [row[0] for row in cursor.fetchall()]
        ask_one_by_one(cursor)
        privileges = table_privileges()
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quote(app)}, {quote(maintenance)}")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute(
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quote(app)}, {quote(maintenance)}"
        )
        for table in existing:
            allowed = "SELECT" if table == "django_migrations" else privileges.get(table, DEFAULT_PRIVILEGES)
            cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {quote(app)}")
            if allowed:
                cursor.execute(f"GRANT {allowed} ON {quote(table)} TO {quote(app)}")
            cursor.execute(
                f"GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON {quote(table)} TO {quote(maintenance)}"
            )
