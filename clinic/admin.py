"""Set-up of the clinic by administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.models import Absence, Holiday, OnCall, OpeningHours, Site, Team, TeamMember
from clinic.services import teams_without_people


class HoursInline(admin.TabularInline[OpeningHours, Site]):
    model = OpeningHours
    extra = 0


class HolidayInline(admin.TabularInline[Holiday, Site]):
    model = Holiday
    extra = 0


@admin.register(Site)
class SiteAdmin(admin.ModelAdmin[Site]):
    list_display = ("name", "time_zone", "day_phone")
    inlines = [HoursInline, HolidayInline]


class MemberInline(admin.TabularInline[TeamMember, Team]):
    model = TeamMember
    extra = 0
    autocomplete_fields = ("user",)


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    list_display = ("name", "site", "active")
    inlines = [MemberInline]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Says it when nobody is left. Nothing is refused: an administrator has to be able to end a membership whatever comes after it."""
        super().save_related(request, form, formsets, change)
        if form.instance.pk in {team.pk for team in teams_without_people()}:
            words = _(
                "Saved, but now nobody who can sign in is in this team: what patients send to it, also urgent messages, is read by "
                "nobody. Put somebody into it, or give its patients another team and take it out of use."
            )
            messages.warning(request, words)


@admin.register(OnCall)
class OnCallAdmin(admin.ModelAdmin[OnCall]):
    """The rota as administrators see it: a time that is over is history, so nothing is deleted here."""

    list_display = ("team", "user", "starts_at", "ends_at", "canceled_at")
    list_filter = ("team",)
    autocomplete_fields = ("user",)
    exclude = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: OnCall | None = None) -> bool:
        return False


@admin.register(Absence)
class AbsenceAdmin(admin.ModelAdmin[Absence]):
    """Absences; called off instead of deleted."""

    list_display = ("team", "user", "cover", "starts_on", "ends_on", "canceled_at")
    list_filter = ("team",)
    autocomplete_fields = ("user", "cover")
    exclude = ("created_by",)

    def has_delete_permission(self, request: HttpRequest, obj: Absence | None = None) -> bool:
        return False
