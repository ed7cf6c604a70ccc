"""What the matcher knows and how well it does: weights, fill rates, scores, what each threshold would bring."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.charts import bar_chart, line_chart
from eccube_sync.csvwriter import atomic_file
from eccube_sync.db import reading
from eccube_sync.i18n import _, mark
from eccube_sync.linkage.model import Model, without_shared
from eccube_sync.linkage.quality import THRESHOLDS, Line, fill_rates, histogram, lines, worths
from eccube_sync.linkage.score import ScoredPairs
from eccube_sync.page import Page, Section
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import chance
from eccube_sync.services.matching.everybody import Everybody, read_everybody
from eccube_sync.services.matching.model import model_in_force, stored_pairs
from eccube_sync.services.matching.words import weights_listing, words_of
from eccube_sync.services.running import Shop

FIELDS = {
    "family_name": mark("family name"),
    "given_name": mark("given name"),
    "birth_date": mark("birth date"),
    "mobile": mark("mobile number"),
    "landline": mark("landline number"),
    "email": mark("e-mail address"),
    "address": mark("address"),
}
"""Every field that is compared; a test holds them together with the matchers."""


@dataclass(frozen=True, slots=True)
class MatcherReport:
    """The figures, to be shown or written as a page."""

    model: Model
    pairs: ScoredPairs
    filled: tuple[dict[str, float], dict[str, float]]
    sizes: tuple[int, int]

    def lines(self) -> list[Line]:
        """What would follow from the usual thresholds and the model's own."""
        return lines(self.pairs, {*THRESHOLDS, self.model.link_at})

    def report(self) -> Report:
        """The figures as tables."""
        headline = _("Model {number}: {customers} customers, {members} members, {pairs} pairs").format(
            number=self.model.number, customers=self.sizes[0], members=self.sizes[1], pairs=len(self.pairs)
        )
        tables = [weights_listing(self.model), self._fill_listing(), self._threshold_listing()]
        return Report(headline, listings=tables, notes=[self._own_line()])

    def _own_line(self) -> str:
        return _(
            "A machine links from a probability of {chance}, chosen for {share:.2%} right links."
        ).format(chance=chance(self.model.link_at), share=self.model.settings.wanted_precision)

    def _fill_listing(self) -> Listing:
        listing = Listing(_("How often a field is known"), (_("field"), _("customers"), _("members")))
        customers, members = self.filled
        listing.rows = [
            (_(words), f"{customers[field]:.1%}", f"{members[field]:.1%}") for field, words in FIELDS.items()
        ]
        return listing

    def _threshold_listing(self) -> Listing:
        columns = (_("linked from"), _("links"), _("right, expected"), _("customers asked about"), _("share"))
        listing = Listing(_("What each threshold would bring"), columns)
        for one in self.lines():
            share = one.questions / max(self.sizes[0], 1)
            listing.rows.append(
                (
                    chance(one.threshold),
                    one.links,
                    f"{one.expected_precision:.3%}",
                    one.questions,
                    f"{share:.1%}",
                )
            )
        return listing

    def page(self) -> Page:
        """The same as one HTML page with charts."""
        report = self.report()
        weights, filled, thresholds = (
            Section(one.title, columns=one.columns, rows=[[str(cell) for cell in row] for row in one.rows])
            for one in report.listings
        )
        title = _("The matcher of model {number}").format(number=self.model.number)
        sections = [
            Section(_("Where the line is drawn"), self._own_line(), charts=[self._line_chart()]),
            thresholds,
            Section(_("Scores"), charts=[self._histogram()]),
            Section(_("What agreeing facts are worth"), charts=[self._worth_chart()]),
            weights,
            Section(_("Fill rates"), charts=[self._fill_chart()]),
            filled,
        ]
        return Page(title, sections, about=report.headline)

    def _histogram(self) -> str:
        found = histogram(self.pairs)
        labels = [f"{bits:+d}" for bits, _count in found]
        title = _("Pairs by the bits that speak for one person")
        return bar_chart("scores", title, labels, {_("pairs"): [count for _bits, count in found]})

    def _line_chart(self) -> str:
        found = self.lines()
        labels = [chance(one.threshold) for one in found]
        wrong = [round(1000 * (1 - one.expected_precision), 2) for one in found]
        title = _("Wrong links among 1,000, expected, by threshold")
        return line_chart("thresholds", title, labels, {_("wrong links"): wrong})

    def _worth_chart(self) -> str:
        best = {one.field: one for one in sorted(worths(self.model), key=lambda one: one.against_stranger)}
        labels = [words_of(one) for one in best.values()]
        series = {
            _("bits against a stranger"): [round(one.against_stranger, 1) for one in best.values()],
            _("bits against a relative"): [round(one.against_relative, 1) for one in best.values()],
        }
        return bar_chart("worth", _("The most telling level of each field"), labels, series)

    def _fill_chart(self) -> str:
        customers, members = self.filled
        series = {
            _("customers"): [round(100 * customers[field], 1) for field in FIELDS],
            _("members"): [round(100 * members[field], 1) for field in FIELDS],
        }
        return bar_chart("filled", _("Known, in percent"), [_(words) for words in FIELDS.values()], series)


def matcher_report(shop: Shop, connection: Connection, html: Path | None = None) -> Report:
    """The figures of the model in force; ``html`` is the page to write."""
    with reading(connection):
        model = model_in_force(connection)
        pairs = stored_pairs(connection)
        everybody = read_everybody(shop, connection)
    found = MatcherReport(
        model, pairs, _filled(model, everybody), (len(everybody.customers), len(everybody.members))
    )
    report = found.report()
    if html is not None:
        with atomic_file(html) as file:
            file.write(found.page().html().encode())
        report.notes.append(_("Written: {file}").format(file=html))
    return report


def _filled(model: Model, everybody: Everybody) -> tuple[dict[str, float], dict[str, float]]:
    customers, members = (fill_rates(without_shared(model, side)) for side in everybody)
    return customers, members
