"""Sign-off of a protocol's version by named staff: once a role and once a person, for that version only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.services import memberships
from portal.lib.problems import Conflict, NotAllowed
from treatment.models import Protocol, Signature
from treatment.protocols.facts import facts_of


class NoRoleToSign(NotAllowed):
    default_message = gettext_lazy(
        "Your role does not sign off protocols, or you have signed this version already."
    )


class AlreadySigned(Conflict):
    default_message = gettext_lazy("This version is signed for this role already.")


def signatures_of(protocol: Protocol) -> list[Signature]:
    """Who signed this version, oldest first."""
    return list(Signature.objects.filter(protocol=protocol))


def is_signed_off(protocol: Protocol) -> bool:
    """True when every role that the data ask for has signed this version."""
    signed = set(Signature.objects.filter(protocol=protocol).values_list("role", flat=True))
    return set(facts_of(protocol.pk).required_roles) <= signed


def role_to_sign(user: User, protocol: Protocol) -> str | None:
    """The role in which the person can sign this version now, or None."""
    signed = signatures_of(protocol)
    if any(signature.user_id == user.pk for signature in signed):
        return None
    open_roles = set(facts_of(protocol.pk).required_roles) - {signature.role for signature in signed}
    roles = [role for role in memberships(user).values_list("role", flat=True) if role in open_roles]
    return roles[0] if roles else None


@transaction.atomic
def sign_off(*, by: User, protocol_id: UUID, id: UUID, now: datetime) -> Signature:
    """Sign one version in the person's own role; the client-made `id` makes a second press the same signature.

    Raises NoRoleToSign, AlreadySigned, Protocol.DoesNotExist.
    """
    earlier = Signature.objects.filter(pk=id, user=by, protocol_id=protocol_id).first()
    if earlier is not None:
        return earlier
    protocol = Protocol.objects.light().get(pk=protocol_id)
    role = role_to_sign(by, protocol)
    if role is None:
        raise NoRoleToSign
    try:
        with transaction.atomic():
            return Signature.objects.create(
                id=id, protocol=protocol, role=role, user=by, name=by.name or by.email, signed_at=now
            )
    except IntegrityError:
        raise AlreadySigned from None
