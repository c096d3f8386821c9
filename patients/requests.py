"""Reading ids of acts from a request: what a page without a draft sends."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import HttpRequest

from portal.lib.ids import parse_uuid


def once_of(request: HttpRequest) -> UUID:
    """The client-made id of a button's act (hidden field `once`). Raises BadRequest: a 400 page."""
    once = parse_uuid(request.POST.get("once"))
    if once is None:
        raise BadRequest
    return once
