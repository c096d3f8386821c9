"""What every API view shares: who asks, strict JSON in, pages by cursor, problem+json out (RFC 9457).

A view is an `ApiView`. It says its `noun` (the part of the portal that a token can be limited to) and, for each method, the query
parameters it knows. What it does not know is refused: a typing error in a name must not look like success.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig
from django.core.validators import RegexValidator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.lib.errors import IDEMPOTENCY_KEY, PROBLEM
from portal.lib.ids import parse_uuid
from portal.lib.problems import DomainError
from portal.lib.text import clean_line, clean_text

RULES = "/api/docs/#"  # where the documentation explains each rule that can say no
FIRST_YEAR, LAST_YEAR = 1900, 2199  # all the days that arithmetic of ours ever meets
VISIBLE = r"[^\s\x00-\x1f\x7f-\x9f]"


# --- What comes in ---------------------------------------------------------------------------------------------


class Strict(serializers.Serializer[Any]):
    """Refuses names that it does not know."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if hasattr(data, "keys") else []
        if unknown:
            raise serializers.ValidationError(
                {name[:100]: [_("There is no such field here.")] for name in unknown[:20]}
            )
        return super().to_internal_value(data)


class Write(Strict):
    """A body. The name of a subclass ends with "Write", so that the OpenAPI file says that nothing else may stand in it.

    JSON has types: the text "3" is not the number 3, and 1 is not yes.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            wrong = {
                name: [_("This is not of the kind that is needed here.")]
                for name, one in self.fields.items()
                if name in data and not has_its_type(one, data[name])
            }
            if wrong:
                raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


def has_its_type(one: serializers.Field[Any, Any, Any, Any], value: Any) -> bool:
    """Whether a value from JSON is of the type that a field names; what stands inside lists and objects too."""
    if value is None:
        return True  # the field itself says whether null will do
    if isinstance(one, serializers.BooleanField):
        return isinstance(value, bool)
    if isinstance(one, serializers.IntegerField):
        whole_number = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole_number and not isinstance(value, bool)
    if isinstance(one, serializers.ListField):
        return isinstance(value, list) and all(has_its_type(one.child, part) for part in value)
    if isinstance(one, serializers.DictField):
        return isinstance(value, dict) and all(has_its_type(one.child, part) for part in value.values())
    if isinstance(one, serializers.ListSerializer):
        return isinstance(value, list)  # each part is a body of its own and looks at itself
    if isinstance(one, serializers.BaseSerializer):
        return isinstance(value, dict)
    return isinstance(value, str)


class Query(Strict):
    """The query parameters of an address."""


class PatientQuery(Query):
    """The one way in which everybody says whose record it is about."""

    patient = serializers.UUIDField(
        required=False,
        help_text=gettext_lazy(
            "Whose record: needed by carers and by the team. A patient leaves it out for their own."
        ),
    )


class PageQuery(Query):
    """A list in pages."""

    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=100, default=25, help_text=gettext_lazy("Rows on a page.")
    )
    cursor = serializers.CharField(
        required=False,
        max_length=400,
        help_text=gettext_lazy("Where the page begins: stands in the address in `next`, taken as it is."),
    )


class PatientPageQuery(PageQuery, PatientQuery):
    """A list about one patient."""


class Line(serializers.CharField):
    """One line of text, cleaned before its length is checked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not self.allow_blank:
            self.validators.append(RegexValidator(VISIBLE, _("Write something.")))

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(self.cleaned(data) if isinstance(data, str) else data)

    @staticmethod
    def cleaned(text: str) -> str:
        return clean_line(text)


class Text(Line):
    """Text of any number of lines, cleaned before its length is checked."""

    @staticmethod
    def cleaned(text: str) -> str:
        return clean_text(text).strip()


class NoSuchInstant(DomainError):
    """A time that no calendar of ours holds."""

    default_message = gettext_lazy("This time is too far away.")
    status = 422


class Instant(serializers.DateTimeField):
    """A moment with its offset from UTC, as RFC 3339 writes it; read into UTC. Without an offset nobody knows which moment is meant."""

    default_error_messages = {
        "naive": gettext_lazy(
            "Say the offset from UTC, like 2026-12-03T14:00:00Z or 2026-12-03T09:00:00-05:00."
        )
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        try:
            instant = value.astimezone(UTC)
        except (OverflowError, ValueError):
            raise NoSuchInstant from None
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise NoSuchInstant
        return instant


class Day(serializers.DateField):
    """A day of a calendar, like 2026-12-03."""

    def to_internal_value(self, data: Any) -> Any:
        found = super().to_internal_value(data)
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise NoSuchInstant
        return found


class NothingWrite(Write):
    """An act that needs no words: an empty body."""


# --- A view ----------------------------------------------------------------------------------------------------


class KeyNeeded(exceptions.APIException):
    status_code = 400
    default_detail = gettext_lazy(
        "Send the header Idempotency-Key with a new UUID for each thing you do, and the same one when you try again. "
        "So nothing is done twice."
    )


class ApiView(APIView):
    """One address. `queries` names the parameters of a method; `repeats` are methods that need no Idempotency-Key.

    `any_token` are methods that every working token may use, whatever its scopes: they do nothing and say nothing about anybody.
    """

    noun: ClassVar[str] = ""
    queries: ClassVar[dict[str, type[Query]]] = {}
    repeats: ClassVar[tuple[str, ...]] = ()
    any_token: ClassVar[tuple[str, ...]] = ()
    asked: dict[str, Any]
    once: UUID

    @classmethod
    def query_of(cls, method: str) -> type[Query]:
        """The parameters that a method ("get") knows."""
        name = "get" if method.lower() == "head" else method.lower()
        return cls.queries.get(name) or cls.queries.get("*") or Query

    @classmethod
    def needs_key(cls, method: str) -> bool:
        """Whether a method does something that must not be done twice."""
        return method.lower() in ("post", "put", "delete") and method.lower() not in cls.repeats

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the method runs: who asks, what may they, is the address understood, and which act is it."""
        super().initial(request, *args, **kwargs)
        method = (request.method or "").lower()
        if not hasattr(self, method):
            return  # 405 follows
        kind = (request.content_type or "").partition(";")[0].strip().lower()
        if kind not in ("", "application/json") and request.headers.get("Content-Length") not in (
            None,
            "",
            "0",
        ):
            raise exceptions.UnsupportedMediaType(kind[:100])
        query = self.query_of(method)(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        self.asked = query.validated_data
        if self.needs_key(method):
            once = parse_uuid(request.headers.get(IDEMPOTENCY_KEY))
            if once is None:
                raise KeyNeeded
            self.once = once

    def body(self, shape: type[Write]) -> dict[str, Any]:
        """What stands in the body. Raises ValidationError: a 400 that names each field."""
        write = shape(data=self.request.data)
        write.is_valid(raise_exception=True)
        return cast(dict[str, Any], write.validated_data)

    @property
    def person(self) -> Any:
        """The signed-in person; the permission of every view has seen to that."""
        return self.request.user

    @property
    def plain_request(self) -> HttpRequest:
        """Django's own request, for services that put a refusal on the trail."""
        return self.request._request


# --- Pages by cursor -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """One column of the order of a list: how to ask for it, how to read it from a row, and from the text of a cursor."""

    lookup: str
    of: Callable[[Any], Any]
    read: Callable[[str], Any]
    down: bool = False


def stamp(text: str) -> datetime:
    """An aware instant from a cursor. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def whole(text: str) -> int:
    """A number from a cursor, as large as any of ours. Raises ValueError."""
    found = int(text)
    if not 0 <= found < 2**31:
        raise ValueError(text)
    return found


def words(text: str) -> str:
    """Text from a cursor that a database can compare. Raises ValueError."""
    if "\x00" in text:
        raise ValueError(text)
    text.encode()
    return text


def by_id(*, down: bool = False) -> Key:
    """The last column of every order: no two rows share it."""
    return Key("pk", lambda row: row.pk, UUID, down)


def cursor_of(row: Any, keys: Sequence[Key]) -> str:
    """Where a row stands, as text for an address."""
    values = [
        value.isoformat() if isinstance(value, datetime) else str(value)
        for key in keys
        for value in [key.of(row)]
    ]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def place_of(cursor: str, keys: Sequence[Key]) -> list[Any]:
    """The values of a cursor. Raises NotFound for what is none of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise ValueError
        return [key.read(value) for key, value in zip(keys, values, strict=True)]
    except (ValueError, binascii.Error, UnicodeError, RecursionError, OverflowError):
        raise exceptions.NotFound(_("There is no such page. Take the address in `next` as it is.")) from None


def page_of(view: ApiView, rows: QuerySet[Any], keys: Sequence[Key]) -> tuple[list[Any], str | None]:
    """The rows of the asked page in the order of `keys`, and the cursor of the next one. One statement.

    What was added meanwhile shifts nothing: the page begins after the last row that was shown.
    """
    rows = rows.order_by(*(f"-{key.lookup}" if key.down else key.lookup for key in keys))
    cursor = view.asked.get("cursor")
    if cursor is not None:
        values = place_of(cursor, keys)
        after = Q(pk__in=[])
        for number, key in enumerate(keys):
            same = Q(**{one.lookup: value for one, value in zip(keys[:number], values, strict=False)})
            after |= same & Q(**{f"{key.lookup}__{'lt' if key.down else 'gt'}": values[number]})
        rows = rows.filter(after)
    limit: int = view.asked.get("limit", 25)
    found = list(rows[: limit + 1])
    more = len(found) > limit
    return found[:limit], cursor_of(found[limit - 1], keys) if more else None


def part_of(view: ApiView, rows: Sequence[Any], keys: Sequence[Key]) -> tuple[list[Any], str | None]:
    """The same for rows in memory that stand in the rising order of `keys` already: names are sealed, so no database sorts them."""
    if (cursor := view.asked.get("cursor")) is not None:
        place = place_of(cursor, keys)
        rows = [row for row in rows if [key.of(row) for key in keys] > place]
    limit: int = view.asked["limit"]
    found = list(rows[:limit])
    return found, cursor_of(found[-1], keys) if len(rows) > limit else None


def listed(view: ApiView, results: Any, cursor: str | None = None) -> Response:
    """A page of a list: `results`, and in `next` the address of the page after it, or null."""
    following = None
    if cursor is not None:
        query = view.request.query_params.copy()
        query["cursor"] = cursor
        following = f"{view.request.path}?{query.urlencode()}"
    return Response({"results": list(results), "next": following})


_pages: dict[type[Any], type[Any]] = {}


def paged(row: type[serializers.Serializer[Any]]) -> Any:
    """How a page of these rows looks, for the OpenAPI file."""
    if row not in _pages:
        _pages[row] = type(
            f"{row.__name__}Page",
            (serializers.Serializer,),
            {
                "__doc__": "",
                "results": row(many=True),
                "next": serializers.CharField(
                    allow_null=True,
                    help_text=gettext_lazy("The address of the next page; null on the last one."),
                ),
            },
        )
    return _pages[row]


# --- What goes wrong -----------------------------------------------------------------------------------------------


def problem(status_code: int, title: str, **members: Any) -> Response:
    """A problem document."""
    response = Response(
        {"type": "about:blank", "title": title, "status": status_code, **members}, status=status_code
    )
    response.content_type = PROBLEM
    return response


def refused(request: HttpRequest, error: DomainError, **members: Any) -> Response:
    """A rule said no: nothing of this request stays, and `type` names the rule."""
    request.unit_failed = True  # type: ignore[attr-defined]
    return problem(error.status, str(error.message), type=RULES + error.code(), **members)


def problem_response(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal is a problem document, and its unit of work is rolled back."""
    request = context["request"]._request
    if isinstance(exc, DomainError):
        return refused(request, exc)
    if isinstance(exc, Http404 | ObjectDoesNotExist):
        exc = exceptions.NotFound(_("There is no such thing, or it is not open to you."))
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, RequestDataTooBig):
        request.unit_failed = True
        return problem(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "This is too much at once.")
    if not isinstance(exc, exceptions.APIException):
        return None
    request.unit_failed = True
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header  # type: ignore[attr-defined]
    members: dict[str, Any] = {}
    if isinstance(exc, exceptions.ValidationError):
        members["errors"] = json.loads(json.dumps(exc.detail, default=str))
        title = _("Some answers need another look.")
    else:
        title = str(exc.detail)
    response = problem(exc.status_code, title, **members)
    for name, value in headers.items():
        response.headers[name] = value
    return response
