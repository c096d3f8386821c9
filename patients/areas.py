"""Areas of a patient's record: what a grant opens. The database function `portal_opens` knows the same list."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

OWN = "own"  # only the patient: trail, question list
PROFILE = "profile"  # everyone who may see anything
TEAM = "team"  # only the care team: internal notes


class Scope(models.TextChoices):
    """What a patient can open for a carer, one by one."""

    APPOINTMENTS = "appointments", _("Appointments: see, book, change")
    MESSAGES = "messages", _("Messages with the team: read and write")
    JOURNAL = "journal", _("Journal: read")


SHARED_JOURNAL = "shared_journal"  # what the patient shared with the team; carers with the journal see it too
TREATMENT = "treatment"  # orders, doses, checks, allergies, medicines: the patient and the team, never carers
TEAM_AREAS = (PROFILE, "appointments", "messages", SHARED_JOURNAL, TEAM, TREATMENT)
AREAS = (*TEAM_AREAS, OWN, "journal")
