"""Versions made in the portal. None is ever edited: whatever changes is a next one, unsigned until three people sign it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from portal.lib.problems import Conflict, DomainError, NotAllowed
from treatment.courses.guards import is_prescriber
from treatment.editing import rules
from treatment.models import Protocol, Therapy
from treatment.protocols import labels
from treatment.protocols.loading import content_hash, next_version, one_at_a_time
from treatment.protocols.signing import home_of

EDITORS = ("neurologist", "pharmacist", "nurse")
REASON_LENGTH = 1_000
SAID = 10  # things that are wrong, named in one refusal


class MayNotEdit(NotAllowed):
    default_message = gettext_lazy(
        "Only a neurologist, a pharmacist or an infusion nurse can make a version. Nothing was changed."
    )


class NothingChanged(DomainError):
    status = 422
    default_message = gettext_lazy("Nothing differs from the version that it is made from.")


class VersionReasonNeeded(DomainError):
    status = 422
    default_message = gettext_lazy("Write in a few words why this version is made.")


class NewerVersion(Conflict):
    default_message = gettext_lazy(
        "A newer version was made in the meantime. What differs from it is shown now; look at it, then press again."
    )


class NotRight(DomainError):
    """A version or a fact that says what it may not; `wrong` says what."""

    status = 422

    def __init__(self, wrong: list[rules.Wrong]) -> None:
        super().__init__(" ".join(one.words for one in wrong[:SAID]))
        self.wrong = wrong


class OnlyPrescribersRelax(NotAllowed):
    default_message = gettext_lazy(
        "A value of this version is less strict than what holds by the label. Only a neurologist can do that, with a reason."
    )


def may_edit(user: User) -> bool:
    """True for people whose role in a team signs versions: they can make them, too."""
    return any(role in EDITORS for role in home_of(user).roles)


def editor_site(by: User) -> Site:
    site = home_of(by).site
    if site is None or not may_edit(by):
        raise MayNotEdit
    return site


def newest_of(therapy: Therapy, site: Site) -> Protocol:
    """The newest version of a therapy at a site, with its facts. Raises Http404."""
    found = Protocol.objects.at(site).filter(therapy=therapy).order_by("-version").first()
    if found is None:
        raise Http404
    return found


def relaxed(content: dict[str, Any], base: dict[str, Any], site: Site) -> list[labels.Difference]:
    """Where a version would be less strict than the label that holds at the site, and the one it is made from is not."""
    before = {one.key: value for one, value in labels.relaxed_in(base, site.jurisdiction)}
    found = labels.relaxed_in(content, site.jurisdiction)
    return [one for one, value in found if one.key not in before or before[one.key] != value]


@transaction.atomic
def make_version(
    *, by: User, code: str, based_on: int, content: dict[str, Any], reason: str, id: UUID, now: datetime
) -> Protocol:
    """The next version of a therapy at the person's site, made from the newest one (`based_on`). It is unsigned.

    Once under `id`. Raises MayNotEdit, VersionReasonNeeded, NewerVersion, NothingChanged, NotRight, OnlyPrescribersRelax, Http404.
    """
    site = editor_site(by)
    earlier = Protocol.objects.filter(pk=id, made_by=by, therapy__code=code).first()
    if earlier is not None:
        return earlier
    therapy = Therapy.objects.filter(code=code).first()
    if therapy is None:
        raise Http404
    reason = reason.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise VersionReasonNeeded
    one_at_a_time()
    base = newest_of(therapy, site)
    if base.version != based_on:
        raise NewerVersion
    wrong = rules.wrong_in(content, base.content)
    if wrong:
        raise NotRight(wrong)
    if content_hash(content) == base.content_hash:
        raise NothingChanged
    if relaxed(content, base.content, site) and not is_prescriber(by):
        raise OnlyPrescribersRelax
    return Protocol.objects.create(
        id=id, therapy=therapy, version=next_version(therapy), content=content, content_hash=content_hash(content),
        loaded_at=now, site=site, made_by=by, based_on=base, reason=reason,
    )  # fmt: skip


def with_sources_of(content: dict[str, Any], newest: dict[str, Any]) -> dict[str, Any]:
    """A draft's facts with the sources that a newer version has added since."""
    known = {one["id"] for one in newest["sources"]}
    own = [one for one in content["sources"] if one["id"] not in known]
    return {**content, "sources": [*newest["sources"], *own]}


__all__ = [
    "MayNotEdit",
    "NewerVersion",
    "NotRight",
    "NothingChanged",
    "OnlyPrescribersRelax",
    "VersionReasonNeeded",
    "editor_site",
    "make_version",
    "may_edit",
    "newest_of",
    "relaxed",
    "with_sources_of",
]
