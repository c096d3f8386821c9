"""The living design-system page: every component as it really is, for administrators."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

from django.core.paginator import Paginator
from django.forms import BooleanField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal.lib import forms


class SampleForm(forms.Form):
    """One field of each kind."""

    name = forms.PlainTextField(label=_("Your name"), help_text=_("As your clinic knows it."), max_length=100)
    contact = forms.ChoiceField(
        label=_("How may we reach you?"),
        choices=[
            ("phone", forms.Option(_("By phone"), _("We call between 9:00 am and 4:00 pm."))),
            ("portal", _("Here in the portal")),
        ],
    )
    symptoms = forms.MultipleChoiceField(
        label=_("Which of these matter to you?"),
        required=False,
        most=2,
        choices=[("fatigue", _("Tiredness")), ("walking", _("Walking")), ("sight", _("Sight"))],
    )
    level = forms.ScaleField(label=_("How tired were you today?"))
    started = forms.DateField(label=_("When did it start?"))
    slot = forms.ChoiceField(
        label=_("Choose a time"),
        layout="grid",
        choices=[
            (_("Thursday 3 December 2026"), [("a", "9:00 am"), ("b", "9:30 am"), ("c", "1:00 pm")]),
            (_("Friday 4 December 2026"), [("d", "10:00 am"), ("e", "2:30 pm")]),
        ],
    )
    text = forms.LongTextField(label=_("Your question"), max_length=500)
    agree = BooleanField(label=_("Share this with my team"), required=False)


@require_GET
def design(request: HttpRequest) -> HttpResponse:
    """All components on one page; `?errors=1` shows the form with errors. Strangers get a 404."""
    if not getattr(request.user, "is_superuser", False):
        raise Http404
    data = (
        {"started_day": "31", "started_month": "2", "started_year": "2026", "name": ""}
        if "errors" in request.GET
        else None
    )
    start = dt.datetime(2026, 12, 3, 14, 0, tzinfo=dt.UTC)
    sample = SampleForm(data)
    context = {
        "sample": sample,
        "start": start,
        "draft": SimpleNamespace(
            pk="018f0000-0000-7000-8000-000000000000",
            version=1,
            kind="sample",
            patient_id="",
            target="",
            resume="/",
        ),
        "rows": [
            (_("Visit"), _("Infusion visit")),
            (_("When"), _("Thursday 3 December 2026 at 9:00 am"), "#summary"),
            (_("Where"), _("Infusion room, second floor"), "#summary"),
        ],
        "heads": [_("Day"), _("Tiredness"), _("Note")],
        "days": [
            [_("Monday 30 November 2026"), _("Some"), _("Slept badly")],
            [_("Tuesday 1 December 2026"), _("A little"), ""],
            [_("Wednesday 2 December 2026"), _("None"), _("A good day")],
        ],
        "page": Paginator(range(50), 10).page(2),
        "reviewed": dt.date(2026, 9, 1),
        "next_review": dt.date(2027, 9, 1),
        "icons": [
            "phone",
            "calendar-days",
            "notebook-pen",
            "messages-square",
            "book-open",
            "circle-help",
            "printer",
            "lock",
        ],
    }
    return render(request, "ui/gallery.html", context, status=forms.status_of(sample))
