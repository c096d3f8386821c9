"""A page as a tagged PDF (PDF/UA-1), drawn by WeasyPrint, which is imported only when somebody asks for one.

Nothing is fetched: styles and fonts come from our own `static/` folder, and every other address is refused.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.lib.problems import DomainError

logger = logging.getLogger(__name__)

OURS = "https://static.invalid/"  # never asked of a network: it stands for the folder below
FOLDER = Path(settings.BASE_DIR) / "static"
TYPES = {".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".png": "image/png"}
PACKAGES = {  # system library -> Debian and Ubuntu package
    "pango-1.0": "libpango-1.0-0",
    "pangoft2-1.0": "libpangoft2-1.0-0",
    "harfbuzz-subset": "libharfbuzz-subset0",
    "fontconfig": "libfontconfig1",
    "gobject-2.0": "libglib2.0-0",
}


class NoPaper(DomainError):
    """The system libraries behind WeasyPrint are not installed here."""

    default_message = _(
        "The PDF file cannot be made at the moment. You can print the page instead: it has the same content."
    )
    status = 503


class AddressRefused(ValueError):
    """A document asked for something that is not one of our static files."""


def static_file(address: str) -> Path:
    """The file that an address of a document stands for. Raises AddressRefused for everything outside `static/`."""
    if not address.startswith(OURS):
        raise AddressRefused("only our own static files may stand in a PDF")
    path = (FOLDER / unquote(urlsplit(address).path).lstrip("/")).resolve()
    if not path.is_relative_to(FOLDER.resolve()) or path.suffix not in TYPES or not path.is_file():
        raise AddressRefused("only our own static files may stand in a PDF")
    return path


def pdf_of(html: str) -> bytes:
    """A complete HTML document (with language and title) as PDF/UA-1. Raises NoPaper, and logs which package is missing."""
    weasyprint = _weasyprint()
    fetcher = _fetcher()
    document = weasyprint.HTML(string=html, base_url=OURS, url_fetcher=fetcher)
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return made


def _weasyprint() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # it warns when a library it can do without is missing
            return importlib.import_module("weasyprint")
    except OSError as error:
        logger.error("PDF files need the system package %s: apt-get install it", missing_package(str(error)))
        raise NoPaper from None


def missing_package(said: str) -> str:
    """The Debian package with the library that `said`, the words of a failed import, names."""
    for library, package in PACKAGES.items():
        if library in said:
            return package
    return " ".join(PACKAGES.values())


def _fetcher() -> Any:
    urls = importlib.import_module("weasyprint.urls")

    class OnlyOurs(urls.URLFetcher):  # type: ignore[name-defined]
        """Reads files of `static/`; WeasyPrint leaves out whatever is refused."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            path = static_file(url)
            return urls.URLFetcherResponse(url, path.read_bytes(), {"Content-Type": TYPES[path.suffix]})

    return OnlyOurs()


__all__ = ["AddressRefused", "NoPaper", "missing_package", "pdf_of", "static_file"]
