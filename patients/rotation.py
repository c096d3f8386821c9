"""A new key-encryption key: every patient's data keys are wrapped anew; the sealed texts stay as they are."""

from __future__ import annotations

from patients.keys import rewrap
from patients.models import PatientKey
from portal.lib import actor
from portal.lib.sealing import key_encryption_keys

BATCH = 500


def rewrap_keys() -> tuple[int, int]:
    """Wrap what an older key wrapped with the newest one, in batches of their own transactions: (done now, already done).

    Can be stopped and started again at any time: what is done stays done. Raises SealBroken when the older key is not in KEK_FILE.
    """
    newest, _key = key_encryption_keys().current
    with actor.unit_of_work(actor.system("key-rotation")):
        before = PatientKey.objects.filter(kek_id=newest).count()
    done = 0
    while True:
        with actor.unit_of_work(actor.system("key-rotation")):
            rows = list(
                PatientKey.objects.exclude(kek_id=newest)
                .order_by("pk")
                .select_for_update(skip_locked=True, no_key=True)[:BATCH]
            )
            for row in rows:
                row.kek_id, row.wrapped = rewrap(
                    row.patient_id, row.space, row.version, row.kek_id, bytes(row.wrapped)
                )
                row.save(update_fields=["kek_id", "wrapped"])
            done += len(rows)
        if not rows:
            return done, before
