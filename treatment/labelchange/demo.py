"""The synthetic clinic's protocols: one signed off in the demo, one that waits for the pharmacist, and a label change that is being followed.

Nothing here states a clinical figure: the second version keeps a check that the data name already.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from portal.lib import actor
from portal.lib.ids import uuid7
from treatment.editing import kinds
from treatment.editing import services as editing
from treatment.labelchange import services
from treatment.models import Protocol
from treatment.protocols.facts import facts_of
from treatment.protocols.signing import sign_off

if TYPE_CHECKING:
    from portal.demo.world import World

CODE = "alemtuzumab"
SCREENING = "alemtuzumab.mon.hpv_cervical_screening"
SIGNERS = ("neurologist", "pharmacist", "nurse")


def load(world: World) -> None:
    """Sign-offs and a label change, made by the same services as everyone's."""
    first = Protocol.objects.get(therapy__code=CODE, version=1)
    _sign(world, first, world.at(-90, 10), *SIGNERS)
    _sign(
        world,
        Protocol.objects.get(therapy__code="rituximab", version=1),
        world.at(-20, 10),
        "neurologist",
        "nurse",
    )
    _sign(world, _second(world), world.at(-2, 15), *SIGNERS)
    hana = world.users["neurologist"]
    source = next(one["ref"] for one in facts_of(first.pk).content["sources"] if one["id"] == "S1")
    with actor.unit_of_work(actor.Actor(user_id=hana.pk)):
        services.note_change(
            by=hana, code=CODE,
            what="The safety information asks for HPV or cervical screening every year. Version 1 does not keep it as a regular check.",
            source=source[: services.SOURCE_LENGTH], changed_on=world.today(), withdraw=[], id=uuid7(), now=world.at(-1, 11),
        )  # fmt: skip


def _sign(world: World, protocol: Protocol, now: datetime, *who: str) -> None:
    for key in who:
        user = world.users[key]
        with actor.unit_of_work(actor.Actor(user_id=user.pk)):
            sign_off(by=user, protocol_id=protocol.pk, id=uuid7(), now=now, demo=True)


def _second(world: World) -> Protocol:
    """The pharmacist puts a check that the data name on the list of those that the portal keeps."""
    farid, now = world.users["pharmacist"], world.at(-3, 14)
    with actor.unit_of_work(actor.Actor(user_id=farid.pk)):
        editing.begin(by=farid, code=CODE, now=now)
        editing.save_fact(
            by=farid, code=CODE, kind=kinds.BY_CODE["checks"], index=None, was="", id=uuid7(), now=now,
            fact={"fact": SCREENING, "owner": "team", "label": "HPV or cervical screening, if it applies to you"},
        )  # fmt: skip
        return editing.make_from_draft(
            by=farid,
            code=CODE,
            newest=1,
            reason="The yearly screening that the safety information asks for is kept as a regular check.",
            id=uuid7(),
            now=now,
        )


__all__ = ["load"]
