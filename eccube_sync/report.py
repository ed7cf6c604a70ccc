"""What a use case tells its caller: counts and reasons, for a terminal, for JSON, for the owner's mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eccube_sync.i18n import _, mark

LABELS: Mapping[str, str] = {
    "rows": mark("rows in the file"),
    "new": mark("new"),
    "changed": mark("changed"),
    "unchanged": mark("unchanged"),
    "missing": mark("missing from the file"),
    "repaired": mark("rows repaired"),
    "reused_codes": mark("codes given to another person"),
    "customers_seen": mark("customers looked at"),
    "customers_new": mark("new customers"),
    "customers_changed": mark("changed customers"),
    "customers_gone": mark("customers withdrawn or vanished"),
    "links_by_code": mark("linked by link code"),
    "links_by_match": mark("linked by matching"),
    "links_by_card": mark("linked by card"),
    "links_by_hand": mark("linked by hand"),
    "links_issued": mark("linked because the shop issued the card"),
    "links_moved": mark("links moved to a new card"),
    "cases_to_ask": mark("questions for the reviewers"),
    "cases_name_only": mark("pairs that share the name only"),
    "lines_refused": mark("lines refused"),
    "links_by_review": mark("linked by a reviewer"),
    "links_ended": mark("links ended"),
    "wrong_links_found": mark("links by matching that a code proved wrong"),
    "claims_waiting": mark("claims waiting for store data"),
    "claims_refused": mark("claims refused"),
    "claims_in_conflict": mark("claims in conflict with a link"),
    "cases_opened": mark("new questions for the reviewers"),
    "cases_open": mark("open questions for the reviewers"),
    "cases_closed": mark("questions closed"),
    "became_store": mark("became store members"),
    "became_ec_only": mark("became EC-only"),
    "unconfirmed": mark("expiry not confirmed by newer store data yet"),
    "waiting_for_store_data": mark("downgrades waiting for newer store data"),
    "stale": mark("rows changed meanwhile, left for the next run"),
    "to_project": mark("classes to be written to EC-CUBE"),
    "adopted": mark("values recorded as they stand"),
    "overrides_made": mark("hand-made values kept as overrides"),
    "holds_left": mark("classes held after an undo"),
    "links_kept": mark("links kept"),
    "paused": mark("downgrades waiting for the end of the pause"),
    "held_by_shop": mark("not shown yet: the shop held the row"),
    "cards_held_by_shop": mark("cards not written yet: the shop held the row"),
    "projected": mark("changes written to EC-CUBE"),
    "cards": mark("cards of our plugin written"),
    "inbox_taken": mark("rows of the plugin's inbox taken"),
    "inbox_refused": mark("rows of the plugin's inbox refused"),
    "inbox_rows": mark("rows of the plugin's inbox"),
    "customers_to_decide": mark("customers to be decided about"),
    "drift": mark("places in EC-CUBE that somebody else changed"),
    "values_to_remove": mark("values to be taken out of EC-CUBE"),
    "links_to_export": mark("links to be written to a file"),
    "tables_to_drop": mark("tables to be dropped"),
    "tables_dropped": mark("tables dropped"),
    "to_forget": mark("people to be forgotten"),
    "links_to_end": mark("links to be ended"),
    "files_to_delete": mark("files to be deleted"),
    "forgotten": mark("people forgotten"),
    "files_deleted": mark("files deleted"),
    "mails_blanked": mark("texts and addresses of mails blanked"),
    "versions_blanked": mark("old versions of member data blanked"),
    "lines_exported": mark("lines written to the file"),
    "notices_queued": mark("notices queued"),
    "notices_baseline": mark("notices recorded but not mailed"),
    "notices_sent": mark("notices sent"),
    "notices_retry": mark("notices to be tried again"),
    "notices_failed": mark("notices failed"),
    "notices_in_doubt": mark("notices in doubt"),
    "notices_cancelled": mark("notices cancelled"),
    "notices_waiting": mark("notices waiting"),
    "bounces_hard": mark("came back: no such mailbox"),
    "bounces_soft": mark("came back for a reason that may pass"),
    "bounces_other": mark("came back, and not for the address's fault"),
    "bounces_known": mark("known already"),
    "mails_of_others": mark("other mails, left alone"),
    "addresses_suspended": mark("addresses that take no more mails"),
    "notices_claimed": mark("notices being sent"),
    "notices_dot": mark("notices being handed over"),
    "decisions_same": mark("decided: the same person"),
    "decisions_different": mark("decided: different people"),
    "decisions_hold": mark("decided: later"),
    "decisions_refused": mark("decisions refused"),
    "decisions_done": mark("dealt with"),
    "decisions_known": mark("decisions known already"),
    "decisions_undecided": mark("rows without a decision"),
    "cases_exported": mark("questions written to the review file"),
    "cases_left": mark("questions left for the next file"),
    "review_files_purged": mark("old review files deleted"),
    "characters_replaced": mark("characters the encoding could not hold"),
    "overdue_files": mark("overdue member exports"),
    "dates_to_approve": mark("coming days whose downgrades must be approved"),
    "consents_recorded": mark("consents recorded"),
    "consents_to_record": mark("consents to record"),
    "invitations": mark("invitations"),
    "invitations_later": mark("invitations left for the next call"),
    "codes_issued": mark("codes issued"),
    "codes_not_usable": mark("codes that can no longer be used, left out"),
    "codes_printed": mark("codes to print"),
    "codes_assigned": mark("codes assigned"),
    "codes_used": mark("codes used"),
    "codes_revoked": mark("codes revoked"),
    "codes_expired": mark("codes expired"),
    "serials_not_usable": mark("serials in the file that no free code has"),
    "claims_new": mark("new claims"),
    "claims_known": mark("claims known already"),
    "claims_pending": mark("claims not looked at yet"),
    "claims_waiting_for_store": mark("claims waiting for store data"),
    "claims_accepted": mark("claims accepted"),
    "claims_conflict": mark("claims in conflict with a link"),
    "claims_undone": mark("claims taken back"),
    "reversed": mark("reversed"),
    "kept": mark("kept, because they changed since"),
    "failed": mark("failed"),
    "already_mailed": mark("people already mailed"),
}


class Word(str):
    """A word of our vocabulary in the user's language; ``code`` is its stable key, which programs read."""

    code: str

    def __new__(cls, words: str, code: str) -> Word:
        """The words, knowing their key."""
        word = super().__new__(cls, words)
        word.code = code
        return word


@dataclass(slots=True)
class Listing:
    """A table of a report: column titles already in the user's language, cells as text or numbers."""

    title: str
    columns: Sequence[str]
    rows: list[Sequence[Any]] = field(default_factory=list)
    at_most: int | None = None
    """So many rows are shown to a person; a program reads all."""


@dataclass(slots=True)
class Report:
    """The outcome of one use case. ``needs_person`` > 0 makes the exit code 1 (DESIGN §4.16)."""

    headline: str
    counts: dict[str, int] = field(default_factory=dict)
    listings: list[Listing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    needs_person: int = 0

    @property
    def empty(self) -> bool:
        """Whether something was counted and nothing found: every count is zero, and nothing is listed."""
        listed = any(listing.rows for listing in self.listings)
        return bool(self.counts) and not any(self.counts.values()) and not listed

    def line(self) -> str:
        """The one line a cron log keeps: every count that is not zero."""
        shown = [f"{label(name)}: {number}" for name, number in self.counts.items() if number]
        return f"{self.headline} " + (_(", ").join(shown) or _("nothing to do"))

    def as_json(self) -> dict[str, Any]:
        """The report for programs: keys and codes are stable, texts are in the user's language."""
        return {
            "headline": self.headline,
            "counts": self.counts,
            "listings": [
                {
                    "title": one.title,
                    "columns": list(one.columns),
                    "rows": [_for_programs(row) for row in one.rows],
                }
                for one in self.listings
            ],
            "notes": self.notes,
            "needs_person": self.needs_person,
        }


def _for_programs(row: Sequence[Any]) -> list[Any]:
    return [cell.code if isinstance(cell, Word) else cell for cell in row]


def label(name: str) -> str:
    """The words for a count, in the user's language."""
    return _(LABELS[name]) if name in LABELS else name
