"""Sites, teams, hours, holidays, phones, texts, reply promises."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"

    def ready(self) -> None:
        from accounts.services import staff_checks
        from clinic.services import is_clinician

        if is_clinician not in staff_checks:
            staff_checks.append(is_clinician)
