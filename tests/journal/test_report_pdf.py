"""The report as a PDF: one page, tagged, with title and language; nothing is fetched; a missing library is named."""

from __future__ import annotations

import importlib
import io
import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest

from portal.lib import paper
from tests.harness.paper import ensure
from tests.journal.test_reports import VISIT, approved, once, shared, team_path

if TYPE_CHECKING:
    from django.test import Client

    from accounts.models import User
    from tests.journal.conftest import People

pytestmark = pytest.mark.slow

FULL = {
    "why": "Walking is harder since the summer, and I get tired so early that I stop work at two. " * 4,
    "how": "Good mornings, and after lunch I need to lie down. Heat makes it worse within minutes. " * 4,
    "reactions": "A rash on both arms two hours after it began, and a headache until the next evening. " * 4,
    **{f"question_{n}": "Could we talk about a different time of day for me? " * 3 for n in (1, 2, 3)},
}


@pytest.fixture(scope="module", autouse=True)
def _pango() -> None:
    """The system libraries behind the PDF are there, or the run says what to install."""
    ensure()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One visit to come."""
    from journal import reports
    from portal.lib.contributions import Registry

    registry: Registry[Any] = Registry()
    registry.add(10, lambda user, patient, now: [VISIT], name="test")
    monkeypatch.setattr(reports, "visit_choices", registry)


@pytest.fixture
def treated(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three infusions in the last three months."""
    from datetime import timedelta

    from journal import infusions

    days = [people.today() - timedelta(days=back) for back in (70, 42, 14)]
    monkeypatch.setattr(
        infusions,
        "given_days",
        lambda user, patient, first, last: [
            infusions.Given(day, "Example 300 mg") for day in days if first <= day <= last
        ],
    )


def pdf(client: Client, path: str) -> pikepdf.Pdf:
    answer = client.get(f"{path}pdf/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'inline; filename="report.pdf"'
    assert "no-store" in answer["Cache-Control"]
    return pikepdf.open(io.BytesIO(answer.content))


def tags(node: Any) -> Iterator[tuple[str, str]]:
    """(kind, alternative text) of every element of the structure tree, in reading order."""
    if isinstance(node, pikepdf.Array):
        for one in node:
            yield from tags(one)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield str(node["/S"]), str(node.get("/Alt", ""))
        if "/K" in node:
            yield from tags(node["/K"])


def test_it_is_tagged_with_title_and_language_and_one_page(
    people: People, maya: Client, visits: None, treated: None, as_user: Callable[[User], Client]
) -> None:
    """Even with every field filled to the brim."""
    for ago in range(0, 90, 2):
        people.write({"tiredness": ago % 5, "walking": 1, "pain": 2}, days_ago=ago % 60)
    path = shared(maya, visit=str(VISIT.id), symptoms=["tiredness", "walking", "pain"], **FULL)
    for client, where in ((maya, path), (as_user(people.nurse), team_path(people, path))):
        made = pdf(client, where)
        root = made.Root
        assert len(made.pages) == 1
        width, height = (float(made.pages[0].mediabox[n]) / 72 * 25.4 for n in (2, 3))
        assert (round(width), round(height)) == (210, 279)  # as wide as A4, as high as Letter
        assert str(root.Lang).startswith("en")
        assert bool(root.MarkInfo.Marked)
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        with made.open_metadata() as metadata:
            assert metadata["dc:title"] == "Report of Maya Lindqvist"
            assert metadata["pdfuaid:part"] == "1"
        found = list(tags(root.StructTreeRoot["/K"]))
        kinds = [kind for kind, _alt in found]
        assert kinds[0] == "/Document"
        assert kinds.count("/H1") == 1
        assert kinds.count("/H2") == 5
        assert kinds.count("/H3") == 3
        assert kinds.index("/H1") < kinds.index("/H2") < kinds.index("/H3")
        assert kinds.count("/L") == 2
        figures = [alt for kind, alt in found if kind == "/Figure"]
        assert figures == [f"Small chart of {name} by date" for name in ("Tiredness", "Walking", "Pain")]


def test_a_short_report_is_one_page_too(people: People, maya: Client) -> None:
    made = pdf(maya, approved(maya))
    assert len(made.pages) == 1
    kinds = [kind for kind, _alt in tags(made.Root.StructTreeRoot["/K"])]
    assert kinds.count("/H2") == 1  # parts that are empty are not there


def test_words_of_the_patient_stay_words(people: People, maya: Client) -> None:
    """Markup that somebody types is text, and leads nowhere."""
    path = approved(
        maya, why='<img src="https://example.com/x.png"><link rel="stylesheet" href="file:///etc/hosts">'
    )
    made = pdf(maya, path)
    assert not any(kind == "/Figure" for kind, _alt in tags(made.Root.StructTreeRoot["/K"]))
    assert not any("/Subtype" in one and one.Subtype == "/Link" for one in made.pages[0].get("/Annots", []))


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.css",
        "http://127.0.0.1:9/a.css",
        "file:///etc/hosts",
        "data:text/css,a{}",
        f"{paper.OURS}../requirements.txt",
        f"{paper.OURS}%2e%2e/requirements.txt",
        f"{paper.OURS}../docs/images/today.png",  # a kind of file that may be read, but not from there
        f"{paper.OURS}print/none.css",
        f"{paper.OURS}js/portal.js",
        paper.OURS,
    ],
)
def test_only_our_own_static_files_are_read(address: str) -> None:
    with pytest.raises(paper.AddressRefused):
        paper.static_file(address)
    assert paper.static_file(f"{paper.OURS}print/report.css").name == "report.css"


def test_a_document_gets_nothing_from_elsewhere() -> None:
    """Refused by the fetcher, not only by the tests' own guard of sockets."""
    html = (
        '<html lang="en"><title>t</title><link rel="stylesheet" href="http://127.0.0.1:9/x.css">'
        '<p>a</p><img src="file:///etc/hosts" alt="b"></html>'
    )
    before = logging.getLogger("weasyprint").disabled
    logging.getLogger("weasyprint").disabled = True
    try:
        assert paper.pdf_of(html).startswith(b"%PDF-")
    finally:
        logging.getLogger("weasyprint").disabled = before


def test_a_missing_library_is_named_in_one_line_and_the_page_says_what_to_do(
    people: People, maya: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = importlib.import_module

    def without(name: str, package: str | None = None) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0': not found")
        return real(name, package)

    path = approved(maya)
    monkeypatch.setattr(paper.importlib, "import_module", without)
    with caplog.at_level(logging.ERROR, logger="portal.lib.paper"):
        answer = maya.get(f"{path}pdf/")
    assert answer.status_code == 503
    assert "You can print the page instead" in answer.content.decode()
    said = [one.getMessage() for one in caplog.records if one.name == "portal.lib.paper"]
    assert said == ["PDF files need the system package libpango-1.0-0: apt-get install it"]


def test_it_is_imported_only_when_somebody_asks() -> None:
    """Starting the portal does not load WeasyPrint: it takes seconds and needs system libraries."""
    import subprocess
    import sys

    code = (
        "import django, sys; django.setup(); import portal.urls, journal.views.reports; "
        "sys.exit('weasyprint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_withdrawn_means_no_pdf_for_the_team(
    people: People, maya: Client, visits: None, as_user: Callable[[User], Client]
) -> None:
    path = shared(maya)
    nurse = as_user(people.nurse)
    assert nurse.get(f"{team_path(people, path)}pdf/").status_code == 200
    maya.post(f"{path}withdraw/", once())
    assert nurse.get(f"{team_path(people, path)}pdf/").status_code == 404
