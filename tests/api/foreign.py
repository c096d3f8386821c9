"""Loaded by Schemathesis (SCHEMATHESIS_HOOKS): real values for what it makes up, and the other patient's words must never be in an answer."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import pikepdf
import schemathesis

FOREIGN = [word for word in os.environ["FOREIGN_WORDS"].split("|") if word]
REAL: dict[str, dict[str, Any]] = json.loads(
    os.environ["REAL_VALUES"]
)  # operation -> what has to be true in its body


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """A body that fits the schema gets values that fit the data too: a free time, the version that stands there, today."""
    real = REAL.get(case.operation.definition.raw.get("operationId", ""))
    fits = case.meta is None or case.meta.generation.mode.name == "POSITIVE"
    if real and fits and isinstance(case.body, dict):
        case.body = {**case.body, **real}


def words_in(body: bytes) -> str:
    """The text of an answer. A PDF's letters are numbers of its fonts, but its title names the patient."""
    if not body.startswith(b"%PDF-"):
        return body.decode()
    with pikepdf.open(io.BytesIO(body)) as paper:
        return str(paper.docinfo["/Title"])


@schemathesis.check
def nothing_of_the_other_patient(ctx: Any, response: Any, case: Any) -> None:
    """Neither names nor ids nor words of the other patient, in the body or in the headers."""
    said = words_in(response.content) + "".join(
        f"{name}: {value}\n" for name, value in response.headers.items()
    )
    sent = f"{case.path_parameters} {case.query} {case.headers} {case.body}"
    met = [word for word in FOREIGN if word in said and word not in sent]
    assert not met, f"the other patient's {met} in the answer"
