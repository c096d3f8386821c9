"""Logs as one JSON object a line: what happened and where, never what a person wrote."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class NoPersonalData(logging.Filter):
    """Drops request bodies, query strings and exception values from a record."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if request is not None:
            match = getattr(request, "resolver_match", None)
            record.route = getattr(match, "view_name", None) or "unknown"
            record.msg, record.args = record.levelname.lower() + " in a request", ()
        return True


class JSONFormatter(logging.Formatter):
    """One line, UTC, no line break can get out of it; of an exception only types and code places."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
        }
        if (route := getattr(record, "route", None)) is not None:
            entry["route"] = route
            entry["status"] = getattr(record, "status_code", None)
        if record.exc_info and record.exc_info[0] is not None:
            places = []
            frame = record.exc_info[2]
            while frame is not None:
                code = frame.tb_frame.f_code
                places.append(f"{code.co_filename.rsplit('/', 3)[-1]}:{code.co_name}:{frame.tb_lineno}")
                frame = frame.tb_next
            entry["exception"] = record.exc_info[0].__name__
            entry["places"] = places[-12:]
        return json.dumps(entry, ensure_ascii=True)
