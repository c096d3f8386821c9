"""A patient's own details."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from accounts.models import User
from patients.models import Patient
from patients.once import Done, exactly_once
from patients.services import record_change, require


@transaction.atomic
def save_profile(
    *, patient: Patient, by: User, id: UUID, name: str, preferred_name: str, phone: str, contact_note: str
) -> Done:
    """Change the patient's details, once for each `id`. Raises NotAllowed, DifferentContent."""
    require(by, patient, "profile", "self")

    def change() -> UUID:
        locked = Patient.objects.for_user(by).select_for_update(no_key=True).get(pk=patient.pk)
        locked.name = name
        locked.preferred_name = preferred_name or None
        locked.phone = phone or None
        locked.contact_note = contact_note or None
        locked.save(update_fields=["name", "preferred_name", "phone", "contact_note"])
        record_change(by, patient, "profile.changed", patient.pk)
        return locked.pk

    content = [name, preferred_name, phone, contact_note]
    return exactly_once(act="profile.change", id=id, patient=patient, user=by, content=content, do=change)
