"""The one user model, and mail on its way out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.lib.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person who signs in with `email`; without a password only mailed codes work."""
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may see is said by `patients.Grant` and `clinic.TeamMember`, not here."""

    class Theme(models.TextChoices):
        DEVICE = "device", _("Same as my device")
        DAY = "day", _("Day")
        DUSK = "dusk", _("Dusk")

    class TextSize(models.IntegerChoices):
        NORMAL = 100, _("Normal")
        LARGER = 125, _("Larger")
        LARGE = 150, _("Large")
        LARGEST = 200, _("Largest")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120)
    job_title = models.CharField(_("job, as patients see it"), max_length=80, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may open the set-up pages"), default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.DEVICE)
    text_size = models.PositiveSmallIntegerField(choices=TextSize, default=TextSize.NORMAL)
    more_contrast = models.BooleanField(default=False)
    device_font = models.BooleanField(default=False)
    low_energy = models.BooleanField(default=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=models.Q(theme__in=["device", "day", "dusk"]), name="user_theme_known"
            ),
            models.CheckConstraint(
                condition=models.Q(text_size__in=[100, 125, 150, 200]), name="user_text_size_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0]


class OutgoingMail(models.Model):
    """One mail: written in the transaction that caused it, sent by a job that only knows its id.

    `payload` (address, subject, body) is sealed with a key of the portal and emptied once the mail server
    took the mail, except in demo mode where a page shows it.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=40)
    payload = models.BinaryField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="mail_newest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "sent", "failed"]), name="mail_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} mail {self.pk}"


class ApiToken(models.Model):
    """A program that may act as a person: what it may do, until when, and a hash of its secret. Never deleted."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8, unique=True)  # the part that is not secret: it finds the row
    digest = models.BinaryField()  # SHA-256 of the whole token; 256 random bits need no slow hash
    scopes = ArrayField(models.CharField(max_length=40))  # "journal:read"
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    app_privileges = "SELECT, INSERT, UPDATE"

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="apitoken_of_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")), name="apitoken_ends"
            ),
            models.CheckConstraint(condition=~models.Q(label=""), name="apitoken_named"),
            models.CheckConstraint(condition=models.Q(scopes__len__gt=0), name="apitoken_may_something"),
        ]

    def __str__(self) -> str:
        return f"token {self.prefix}"

    def works_at(self, now: datetime) -> bool:
        """True until it is revoked or its last moment has passed (aware)."""
        return self.revoked_at is None and self.expires_at > now


class ApiCount(models.Model):
    """How often somebody asked the API in this minute and in the one before. Old rows are swept every hour."""

    key = models.CharField(
        primary_key=True, max_length=80
    )  # "user:<id>", "token:<id>", "address:<network address>"
    minute = models.BigIntegerField()  # minutes since 1970, UTC
    count = models.PositiveIntegerField()
    before = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"count of {self.minute}"
