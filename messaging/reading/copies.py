"""A conversation to keep: as a page for paper, a PDF, plain text or JSON, each message with who, in what capacity and when, when a call or a
letter came, and which files were with it.

The team's notes are not in it: a copy is what both sides have read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.models import User
from messaging.models import Attachment, Message, Thread
from patients.models import Patient
from portal.lib import paper
from portal.lib.time_words import when

KINDS = ("pdf", "text", "json")


def entries(messages: Iterable[Message], patient: Patient, user: User) -> list[dict[str, Any]]:
    """The messages as lines of a copy; `capacity` in words that are true for every reader. One statement more for the files.

    `came_at` is when a call or a letter came that was written down later. What was taken back names no files, as on every page.
    """
    messages = list(messages)
    files: dict[UUID, list[Attachment]] = {}
    standing = [message.pk for message in messages if message.taken_back is None]
    for file in Attachment.objects.for_user(user, patient).of_messages(standing):
        files.setdefault(file.message_id, []).append(file)  # type: ignore[arg-type]
    return [
        {
            "message": message,
            "who": message.author.name,
            "title": message.author.job_title if message.from_team else "",
            "capacity": capacity_words(message, patient),
            "at": message.created_at,
            "came_at": message.came_at,
            "files": [
                {"file": file, "words": file_words(file, patient.site.time_zone)}
                for file in files.get(message.pk, [])
            ],
            "text": message.text_for(staff=False)
            if message.taken_back is None
            else _("This message was taken back."),
        }
        for message in messages
    ]


def file_words(file: Attachment, zone: str) -> str:
    """A file as a copy names it, which does not hold it: "rash.jpg: Photo, 240 KB, added Monday 9 November 2026 at 10:00 am"."""
    words = _("%(name)s: %(kind)s, %(size)s, added %(time)s") % {
        "name": file.name,
        "kind": file.get_kind_display(),
        "size": filesizeformat(file.size),
        "time": when(file.created_at, zone),
    }
    return words if file.is_ready else f"{words} ({file.get_state_display()})"


def capacity_words(message: Message, patient: Patient) -> str:
    """In what capacity somebody wrote, without "you": a copy is read by others as well."""
    named = {"patient": patient.name}
    return {
        Message.Capacity.SELF: pgettext("who wrote", "the patient"),
        Message.Capacity.CARER: _("for %(patient)s") % named,
        Message.Capacity.TEAM: pgettext("who wrote", "the team"),
        Message.Capacity.PHONE: _("what %(patient)s said by phone, written down by the team") % named,
        Message.Capacity.LETTER: _("what %(patient)s wrote in a letter, written down by the team") % named,
    }[Message.Capacity(message.capacity)]


def context(
    patient: Patient, thread: Thread, messages: Iterable[Message], user: User, now: datetime
) -> dict[str, Any]:
    """What the page and the PDF show."""
    return {
        "patient": patient,
        "thread": thread,
        "topic": thread.get_topic_display(),
        "entries": entries(messages, patient, user),
        "taken_by": user.name,
        "taken_at": now,
        "zone": patient.site.time_zone,
    }


def as_pdf(shown: dict[str, Any]) -> HttpResponse:
    """The PDF. The file's name says nothing. Raises portal.lib.paper.NoPaper when the system's libraries are missing."""
    made = paper.pdf_of(render_to_string("messaging/copy_pdf.html", shown))
    return _file(made, "application/pdf", "messages.pdf")


def as_text(shown: dict[str, Any]) -> HttpResponse:
    """Plain text, readable everywhere."""
    zone = shown["zone"]
    lines = [
        _("Messages of %(name)s: %(topic)s") % {"name": shown["patient"].name, "topic": shown["topic"]},
        _("Taken by %(name)s, %(time)s") % {"name": shown["taken_by"], "time": when(shown["taken_at"], zone)},
        _("All times: %(zone)s") % {"zone": zone},
    ]
    if shown["thread"].about:
        lines.append(_("About: %(about)s") % {"about": shown["thread"].about})
    for entry in shown["entries"]:
        who = f"{entry['who']}, {entry['title']}" if entry["title"] else entry["who"]
        lines += ["", f"--- {who} ({entry['capacity']}), {when(entry['at'], zone)}"]
        if entry["came_at"]:
            lines.append(_("It came on %(time)s.") % {"time": when(entry["came_at"], zone)})
        lines.append(entry["text"])
        lines += [_("File: %(file)s") % {"file": file["words"]} for file in entry["files"]]
    return _file("\n".join(lines).encode() + b"\n", "text/plain; charset=utf-8", "messages.txt")


def content(shown: dict[str, Any]) -> dict[str, Any]:
    """The copy as data; times carry the zone's offset, and the zone's name stands beside them."""
    zone = ZoneInfo(shown["zone"])
    thread = shown["thread"]
    return {
        "format": "portal-conversation-1",
        "patient": shown["patient"].name,
        "topic": thread.topic,
        "about": thread.about,
        "time_zone": shown["zone"],
        "taken_by": shown["taken_by"],
        "taken_at": shown["taken_at"].astimezone(zone).isoformat(timespec="seconds"),
        "messages": [
            {
                "id": str(entry["message"].pk),
                "seq": entry["message"].seq,
                "author": entry["who"],
                "job_title": entry["title"],
                "capacity": entry["message"].capacity,
                "sent_at": entry["at"].astimezone(zone).isoformat(timespec="seconds"),
                "came_at": entry["came_at"].astimezone(zone).isoformat(timespec="seconds")
                if entry["came_at"]
                else None,
                "text": entry["text"],
                "files": [
                    {
                        "name": row["file"].name,
                        "kind": row["file"].kind,
                        "size": row["file"].size,
                        "added_at": row["file"].created_at.astimezone(zone).isoformat(timespec="seconds"),
                        "state": row["file"].state,
                    }
                    for row in entry["files"]
                ],
            }
            for entry in shown["entries"]
        ],
    }


def as_json(shown: dict[str, Any]) -> HttpResponse:
    """JSON for other programs."""
    made = json.dumps(content(shown), ensure_ascii=False, indent=1).encode()
    return _file(made, "application/json", "messages.json")


def _file(made: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(made, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


MAKERS = {"pdf": as_pdf, "text": as_text, "json": as_json}
