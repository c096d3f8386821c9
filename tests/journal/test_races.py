"""Two tabs at once: the row lock decides, and the constraint stands behind it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import connection

from journal import services
from journal.models import EntryRevision, JournalEntry, SharedEntry, ShareGrant
from portal.lib.ids import uuid7
from portal.lib.time import now as present

if TYPE_CHECKING:
    from tests.journal.conftest import People

TABS = 6


def at_once(people: People, act: Callable[[int], Any]) -> list[Any]:
    """Run `act` in six threads that start together; what each returned or raised."""
    barrier, found = threading.Barrier(TABS), []

    def tab(number: int) -> None:
        try:
            barrier.wait(20)
            with people.acting(people.maya):
                found.append(act(number))
        except Exception as error:  # noqa: BLE001 - what was raised is the result
            found.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tab, args=(number,)) for number in range(TABS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def test_one_entry_whatever_happens_to_it_at_once(fresh_db: str, people: People) -> None:
    """Six retries write one entry; six shares make one copy; six changes of one version make one change."""
    id, now = uuid7(), present()
    words = services.Words(people.today(), {"tiredness": 0}, "once")
    mine = {"by": people.maya, "patient": people.patient, "now": now}
    written = at_once(people, lambda _n: services.write_entry(id=id, words=words, share=False, **mine))
    assert [getattr(entry, "pk", entry) for entry in written] == [id] * TABS
    with people.acting(people.maya):
        assert JournalEntry.objects.for_user(people.maya).count() == 1

    shared = at_once(people, lambda _n: services.share_entry(entry_id=id, id=uuid7(), **mine))
    assert [getattr(entry, "pk", entry) for entry in shared] == [id] * TABS
    with people.acting(people.maya):
        assert SharedEntry.objects.for_user(people.maya).count() == 1
        assert ShareGrant.objects.for_user(people.maya).count() == 1

    def change(number: int) -> JournalEntry:
        other = services.Words(people.today(), {"tiredness": 1}, f"tab {number}")
        return services.change_entry(entry_id=id, id=uuid7(), version=1, words=other, share=True, **mine)

    changed = at_once(people, change)
    assert sum(isinstance(result, services.ChangedElsewhere) for result in changed) == TABS - 1
    assert sum(isinstance(result, JournalEntry) for result in changed) == 1
    with people.acting(people.maya):
        assert EntryRevision.objects.for_user(people.maya).count() == 2
        (live,) = SharedEntry.objects.for_user(people.maya).live()
        assert live.version == 2

    chosen = at_once(people, lambda _n: services.share_new_entries(id=uuid7(), **mine))
    assert chosen == [None] * TABS
    with people.acting(people.maya):
        assert ShareGrant.objects.for_user(people.maya).live().filter(kind="new_entries").count() == 1
