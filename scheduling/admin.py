"""Set-up of visit types and calendars by administrators. Visits and claims are not here: they are patients' records."""

from __future__ import annotations

from django.contrib import admin

from scheduling.models import AvailabilityException, AvailabilityRule, Resource, Service


class RuleInline(admin.TabularInline[AvailabilityRule, Resource]):
    model = AvailabilityRule
    extra = 0


class ExceptionInline(admin.TabularInline[AvailabilityException, Resource]):
    model = AvailabilityException
    fields = ("during", "opens", "reason")
    extra = 0


@admin.register(Resource)
class ResourceAdmin(admin.ModelAdmin[Resource]):
    list_display = ("label", "site", "active")
    autocomplete_fields = ("user",)
    inlines = [RuleInline, ExceptionInline]


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin[Service]):
    list_display = ("name", "site", "minutes", "place", "active")
    filter_horizontal = ("resources",)


@admin.register(AvailabilityException)
class ClosedTimeAdmin(admin.ModelAdmin[AvailabilityException]):
    """Closed days of a whole site, and single exceptions of a lane."""

    list_display = ("during", "site", "resource", "opens", "reason")
