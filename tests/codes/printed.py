"""Printed link codes as a phone and a person see them: pages rendered, QR codes decoded, words read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import zxingcpp

POINTS_A_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class PrintedPage:
    """One page: size in millimetres, what its QR codes say with where they are, and its text."""

    width: float
    height: float
    codes: list[tuple[str, float, float]]
    """Text of each QR code, and the millimetres of its centre from the left and the top."""
    text: str


def read_pdf(path: Path, dots_per_inch: int = 300) -> list[PrintedPage]:
    """Every page as it would be printed at this resolution."""
    with pypdfium2.PdfDocument(path) as document:
        return [_read(page, dots_per_inch) for page in document]


def _read(page: pypdfium2.PdfPage, dots_per_inch: int) -> PrintedPage:
    width, height = page.get_size()
    bitmap = page.render(scale=dots_per_inch / 72, grayscale=True)
    found = zxingcpp.read_barcodes(bitmap.to_numpy(), formats=zxingcpp.BarcodeFormat.QRCode)
    millimetre = dots_per_inch / 25.4
    codes = []
    for one in found:
        corners = (one.position.top_left, one.position.bottom_right)
        across, down = (sum(getattr(corner, axis) for corner in corners) / 2 for axis in "xy")
        codes.append((one.text, across / millimetre, down / millimetre))
    text = page.get_textpage().get_text_range()
    return PrintedPage(width / POINTS_A_MM, height / POINTS_A_MM, codes, text)
