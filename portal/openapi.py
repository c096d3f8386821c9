"""The OpenAPI file is made from `portal.api_urls` alone: Wagtail's internal APIs are no part of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator as BaseSchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from portal.lib.errors import IDEMPOTENCY_KEY, PROBLEM

if TYPE_CHECKING:  # DRF reads this module while its own views are being made
    from portal.lib.api import ApiView

WORDS_FOR = {"get": "read", "post": "do", "put": "save", "delete": "remove"}


class SchemaGenerator(BaseSchemaGenerator):
    """Walks our own API and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["urlconf"] = kwargs.get("urlconf") or "portal.api_urls"
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]


class Operation(AutoSchema):
    """What an `ApiView` says of itself: its noun, its query parameters, and whether an act needs a key."""

    view: ApiView  # type: ignore[override]

    def get_operation_id(self) -> str:
        """ "read-journal-entries-entry-id": the method and the parts of the address."""
        parts = re.findall(r"[a-z_]+", self.path.removeprefix("/api/v1").replace("-", "_"))
        return "-".join([WORDS_FOR.get(self.method.lower(), self.method.lower()), *parts]).replace("_", "-")

    def get_tags(self) -> list[str]:
        return [self.view.noun]

    def get_override_parameters(self) -> list[Any]:
        """The query parameters of the method, and the key of an act."""
        found: list[Any] = list(super().get_override_parameters())
        query = self.view.query_of(self.method)
        if query().fields:
            found.append(query)
        if self.view.needs_key(self.method):
            found.append(
                OpenApiParameter(
                    IDEMPOTENCY_KEY,
                    {"type": "string", "format": "uuid"},
                    OpenApiParameter.HEADER,
                    required=True,
                    description="A new UUID for each thing you do, the same one for each further try.",
                )
            )
        return found

    def get_filter_backends(self) -> list[Any]:
        return []


def say_what_is_refused(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Bodies take nothing but what they name, and every operation may answer with a problem document."""
    _without_marks(result)
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if name.endswith("Write"):
            schema["additionalProperties"] = False
    schemas["Problem"] = PROBLEM_SHAPE
    answer = {
        "description": "A problem document: what went wrong, and what to do.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["4XX"] = answer
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _without_marks(part: Any) -> None:
    """Take away the generator's own notes for a step that we do not use."""
    if isinstance(part, dict):
        part.pop("x-spec-enum-id", None)
        for inner in part.values():
            _without_marks(inner)
    elif isinstance(part, list):
        for inner in part:
            _without_marks(inner)


PROBLEM_SHAPE = {
    "type": "object",
    "description": "What went wrong and what to do (RFC 9457). Some rules add members of their own.",
    "properties": {
        "type": {
            "type": "string",
            "description": "`about:blank`, or the place where the documentation explains the rule that said no.",
        },
        "title": {"type": "string", "description": "A sentence for a person."},
        "status": {"type": "integer"},
        "errors": {
            "type": "object",
            "description": "By field: what to do about it.",
            "additionalProperties": True,
        },
    },
    "required": ["type", "title", "status"],
}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call,unused-ignore]
    """How our session sign-in is described."""

    target_class = "portal.lib.api_access.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The cookie that carries the session behind https; the portal's own pages use it, with Django's CSRF token."""
        return {"type": "apiKey", "in": "cookie", "name": "__Host-session"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call,unused-ignore]
    """How tokens are described."""

    target_class = "portal.lib.api_access.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token that `manage.py issue_token` made."""
        return {"type": "http", "scheme": "bearer"}
