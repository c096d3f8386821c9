"""The database backend named by ENGINE = "portal.lib.db"."""

from __future__ import annotations

from django.db.backends.postgresql import base

from portal.lib.actor import NOBODY, SET_ACTOR, current


class DatabaseWrapper(base.DatabaseWrapper):
    """Sets the actor transaction-locally as the first statement of each outermost transaction.

    Django has no hook for this. `_set_autocommit(False)` is what `atomic` calls when it opens the
    outermost block, so the statement below opens the transaction on the server. Without an actor
    nothing needs saying: the settings are empty at the start of every transaction, and empty is closed.
    """

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # the stubs leave it out
        if not autocommit and (actor := current()) is not NOBODY:
            with self.wrap_database_errors, self.connection.cursor() as cursor:
                cursor.execute(SET_ACTOR, actor.settings())
