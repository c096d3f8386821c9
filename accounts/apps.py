"""The one user model, sign-in, sessions, display settings, mail on its way out."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import signals  # noqa: F401
        from portal.lib.contributions import api_nouns

        api_nouns["accounts"] = _("Display settings and programs with access")
