"""The therapies as data: newest versions, every fact in order with its source and status in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _

from treatment import words
from treatment.models import Protocol, Signature
from treatment.protocols.facts import BeforeDose, Facts, facts_of


@dataclass(frozen=True, slots=True)
class Row:
    """One version of a therapy with its sign-off."""

    protocol: Protocol
    facts: Facts
    signatures: list[Signature]

    @property
    def signed_off(self) -> bool:
        return set(self.facts.required_roles) <= {signature.role for signature in self.signatures}

    @property
    def missing(self) -> list[str]:
        """The roles that have not signed yet, in words."""
        signed = {signature.role for signature in self.signatures}
        return [str(Signature.Role(role).label) for role in self.facts.required_roles if role not in signed]


def _rows(protocols: list[Protocol]) -> list[Row]:
    signed: dict[Any, list[Signature]] = {}
    for signature in Signature.objects.filter(protocol__in=protocols):
        signed.setdefault(signature.protocol_id, []).append(signature)
    return [Row(protocol, facts_of(protocol.pk), signed.get(protocol.pk, [])) for protocol in protocols]


def newest_protocols() -> list[Row]:
    """The newest version of each therapy, in the order of the data."""
    newest: dict[Any, Protocol] = {}
    for protocol in Protocol.objects.light().order_by("therapy__position", "therapy__code", "-version"):
        newest.setdefault(protocol.therapy_id, protocol)
    return _rows(list(newest.values()))


def versions_of(code: str) -> list[Row]:
    """Every version of a therapy, newest first. Raises Http404."""
    protocols = list(Protocol.objects.light().filter(therapy__code=code).order_by("-version"))
    if not protocols:
        raise Http404
    return _rows(protocols)


def version_or_none(code: str, version: int | None) -> Row | None:
    """One version of a therapy, the newest when none is named; None when there is none. Two statements."""
    found = Protocol.objects.light().filter(therapy__code=code).order_by("-version")
    if version is not None:
        found = found.filter(version=version)
    return next(iter(_rows(list(found[:1]))), None)


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as the page shows it: lines of (name, value), status in words, sources."""

    title: str
    lines: list[tuple[str, str]]
    kind: str
    status: str
    sources: list[str]


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    facts: list[Fact]
    lines: list[str]


LEFT_OUT = {"source", "status", "key", "id"}
TITLES = ("name", "item", "question", "symptom", "drug", "jurisdiction")


def _value(value: Any) -> str:
    if value is None:
        return _("Not known")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(_value(one) for one in value) if value else _("None")
    return str(value)


def _fact(facts: Facts, row: dict[str, Any]) -> Fact:
    kind, status = words.status_words(str(row.get("status", "")))
    title = next((str(row[name]) for name in TITLES if row.get(name)), "")
    lines = [
        (name.replace("_", " ").capitalize(), _value(value))
        for name, value in row.items()
        if name not in LEFT_OUT and not (title and name in TITLES and str(value) == title)
    ]
    return Fact(title, lines, kind, status, words.source_words(facts, row))


def sections_of(facts: Facts) -> list[Section]:
    """Every fact of a version, by what it is about; nothing is left out."""
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
        sections.append(Section(title, [_fact(facts, row) for row in rows if isinstance(row, dict)], []))
    sections.append(Section(_("What is uncertain"), [], list(content["uncertain"])))
    sections.append(_reading_of(facts))
    return sections


def _reading_of(facts: Facts) -> Section:
    """What the portal itself makes of the texts: it is signed off with them."""
    portal = facts.portal
    lines = [
        _("Plan “%(name)s”: %(phases)s")
        % {"name": path.name, "phases": ", ".join(phase.name for phase in path.phases)}
        for path in facts.paths.values()
    ]
    when = {"first": _("first dose"), "later": _("later doses"), "every": _("every dose")}
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
