"""The journey as pages show it: rows with words and links. No writes, no rules. Patient and team read the same words; only owners are named differently."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatment import checks
from treatment import words as treatment_words
from treatment.courses import reading
from treatment.elsewhere import bookings
from treatment.journey import words
from treatment.journey.place import picture_of
from treatment.journey.reading import Block, Journey, Order, Step
from treatment.ledger import words as ledger_words
from treatment.ledger.reading import Line
from treatment.models import GivenElsewhere, InfusionRecord, Postponement, reaction_word
from treatment.pages import Asked

OPEN_ROWS = 5
WATCHED_ROWS = 3

STEPS: dict[str, Any] = {
    "call": gettext_lazy("Call us before you travel"),
    "put_off": gettext_lazy("It is put off"),
    "late": gettext_lazy("Call your team to agree on a day"),
    "check": gettext_lazy("A regular check is due"),
    "waits": gettext_lazy("Others have the next step"),
    "paused": gettext_lazy("Your treatment is paused"),
    "none": gettext_lazy("Nothing is waiting for you now"),
}


def who_of(asked: Asked, block: Block) -> str:
    """Whose turn it is, for the reader."""
    if asked.is_staff:
        return str(treatment_words.STAFF_OWNERS[block.owner])
    if block.code in ("held", "put_off"):
        return str(Postponement.Owner(block.owner).label)
    return checks.owner_words(block.owner)


def block_row(asked: Asked, order: Order, block: Block) -> dict[str, Any]:
    """Something that stands before a dose, with its day and where it is done."""
    mine = block.owner == "you" and block.item_id is not None and not asked.is_staff
    link = ""
    if block.code == "stopped" and block.target_id is not None:
        link = asked.url("answer", block.target_id)
    elif block.code == "self_check" and block.target_id is not None:
        link = asked.url("self-check-done", block.target_id)
    said = order.facts.labels.get(block.fact)
    if said is not None and said.link == "questions" and order.next is not None:
        link, mine = asked.url("questions", order.next.pk), False
    elif said is not None and said.link == "lists":
        link = asked.url("lists")
    return {
        "block": block,
        "who": who_of(asked, block),
        "day": words.day_line(block.day_is, block.day),
        "link": link,
        "tick": asked.url("item", block.item_id) if mine else "",
    }


def order_row(asked: Asked, order: Order, record: InfusionRecord | None) -> dict[str, Any]:
    """One treatment: where it is, the last dose, the next one, and what stands before it."""
    course, facts, dose = order.course, order.facts, order.next
    rows = [block_row(asked, order, block) for block in order.blocks]
    open_lines, all_lines = order.counted
    details = record.details if record is not None else None
    waits = next((row for row in rows if row["block"].code in ("held", "put_off")), None)
    return {
        "order": order,
        "course": course,
        "name": facts.name,
        "title": treatment_words.next_title(facts),
        "place": words.place_words(order.place, facts),
        "picture": picture_of(order.place),
        "last": order.last,
        "last_elsewhere": order.last_elsewhere,
        "last_words": treatment_words.state_of(order.last) if order.last is not None else None,
        "how_much": details.get("how_much", "") if details is not None else "",
        "reaction": reaction_word(details) if details is not None else "",
        "note": details.get("note", "") if details is not None else "",
        "dose": dose,
        "planned": words.planned_words(order.place, dose.window) if dose is not None else "",
        "left": treatment_words.left_words(asked.today, dose.target) if dose is not None else "",
        "length": treatment_words.length_words(reading.infusion_need(dose)) if dose is not None else "",
        "booked": [row for row in order.times if row["done"]],
        "unbooked": [row for row in order.times if not row["done"]],
        "waits": waits,
        "phase": words.phase_words(order.phase_from) if order.phase_from is not None else "",
        "near": rows[:OPEN_ROWS],
        "later": rows[OPEN_ROWS:],
        "open": open_lines,
        "all": all_lines,
        "standing": order.standing.readiness if order.standing is not None else None,
        "ready_url": asked.url("ready", dose.pk) if dose is not None else "",
        "questions_url": asked.url("questions", dose.pk) if dose is not None else "",
    }


def step_row(asked: Asked, journey: Journey) -> dict[str, Any]:
    """The one next thing: what, why in one sentence, and one place to do it."""
    step = journey.step
    text, url, label = _step_words(asked, step)
    if step.code == "do" and step.block is not None:
        title = step.block.label
    elif step.code == "book" and step.time is not None:
        title = str(step.time["label"])
    else:
        title = str(STEPS[step.code])
    urgent = step.code == "call"
    return {"code": step.code, "title": title, "text": text, "url": url, "label": label, "urgent": urgent}


def _step_words(asked: Asked, step: Step) -> tuple[str, str, str]:
    """A sentence, an address and the words of the button; both empty where a call is the way."""
    order, block = step.order, step.block
    if step.code == "call":
        return (
            _("An answer has to be talked about first. It is on the list of your nurse, too. Call us now."),
            "",
            "",
        )
    if step.code == "do" and order is not None and block is not None and order.next is not None:
        row = block_row(asked, order, block)
        url = row["link"] or asked.url("ready", order.next.pk)
        return str(row["day"]), url, _("Do this now") if row["link"] else _("Open my checklist")
    if step.code == "put_off" and block is not None:
        day = words.day_line(block.day_is, block.day)
        return _("%(why)s. Who has it: %(who)s. %(day)s") % {
            "why": block.label, "who": who_of(asked, block), "day": day
        }, "", ""  # fmt: skip
    if step.code == "waits" and block is not None:
        said = {"what": block.label, "who": who_of(asked, block)}
        return _("You have nothing to do. %(who)s: %(what)s") % said, "", ""
    if step.code == "book" and step.time is not None:
        said = {"who": step.time["who"]}
        return _("Who has it: %(who)s") % said, str(step.time.get("url") or ""), _("Do this now")
    if step.code == "check" and step.line is not None:
        said = {"what": str(step.line.test.label), "due": ledger_words.due_words(step.line)}
        return _("%(what)s. %(due)s") % said, asked.url("ledger"), _("See my checks and results")
    sentences = {
        "late": _("This is later than planned. Nothing moves by itself: you and your team agree on a day."),
        "paused": _("Its doses wait until your neurologist goes on with it. Your regular checks go on."),
    }
    return (
        sentences.get(step.code, _("Your team plans the next step with you. Call us if anything changes.")),
        "",
        "",
    )


def watched_rows(lines: list[Line]) -> list[dict[str, Any]]:
    """What is watched, the most pressing first."""
    rows = []
    for line in lines[:WATCHED_ROWS]:
        kind, word = ledger_words.state_words(line.state)
        rows.append(
            {
                "label": line.test.label,
                "kind": kind,
                "word": word,
                "due": ledger_words.due_words(line),
                "who": checks.owner_words(line.test.owner),
            }
        )
    return rows


def booked_rows(asked: Asked, rows: list[GivenElsewhere]) -> list[dict[str, Any]]:
    """What is booked elsewhere, in the words in which it was told, and for the team the page where it is settled."""
    return [
        {"lines": bookings.told_words(row), "url": asked.url("elsewhere") if asked.is_staff else ""}
        for row in rows
    ]


def page_context(asked: Asked, journey: Journey) -> dict[str, Any]:
    """Everything of the page."""
    last = [order.last.pk for order in journey.orders if order.last is not None]
    records = {
        row.dose_id: row
        for row in InfusionRecord.objects.for_user(asked.user, asked.patient).filter(dose_id__in=last)
    }
    orders = [
        order_row(asked, order, records.get(order.last.pk) if order.last is not None else None)
        for order in journey.orders
    ]
    main = next((row for row in orders if row["dose"] is not None), None)
    return {
        "journey": journey,
        "orders": orders,
        "step": step_row(asked, journey),
        "main": main,
        "unsigned": any(order.course.order.demo_only for order in journey.orders),
        "watched": watched_rows(journey.watched),
        "watched_more": max(0, len(journey.watched) - WATCHED_ROWS),
        "booked_elsewhere": booked_rows(asked, journey.booked_elsewhere),
        "plan_url": asked.url("plan"),
        "history_url": asked.url("history"),
        "ledger_url": asked.url("ledger"),
        "lists_url": asked.url("lists"),
        "visit_questions_url": reverse("patients:questions") if not asked.is_staff else "",
        "self_check_url": reverse("treatment:self-check") if not asked.is_staff else "",
        "up": asked.url("home") if asked.is_staff else "",
    }


def today_context(asked: Asked, journey: Journey) -> dict[str, Any] | None:
    """The card on Today: the same line as on top of the journey. None without a next dose."""
    order = next((order for order in journey.orders if order.next is not None), None)
    if order is None or order.next is None:
        return None
    planned = words.planned_words(order.place, order.next.window)
    open_lines, all_lines = order.counted
    pressing = [block for block in order.blocks if block.pressing]
    waits = next((block for block in order.blocks if block.code in ("held", "put_off")), None)
    return {
        "title": treatment_words.next_title(order.facts),
        "planned_capital": planned[:1].upper() + planned[1:],
        "left": treatment_words.left_words(asked.today, order.next.target),
        "place": words.place_words(order.place, order.facts),
        "unsigned": order.course.order.demo_only,
        "stopped": order.standing is not None and order.standing.readiness.worst == "stopped",
        "late": order.late,
        "waits": block_row(asked, order, waits) if waits is not None else None,
        "first": next((block_row(asked, order, block) for block in pressing if block is not waits), None),
        "open": open_lines,
        "all": all_lines,
        "yours": order.open_of_patient,
        "url": asked.url("home"),
        "fever": asked.url("questions", order.next.pk),
        "beside": len(journey.orders) - 1,
    }


__all__ = [
    "block_row",
    "booked_rows",
    "order_row",
    "page_context",
    "step_row",
    "today_context",
    "watched_rows",
    "who_of",
]
