"""Draw link codes as a PDF to print: QR, code, serial, and what to do with it.

ReportLab draws, because it writes Japanese without a font file: the PDF names a Japanese font that every reader in
Japan has, stays small, and the installation needs no fonts and no compiler. Segno makes the QR: pure Python, no
dependency. Both have been kept up for years. The code itself stands in a font every printer has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import segno
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

from eccube_sync.i18n import _
from eccube_sync.labelpapers import A4_HEIGHT, A4_WIDTH, Roll, Sheet

JAPANESE = "HeiseiKakuGo-W5"
CODE_FONT = "Courier-Bold"
SERIAL_FONT = "Helvetica"
QUIET = 4
"""Modules of white that a QR code needs around it."""
NEVER_FIRST = "、。，．・ー」）ッャュョっゃゅょ"
"""Signs no Japanese line begins with; they hang over the end of the line before."""
PARAMETER = "link_code"
"""What the registration page takes a code by."""


@dataclass(frozen=True, slots=True)
class CodeLabel:
    """What one label says; ``code`` in its printed form."""

    serial: str
    code: str
    expires_on: date


def code_url(entry_url: str, code: str) -> str:
    """The address of the registration page that has the code filled in."""
    parts = urlsplit(entry_url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), (PARAMETER, code)])
    return urlunsplit(parts._replace(query=query))


def draw_sheets(
    file: BinaryIO,
    labels: Sequence[CodeLabel],
    paper: Sheet,
    entry_url: str,
    shop_name: str,
    skipped: int = 0,
) -> None:
    """Write labels onto A4 sheets, the first ``skipped`` places of the first sheet left free."""
    canvas = _canvas(file, A4_WIDTH, A4_HEIGHT)
    for number, label in enumerate(labels, skipped):
        place = number % paper.labels
        if place == 0 and number > skipped:
            canvas.showPage()
        across, up = paper.corner(place)
        canvas.saveState()
        canvas.translate(across * mm, up * mm)
        _Label(canvas, label, entry_url, shop_name).draw(paper.label_width, paper.label_height)
        canvas.restoreState()
    canvas.save()


def draw_receipts(
    file: BinaryIO, labels: Sequence[CodeLabel], paper: Roll, entry_url: str, shop_name: str
) -> None:
    """Write one receipt a page."""
    canvas = _canvas(file, paper.width, paper.width)
    for label in labels:
        _Receipt(canvas, label, entry_url, shop_name, paper).draw()
        canvas.showPage()
    canvas.save()


def _canvas(file: BinaryIO, width: float, height: float) -> Canvas:
    pdfmetrics.registerFont(UnicodeCIDFont(JAPANESE))
    canvas = Canvas(file, pagesize=(width * mm, height * mm))
    canvas.setTitle(_("Link codes"))
    canvas.setViewerPreference("PrintScaling", "None")  # labels printed at 96 % miss their sheet
    return canvas


def _steps(label: CodeLabel, shop_name: str) -> tuple[str, str]:
    """What to do, and until when."""
    how = _("Scan the QR code, or type the code when you register with {shop_name}.").format(
        shop_name=shop_name
    )
    until = _("Valid once, until {year}/{month}/{day}").format(
        year=label.expires_on.year, month=label.expires_on.month, day=label.expires_on.day
    )
    return how, until


def _draw_qr(canvas: Canvas, url: str, left: float, bottom: float, side: float) -> None:
    """A QR code with its quiet zone in a square of ``side`` points; one rectangle a run of dark modules."""
    matrix = [[bool(module) for module in row] for row in segno.make_qr(url, error="m").matrix]
    module = side / (len(matrix) + 2 * QUIET)
    path = canvas.beginPath()
    for down, row in enumerate(matrix):
        bottom_edge = bottom + side - (QUIET + down + 1) * module
        for start, length in _runs(row):
            path.rect(left + (QUIET + start) * module, bottom_edge, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)


def _runs(row: Sequence[bool]) -> list[tuple[int, int]]:
    """Start and length of each stretch of dark modules."""
    runs: list[tuple[int, int]] = []
    for place, dark in enumerate(row):
        if dark and runs and sum(runs[-1]) == place:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        elif dark:
            runs.append((place, 1))
    return runs


def _wrapped(text: str, size: float, width: float) -> list[str]:
    """The text in lines of about ``width`` points; broken at a space, or between Japanese signs."""
    lines, line = [], ""
    for sign in text:
        if line and sign not in NEVER_FIRST and pdfmetrics.stringWidth(line + sign, JAPANESE, size) > width:
            head, space, tail = line.rpartition(" ")
            lines.append(head if space and sign.isascii() else line)
            line = tail if space and sign.isascii() else ""
        line += sign
    return [*lines, line.strip()]


def _fitting(text: str, font: str, width: float, largest: float) -> float:
    """The size in points, ``largest`` at most, at which the text is no wider than ``width``."""
    return min(largest, width / float(pdfmetrics.stringWidth(text, font, 1)))


@dataclass(frozen=True, slots=True)
class _Label:
    """One label: the QR code on the left, words on the right."""

    canvas: Canvas
    label: CodeLabel
    entry_url: str
    shop_name: str

    def draw(self, width: float, height: float) -> None:
        """Draw it into a label of this size in millimetres, whose lower left corner is the origin."""
        margin = 1.5 * mm
        side = min(height * mm - 2 * margin, 0.45 * width * mm)
        _draw_qr(
            self.canvas, code_url(self.entry_url, self.label.code), margin, (height * mm - side) / 2, side
        )
        left = margin + side + 0.5 * mm
        room = width * mm - left - margin
        large = height >= 30
        top = height * mm - margin
        size = _fitting(self.label.code, CODE_FONT, room, 14)
        top -= size
        self.canvas.setFont(CODE_FONT, size)
        self.canvas.drawString(left, top, self.label.code)
        self._words(left, top - 1 * mm, room, 7 if large else 4.5, margin)

    def _words(self, left: float, top: float, room: float, size: float, bottom: float) -> None:
        """What to do, as far as there is room, above date and serial."""
        how, until = _steps(self.label, self.shop_name)
        leading = 1.25 * size
        self.canvas.setFont(SERIAL_FONT, size)
        self.canvas.drawString(left, bottom, self.label.serial)
        last = bottom + leading
        small = _fitting(until, JAPANESE, room, size)
        self.canvas.setFont(JAPANESE, small)
        self.canvas.drawString(left, last, until)
        while size > 3 and len(_wrapped(how, size, room)) * 1.25 * size > top - last - leading:
            size -= 0.25
        self.canvas.setFont(JAPANESE, size)
        for number, line in enumerate(_wrapped(how, size, room), 1):
            self.canvas.drawString(left, top - number * 1.25 * size, line)


@dataclass(frozen=True, slots=True)
class _Receipt:
    """One receipt: everything below each other, the page as long as it takes."""

    canvas: Canvas
    label: CodeLabel
    entry_url: str
    shop_name: str
    paper: Roll

    def draw(self) -> None:
        """Draw it onto a page of its own."""
        how, until = _steps(self.label, self.shop_name)
        room = (self.paper.width - 2 * self.paper.margin) * mm
        side = min(room, 45 * mm)
        steps = _wrapped(how, 9, room)
        code_size = _fitting(self.label.code, CODE_FONT, room, 24)
        lines: list[tuple[str, str, float]] = [
            (self.shop_name, JAPANESE, _fitting(self.shop_name, JAPANESE, room, 12)),
            *((line, JAPANESE, 9) for line in steps),
            (self.label.code, CODE_FONT, code_size),
        ]
        ends: list[tuple[str, str, float]] = [
            (until, JAPANESE, _fitting(until, JAPANESE, room, 9)),
            (self.label.serial, SERIAL_FONT, 9),
        ]
        height = sum(1.5 * size for _text, _font, size in [*lines, *ends]) + side + 10 * mm
        self.canvas.setPageSize((self.paper.width * mm, height))
        top = self._lines(lines, height - 4 * mm)
        _draw_qr(
            self.canvas,
            code_url(self.entry_url, self.label.code),
            (self.paper.width * mm - side) / 2,
            top - side - 1 * mm,
            side,
        )
        self._lines(ends, top - side - 1 * mm)

    def _lines(self, lines: Sequence[tuple[str, str, float]], top: float) -> float:
        """Draw centred lines downwards; returns where they end."""
        for text, font, size in lines:
            top -= 1.5 * size
            self.canvas.setFont(font, size)
            self.canvas.drawCentredString(self.paper.width * mm / 2, top, text)
        return top
