"""The web server's door. An unfit start is refused before the first request, with one clear line."""

from __future__ import annotations

import os
import sys

from django.core.wsgi import get_wsgi_application

from portal.environment import ConfigurationError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

try:
    application = get_wsgi_application()

    from portal.checks import refuse_unfit_start

    refuse_unfit_start()
except ConfigurationError as error:
    sys.exit(f"The portal cannot start: {error}")
