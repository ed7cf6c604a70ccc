"""Take the pictures of the documents in a real browser: ``python -m docs.picturing [NAME …]`` (``make pictures``).

They show made-up people only: those of the demo shop, played anew. To add a picture: write a function that opens
a page as its reader would see it, add a line to ``PICTURES``, run ``make pictures``, look at
``docs/pictures/NAME.LANGUAGE.png``.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pypdfium2
from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell
from selenium.webdriver import Keys

from docs.generate import DAY, DOCS, LANGUAGES, Terminal
from eccube_sync.clock import FixedClock
from tests.support.browser import Browser, install_fonts, running_browser

SHEET_COLUMNS, SHEET_ROWS = 10, 9
"""As much of the review file as a screen shows."""

MAIL_PROGRAM = """\
<!DOCTYPE html><meta charset="utf-8">
<style>
  body {{ font-family: system-ui, sans-serif; margin: 1.5rem }}
  pre {{ font: inherit; white-space: pre-wrap }}
</style>
<h3>{subject}</h3><hr>{body}
"""


SPREADSHEET = """\
<!DOCTYPE html><meta charset="utf-8">
<style>
  body {{ margin: 0; font: 13px/18px Calibri, Carlito, "Noto Sans CJK JP", sans-serif }}
  table {{ border-collapse: collapse; table-layout: fixed; width: {width}px }}
  td {{ box-sizing: border-box; border: 1px solid #d4d4d4; padding: 1px 3px; vertical-align: top; overflow: hidden }}
</style>
<table>{rows}</table>
"""


@dataclass(frozen=True, slots=True)
class Studio:
    """What a picture is taken with: a browser, the demo shop as the working folder, and a language."""

    browser: Browser
    run: Terminal
    language: str

    def save(self, name: str, *, width: int = 1000, height: int | None = None) -> None:
        """Keep what the browser shows as the picture of this name; as high as the page unless told."""
        self.browser.picture(DOCS / "pictures" / f"{name}.{self.language}.png", width, height)


def review_page(studio: Studio) -> None:
    """The page of ``review html`` with a few answers given."""
    page = Path(f"review-{studio.language}.html").absolute()
    studio.run(f"review html --output {page.name}")
    studio.browser.open(page)
    studio.browser.press("1", "2", "1", "3")
    for _question in range(20):
        if not studio.browser.find_all("td.differs"):
            studio.browser.press(Keys.ARROW_RIGHT)
    studio.save("review-page")


def review_sheet(studio: Studio) -> None:
    """The first columns of the file of ``review export``, in the widths and colours a spreadsheet shows."""
    file = Path(f"review-{studio.language}.xlsx")
    studio.run(f"review export --output {file}")
    sheet = load_workbook(file).worksheets[0]
    widths = dict.fromkeys(range(1, SHEET_COLUMNS + 1), 0)
    for one in sheet.column_dimensions.values():
        widths.update(
            {place: round(7 * one.width) for place in range(one.min, one.max + 1) if place in widths}
        )
    answered = list(sheet.iter_rows(max_row=SHEET_ROWS, max_col=SHEET_COLUMNS))
    rows = "".join(f"<tr>{''.join(_cell(cell, widths) for cell in row)}</tr>" for row in answered)
    page = Path(f"sheet-{studio.language}.html").absolute()
    page.write_text(SPREADSHEET.format(width=sum(widths.values()), rows=rows), encoding="utf-8")
    studio.browser.open(page)
    studio.save("review-sheet", width=sum(widths.values()))


def _cell(cell: Cell | MergedCell, widths: Mapping[int, int]) -> str:
    colour = f"#{cell.fill.fgColor.rgb[2:]}" if cell.fill.fill_type else "white"
    weight = "bold" if cell.font.b else "normal"
    lines = "normal" if cell.alignment.wrap_text else "nowrap"
    width = widths[cell.column]
    style = f"width: {width}px; background: {colour}; font-weight: {weight}; white-space: {lines}"
    return f'<td style="{style}">{html.escape(str(cell.value or ""))}</td>'


def monthly_report(studio: Studio) -> None:
    """The first half of the page of ``report month``."""
    page = Path(f"month-{studio.language}.html").absolute()
    studio.run(f"report month 2026-04 --html {page.name}")
    studio.browser.open(page)
    studio.save("monthly-report", width=860, height=2250)


def owners_mail(studio: Studio) -> None:
    """The owner's morning mail."""
    _mail(studio, "owner")
    studio.save("owners-mail", width=860, height=340)


def exporters_mail(studio: Studio) -> None:
    """The reminder to whoever exports."""
    _mail(studio, "exporter")
    studio.save("exporters-mail", width=860, height=290)


def customers_mail(studio: Studio) -> None:
    """A notice to a customer; these are in Japanese in every language."""
    _mail(studio, "expired")
    studio.save("customers-mail", width=720)


def _mail(studio: Studio, kind: str) -> None:
    """Show the preview of a mail as a mail program does: subject, then its HTML, else its text."""
    file = Path(f"{kind}-{studio.language}.eml")
    file.unlink(missing_ok=True)
    studio.run(f"notices preview {kind} --output {file}")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    part = mail.get_body(("html", "plain"))
    assert part is not None
    text = str(part.get_content())
    body = text if part.get_content_subtype() == "html" else f"<pre>{html.escape(text)}</pre>"
    page = Path(f"{kind}-{studio.language}.html").absolute()
    page.write_text(
        MAIL_PROGRAM.format(subject=html.escape(str(mail["Subject"])), body=body), encoding="utf-8"
    )
    studio.browser.open(page)


def label_sheet(studio: Studio) -> None:
    """The first two rows of a sheet of labels; their codes are as made up as the shop."""
    studio.run("codes issue --count 6 --output labels.csv --apply")
    studio.run(f"codes sheet labels.csv --words {studio.language} --output labels.pdf --apply")
    with pypdfium2.PdfDocument("labels.pdf") as document:
        document[0].render(scale=2).to_pil().save("labels.png")
    for file in ("labels.csv", "labels.pdf"):
        Path(file).unlink()
    page = Path("labels.html").absolute()
    page.write_text('<body style="margin:0"><img src="labels.png" width="840">', encoding="utf-8")
    studio.browser.open(page)
    studio.save("label-sheet", width=840, height=340)


PICTURES: Mapping[str, Callable[[Studio], None]] = {
    "customers-mail": customers_mail,
    "exporters-mail": exporters_mail,
    "label-sheet": label_sheet,
    "monthly-report": monthly_report,
    "owners-mail": owners_mail,
    "review-page": review_page,
    "review-sheet": review_sheet,
}
"""Name of a picture → how it is taken."""


def main() -> None:
    """Play the demo shop, then take the named pictures, or all, in each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a picture; all where none is named")
    names = parser.parse_args().names or list(PICTURES)
    install_fonts()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        here = Path.cwd()
        clock = FixedClock(DAY)
        Terminal("ja", clock, here)("demo --directory demo-shop")
        with running_browser(here / "browser") as browser, contextlib.chdir("demo-shop"):
            for language in LANGUAGES:
                studio = Studio(browser, Terminal(language, clock, here), language)
                for name in names:
                    PICTURES[name](studio)


if __name__ == "__main__":
    main()
