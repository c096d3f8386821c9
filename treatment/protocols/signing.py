"""Sign-off of a protocol's version by named staff: once a role and once a person, for that version at that site only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from clinic.services import memberships
from portal.lib import actor
from portal.lib.problems import Conflict, NotAllowed
from treatment.models import Protocol, Signature, Withdrawal
from treatment.protocols.facts import facts_of


class NoRoleToSign(NotAllowed):
    default_message = gettext_lazy(
        "Your role does not sign off protocols, or you have signed this version already."
    )


class AlreadySigned(Conflict):
    default_message = gettext_lazy("This version is signed for this role already.")


class IsWithdrawn(Conflict):
    default_message = gettext_lazy("This version was withdrawn. Nothing is signed or ordered on it any more.")


@dataclass(frozen=True, slots=True)
class SignOff:
    """Whether all roles have signed a version. `demo`: some of them in demo mode, so that it holds there only."""

    complete: bool
    demo: bool

    @property
    def holds(self) -> bool:
        """Usable for orders here and now."""
        return self.complete and (settings.DEMO or not self.demo)

    @property
    def is_clinical(self) -> bool:
        """Signed for real use."""
        return self.complete and not self.demo


def sign_off_in(roles: Iterable[str], signatures: Iterable[Signature]) -> SignOff:
    """The state that these signatures make of a version that needs `roles`."""
    signed = list(signatures)
    complete = set(roles) <= {one.role for one in signed}
    return SignOff(complete, complete and any(one.demo for one in signed))


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person works: the site of the team they came to first, and their roles at that site."""

    site: Site | None
    roles: tuple[str, ...]


def home_of(user: User) -> Home:
    """Read once a unit of work, in one statement; no site and no roles for people who work in no team."""
    store, key = actor.unit_store(), ("home", user.pk)
    if key not in store:
        members = list(memberships(user).order_by("starts_on", "id"))
        site = members[0].team.site if members else None
        roles = tuple(member.role for member in members if member.team.site_id == members[0].team.site_id)
        store[key] = Home(site, roles)
    found: Home = store[key]
    return found


def home_site(user: User) -> Site | None:
    """The site of the team that the person works in; None for everybody else."""
    return home_of(user).site


def signatures_of(protocol: Protocol, site: Site | None) -> list[Signature]:
    """Who signed this version for a site, oldest first."""
    return list(Signature.objects.filter(protocol=protocol, site=site))


def state_of_sign_off(protocol: Protocol, site: Site | None) -> SignOff:
    """Whether all roles that the data ask for have signed this version for a site."""
    return sign_off_in(facts_of(protocol.pk).required_roles, signatures_of(protocol, site))


def is_signed_off(protocol: Protocol, site: Site | None) -> bool:
    """True when every role has signed this version for the site; what was signed in demo mode counts there only."""
    return state_of_sign_off(protocol, site).holds


def is_withdrawn(protocol: Protocol, site: Site | None) -> bool:
    """True when nothing more may be ordered on this version at the site."""
    return Withdrawal.objects.filter(protocol=protocol, site=site).exists()


def hold_version(protocol_id: UUID, site: Site | None, *, alone: bool = False) -> None:
    """Until the transaction ends, no withdrawal of this version comes between looking at it and ordering on it.

    Orders hold it together, a withdrawal `alone`. Taken after the patient's and the course's rows; a withdrawal takes no such row.
    """
    key = f"version {protocol_id} at {site.pk if site is not None else ''}"
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 7731))", [key])


def role_to_sign(user: User, protocol: Protocol) -> str | None:
    """The role in which the person can sign this version for their site now, or None."""
    home = home_of(user)
    if home.site is None or (protocol.site_id is not None and protocol.site_id != home.site.pk):
        return None
    return open_role(user, facts_of(protocol.pk).required_roles, signatures_of(protocol, home.site))


def open_role(user: User, needed: Iterable[str], signed: Iterable[Signature]) -> str | None:
    """The role of the person that a version with these signatures still lacks; None for whoever has signed it already."""
    signed = list(signed)
    if any(signature.user_id == user.pk for signature in signed):
        return None
    lacking = set(needed) - {signature.role for signature in signed}
    return next((role for role in home_of(user).roles if role in lacking), None)


@transaction.atomic
def sign_off(*, by: User, protocol_id: UUID, id: UUID, now: datetime, demo: bool | None = None) -> Signature:
    """Sign one version in the person's own role; the client-made `id` makes a second press the same signature.

    In demo mode (`demo` None: as the settings say) the signature says so, and counts nowhere else. Raises NoRoleToSign, AlreadySigned, IsWithdrawn, Protocol.DoesNotExist.
    """
    earlier = Signature.objects.filter(pk=id, user=by, protocol_id=protocol_id).first()
    if earlier is not None:
        return earlier
    protocol = Protocol.objects.light().get(pk=protocol_id)
    role, site = role_to_sign(by, protocol), home_site(by)
    if role is None or site is None:
        raise NoRoleToSign
    if is_withdrawn(protocol, site):
        raise IsWithdrawn
    try:
        with transaction.atomic():
            return Signature.objects.create(
                id=id, protocol=protocol, role=role, user=by, name=by.name or by.email, signed_at=now,
                site=site, demo=settings.DEMO if demo is None else demo,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadySigned from None
