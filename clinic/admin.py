"""Set-up of the clinic by administrators."""

from __future__ import annotations

from django.contrib import admin

from clinic.models import Holiday, OpeningHours, Site, Team, TeamMember


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
