"""Named reads of scheduling."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from patients.querysets import PatientRecordQuerySet

if TYPE_CHECKING:
    from clinic.models import Site
    from scheduling.models import Service


class ServiceQuerySet(models.QuerySet[Any]):
    def offered_at(self, site: Site) -> ServiceQuerySet:
        """Visit types of a site that can be booked, in the order in which they are shown."""
        return self.filter(site=site, active=True).order_by("position", "name")


class ResourceQuerySet(models.QuerySet[Any]):
    def offering(self, service: Service) -> ResourceQuerySet:
        """Lanes in use that offer a visit type."""
        return self.filter(services=service, site_id=service.site_id, active=True)


class ClaimQuerySet(models.QuerySet[Any]):
    def live(self) -> ClaimQuerySet:
        """Claims that occupy their place."""
        return self.filter(released_at__isnull=True)

    def touching(self, start: datetime, end: datetime) -> ClaimQuerySet:
        """Claims that overlap a time (aware, half open)."""
        return self.filter(during__overlap=DateTimeTZRange(start, end))


class AppointmentQuerySet(PatientRecordQuerySet[Any]):
    def booked(self) -> AppointmentQuerySet:
        return self.filter(state="booked")

    def upcoming(self, now: datetime) -> AppointmentQuerySet:
        """Booked visits that are not over at `now`, the next one first."""
        return self.booked().filter(during__endswith__gt=now).order_by("during")

    def earlier(self, now: datetime) -> AppointmentQuerySet:
        """Visits that are over or cancelled at `now`, the newest first."""
        return self.exclude(state="booked", during__endswith__gt=now).order_by("-during")

    def touching(self, start: datetime, end: datetime) -> AppointmentQuerySet:
        """Visits that overlap a time (aware, half open)."""
        return self.filter(during__overlap=DateTimeTZRange(start, end))

    def with_place(self) -> AppointmentQuerySet:
        """Together with visit type and lane, in the same statement."""
        return self.select_related("service", "resource")

    def of_resources(self, resource_ids: list[UUID]) -> AppointmentQuerySet:
        return self.filter(resource_id__in=resource_ids)
