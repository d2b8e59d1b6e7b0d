"""Which picture files are read, and what the others are, recognized by their first bytes."""

from __future__ import annotations

import re

# Readers that Pillow always has and that run no other program (its EPS reader starts Ghostscript).
EVERYWHERE = ("PNG", "JPEG", "WEBP", "BMP", "GIF")  # the painter in the browser reads these too
FORMATS = (*EVERYWHERE, "TIFF")
LISTED = "PNG, JPEG, WebP, BMP or GIF"
WITH_TIFF = "PNG, JPEG, WebP, BMP, GIF or TIFF"
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")  # of FORMATS

TIFF = (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+")
BRANDS = {  # of an ISO media file, after "ftyp"
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"heic": "HEIC",
    b"heix": "HEIC",
    b"hevc": "HEIC",
    b"hevx": "HEIC",
    b"mif1": "HEIF",
    b"msf1": "HEIF",
    b"crx ": "a camera's raw file",
}
STARTS = {
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"8BPS": "a Photoshop file",
    b"gimp xcf": "a GIMP file",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"DDS ": "DDS",
    b"qoif": "QOI",
    b"\0\0\1\0": "an icon",
    b"PK\3\4": "a ZIP archive, as Krita files are",
    b"%PDF": "PDF",
    b"%!PS": "PostScript",
    b"\x93NUMPY": "a NumPy array",
    b"\x1aE\xdf\xa3": "a video",
    b"P4": "PBM",
    b"P5": "PGM",
    b"P6": "PPM",
    b"version https://git-lfs": "a Git LFS pointer",
}
TEXTS = (
    (re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg[^>]*>\s*)?<svg", re.S), "SVG"),
    (re.compile(rb"<(!doctype )?html", re.I), "a web page"),
    (re.compile(rb"[{\[]\s*[\"{\[]"), "JSON"),
)


def name(data: bytes) -> str | None:
    """Return what a file that is not read is, as its users call it; None: it is not known."""
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12].lower(), "a video")
    if is_tiff(data):
        return "TIFF of an uncommon layout"
    for start, kind in STARTS.items():
        if data.startswith(start):
            return kind
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    return next((kind for pattern, kind in TEXTS if pattern.match(head)), None)


def is_tiff(data: bytes) -> bool:
    """Return whether the bytes are those of a TIFF."""
    return data[:4] in TIFF
