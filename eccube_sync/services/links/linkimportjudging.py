"""Judge the lines of a file of links: each by itself, then against each other, then against what stands. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Connection, select

from eccube_sync.db import AnyRow
from eccube_sync.eccube import GENERATIONS, detect
from eccube_sync.i18n import _, mark
from eccube_sync.report import Listing, Report
from eccube_sync.services.codes.assigning import find_members
from eccube_sync.services.customers.customersync import ChangedCustomer, scan_customers
from eccube_sync.services.customers.knowncustomers import our_id
from eccube_sync.services.links.pairing import GUESSES, rivals
from eccube_sync.settings import Settings
from eccube_sync.tables.cases import review_case
from eccube_sync.tables.classes import chunks
from eccube_sync.tables.importing import source_id
from eccube_sync.tables.matching import active_links

REFUSALS: Mapping[str, str] = {
    "no_customer_id": mark("This is no customer id of EC-CUBE."),
    "no_member_code": mark("This is no member code."),
    "no_source": mark("The configuration has no such source, or the line must name one of several."),
    "unknown_customer": mark("EC-CUBE has no such customer."),
    "not_registered": mark("The customer is not fully registered, or has withdrawn."),
    "id_changed_hands": mark("The id belongs to somebody else now; run first: eccube-sync classify"),
    "unknown_member": mark("No member has this code; import the store's members first."),
    "several_members": mark("More than one member has this code; use the POS's own id."),
    "customer_twice": mark("The file links this customer to several members of one store list."),
    "member_too_often": mark("The file links this member to more customers than the source allows."),
    "decided_different": mark("A person decided that they are different people; reopen that case first."),
    "linked_otherwise": mark("A person or a code linked one of both otherwise; end that link first."),
}
"""Why a line is not carried out, in words."""
SHOWN = 50
"""So many refused lines are shown to a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands in the file, and why it is refused ("" where it is not)."""

    number: int
    eccube_id: int | None
    code: str
    source_key: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A link that a line asks for."""

    line: Line
    who: ChangedCustomer
    member_id: int
    source: int


@dataclass(slots=True)
class LinkImportPlan:
    """Links to be made, lines that say what stands already, and lines refused."""

    path: Path
    new: list[Wanted] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)
    known: int = 0

    def report(self) -> Report:
        """The plan as counts, with every refused line."""
        counts = {"links_by_hand": len(self.new), "unchanged": self.known}
        headline = _("Links in {file}:").format(file=self.path.name)
        return self.with_refused(Report(headline, counts), self.refused)

    def with_refused(self, report: Report, listed: Sequence[Line]) -> Report:
        """``report`` with the number of refused lines; ``listed`` are those it names."""
        report.counts["lines_refused"] = len(self.refused)
        report.needs_person = len(self.refused)
        listing = Listing(
            _("Lines not applied"), (_("line"), _("customer"), _("member"), _("reason")), at_most=SHOWN
        )
        for one in sorted(listed, key=lambda line: line.number):
            listing.rows.append((one.number, one.eccube_id, one.code, _(REFUSALS[one.refusal])))
        report.listings.append(listing)
        return report


class Judge:
    """Judges lines by themselves, then against each other, then against what stands. Reads only."""

    def __init__(self, settings: Settings, connection: Connection, result: LinkImportPlan) -> None:
        self.settings, self.connection, self.result = settings, connection, result

    def plan(self, lines: Sequence[Line]) -> LinkImportPlan:
        """What the lines would do."""
        wanted = self._consistent(self._usable(lines))
        methods = self._methods(wanted)
        linked = {person for pair in methods for person in (("customer", pair[0]), ("member", pair[1]))}
        apart = self._apart(wanted)
        for one in sorted(wanted, key=lambda one: one.line.number):
            pair = (our_id(one.who), one.member_id)
            touched = not linked.isdisjoint({("customer", pair[0]), ("member", pair[1])})
            if pair in apart:
                self._refuse(one.line, "decided_different")
            elif methods.get(pair, "match") not in GUESSES:
                self.result.known += 1
            elif touched and pair not in methods and self._linked_otherwise(*pair):
                self._refuse(one.line, "linked_otherwise")
            else:
                self.result.new.append(one)
        return self.result

    def _usable(self, lines: Sequence[Line]) -> list[Wanted]:
        """The lines that name one customer who can be linked and one member."""
        sources = {key: source_id(self.connection, key) or 0 for key in {one.source_key for one in lines}}
        scans = self._scan(one.eccube_id for one in lines if one.eccube_id and not one.refusal)
        keys = [(sources[one.source_key], one.code) for one in lines]
        members = find_members(self.connection, [key for key in keys if key[1]])
        wanted = []
        for line, key in zip(lines, keys, strict=True):
            who, found = scans.get(line.eccube_id or 0), members.get(key, [])
            reason = line.refusal or _unusable(who, found)
            if not reason and isinstance(who, ChangedCustomer):
                wanted.append(Wanted(line, who, found[0], key[0]))
            else:
                self._refuse(line, reason)
        return wanted

    def _scan(self, eccube_ids: Iterable[int]) -> dict[int, ChangedCustomer | AnyRow]:
        """EC-CUBE id → the customer; our row where the id belongs to somebody else now."""
        generation = GENERATIONS[detect(self.connection)]
        found: dict[int, ChangedCustomer | AnyRow] = {}
        for ids in chunks(eccube_ids):
            scan = scan_customers(self.connection, generation, only=ids)
            found |= {one.seen.eccube_id: one for one in scan.changed}
            found |= {row.eccube_id: row for row in scan.replaced}
        return found

    def _refuse(self, line: Line, reason: str) -> None:
        self.result.refused.append(replace(line, refusal=reason))

    def _consistent(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Each pair once, without lines that contradict each other."""
        pairs = {(one.who.seen.eccube_id, one.member_id): one for one in reversed(wanted)}
        members_of: Counter[tuple[int, int]] = Counter()
        customers_of: Counter[int] = Counter()
        for (eccube_id, member_id), one in pairs.items():
            members_of[eccube_id, one.source] += 1
            customers_of[member_id] += 1
        allowed = self._accounts()
        kept = []
        for (eccube_id, member_id), one in pairs.items():
            if members_of[eccube_id, one.source] > 1:
                self._refuse(one.line, "customer_twice")
            elif customers_of[member_id] > allowed.get(one.source, 1):
                self._refuse(one.line, "member_too_often")
            else:
                kept.append(one)
        return kept

    def _accounts(self) -> dict[int | None, int]:
        """Our id of a source → how many accounts a member of it may have."""
        return {source_id(self.connection, one.key): one.accounts_per_member for one in self.settings.sources}

    def _methods(self, wanted: Sequence[Wanted]) -> dict[tuple[int, int], str]:
        """Customer and member id → method of the active links of anybody concerned."""
        customers, members = [our_id(one.who) for one in wanted], [one.member_id for one in wanted]
        rows = active_links(self.connection, customers, members)
        return {(row.customer_id, row.member_id): row.method for row in rows}

    def _linked_otherwise(self, customer_id: int, member_id: int) -> bool:
        """Whether a link of either side stands in the way that is no guess."""
        in_the_way = rivals(self.settings, self.connection, customer_id, member_id)
        return any(other.method not in GUESSES for other in in_the_way)

    def _apart(self, wanted: Sequence[Wanted]) -> set[tuple[int, int]]:
        """The pairs a person called 別人."""
        found: set[tuple[int, int]] = set()
        for ids in chunks(our_id(one.who) for one in wanted):
            rows = self.connection.execute(
                select(review_case.c.customer_id, review_case.c.member_id).where(
                    review_case.c.customer_id.in_(ids), review_case.c.state == "different"
                )
            )
            found.update((row.customer_id, row.member_id) for row in rows)
        return found


def _unusable(who: ChangedCustomer | AnyRow | None, members: Sequence[int]) -> str:
    if who is None:
        return "unknown_customer"
    if not isinstance(who, ChangedCustomer):
        return "id_changed_hands"
    if not who.full:
        return "not_registered"
    if len(members) != 1:
        return "several_members" if members else "unknown_member"
    return ""
