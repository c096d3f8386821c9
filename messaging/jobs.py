"""Jobs of messaging, found by the worker."""

from __future__ import annotations

from messaging.sms_jobs import send_sms

__all__ = ["send_sms"]
