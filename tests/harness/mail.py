"""A real SMTP server on loopback that keeps what it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.postgres import free_port


@dataclass
class Mailbox:
    """Mails in the order they came. `refuse` = how many of the next mails are answered with a passing 451."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuse: int = 0

    @property
    def url(self) -> str:
        """The EMAIL_URL that leads here."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """The mails for one address."""
        return [mail for mail in list(self.mails) if address in str(mail["To"])]

    def wait(
        self, address: str, *, having: Callable[[EmailMessage], bool] = lambda mail: True, seconds: float = 20
    ) -> EmailMessage:
        """The newest mail for an address that fits, waiting for it up to `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            fitting = [mail for mail in self.to(address) if having(mail)]
            if fitting:
                return fitting[-1]
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"no such mail for {address} within {seconds} s; {len(self.mails)} mails came"
                )
            time.sleep(0.05)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Called by the server for each mail."""
        if self.refuse > 0:
            self.refuse -= 1
            return "451 try again later"
        content: Any = envelope.content
        self.mails.append(message_from_bytes(content, policy=policy.default))
        return "250 kept"


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Run the server until the block ends."""
    mailbox = Mailbox(free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, data_size_limit=50_000_000)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
