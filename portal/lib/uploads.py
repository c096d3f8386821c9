"""Files on their way in: kept in memory, at most as much as a message can hold, and only from people who are signed in."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers

LARGEST = 10 * 1024 * 1024
MOST_AT_ONCE = 6 * LARGEST


class PagesThatTakeFiles(FileUploadHandler):
    """On the pages of `UPLOAD_PAGES`. A file that is too large is cut one byte past the limit and says its true size."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.total = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.mine = self._wanted_here()
        if self.mine:
            self.kept, self.size = BytesIO(), 0
            raise StopFutureHandlers

    def _wanted_here(self) -> bool:
        user = getattr(self.request, "user", None)
        path = self.request.path_info if self.request is not None else ""
        return bool(user is not None and user.is_authenticated and re.match(settings.UPLOAD_PAGES, path))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        if not self.mine:
            return raw_data
        self.size += len(raw_data)
        self.total += len(raw_data)
        if self.total > MOST_AT_ONCE:
            raise RequestDataTooBig
        room = LARGEST + 1 - self.kept.tell()
        self.kept.write(raw_data[: max(0, room)])
        return None

    def file_complete(self, file_size: int) -> InMemoryUploadedFile | None:
        if not self.mine:
            return None
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name or "", self.content_type or "", self.size, self.charset,
            self.content_type_extra,
        )  # fmt: skip
