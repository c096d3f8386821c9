"""One running portal with the ground laid, for all walks of this worker."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.live import LivePortal
from tests.harness.mail import Mailbox

if TYPE_CHECKING:  # models may be imported only once Django is set up, and a conftest is read before
    from tests.browser.walk import Walk


@pytest.fixture(scope="session")
def walk(
    walk_portal: LivePortal,
    walk_mailbox: Mailbox,
    browser: Any,
    django_db_setup: None,
    django_db_blocker: Any,
) -> Iterator[Walk]:
    """The portal of all read-mostly walks of this worker."""
    from tests.browser.walk import Walk

    walk = Walk(walk_portal, walk_mailbox, browser, django_db_blocker.unblock)
    walk.lay()
    yield walk
    walk.close()
