"""The parts of a form around its fields: errors, draft, autosave, the id that makes an act happen once. A builtin, so templates need no `load`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms, template
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from portal.lib.forms import anchor_of
from portal.lib.ids import uuid7

register = template.Library()

ONCE_FIELD = "once"


@register.filter
def has_errors(form: Any) -> bool:
    """Whether what was typed into this form has errors: the page's title then begins with "Error:"."""
    return bool(form is not None and getattr(form, "is_bound", False) and form.errors)


@register.filter
def asks_alone(field: forms.BoundField) -> bool:
    """Whether this field's label is the page's heading (`page_question` of its form)."""
    return field.name == getattr(field.form, "page_question", "")


@register.simple_tag
def error_summary(form: forms.BaseForm) -> SafeString:
    """What needs a second look, with links to the fields; nothing when the form has no errors. Takes the focus."""
    if not has_errors(form):
        return SafeString("")
    errors: list[tuple[str, Any]] = [("", error) for error in form.non_field_errors()]
    for field in form:
        errors += [("" if field.is_hidden else anchor_of(field), error) for error in field.errors]
    return render_to_string("ui/forms/error_summary.html", {"errors": errors})


@register.simple_tag
def ui_form(form: forms.BaseForm) -> SafeString:
    """A form's error summary and all of its fields: `<form method="post" novalidate>{% csrf_token %}{% ui_form form %}…`."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
    return format_html("{}{}", error_summary(form), form.render("ui/forms/fields.html"))


@register.simple_tag(takes_context=True)
def once_id(context: Context) -> SafeString:
    """The hidden id that makes a form's act happen once; kept when the page comes back with errors."""
    request = context.get("request")
    posted = request.POST.get(ONCE_FIELD, "") if request is not None and request.method == "POST" else ""
    try:
        value = UUID(posted)
    except ValueError:
        value = uuid7()
    return format_html('<input type="hidden" name="{}" value="{}">', ONCE_FIELD, value)


@register.simple_tag
def draft_fields(draft: Any) -> SafeString:
    """The hidden id and version of a server draft, inside the form that it belongs to; nothing without a draft."""
    if draft is None:
        return SafeString("")
    pairs = {
        "draft": draft.pk,
        "draft_version": draft.version,
        # So that a form which arrives after a time-out is kept for the person who wrote it.
        "draft_kind": draft.kind,
        "draft_patient": draft.patient_id,
        "draft_target": draft.target or "",
        "draft_resume": draft.resume,
    }
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs.items())


@register.simple_block_tag(end_name="endautosave")
def autosave(content: str, draft: Any, url: str = "", resume: str = "") -> SafeString:
    """Keeps a form's words on the server while they are typed: `{% autosave draft resume=path %}<form>…{% endautosave %}`."""
    if draft is None:
        return SafeString(content)
    pairs = {
        "url": url or reverse("patients-api:draft-save", args=[draft.pk]),
        "version": draft.version,
        "kind": getattr(draft, "kind", ""),
        "patient": getattr(draft, "patient_id", None) or "",
        "target": getattr(draft, "target", None) or "",
        "resume": resume or getattr(draft, "resume", ""),
        "login": reverse("account_login"),
        "today": reverse("portal:today"),
    }
    attributes = format_html_join("", ' data-{}="{}"', pairs.items())
    return format_html("<auto-save{}>{}</auto-save>", attributes, content)


@register.simple_tag
def later_button(text: str = "") -> SafeString:
    """ "Save and finish later" for people without scripts; the autosave takes it away once it has started."""
    return format_html(
        '<button class="button button--secondary" type="submit" name="later" value="1" data-later>{}</button>',
        text or _("Save and finish later"),
    )


@register.simple_tag
def saved_line(text: str = "") -> SafeString:
    """Where the autosave says what is saved; empty until it has something true to say."""
    return format_html('<p class="saved-line" data-saved-line>{}</p>', text)
