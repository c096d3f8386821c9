"""The therapies as data: newest versions, every fact in order with its source and status in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from clinic.models import Site
from treatment import words
from treatment.models import Protocol, Signature, Withdrawal
from treatment.protocols import labels
from treatment.protocols.facts import BeforeDose, Facts, facts_of
from treatment.protocols.signing import SignOff, open_role, sign_off_in


@dataclass(frozen=True, slots=True)
class Row:
    """One version of a therapy with its sign-off at a site, and its withdrawal when there is one."""

    protocol: Protocol
    facts: Facts
    signatures: list[Signature]
    withdrawal: Withdrawal | None = None

    @property
    def sign_off(self) -> SignOff:
        return sign_off_in(self.facts.required_roles, self.signatures)

    @property
    def signed_off(self) -> bool:
        """All roles have signed; what was signed in demo mode counts there only."""
        return self.sign_off.holds

    @property
    def in_demo(self) -> bool:
        """Signed off, but for the demo only."""
        return self.sign_off.demo

    @property
    def usable(self) -> bool:
        """Orders can be signed on it. (In demo mode also on versions that nobody has signed: the order says so.)"""
        return self.signed_off and self.withdrawal is None

    @property
    def missing(self) -> list[str]:
        """The roles that have not signed yet, in words."""
        signed = {signature.role for signature in self.signatures}
        return [str(Signature.Role(role).label) for role in self.facts.required_roles if role not in signed]


def _rows(protocols: list[Protocol], site: Site | None) -> list[Row]:
    """Versions with what a site makes of them: two statements."""
    signed: dict[Any, list[Signature]] = {}
    for signature in Signature.objects.filter(protocol__in=protocols, site=site):
        signed.setdefault(signature.protocol_id, []).append(signature)
    over = {
        one.protocol_id: one
        for one in Withdrawal.objects.filter(protocol__in=protocols, site=site).select_related(
            "withdrawn_by", "change"
        )
    }
    return [
        Row(protocol, facts_of(protocol.pk), signed.get(protocol.pk, []), over.get(protocol.pk))
        for protocol in protocols
    ]


def newest_protocols(site: Site | None) -> list[Row]:
    """The newest version of each therapy at a site, in the order of the data."""
    newest: dict[Any, Protocol] = {}
    protocols = Protocol.objects.light().at(site)
    for protocol in protocols.order_by("therapy__position", "therapy__code", "-version"):
        newest.setdefault(protocol.therapy_id, protocol)
    return _rows(list(newest.values()), site)


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """The therapies' names in plain words, as the newest version of the file says them: one statement."""
    newest: dict[str, str] = {}
    protocols = Protocol.objects.light().at(None).filter(therapy__code__in=set(codes))
    for protocol in protocols.order_by("therapy__code", "-version"):
        if protocol.therapy.code not in newest:
            newest[protocol.therapy.code] = facts_of(protocol.pk).name
    return newest


def orderable_protocols(site: Site) -> list[Row]:
    """For each therapy the version that an order is signed on: the newest that all three roles have signed and nobody has withdrawn.

    In demo mode, where none is signed, the newest that is not withdrawn; the order then says that it is for the demo.
    """
    found: dict[Any, Row] = {}
    order = ("therapy__position", "therapy__code", "-version")
    rows = _rows(list(Protocol.objects.light().at(site).order_by(*order)), site)
    for row in rows:
        if row.usable:
            found.setdefault(row.protocol.therapy_id, row)
    if settings.DEMO:
        for row in rows:
            if row.withdrawal is None:
                found.setdefault(row.protocol.therapy_id, row)
    wanted = {row.protocol.pk for row in found.values() if row.facts.can_be_ordered}
    return [row for row in rows if row.protocol.pk in wanted]


def waits_for(user: User, row: Row) -> bool:
    """True when the version lacks the signature that this person can give. No statement for each version."""
    needed = row.facts.required_roles
    return row.withdrawal is None and open_role(user, needed, row.signatures) is not None


def as_text(row: Row) -> dict[str, str]:
    """A version as one of the texts that name something: keys kind, title, url."""
    return {
        "kind": str(_("Therapy")),
        "title": row.facts.name,
        "url": reverse("treatment:therapy", args=[row.facts.code]),
    }


def versions_of(code: str, site: Site | None) -> list[Row]:
    """Every version of a therapy at a site, newest first. Raises Http404."""
    protocols = list(Protocol.objects.light().at(site).filter(therapy__code=code).order_by("-version"))
    if not protocols:
        raise Http404
    return _rows(protocols, site)


def version_or_none(code: str, version: int | None, site: Site | None) -> Row | None:
    """One version of a therapy; without a number the one that is ordered on, else the newest. None when there is none."""
    found = Protocol.objects.light().at(site).filter(therapy__code=code).order_by("-version")
    if version is not None:
        found = found.filter(version=version)
    rows = _rows(list(found), site)
    return next((row for row in rows if row.usable), next(iter(rows), None))


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as the page shows it: lines of (name, value), status in words, sources."""

    title: str
    lines: list[tuple[str, str]]
    kind: str
    status: str
    sources: list[str]
    labels: list[str] = field(default_factory=list)  # whose label says so, in words
    of_others: bool = False  # only labels of other jurisdictions than the site's say so


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    facts: list[Fact]
    lines: list[str]


LEFT_OUT = {"source", "status", "key", "id", "labels"}
TITLES = ("name", "item", "question", "symptom", "drug", "jurisdiction")


def _value(value: Any) -> str:
    if value is None:
        return _("Not known")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) if value else _("None")
    return str(value)


def _fact(facts: Facts, row: dict[str, Any], jurisdiction: str = "") -> Fact:
    kind, status = words.status_words(str(row.get("status", "")))
    title = next((str(row[name]) for name in TITLES if row.get(name)), "")
    lines = [
        (name.replace("_", " ").capitalize(), _value(value))
        for name, value in row.items()
        if name not in LEFT_OUT and not (title and name in TITLES and str(value) == title)
    ]
    whose = [
        str(Site.Jurisdiction(one).label) for one in row.get("labels", []) if one in Site.Jurisdiction.values
    ]
    others = bool(jurisdiction) and labels.of_other_labels(row, jurisdiction)
    return Fact(title, lines, kind, status, words.source_words(facts, row), whose, others)


def sections_of(facts: Facts, jurisdiction: str = "") -> list[Section]:
    """Every fact of a version, by what it is about; nothing is left out. What only other labels say comes last, and says so."""
    content = facts.content
    named = {
        "indications": _("What it is for"),
        "regimen": _("Doses and intervals"),
        "lifetime_cumulative_max": _("Most in a lifetime"),
        "premedication": _("Medicines before the dose"),
        "rems": _("Safety program"),
        "boxed_warning": _("Boxed warning"),
        "screening": _("Before the start and before doses"),
        "monitoring": _("Regular checks"),
        "pre_infusion_checklist": _("Questions before each dose"),
        "contraindications": _("When it must not be given"),
        "red_flags": _("Warning signs"),
        "infusion_reactions": _("Reactions during the dose"),
        "expected_effects": _("Expected effects"),
        "pregnancy": _("Pregnancy"),
        "vaccines": _("Vaccines"),
        "missed_dose": _("Late or missed doses"),
        "interactions": _("Other medicines"),
    }
    sections = []
    for key, title in named.items():
        value = content[key]
        rows = value if isinstance(value, list) else [value] if value else []
        shown = [_fact(facts, row, jurisdiction) for row in rows if isinstance(row, dict)]
        sections.append(Section(title, sorted(shown, key=lambda fact: fact.of_others), []))
    sections.append(Section(_("What is uncertain"), [], list(content["uncertain"])))
    sections.append(_reading_of(facts))
    return sections


@dataclass(frozen=True, slots=True)
class Differing:
    """A fact on which the sources differ: what holds at the site, and what each source says."""

    about: str
    unit: str
    held: str
    said: list[dict[str, Any]]


def differing_in(facts: Facts, jurisdiction: str) -> list[Differing]:
    """Where the sources of a version differ, with the default of a site; both stand there with their source."""
    found = []
    for one in labels.differences_of(facts.content):
        held = one.default_at(jurisdiction)
        said = []
        for value in one.values:
            kind, status = words.status_words(value.status)
            whose = [
                str(Site.Jurisdiction(code).label)
                for code in value.labels
                if code in Site.Jurisdiction.values
            ]
            said.append(
                {
                    "words": value.words,
                    "labels": ", ".join(whose),
                    "kind": kind,
                    "status": status,
                    "source": "; ".join(words.source_words(facts, {"source": value.source})),
                    "held": value is held,
                }
            )
        found.append(Differing(one.about, one.unit, held.words if held else "", said))
    return found


def _reading_of(facts: Facts) -> Section:
    """What the portal itself makes of the texts: it is signed off with them."""
    portal = facts.portal
    lines = [
        _("Plan “%(name)s”: %(phases)s")
        % {"name": path.name, "phases": ", ".join(phase.name for phase in path.phases)}
        for path in facts.paths.values()
    ]
    when = {"first": _("first dose"), "later": _("later doses"), "every": _("every dose")}
    when["course"] = _("first dose of each course of days")
    owners = {"you": _("patient"), "team": _("team"), "lab": _("lab")}
    owners |= {"nurse": _("nurse"), "clinic": _("clinic"), "insurer": _("insurer")}
    lines += [
        _("Before: %(label)s (%(when)s, %(owner)s; from %(fact)s)")
        % {"label": item.label, "when": when[item.when], "owner": owners[item.owner], "fact": item.fact}
        for item in facts.before_dose
    ]
    lines += [_limits_of(item) for item in facts.before_dose if item.has_limits]
    means = {"call_first": _("phone first, the team is told"), "tell_nurse": _("the nurse is told")}
    lines += [
        _("Question to the patient: %(text)s (if there is a concern: %(means)s; from %(fact)s)")
        % {"text": question.text, "means": means[question.on_concern], "fact": question.fact}
        for question in facts.questions
    ]
    no = {"yes": _("yes"), "no": _("no")}
    lines += [
        _("Checked at the chair before the start: %(text)s (if %(answer)s: %(action)s; from %(fact)s)")
        % {"text": check.text, "answer": no[check.concern_if], "action": check.action, "fact": check.fact}
        for check in facts.chair_checks
    ]
    lines += [
        _("Regular check: %(label)s (%(owner)s; from %(fact)s)")
        % {"label": check.label, "owner": owners[check.owner], "fact": check.fact}
        for check in facts.checks
    ]
    rule = {
        "from_given_dose": _("count on from the day the dose was given; a missed one as soon as possible"),
        None: _("no rule is stated: a prescriber sets each day"),
    }
    kind, status = words.status_words(portal["late_dose"]["status"])
    late = Fact(
        _("Late or missed doses"),
        [(_("Rule"), rule[portal["late_dose"]["rule"]])],
        kind,
        status,
        words.source_words(facts, portal["late_dose"]),
    )
    visit = _fact(facts, {"name": _("Minutes around the dose"), **portal["visit"]})
    return Section(_("How the portal reads this (our own reading)"), [late, visit], lines)


def _limits_of(item: BeforeDose) -> str:
    """Until when something before a dose is due, how long it holds and for whom it is, as the version says."""
    parts = [
        _("due %(days)d days before the dose") % {"days": item.due_days_before} if item.due_days_before is not None else "",
        _("counts for %(hours)d hours") % {"hours": item.valid_hours} if item.valid_hours is not None else "",
        _("holds for %(months)d months") % {"months": item.valid_months} if item.valid_months is not None else "",
        _("asked again at the chair") if item.at_chair else "",
        _("only for: %(whom)s") % {"whom": words.applies_words(item.applies_to)} if item.applies_to else "",
    ]  # fmt: skip
    said = {"label": item.label, "limits": ", ".join(filter(None, parts)), "fact": item.fact}
    return _("Limits: %(label)s (%(limits)s; from %(fact)s)") % said
