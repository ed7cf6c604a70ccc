"""Tell about an undo: what is reversed by kind, what is kept and by which run, and who was mailed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from eccube_sync.db import AnyRow
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report
from eccube_sync.services.customers.showing import in_words, tokyo
from eccube_sync.services.notices.words import KINDS, state_words
from eccube_sync.services.undo.facts import KEPT, WHAT, Finding
from eccube_sync.tables import classes

LISTED = 1000
"""Rows a table shows at most."""


def eccube_ids_of(connection: Connection, findings: Iterable[Finding]) -> dict[int, int]:
    """Our id → EC-CUBE id of the customers concerned."""
    found: dict[int, int] = {}
    for ids in classes.chunks(one.customer_id for one in findings if one.customer_id is not None):
        found.update(classes.eccube_ids(connection, ids))
    return found


def findings_report(
    headline: str,
    findings: Sequence[Finding],
    mailed: Sequence[AnyRow],
    eccube_ids: Mapping[int, int],
    *,
    planned: bool = False,
) -> Report:
    """Counts and tables, of an undo that is ``planned`` or done; a customer is named by the EC-CUBE id."""
    kept = [one for one in findings if one.kept]
    counts = {
        "reversed": len(findings) - len(kept),
        "kept": len(kept),
        "already_mailed": len({(row.customer_id, row.customer_id or row.member_id) for row in mailed}),
    }
    report = Report(headline, counts)
    report.listings = [_reversed(findings, planned=planned), _kept(kept, eccube_ids), mailed_listing(mailed)]
    if max(len(kept), len(mailed)) > LISTED:
        report.notes.append(_("Tables show the first {n} rows.").format(n=LISTED))
    if any(one.what == "link_made" and one.kept is None for one in findings):
        report.notes.append(
            _(
                "Matching does not link these pairs again until the data of one side changes, or a person says so."
            )
        )
    return report


def _reversed(findings: Sequence[Finding], *, planned: bool) -> Listing:
    counts = Counter(one.what for one in findings if one.kept is None)
    rows = [(_(words), counts[what]) for what, words in WHAT.items() if counts[what]]
    title = _("To be reversed") if planned else _("Reversed")
    return Listing(title, (_("what"), _("changes")), list(rows))


def _kept(findings: Sequence[Finding], eccube_ids: Mapping[int, int]) -> Listing:
    listing = Listing(_("Kept"), (_("what"), _("our id"), _("customer"), _("why"), _("by run")))
    for one in findings[:LISTED]:
        customer = eccube_ids.get(one.customer_id) if one.customer_id is not None else None
        listing.rows.append(
            (_(WHAT[one.what]), one.subject_id, customer, in_words(KEPT, one.kept), one.by_run)
        )
    return listing


def mailed_listing(mailed: Sequence[AnyRow]) -> Listing:
    """Who was mailed: by EC-CUBE id, never by address."""
    listing = Listing(_("Already mailed"), (_("customer"), _("mail"), _("state"), _("sent")))
    for row in mailed[:LISTED]:
        kind = in_words(KINDS, row.kind)
        listing.rows.append((row.eccube_id, kind, state_words(row.state), tokyo(row.sent_at)))
    return listing
