"""The clinic: its site, when it is open, how it is reached, and who works in which team."""

from __future__ import annotations

import zoneinfo

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from portal.lib.ids import uuid7


def known_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("Choose a time zone such as America/New_York."))


class Site(models.Model):
    """One clinic. Its texts, phones and promises are settings of the site, never constants of the portal."""

    class Jurisdiction(models.TextChoices):
        """Whose label of a medicine holds here."""

        US = "US", _("United States")
        EU = "EU", _("European Union")
        UK = "UK", _("United Kingdom")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=200)
    time_zone = models.CharField(_("time zone"), max_length=60, validators=[known_time_zone])
    jurisdiction = models.CharField(
        _("whose labels of medicines hold here"), max_length=2, choices=Jurisdiction, default=Jurisdiction.US
    )
    emergency_phone = models.CharField(_("emergency number"), max_length=30)
    emergency_text = models.TextField(_("what patients read about emergencies"))
    day_phone = models.CharField(_("phone while open"), max_length=30)
    after_hours_phone = models.CharField(_("phone while closed"), max_length=30)
    after_hours_text = models.CharField(_("who answers while closed"), max_length=200)
    nurse_phone = models.CharField(
        _("phone of the infusion nurses while open; empty: the phone while open"),
        max_length=30,
        blank=True,
        default="",
    )
    parking = models.TextField(_("parking, as patients read it"), blank=True, default="")
    how_to_find = models.TextField(
        _("how to find the infusion room, as patients read it"), blank=True, default=""
    )
    reply_urgent_minutes = models.PositiveIntegerField(_("urgent messages: open minutes until answered"))
    reply_routine_days = models.PositiveSmallIntegerField(_("other messages: working days until answered"))
    silent_owner_minutes = models.PositiveIntegerField(
        _("claimed messages go back to the team after so many open minutes without an act"), default=240
    )
    escalate_minutes = models.PositiveIntegerField(
        _("urgent messages nobody has taken on: minutes, day and night, until the person on call is told"),
        default=30,
    )
    unread_call_days = models.PositiveSmallIntegerField(
        _("messages a patient has not read: days until somebody calls"), default=5
    )
    books_directly = models.BooleanField(_("patients may book visits directly"), default=True)
    books_infusions_directly = models.BooleanField(_("infusions may be booked directly"), default=False)
    adopted_articles = models.BooleanField(_("shows articles that are not reviewed yet"), default=False)
    # Counted at night: in how many real minutes half of the answers of the last 90 days were given. None: too few to say.
    half_of_replies_minutes = models.PositiveIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(emergency_phone="")
                & ~Q(emergency_text="")
                & ~Q(day_phone="")
                & ~Q(after_hours_phone="")
                & ~Q(after_hours_text=""),
                name="site_texts_not_blank",
            ),
            models.CheckConstraint(condition=Q(reply_routine_days__gte=1), name="site_reply_days_positive"),
            models.CheckConstraint(
                condition=Q(silent_owner_minutes__gte=1)
                & Q(escalate_minutes__gte=1)
                & Q(unread_call_days__gte=1),
                name="site_clocks_positive",
            ),
            models.CheckConstraint(
                condition=Q(jurisdiction__in=["US", "EU", "UK"]), name="site_jurisdiction_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OpeningHours(models.Model):
    """One interval of a weekday on the clinic's wall clock; a day may have several (a lunch break)."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = _("opening hours")
        constraints = [
            models.CheckConstraint(condition=Q(closes__gt=F("opens")), name="hours_close_after_open"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday_known"),
            models.UniqueConstraint(fields=["site", "weekday", "opens"], name="hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Holiday(models.Model):
    """A day on which the clinic is closed."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField(_("date"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["site", "date"], name="holiday_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.name}"


class Team(models.Model):
    """People who look after the same patients and share one work list."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(_("name"), max_length=80)
    active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["site", "name"], name="team_name_once")]

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """One person's time in a team. Access to the team's patients starts and ends with it."""

    class Role(models.TextChoices):
        NURSE = "nurse", _("Nurse")
        NEUROLOGIST = "neurologist", _("Neurologist")
        PHARMACIST = "pharmacist", _("Pharmacist")
        COORDINATOR = "coordinator", _("Coordinator")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="team_memberships")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        ordering = ["team", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="teammember_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(role__in=["nurse", "neurologist", "pharmacist", "coordinator"]),
                name="teammember_role_known",
            ),
            ExclusionConstraint(
                name="teammember_once_at_a_time",
                expressions=[
                    ("team", RangeOperators.EQUAL),
                    ("user", RangeOperators.EQUAL),
                    (
                        Func(F("starts_on"), F("ends_on"), models.Value("[]"), function="DATERANGE"),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} in {self.team_id}"


from clinic.rota import Absence as Absence  # noqa: E402 - models of their own module, found by Django here
from clinic.rota import OnCall as OnCall  # noqa: E402
