"""With whose eyes a patient's rows are read: a person's, or the system's after somebody without that area was let in to the appointments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import User
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Eyes:
    """One patient's rows. `system` holds inside a named system actor only; elsewhere it finds nothing."""

    user: User
    patient: Patient
    system: bool = False

    def rows(self, model: Any) -> Any:
        """The rows of a patient's table, as these eyes may see them."""
        if self.system:
            return model.objects.for_system().of(self.patient)
        return model.objects.for_user(self.user, self.patient)
