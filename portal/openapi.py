"""The OpenAPI file is made from `portal.api_urls` alone: Wagtail's internal APIs are no part of it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator as BaseSchemaGenerator


class SchemaGenerator(BaseSchemaGenerator):
    """Walks our own API and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["urlconf"] = kwargs.get("urlconf") or "portal.api_urls"
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call,unused-ignore]
    """How our session sign-in is described."""

    target_class = "portal.lib.api.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The cookie that carries the session."""
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
