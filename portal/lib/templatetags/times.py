"""Days and times in templates: `{{ start|day:site.time_zone }}`. A builtin, so templates need no `load`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.lib.time_words import ago, clock, day, waiting, when

register = template.Library()

# The words are in the zone that is given, not in the one that a template would switch to on its own.
for words in (day, clock, when, ago, waiting):
    register.filter(words.__name__, words, expects_localtime=False)


@register.simple_tag
def moment(value: dt.datetime, zone: Any = None) -> SafeString:
    """A `<time>` with the full date and clock and the relative words after it: "… at 9:00 am (in 10 days)"."""
    return format_html(
        '<time datetime="{}">{}</time> <span class="relative">({})</span>',
        value.isoformat(),
        when(value, zone),
        ago(value, zone),
    )
