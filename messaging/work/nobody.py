"""A team in which nobody is: what is sent to it is read by nobody, so those who can put somebody into it are told.

Administrators see no patient and no message: they are told that something waits, and which team is empty.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import administrators, queue_mail
from clinic.services import teams_without_people
from messaging.work.alarms import MAIL_KIND

MOST = 20  # lines for one page


def tell_administrators() -> list[User]:
    """A mail to each person who may set up teams; returns them. Call inside the transaction of the step."""
    people = administrators()
    for person in people:
        queue_mail(to=person.email, subject=subject(), body=body(), kind=MAIL_KIND)
    return people


def said_to_administrators(now: datetime) -> list[str]:
    """The teams in use that nobody is in today, in sentences."""
    words = _(
        "Nobody who can sign in is in the team “%(name)s”. What patients send to it, also urgent messages, is read by nobody. "
        "Put somebody into the team now. If it has ended, take it out of use."
    )
    return [words % {"name": team.name} for team in teams_without_people(now.date())[:MOST]]


def subject() -> str:
    return _("Nobody of a team could be told: please act now")


def body() -> str:
    """Fixed words: no name, no topic, nothing about health, and a link to the sign-in page only."""
    return _(
        "Hello,\n\n"
        "something urgent waits on the work list of a team, and there is nobody in that team who can be told.\n\n"
        "Please call the center now so that somebody looks after it. Then sign in: the set-up names the team, and you can put "
        "somebody into it there: %(url)s\n\n"
        "This mail was sent by a machine. Please do not reply to it.\n"
    ) % {"url": settings.PUBLIC_URL + reverse("account_login")}


__all__ = ["said_to_administrators", "tell_administrators"]
