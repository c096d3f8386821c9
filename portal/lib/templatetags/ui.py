"""The `ui` tag library: the portal's components. A builtin, so templates need no `load`.

Tags stand around things (a card, a form, a list); rows inside lists are plain markup with the classes shown at `/design/`,
because a tag in each row costs five times as much.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.lib.display import Look, look_of
from portal.lib.session import idle_seconds, most_seconds, seconds_left
from portal.lib.time_words import day, when

register = template.Library()

ICON_FOLDER = Path(settings.BASE_DIR) / "static" / "vendor" / "lucide"
ICON_NAME = re.compile(r"[a-z0-9-]+")


# --- Icons -------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _icon(name: str) -> SafeString:
    if not ICON_NAME.fullmatch(name):
        raise template.TemplateSyntaxError(f"not an icon name: {name!r}")
    source = (ICON_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    shapes = re.sub(
        r"\s+", " ", source[source.index(">", source.index("<svg")) + 1 : source.rindex("</svg>")]
    ).strip()
    # The shapes come from files in this repository whose hashes are under test.
    return mark_safe(  # noqa: S308
        '<svg class="icon" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2" '
        f'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">{shapes}</svg>'
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """A Lucide icon as inline SVG, hidden from screen readers: `{% icon "phone" %}`. Always put words beside it."""
    return _icon(name)


# --- The page ------------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def look(context: Context) -> Look:
    """How this person wants to read (theme, text size, contrast, font), from their profile or this browser's cookie."""
    request = context.get("request")
    return look_of(request) if request is not None else Look()


@register.simple_tag(takes_context=True)
def current_path(context: Context) -> str:
    """This page's path with its query, for a form that leads back here; "/" after a POST or without a request."""
    request = context.get("request")
    return request.get_full_path() if request is not None and request.method == "GET" else "/"


@register.simple_tag(takes_context=True)
def session_guard(context: Context) -> SafeString:
    """The element that warns before a sign-in ends: how long it lasts now, idle and at most, in seconds."""
    request = context["request"]
    pairs = {
        "seconds": seconds_left(request),
        "idle": idle_seconds(request),
        "most": most_seconds(request),
        "warn": settings.SESSION_WARN_SECONDS,
        "url": reverse("accounts:session-extend"),
        "login": reverse("account_login"),
        "token": context.get("csrf_token", ""),
    }
    return format_html(
        "<session-guard{}></session-guard>", format_html_join("", ' data-{}="{}"', pairs.items())
    )


@register.simple_tag(takes_context=True)
def print_line(context: Context) -> SafeString:
    """On paper only: for whom and when this was printed, in the clinic's zone."""
    user, site = context.get("user"), context.get("site")
    if not getattr(user, "is_authenticated", False):
        return SafeString("")
    moment_words = when(timezone.now(), getattr(site, "time_zone", None))
    said = _("Printed for %(name)s on %(moment)s") % {"name": user, "moment": moment_words}
    return format_html('<p class="print-only">{}</p>', said)


@register.simple_block_tag(end_name="endif_filled")
def if_filled(content: str, element: str, css: str = "") -> SafeString:
    """The content inside an element, or nothing at all when there is no content: `{% if_filled "h1" %}…{% endif_filled %}`."""
    inner = content.strip()
    if not inner:
        return SafeString("")
    opening = format_html('<{} class="{}">', element, css) if css else format_html("<{}>", element)
    if element == "nav":
        opening = format_html('<nav class="{}" aria-label="{}">', css, _("Way back"))
    return format_html("{}{}</{}>", opening, SafeString(inner), element)


# --- Buttons and links -----------------------------------------------------------------------------------


@register.simple_tag
def button(
    text: str,
    url: str = "",
    *,
    kind: str = "primary",
    icon: str = "",
    name: str = "",
    value: str = "",
    form: str = "",
    formaction: str = "",
) -> SafeString:
    """A button, or a link that looks like one when `url` is given. `kind`: primary, secondary, quiet or danger."""
    picture = _icon(icon) if icon else ""
    css = "button" if kind == "primary" else f"button button--{kind}"
    if url:
        return format_html('<a class="{}" href="{}">{}<span>{}</span></a>', css, url, picture, text)
    pairs = (("name", name), ("value", value if name else ""), ("form", form), ("formaction", formaction))
    attributes = format_html_join("", ' {}="{}"', ((key, given) for key, given in pairs if given))
    return format_html(
        '<button class="{}" type="submit"{}>{}<span>{}</span></button>', css, attributes, picture, text
    )


@register.simple_tag
def action_link(text: str, url: str, icon: str = "arrow-right") -> SafeString:
    """A large link to the one thing to do next."""
    return format_html('<a class="action-link" href="{}">{}<span>{}</span></a>', url, _icon(icon), text)


@register.simple_tag
def back_link(url: str, text: str = "") -> SafeString:
    """The link back, at the top of a page: `{% block back %}{% back_link url %}{% endblock %}`."""
    return format_html(
        '<a class="back-link" href="{}">{}<span>{}</span></a>', url, _icon("chevron-left"), text or _("Back")
    )


# --- Cards, panels, notices -------------------------------------------------------------------------------

CARE_WORDS = {"non-urgent": "phone", "urgent": "triangle-alert", "emergency": "siren"}


@register.simple_block_tag(end_name="endcare_card")
def care_card(content: str, kind: str, title: str, level: int = 2) -> SafeString:
    """When to get help. `kind`: non-urgent, urgent or emergency. `{% care_card "urgent" title %}…{% endcare_card %}`."""
    said = {"non-urgent": _("Not urgent:"), "urgent": _("Urgent:"), "emergency": _("Emergency:")}[kind]
    return format_html(
        '<section class="care-card care-card--{0}"><h{1} class="care-card__title">{2}<span><span class="visually-hidden">{3} </span>'
        '{4}</span></h{1}><div class="care-card__body">{5}</div></section>',
        kind,
        level,
        _icon(CARE_WORDS[kind]),
        said,
        title,
        content,
    )


@register.simple_block_tag(end_name="endcaution")
def caution(content: str, title: str = "", level: int = 2) -> SafeString:
    """A yellow panel for what is easy to miss and matters: `{% caution title %}…{% endcaution %}`."""
    heading = (
        format_html(
            '<h{0} class="panel__title">{1}<span>{2}</span></h{0}>', level, _icon("triangle-alert"), title
        )
        if title
        else ""
    )
    return format_html('<section class="panel panel--caution">{}{}</section>', heading, content)


@register.simple_block_tag(end_name="endinset")
def inset(content: str) -> SafeString:
    """Text set apart by a bar at its left: `{% inset %}…{% endinset %}`."""
    return format_html('<div class="inset">{}</div>', content)


@register.simple_block_tag(end_name="endcard")
def card(content: str, title: str = "", level: int = 2, kind: str = "", icon: str = "") -> SafeString:
    """A card with a heading, as on Today: `{% card title icon="inbox" %}…{% endcard %}`. `kind`: "" or "strong"."""
    picture = _icon(icon) if icon else ""
    css = f"card card--{kind}" if kind else "card"
    heading = (
        format_html('<h{0} class="card__title">{1}<span>{2}</span></h{0}>', level, picture, title)
        if title
        else ""
    )
    return format_html('<section class="{}">{}{}</section>', css, heading, content)


BANNER_ICONS = {
    "info": "info",
    "done": "circle-check",
    "caution": "triangle-alert",
    "urgent": "octagon-alert",
}


@register.simple_block_tag(end_name="endbanner")
def banner(content: str, kind: str = "info", title: str = "", level: int = 2) -> SafeString:
    """A notice across the column. `kind`: info, done, caution or urgent. `{% banner "done" title %}…{% endbanner %}`."""
    said = (
        title
        or {"info": _("Note"), "done": _("Done"), "caution": _("Please check"), "urgent": _("Important")}[
            kind
        ]
    )
    return format_html(
        '<section class="banner banner--{0}"><h{1} class="banner__title">{2}<span>{3}</span></h{1}>{4}</section>',
        kind,
        level,
        _icon(BANNER_ICONS[kind]),
        said,
        content,
    )


@register.simple_block_tag(end_name="endconfirmation")
def confirmation(content: str, title: str, level: int = 1) -> SafeString:
    """The result of a finished job as the page's heading; leave the `heading` block empty. `{% confirmation title %}…`."""
    return format_html(
        '<div class="confirmation"><h{0} class="confirmation__title">{1}<span>{2}</span></h{0}><div class="confirmation__body">{3}</div></div>',
        level,
        _icon("circle-check"),
        title,
        content,
    )


@register.simple_tag
def empty(text: str) -> SafeString:
    """What stands where a list would be when there is nothing: says so plainly."""
    return format_html('<p class="empty">{}</p>', text)


@register.simple_block_tag(end_name="endmore")
def more(content: str, title: str) -> SafeString:
    """Extra text that opens on a press: `{% more title %}…{% endmore %}`. Never hide what everyone needs."""
    return format_html(
        '<details class="more"><summary><span>{}</span></summary><div>{}</div></details>', title, content
    )


STATUS_ICONS = {
    "done": "circle-check",
    "waiting": "clock",
    "todo": "circle",
    "started": "circle-dot",
    "caution": "triangle-alert",
    "urgent": "octagon-alert",
    "stopped": "circle-x",
    "private": "lock",
    "shared": "eye",
    "info": "info",
}


@register.simple_tag
def status(kind: str, text: str) -> SafeString:
    """A status as word and shape. `kind`: done, waiting, todo, started, caution, urgent, stopped, private, shared, info."""
    return format_html(
        '<strong class="status status--{}">{}<span>{}</span></strong>', kind, _icon(STATUS_ICONS[kind]), text
    )


@register.simple_tag
def task_card(
    title: str, url: str, text: str = "", kind: str = "", words: str = "", level: int = 3
) -> SafeString:
    """One thing to do: a link with a line of text and, when `kind` is given, a status in `words`."""
    tag = status(kind, words) if kind else ""
    line = format_html('<p class="task__text">{}</p>', text) if text else ""
    return format_html(
        '<div class="task"><h{0} class="task__title"><a href="{1}">{2}</a></h{0}>{3}{4}</div>',
        level,
        url,
        title,
        line,
        tag,
    )


@register.simple_tag
def review_line(
    reviewed: dt.date | None, next_review: dt.date | None = None, reviewer: str = ""
) -> SafeString:
    """When a text was last checked, by whom, and when it will be checked again."""
    parts = []
    if reviewed is not None:
        said = _("Last checked %(date)s by %(name)s.") if reviewer else _("Last checked %(date)s.")
        parts.append(said % {"date": day(reviewed), "name": reviewer})
    if next_review is not None:
        parts.append(_("Next check by %(date)s.") % {"date": day(next_review)})
    return format_html('<p class="review-line">{}</p>', " ".join(parts))


@register.simple_tag(takes_context=True)
def help_numbers(context: Context) -> SafeString:
    """The clinic's phones and its open or closed words, as a card; `hours` from the context when the page has them."""
    return render_to_string(
        "ui/help_numbers.html", {"site_line": context.get("site_line"), "hours": context.get("hours")}
    )


# --- Lists and tables ----------------------------------------------------------------------------------------


@register.simple_tag
def summary_list(rows: Any) -> SafeString:
    """Check-answers list. Rows: (term, value) or (term, value, change URL); read aloud as "Change <term>"."""
    lines = []
    for row in rows:
        term, value, url = (*row, "")[:3]
        link = (
            format_html(
                '<dd class="summary__act"><a href="{}">{}<span class="visually-hidden"> {}</span></a></dd>',
                url,
                _("Change"),
                term,
            )
            if url
            else ""
        )
        lines.append(
            format_html('<div class="summary__row"><dt>{}</dt><dd>{}</dd>{}</div>', term, value, link)
        )
    return format_html('<dl class="summary">{}</dl>', format_html_join("", "{}", ((line,) for line in lines)))


@register.simple_tag
def data_table(caption: str, heads: Any, rows: Any) -> SafeString:
    """A table that becomes a list of labelled lines at 320 px. `heads`: texts; `rows`: lists of as many cells."""
    titles = [str(head) for head in heads]
    head = format_html_join("", '<th scope="col" role="columnheader">{}</th>', ((title,) for title in titles))
    body = []
    for row in rows:
        cells = list(row)
        first = format_html('<th scope="row" role="rowheader" data-label="{}">{}</th>', titles[0], cells[0])
        rest = format_html_join(
            "", '<td role="cell" data-label="{}">{}</td>', zip(titles[1:], cells[1:], strict=True)
        )
        body.append(format_html('<tr role="row">{}{}</tr>', first, rest))
    return format_html(
        '<table class="table" role="table"><caption>{}</caption><thead role="rowgroup"><tr role="row">{}</tr></thead>'
        '<tbody role="rowgroup">{}</tbody></table>',
        caption,
        head,
        format_html_join("", "{}", ((row,) for row in body)),
    )


@register.inclusion_tag("ui/pagination.html", takes_context=True)
def pagination(
    context: Context, page: Any, name: str = "page", before: str = "", after: str = ""
) -> dict[str, Any]:
    """Links to the page before and after, "Newer" and "Older" unless other words are given; keeps the rest of the query."""
    request = context["request"]
    query = request.GET.copy()
    links = {}
    for key, wanted in (("previous", page.has_previous()), ("next", page.has_next())):
        if wanted:
            query[name] = page.previous_page_number() if key == "previous" else page.next_page_number()
            links[key] = f"?{query.urlencode()}"
    return {"page": page, "before": before or _("Newer"), "after": after or _("Older"), **links}


@register.filter
def browser_words(agent: str) -> str:
    """A browser and its system in words, from what it says of itself: "Firefox on Windows"."""
    browsers = (
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    browser = next((name for mark, name in browsers if mark in agent), _("A browser"))
    system = next((name for mark, name in systems if mark in agent), _("another device"))
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}


@register.filter
def inline_svg(drawing: str) -> SafeString:
    """An SVG file that we drew ourselves, to stand in a page: the policy allows no `data:` pictures."""
    return mark_safe(drawing[drawing.index("<svg") :])  # noqa: S308 - drawn by the QR library from our own text
