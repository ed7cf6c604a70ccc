"""Paper that link codes are printed on: sheets of labels as sold in Japan, and rolls of receipt printers.

Lengths are millimetres. A sheet is A4 and symmetrical, so its margins and gaps say how large a label is.
"""

from __future__ import annotations

from dataclasses import dataclass

A4_WIDTH, A4_HEIGHT = 210.0, 297.0
SMALLEST_WIDTH, SMALLEST_HEIGHT = 34.0, 18.0
"""A label on which a QR code can still be scanned and a code be read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """An A4 sheet of labels, ``left`` and ``top`` being the margins on either side."""

    columns: int
    rows: int
    left: float
    top: float
    gap_across: float = 0
    gap_down: float = 0

    @property
    def label_width(self) -> float:
        """Width of one label."""
        return (A4_WIDTH - 2 * self.left - (self.columns - 1) * self.gap_across) / self.columns

    @property
    def label_height(self) -> float:
        """Height of one label."""
        return (A4_HEIGHT - 2 * self.top - (self.rows - 1) * self.gap_down) / self.rows

    @property
    def labels(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows

    @property
    def usable(self) -> bool:
        """Whether a label is large enough to be read and scanned."""
        return self.label_width >= SMALLEST_WIDTH and self.label_height >= SMALLEST_HEIGHT

    def corner(self, place: int) -> tuple[float, float]:
        """Left and lower edge of the label at ``place`` (0 is the first), from the lower left of the sheet."""
        row, column = divmod(place, self.columns)
        across = self.left + column * (self.label_width + self.gap_across)
        down = self.top + row * (self.label_height + self.gap_down)
        return across, A4_HEIGHT - down - self.label_height


@dataclass(frozen=True, slots=True)
class Roll:
    """The paper of a receipt printer; the printer leaves ``margin`` free on either side."""

    width: float
    margin: float


Paper = Sheet | Roll

PAPERS: dict[str, Paper] = {
    "10": Sheet(2, 5, 14, 11),
    "12": Sheet(2, 6, 18.6, 21.6),
    "24": Sheet(3, 8, 6, 12.9),
    "65": Sheet(5, 13, 4.75, 10.7, 2.5),
    "58mm": Roll(58, 5),
    "80mm": Roll(80, 4),
}
"""Labels on an A4 sheet (91 × 55, 86.4 × 42.3, 66 × 33.9 and 38.1 × 21.2 mm), and widths of rolls."""
