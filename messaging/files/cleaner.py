"""The gate: takes a file apart with a real parser and writes it anew. What was sent is thrown away.

Runs as a process of its own without the portal's keys, settings or database, with little memory and little time
(`messaging.files.clean` starts it): bytes on stdin; on stdout one line of JSON, then the new file, then its small picture.
Nothing of the portal is imported here.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

LARGEST = 10 * 1024 * 1024  # bytes, of what comes in and of what goes out
MOST_PIXELS = 50_000_000  # the largest phones make 48 million
LONGEST_SIDE = 4_096  # pixels of what is kept
SMALL_SIDE = 320
MOST_PAGES = 100
MOST_PARTS = 50_000  # objects of a PDF
MOST_UNPACKED = 200 * 1024 * 1024  # bytes of all streams of a PDF together
MEMORY = 1536 * 1024 * 1024
SECONDS = 20

HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# What acts, calls out, hides a file or says more than the page shows.
UNWANTED = (
    "/A", "/AA", "/AF", "/Annots", "/Collection", "/EF", "/EmbeddedFiles", "/GoToE", "/GoToR", "/JS", "/JavaScript", "/Launch",
    "/Metadata", "/OpenAction", "/PieceInfo", "/Private", "/RichMediaContent", "/RichMediaSettings", "/Rendition", "/SubmitForm",
    "/Thumb", "/URI", "/XFA",
)  # fmt: skip


class Refused(Exception):
    """The file is not taken; `str()` is a code that the portal has words for."""


@dataclass(frozen=True, slots=True)
class Clean:
    """What is kept of a file: "jpeg", "png" or "pdf", its new bytes, and a small picture (of a PDF, `drawer.py` makes it)."""

    kind: str
    data: bytes
    small: bytes


def clean(data: bytes) -> Clean:
    """The file written anew. Raises Refused."""
    if not data:
        raise Refused("empty")
    if len(data) > LARGEST:
        raise Refused("large")
    kind = kind_of(data)
    if not kind:
        raise Refused("kind")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a worn file is read as well as it can be
            made = document(data) if kind == "pdf" else picture(data, kind)
    except Refused:
        raise
    except MemoryError:
        raise Refused("unpacked") from None
    except Exception as error:
        raise Refused("damaged") from error
    if len(made.data) > LARGEST:
        raise Refused("large")
    return made


def kind_of(data: bytes) -> str:
    """Which parser has to decide; nothing more is believed of the first bytes."""
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        return "heif"
    return "pdf" if data.startswith(b"%PDF-") else ""


# --- Pictures ------------------------------------------------------------------------------------------------------


def picture(data: bytes, kind: str) -> Clean:
    """The first picture, upright, in plain colors, without anything that was written beside it."""
    from PIL import Image, ImageFile, ImageOps

    # Half a picture is refused, whatever another library has said for the whole process.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    if kind == "heif":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            opened = Image.open(BytesIO(data), formats=[kind.upper()])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise Refused("pixels") from None
    with opened as image:
        if image.width * image.height > MOST_PIXELS:
            raise Refused("pixels")
        if kind == "jpeg":
            image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # a large photo is read smaller at once
        image.load()
        profile = image.info.get("icc_profile")
        upright = ImageOps.exif_transpose(image)
    plain = flat(in_srgb(upright, profile))
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = plain.copy()
    small.thumbnail((SMALL_SIDE, SMALL_SIDE))
    if kind == "png":
        kept = encoded(plain, "PNG", optimize=False)
        if len(kept) <= LARGEST:
            return Clean("png", kept, encoded(small, "JPEG", quality=80))
    return Clean("jpeg", encoded(plain, "JPEG", quality=88), encoded(small, "JPEG", quality=80))


def in_srgb(image: Any, profile: Any) -> Any:
    """The colors of a phone's own color space in the one that every screen knows; a strange profile is left out."""
    from PIL import ImageCms

    if (
        not isinstance(profile, bytes)
        or len(profile) > 1_000_000
        or image.mode not in ("RGB", "RGBA", "L", "CMYK")
    ):
        return image
    target = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=target)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return changed if changed is not None else image


def flat(image: Any) -> Any:
    """A new picture in RGB or gray on white: nothing but pixels comes along."""
    from PIL import Image

    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("P", "LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        return ground
    image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    return plain


def encoded(image: Any, form: str, **options: Any) -> bytes:
    """The picture as a file."""
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


# --- PDF -----------------------------------------------------------------------------------------------------------


def document(data: bytes) -> Clean:
    """The pages alone, as they look on paper: no scripts, actions, links, forms, notes, hidden files or data about the file."""
    import pikepdf

    try:
        source = pikepdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refused("locked") from None
    with source:
        if source.is_encrypted:
            raise Refused("locked")
        if len(source.objects) > MOST_PARTS:
            raise Refused("unpacked")
        if not 1 <= len(source.pages) <= MOST_PAGES:
            raise Refused("pages" if len(source.pages) else "damaged")
        weigh(source)
        source.flatten_annotations("screen")  # what was filled in or drawn becomes part of the page
        with pikepdf.new() as made:
            made.pages.extend(source.pages)
            for part in list(made.objects):
                strip(part)
            out = BytesIO()
            made.save(
                out,
                compress_streams=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                deterministic_id=True,
            )
    return Clean("pdf", out.getvalue(), b"")


def weigh(source: Any) -> None:
    """Refuses what unpacks to far more than any letter, before anything unpacks it."""
    import pikepdf

    left = MOST_UNPACKED
    for part in source.objects:
        if not isinstance(part, pikepdf.Stream):
            continue
        filters = part.get("/Filter", pikepdf.Array())
        names = [str(filters)] if isinstance(filters, pikepdf.Name) else [str(name) for name in filters]
        if (
            len(names) > 2
            or names.count("/FlateDecode") > 1
            or ("/FlateDecode" in names and names[0] != "/FlateDecode")
        ):
            raise Refused("unpacked")
        if names[:1] == ["/FlateDecode"]:
            unpack = zlib.decompressobj()
            try:
                left -= len(unpack.decompress(part.read_raw_bytes(), left + 1))
            except zlib.error:
                raise Refused("damaged") from None
        elif "/LZWDecode" in names or "/RunLengthDecode" in names:
            left -= 60 * len(part.read_raw_bytes())
        if left < 0:
            raise Refused("unpacked")


def strip(part: Any) -> None:
    """Take what acts or tells out of an object and of everything that stands directly inside it."""
    import pikepdf

    waiting = [part]
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Stream):
            photo_without_notes(one)
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            for name in UNWANTED:
                if name in one:
                    del one[name]
            waiting += [value for value in one.values() if _holds_more(value)]
        elif isinstance(one, pikepdf.Array):
            waiting += [value for value in one if _holds_more(value)]


def _holds_more(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Dictionary | pikepdf.Array) and not value.is_indirect


def photo_without_notes(stream: Any) -> None:
    """A photo inside a PDF loses its notes as well: when and where it was taken."""
    import pikepdf

    if stream.get("/Filter") != pikepdf.Name.DCTDecode:
        return
    raw = stream.read_raw_bytes()
    kept = jpeg_without_notes(raw)
    if kept != raw:
        stream.write(kept, filter=pikepdf.Name.DCTDecode, decode_parms=stream.get("/DecodeParms"))


def jpeg_without_notes(raw: bytes) -> bytes:
    """The same JPEG without its segments for EXIF, XMP, IPTC and comments."""
    if not raw.startswith(b"\xff\xd8"):
        raise Refused("damaged")
    kept, at = bytearray(b"\xff\xd8"), 2
    while at + 4 <= len(raw) and raw[at] == 0xFF and raw[at + 1] != 0xDA:
        size = int.from_bytes(raw[at + 2 : at + 4]) + 2
        if raw[at + 1] not in (0xE1, 0xED, 0xFE):
            kept += raw[at : at + size]
        at += size
    return bytes(kept) + raw[at:]


# --- The process ---------------------------------------------------------------------------------------------------


def main() -> int:
    """Read, clean, answer."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.setrecursionlimit(500)
    try:
        made = clean(sys.stdin.buffer.read(LARGEST + 1))
    except Refused as why:
        sys.stdout.buffer.write(json.dumps({"refused": str(why)}).encode() + b"\n")
        return 0
    head = {"kind": made.kind, "size": len(made.data), "small": len(made.small)}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + made.data + made.small)
    return 0


if __name__ == "__main__":
    sys.exit(main())
