"""A draft of a version: begun, changed fact by fact, thrown away, or made the next version."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clinic.models import Site
from portal.lib.problems import Conflict, DomainError
from portal.lib.text import clean_line, clean_text
from treatment.editing import kinds, rules
from treatment.editing.kinds import Kind
from treatment.editing.making import (
    REASON_LENGTH,
    MayNotEdit,
    NewerVersion,
    NothingChanged,
    NotRight,
    OnlyPrescribersRelax,
    VersionReasonNeeded,
    editor_site,
    make_version,
    may_edit,
    newest_of,
    relaxed,
    with_sources_of,
)
from treatment.models import Protocol, ProtocolDraft, Therapy
from treatment.protocols.signing import home_site

REMEMBERED = 60  # presses of a draft


class FactChanged(Conflict):
    """Somebody changed the same fact. `newest` is how it stands now, None when it is gone."""

    default_message = gettext_lazy(
        "Somebody changed this fact in the meantime. It stands below your words. Press again to put yours in its place."
    )

    def __init__(self, newest: dict[str, Any] | None) -> None:
        gone = _(
            "Somebody took this fact out in the meantime. Your words stand below; add them as a new fact."
        )
        super().__init__(None if newest is not None else gone)
        self.newest = newest


class InUse(DomainError):
    default_message = gettext_lazy("Something else in this version needs this fact. Change that first.")


# --- Who and which ------------------------------------------------------------------------------------------------------


def draft_of(user: User, code: str) -> ProtocolDraft | None:
    """The draft of a therapy at the person's site, or None."""
    drafts = ProtocolDraft.objects.filter(site=home_site(user), therapy__code=code)
    return drafts.select_related("therapy", "based_on", "begun_by", "changed_by").first()


def draft_or_404(user: User, code: str) -> ProtocolDraft:
    found = draft_of(user, code)
    if found is None:
        raise Http404
    return found


def digest(kind: Kind, fact: dict[str, Any]) -> str:
    """Stands for a fact as it was shown. Names and texts stand beside everything else, so only they count there."""
    shown: Any = fact if kind.where else [kinds.at(fact, part.name) for part in kind.parts]
    text = json.dumps(shown, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


# --- A draft ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(*, by: User, code: str, now: datetime) -> ProtocolDraft:
    """A draft from the newest version, or the one that is there already. Raises MayNotEdit, Http404."""
    site = editor_site(by)
    therapy = Therapy.objects.filter(code=code).first()
    if therapy is None:
        raise Http404
    base = newest_of(therapy, site)
    draft, _new = ProtocolDraft.objects.get_or_create(
        site=site, therapy=therapy,
        defaults={
            "based_on": base, "content": base.content, "begun_by": by, "begun_at": now, "changed_by": by, "changed_at": now,
        },
    )  # fmt: skip
    return draft


@transaction.atomic
def discard(*, by: User, code: str) -> None:
    """Throw the draft away. Versions stay. Raises MayNotEdit."""
    ProtocolDraft.objects.filter(site=editor_site(by), therapy__code=code).delete()


@transaction.atomic
def save_fact(
    *, by: User, code: str, kind: Kind, index: int | None, fact: dict[str, Any], was: str, id: UUID, now: datetime,
    new_source: str = "",
) -> ProtocolDraft:  # fmt: skip
    """Put a fact into the draft: in place of the one that was shown (`was`, its digest), or as a new one (`index` None).

    `fact` holds the pieces that the kind names; what else stood in the fact stays. `new_source` is added to the sources and named
    by the fact. Raises NotRight, FactChanged, MayNotEdit, Http404.
    """

    def change(content: dict[str, Any]) -> None:
        rows = kinds.facts_in(content, kind)
        old: dict[str, Any] = {}
        place: int | None = None
        if index is not None and (kind.many or rows):
            place = _place(kind, rows, index, was)
            old = rows[place]
        made = copy.deepcopy(old) or _blank(kind, rows)
        for name, value in fact.items():
            if name in made and _same_words(made[name], value):
                continue
            said = name in made or (value is not False and value not in (None, "", []))
            if said or (place is None and kind.many and name != "labels"):
                kinds.put(made, name, value)  # what an old fact never said, it still does not say
        if new_source.strip():
            made["source"] = [*made.get("source", []), _add_source(content, new_source.strip())]
        if kind.prefix and not made.get("key"):
            made["key"] = _new_key(content, kind, made)
        if kind.code == "plans" and not made.get("key"):
            made["key"] = _new_plan_key(content, made)
        if kind.code == "checklist" and not made.get("id"):
            made["id"] = made["key"].rpartition(".")[2]
        _put_fact(content, kind, place, made)
        _recount(content, kind, made)
        wrong = rules.wrong_in_fact(content, kind, made)
        if wrong:
            raise NotRight(wrong)

    return _change(by, code, id, now, change)


@transaction.atomic
def remove_fact(
    *, by: User, code: str, kind: Kind, index: int, was: str, id: UUID, now: datetime
) -> ProtocolDraft:
    """Take a fact out of the draft. Raises InUse when a plan, a line or a check needs it, FactChanged, MayNotEdit, Http404."""
    if not kind.many and not kind.may_lack:
        raise InUse(_("A version cannot be without this."))

    def change(content: dict[str, Any]) -> None:
        rows = kinds.facts_in(content, kind)
        place = _place(kind, rows, index, was)
        needed = _needed_by(content, rows[place].get("key"))
        if needed:
            raise InUse(_("“%(name)s” needs this fact. Change or take out that first.") % {"name": needed})
        if kind.many:
            kinds.at(content, kind.where).pop(place)
        else:
            kinds.put(content, kind.where, None)

    return _change(by, code, id, now, change)


def _change(
    by: User, code: str, id: UUID, now: datetime, change: Callable[[dict[str, Any]], None]
) -> ProtocolDraft:
    """One change of the draft at a time; the same press counts once."""
    site = editor_site(by)
    draft = _locked(site, code)
    if draft is None:
        raise Http404
    if str(id) in draft.once:
        return draft
    content = copy.deepcopy(draft.content)
    change(content)
    draft.content, draft.changed_by, draft.changed_at = content, by, now
    draft.once = [*draft.once, str(id)][-REMEMBERED:]
    draft.save(update_fields=["content", "changed_by", "changed_at", "once"])
    return draft


def _locked(site: Site, code: str) -> ProtocolDraft | None:
    """The draft, with its row held until the transaction ends."""
    drafts = ProtocolDraft.objects.select_for_update(of=("self",), no_key=True).select_related("therapy")
    return drafts.filter(site=site, therapy__code=code).first()


def _place(kind: Kind, rows: list[dict[str, Any]], index: int, was: str) -> int:
    """Where the fact that was shown stands now; a colleague may have added or taken out one before it."""
    if index < len(rows) and digest(kind, rows[index]) == was:
        return index
    for place, row in enumerate(rows):
        if digest(kind, row) == was:
            return place
    raise FactChanged(rows[index] if index < len(rows) else None)


def _same_words(old: Any, new: Any) -> bool:
    """True for a text that only went through a form: nobody retyped it, so it stays as the data have it."""
    return isinstance(old, str) and new in (clean_line(old), clean_text(old).strip())


def _blank(kind: Kind, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What a new fact holds besides its pieces: what every other fact of its kind has, not known yet."""
    if not kind.many or not rows:
        return {}
    shared = set.intersection(*(set(row) for row in rows))
    blank: dict[str, Any] = dict.fromkeys(sorted(shared - {"source", "status", "labels", "key", "id"}))
    if "chair_minutes_basis" in blank:
        blank["chair_minutes_basis"] = (
            "arrival and leaving as stated for every visit, waiting, the dose, watching"
        )
    return blank


def _put_fact(content: dict[str, Any], kind: Kind, place: int | None, made: dict[str, Any]) -> None:
    if not kind.where:  # names and texts stand in the version itself
        content.update(made)
    elif not kind.many:
        kinds.put(content, kind.where, made)
    elif place is None:
        kinds.at(content, kind.where).append(made)
    else:
        kinds.at(content, kind.where)[place] = made


def _add_source(content: dict[str, Any], ref: str) -> str:
    """The name of a source in the list, added when it is new."""
    for one in content["sources"]:
        if one["ref"] == ref:
            return str(one["id"])
    taken = {one["id"] for one in content["sources"]}
    number = next(number for number in range(1, len(taken) + 2) if f"S{number}" not in taken)
    content["sources"] = [*content["sources"], {"id": f"S{number}", "ref": ref}]
    return f"S{number}"


def _new_key(content: dict[str, Any], kind: Kind, fact: dict[str, Any]) -> str:
    words = slugify(kinds.name_of(kind, fact)).replace("-", "_")[:48] or "fact"
    taken = {row.get("key") for one in kinds.KINDS if one.prefix for row in kinds.facts_in(content, one)}
    key = f"{content['id']}.{kind.prefix}.{words}"
    return next(name for name in (key, *(f"{key}_{number}" for number in range(2, 999))) if name not in taken)


def _new_plan_key(content: dict[str, Any], fact: dict[str, Any]) -> str:
    words = slugify(str(fact.get("name", "")))[:30] or "plan"
    taken = {row["key"] for row in content["portal"]["paths"]}
    return next(
        name for name in (words, *(f"{words}-{number}" for number in range(2, 999))) if name not in taken
    )


def _needed_by(content: dict[str, Any], key: str | None) -> str:
    """The name of a plan, a line or a check that names a fact, or ""."""
    if key is None:
        return ""
    portal = content["portal"]
    found = [row["name"] for row in portal["paths"] if key in row["phases"]]
    lists = [rows for rows in portal.values() if isinstance(rows, list)]
    lines = [row for rows in lists for row in rows if isinstance(row, dict) and row.get("fact") == key]
    found += [row.get("label") or key for row in lines]
    return str(found[0]) if found else ""


def _recount(content: dict[str, Any], kind: Kind, made: dict[str, Any]) -> None:
    """The minutes in the chair follow from the parts that stand in the version; unknown when one of them is."""
    changed = [made] if kind.code == "phases" else content["regimen"] if kind.code == "visit" else []
    visit = content["portal"]["visit"]
    for phase in changed:
        parts = [
            visit["arrival_minutes"], phase.get("premedication_wait_minutes"), phase.get("infusion_minutes"),
            phase.get("observation_minutes"), visit["discharge_minutes"],
        ]  # fmt: skip
        whole = all(isinstance(part, int) for part in parts)
        phase["chair_minutes_estimate"] = sum(parts) if whole else None


@transaction.atomic
def make_from_draft(*, by: User, code: str, newest: int, reason: str, id: UUID, now: datetime) -> Protocol:
    """Make the draft the next version; the draft goes. `newest` is the version that the page compared it with. Raises as `make_version`."""
    earlier = Protocol.objects.filter(pk=id, made_by=by, therapy__code=code).first()
    if earlier is not None:
        return earlier
    site = editor_site(by)
    draft = _locked(site, code)
    if draft is None:
        raise Http404
    content = with_sources_of(draft.content, newest_of(draft.therapy, site).content)
    made = make_version(by=by, code=code, based_on=newest, content=content, reason=reason, id=id, now=now)
    draft.delete()
    return made


__all__ = [
    "REASON_LENGTH",
    "FactChanged",
    "InUse",
    "MayNotEdit",
    "NewerVersion",
    "NotRight",
    "NothingChanged",
    "OnlyPrescribersRelax",
    "VersionReasonNeeded",
    "begin",
    "digest",
    "discard",
    "draft_of",
    "draft_or_404",
    "make_from_draft",
    "make_version",
    "may_edit",
    "newest_of",
    "relaxed",
    "remove_fact",
    "save_fact",
    "with_sources_of",
]
