"""The project app: composes what the other apps contribute."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from portal import checks  # noqa: F401 - registers them
        from portal.lib.db.privileges import grant_after_migrate

        post_migrate.connect(grant_after_migrate, dispatch_uid="portal.grant_after_migrate")
