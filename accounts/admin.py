"""Set-up of people by administrators. No patient content here."""

from __future__ import annotations

from django.contrib import admin

from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    list_display = ("name", "email", "job_title", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff")
    search_fields = ("name", "email")
    fields = ("name", "email", "job_title", "is_active", "is_staff", "groups")
    filter_horizontal = ("groups",)
