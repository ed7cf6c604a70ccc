"""The owner's morning mail: what happened, what is waiting, what to do now. Counts only, no persons."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date

TEMPLATE = "owner"  # its folder in mail_templates/


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSummary:
    """One night in numbers. Its fields are the values the templates may use, plus ``to_settle``."""

    shop_name: str
    label_store: str
    label_ec_only: str
    today: date
    stopped: bool = False  # the night did not come to its end
    stop_reason: str = ""  # the refusal or error, in the owner's language
    file_overdue_hours: int = 0  # 0 = not overdue
    members_read: int = 0  # rows of the imported file; 0 = no new file
    members_new: int = 0
    members_changed: int = 0
    links_made: int = 0
    risen: int = 0  # customers whose class became store
    fallen: int = 0
    mails_sent: int = 0  # since the last summary
    mails_waiting: int = 0
    cases_open: int = 0
    cases_new: int = 0
    review_file: str = ""  # where the newest review file lies
    mails_in_doubt: int = 0
    mails_failed: int = 0
    drifted: int = 0

    @property
    def to_settle(self) -> int:
        """How many things wait for a person."""
        return self.cases_open + self.mails_in_doubt + self.mails_failed + self.drifted

    def values(self) -> dict[str, str | int | bool | date]:
        """The values for the template."""
        return asdict(self) | {"to_settle": self.to_settle}


_QUIET = OwnerSummary(
    shop_name="見本書店オンライン",
    label_store="店舗会員",
    label_ec_only="オンライン会員",
    today=date(2027, 4, 1),
)

EXAMPLES = (
    _QUIET,
    replace(
        _QUIET,
        members_read=3012,
        members_new=8,
        members_changed=41,
        links_made=5,
        risen=4,
        fallen=12,
        mails_sent=19,
        mails_waiting=16,
        cases_open=3,
        cases_new=2,
        review_file="review/out/2027-04-01.xlsx",
        mails_in_doubt=1,
        mails_failed=2,
        drifted=1,
    ),
    replace(
        _QUIET,
        stopped=True,
        stop_reason="会員データが前回より40％少ないため、取り込みませんでした",
        file_overdue_hours=30,
    ),
)
