"""Static files with content hashes in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage

# Files of the set-up and editing pages: a thousand of them, read by a few people at desks.
NOT_OURS = ("admin/", "wagtail", "rest_framework/", "taggit", "drf_spectacular", "procrastinate", "draftail")


class PortalStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Hashed names, module imports included: a changed file is never served from an old cache.

    Only what patients and staff load on every page is compressed ahead; squeezing the editor's files too
    made the first start three times as long.
    """

    support_js_module_import_aggregation = True
    manifest_strict = False

    def compress_files(self, paths: Iterable[str]) -> Iterator[Any]:
        return super().compress_files([path for path in paths if not path.startswith(NOT_OURS)])  # type: ignore[no-any-return]
