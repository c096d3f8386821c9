"""What the apps say to administrators, on the first page of the set-up. Not a builtin: `{% load administrators %}`."""

from __future__ import annotations

from django import template

from portal.lib import contributions
from portal.lib.time import now

register = template.Library()


@register.simple_tag
def for_administrators() -> list[str]:
    """The sentences of all apps, in their order."""
    return [words for say in contributions.for_administrators for words in say(now())]
