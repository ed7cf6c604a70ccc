"""Take the pictures of the documents in a real browser: ``python -m docs.picturing [NAME …]`` (``make pictures``).

They show made-up people only: those of the demo shop, played anew. To add a picture: write a function that opens
a page as its reader would see it, add a line to ``PICTURES``, run ``make pictures``, look at
``docs/pictures/NAME.LANGUAGE.png``.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from selenium.webdriver import Keys

from docs.generate import DAY, DOCS, LANGUAGES, Terminal
from eccube_sync.clock import FixedClock
from tests.support.browser import Browser, install_fonts, running_browser


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


PICTURES: Mapping[str, Callable[[Studio], None]] = {
    "review-page": review_page,
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
