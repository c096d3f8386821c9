"""Bad input on every form and in every address: a clear answer of 4xx (or the ordinary one), never a 500, and the typed text kept.

The forms are those that stand on the registered pages; every address that the authorization table lets somebody POST to is among
them, or is posted to with the fields of that table.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpResponse
from django.test import Client

from patients.models import Draft
from tests.registry.forms import Field, Form, flat, forms_on
from tests.registry.ground import Ground, acting
from tests.registry.pages import PAGES
from tests.registry.people import ANONYMOUS, MAYA, SAMUEL
from tests.registry.states import open_state
from tests.security.authorization_table import ROWS
from tests.security.test_authorization import client_of, path_of, undone

Data = dict[str, list[str]]
Change = Callable[[Field], list[str]]

OFTEN = 429
REFUSALS = (400, 403, 404, 409, 410, 413, 415, 422, OFTEN)
ORDINARY = (200, 204, 302)
WORDS = "Keep these words, please: 7391 ümläut 🌿"
LONG = "Long words 7391 " * 6_400  # 102,400 characters
NO_TEXT_KEPT = ("account_", "usersessions")  # addresses, codes and passwords: typed again on purpose

_found: dict[int, list[Form]] = {}


_clients: dict[str, Client] = {}


@pytest.fixture(autouse=True)
def _signed_in_anew() -> Iterator[None]:
    """Sessions are rolled back with each test."""
    _clients.clear()
    yield
    _clients.clear()


def client_for(ground: Ground, person: str) -> Client:
    if person not in _clients:
        _clients[person] = client_of(ground, person)
    return _clients[person]


def all_forms(ground: Ground) -> list[Form]:
    """Each different form once, with somebody who sees it. What no page shows is made from the authorization table."""
    if id(ground) in _found:
        return _found[id(ground)]
    forms: dict[Any, Form] = {}
    for page in PAGES:
        for person in page.walkers:
            client = client_for(ground, person)
            path = open_state(page, client, ground, person)
            if page.state or page.name == "portal:design":
                continue  # samples of forms that go nowhere; or the session belongs to that state; its forms are those of the account, seen elsewhere
            with undone(client):
                answer = client.get(path)
            for form in forms_on(answer.content.decode(), page=path, person=person):
                forms.setdefault(form.key, form)
    seen = {form.view for form in forms.values()}
    for row in ROWS:
        if row.writes is not None and row.name not in seen:
            person = row.may[MAYA][0]
            body = row.body(ground, MAYA)
            fields = {name: Field(name, "hidden", [str(value)]) for name, value in body.items()}
            form = Form(person, path_of(row, ground, MAYA), path_of(row, ground, MAYA), fields)
            forms[form.key] = form
    _found[id(ground)] = list(forms.values())
    return _found[id(ground)]


def filled(form: Form, change: Change) -> Data:
    """The form's own data with each field changed."""
    return {name: change(one) for name, one in form.fields.items() if name != "csrfmiddlewaretoken"}


def usual(one: Field) -> list[str]:
    """What a person could have sent: the first choice, some words."""
    if one.choices:
        return one.values or one.choices[:1]
    return ["words"] if one.typed and not any(one.values) else list(one.values)


def same(value: str) -> Change:
    """Everything that can be typed or chosen holds this; hidden fields too."""
    return lambda one: [value]


def only_typed(value: str) -> Change:
    """What can be typed holds this; everything else is as the page came."""
    return lambda one: [value] if one.typed else usual(one)


VARIANTS: dict[str, Change] = {
    "100 KB in each field": same(LONG),
    "100 KB in what is typed": only_typed(LONG),
    "a wrong type": same("no-such-thing <b>'\";--"),
    "numbers without end": same("9" * 400),
    "a negative number": same("-1"),
    "a date out of the calendar": same("0000-13-45"),
    "NUL": same("before\x00after"),
    "NUL in what is typed": only_typed("before\x00after"),
    "right-to-left marks": same("\u202eabc\u2066def\u200f"),
    "right-to-left marks in what is typed": only_typed("\u202eabc\u2066def\u200f"),
    "control characters": same("a\x01\x1b[31m\x7f\u2028b\r\nBcc: x@example.com"),
    "blanks": same("  \t \n "),
    "many values": lambda one: ["a", "b", "c", *one.choices],
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_form_breaks(ground: Ground, variant: str) -> None:
    change = VARIANTS[variant]
    broken = [problem for form in all_forms(ground) for problem in post(ground, form, filled(form, change))]
    assert not broken, "\n".join(broken)


def test_an_empty_form(ground: Ground) -> None:
    broken = [problem for form in all_forms(ground) for problem in post(ground, form, {})]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("bytes_", [b"%FF%FE", b"%ED%A0%80%u0000%", b"\xff\xfe\x00\xed\xa0\x80"])
def test_bytes_that_are_no_text(ground: Ground, bytes_: bytes) -> None:
    broken = []
    for form in all_forms(ground):
        names = [name for name in form.fields if name != "csrfmiddlewaretoken"] or ["text"]
        raw = b"&".join(urlencode({name: ""}).encode() + bytes_ for name in names)
        broken += post(ground, form, raw)
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"text": "hello"}'),
        ("text/plain", b"text=hello"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhalf"),
        ("application/x-www-form-urlencoded; charset=no-such-charset", b"text=hello"),
        ("application/octet-stream", bytes(range(256))),
    ],
)  # fmt: skip
def test_another_content_type(ground: Ground, kind: str, body: bytes) -> None:
    broken = []
    for form in all_forms(ground):
        broken += post(ground, form, body, content_type=kind)
    assert not broken, "\n".join(broken)


def test_2000_fields(ground: Ground) -> None:
    many: Data = {f"field_{number}": ["x"] for number in range(2_000)}
    for form in all_forms(ground):
        assert not post(ground, form, filled(form, usual) | many, exactly=413)


def test_a_body_of_2_megabytes(ground: Ground) -> None:
    for form in all_forms(ground):
        assert not post(ground, form, filled(form, usual) | {"more": ["x" * 2_000_000]}, exactly=413)


def test_a_form_without_its_token(ground: Ground) -> None:
    for form in all_forms(ground):
        client = client_of(ground, form.person)
        client.handler.enforce_csrf_checks = True
        with undone(client):
            answer = client.post(form.action, flat(filled(form, usual)))
        assert answer.status_code == 403, f"{form.view}: {answer.status_code}"


def test_ids_of_another_patient_in_hidden_fields(ground: Ground) -> None:
    """Each id that a form carries is exchanged for ids of Samuel's: a clear answer, and nothing of his comes back."""
    foreign = {
        kind: str(ground.of(kind, SAMUEL)) for kind in ("patient_id", "draft_id", "thread_id", "entry_id")
    }
    his = ("Samuel", "Okafor", "gardening")
    broken = []
    for form in all_forms(ground):
        if form.person in ("nurse", "neurologist", ANONYMOUS, SAMUEL):
            continue  # the team sees both patients
        hidden = [
            name
            for name, one in form.fields.items()
            if one.kind in ("hidden", "radio") and len("".join(one.values[:1])) == 36
        ]
        for name in (*hidden, "draft", "once", "draft_patient", "draft_target"):
            for kind, value in foreign.items():
                data = filled(form, usual) | {name: [value]}
                broken += [f"{name}={kind}: {one}" for one in post(ground, form, data, never=his)]
    assert not broken, "\n".join(broken)


def test_the_typed_text_of_a_refused_form_is_kept(ground: Ground) -> None:
    """Words in each field that takes words, nonsense in all others: the words come back on the page, or wait in the draft."""
    lost, kept = [], 0
    for form in all_forms(ground):
        typed = [one for one in form.fields.values() if one.kind in ("textarea", "text")]
        if not typed or form.view.startswith(NO_TEXT_KEPT):
            continue
        for words, some in [
            (WORDS, typed),
            *((LONG, typed[at : at + FIELDS_AT_ONCE]) for at in range(0, len(typed), FIELDS_AT_ONCE)),
        ]:
            data = {
                name: [words if one in some else "nonsense"]
                for name, one in form.fields.items()
                if name not in OURS
            }
            data |= {name: list(one.values) for name, one in form.fields.items() if name in OURS}
            client = client_for(ground, form.person)
            with undone(client):
                answer = client.post(form.action, flat(data))
                if answer.status_code in (302, 404):
                    continue
                on_page = html.unescape(answer.content.decode())
                for one in some:
                    kept += 1
                    if words not in on_page and not in_draft(ground, form.person, words):
                        lost.append(
                            f"{form.view} ({answer.status_code}): {one.name} lost {len(words)} characters"
                        )
    assert not lost, "\n".join(lost)
    assert kept >= 20, f"only {kept} fields were tried"


#: A body of more than a megabyte is refused as a whole: long texts go into some fields of a form at a time.
FIELDS_AT_ONCE = 8
OURS = frozenset(
    {
        "csrfmiddlewaretoken",
        "draft",
        "draft_version",
        "draft_kind",
        "draft_patient",
        "draft_target",
        "draft_resume",
        "once",
        "version",
        "seen",
    }
)

PARAMETERS = (
    "q",
    "page",
    "before",
    "from",
    "visit",
    "suits",
    "at",
    "topic",
    "about",
    "lane",
    "mine",
    "day",
    "all",
    "next",
    "asked",
    "lines",
)
JUNK = (
    "%00",
    "%FF%FE",
    "x" * 3_000,
    "-1",
    "99999999999999999999",
    "0001-01-01",
    "9999-12-31",
    "2026-02-30",
    "%E2%80%AE%3Cb%3E'%22--",
)


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk[:12])
def test_junk_in_the_address_of_each_page(ground: Ground, junk: str) -> None:
    broken = []
    query = "&".join(f"{name}={junk}" for name in PARAMETERS)
    for page in PAGES:
        if page.state:
            continue
        person = page.walkers[0]
        client = client_for(ground, person)
        base = page.url(ground, person)
        paths = [f"{base.split('?')[0]}?{query}"]
        if "?" in base:  # one good answer before the junk, so that it is read
            paths.append(f"{base}&{query}")
        for path in paths:
            with undone(client):
                answer = client.get(path)
            if answer.status_code not in (200, 302, 400, 404):
                broken.append(f"{page.key}: {answer.status_code} for {junk[:30]}")
    assert not broken, "\n".join(broken)


# --- pieces ------------------------------------------------------------------------------------------------------------


def post(
    ground: Ground,
    form: Form,
    data: Data | bytes,
    *,
    content_type: str = "application/x-www-form-urlencoded",
    exactly: int = 0,
    never: tuple[str, ...] = (),
) -> list[str]:
    """Send it; what is wrong with the answer, as sentences."""
    client = client_for(ground, form.person)
    body = data if isinstance(data, bytes) else urlencode(data, doseq=True, errors="surrogatepass").encode()
    with undone(client):
        answer = client.generic("POST", form.action, body, content_type=content_type)
    return list(problems(form, answer, exactly, never))


def problems(form: Form, answer: HttpResponse, exactly: int, never: tuple[str, ...]) -> Iterator[str]:
    allowed = (exactly,) if exactly else (*REFUSALS, *ORDINARY)
    if answer.status_code not in allowed:
        yield f"{form.view} on {form.page} as {form.person}: {answer.status_code}"
    if answer.status_code in (400, 403, 404, 405, 413, 422) and b"<h1" not in answer.content:
        yield f"{form.view}: {answer.status_code} without a page"
    if never:
        text = answer.content.decode(errors="replace")
        for word in never:
            if word in text:
                yield f"{form.view} as {form.person}: {word!r} came back"


def in_draft(ground: Ground, person: str, words: str) -> bool:
    if person == ANONYMOUS:
        return False
    user = ground.users[person]
    with acting(user):
        drafts = Draft.objects.for_user(user).filter(owner=user)
        return any(words in value for draft in drafts for values in draft.fields.values() for value in values)
