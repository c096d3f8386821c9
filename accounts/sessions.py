"""Sessions in the database, sealed: a mailed sign-in code that waits there is not readable in a dump."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSession

from portal.lib.sealing import SealBroken, open_for_portal, seal_for_portal

PURPOSE = "sessions"


class SessionStore(DatabaseSession):
    def _place(self) -> str:
        """Bound to the session's own key: a row copied over another session does not open."""
        return f"django_session.session_data|{self.session_key}"

    def encode(self, session_dict: dict[str, Any]) -> str:
        sealed = seal_for_portal(session_dict, purpose=PURPOSE, where=self._place())
        return base64.b64encode(sealed).decode("ascii")

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """The session, or an empty one when it does not open: a lost key signs people out, nothing more."""
        try:
            sealed = base64.b64decode(session_data, validate=True)
            opened = open_for_portal(sealed, purpose=PURPOSE, where=self._place())
        except (SealBroken, ValueError):
            return {}
        return opened if isinstance(opened, dict) else {}
