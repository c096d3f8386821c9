"""How gunicorn serves the portal; read by itself when started in this folder (`gunicorn portal.wsgi`).

The application is loaded before the workers are forked: an unfit start ends with one line instead of a row of dying workers, and the
workers share the memory of the code. No connection to the database is open at that moment.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from portal.environment import ConfigurationError, load

try:
    _environment = load(os.environ)
except ConfigurationError as error:
    sys.exit(f"The portal cannot start: {error}")

bind = f"127.0.0.1:{_environment.port}"
workers = _environment.web_workers
worker_class = "gthread"
threads = 4
preload_app = True
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
forwarded_allow_ips = "127.0.0.1"
control_socket_disable = True
errorlog = "-"
loglevel = "warning"
accesslog = None  # addresses of pages say who looked at what; the trail holds that, the log does not
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108, PTH112 - a heartbeat file, never on a slow disk


def when_ready(server: Any) -> None:
    """Leave the loaded code out of every later collection: it never becomes garbage, and a full pass over it stopped a request for
    as long as the request itself took. It also keeps the workers' shared memory shared. Runs before the workers are forked."""
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """Look for cycles after 10,000 new objects instead of 700: a page of 2,000 rows asked for dozens of passes while it was being built."""
    gc.set_threshold(10_000, 20, 20)
