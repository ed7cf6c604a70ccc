"""One self-contained HTML page of figures and charts: no script, nothing fetched, opened by a double click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined

from eccube_sync import resources
from eccube_sync.i18n import current_language


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a page: a sentence, a table, charts; each may be missing.

    The first column names things; the others are set to the right, numbers with thousands separators.
    ``charts`` are what ``charts.py`` drew: the only text that goes into the page as it is.
    """

    heading: str
    text: str = ""
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str | float]] = ()
    charts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page, its texts in the user's language already."""

    title: str
    sections: Sequence[Section]
    about: str = ""
    footer: str = ""

    @property
    def language(self) -> str:
        """The language of its texts."""
        return current_language()

    def html(self) -> str:
        """The page as one HTML document."""
        environment = Environment(
            autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        return environment.from_string(resources.text("pages", "report.html")).render(page=self)
