"""Mails to the shop's own people: the owner's morning mail, the month's report, the reminder to who exports.

Ten lines at most, counts only, no persons. The lines are written here, in the user's language; the templates lay
them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from eccube_sync.i18n import _

Plain = str | int | bool | date | tuple[str, ...]

LINES = 10
OWNER, MONTH, EXPORTER = "owner", "month", "exporter"  # their folders in mail_templates/


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSummary:
    """One night in numbers and in the sentences its stages had to say."""

    shop_name: str
    label_store: str
    label_ec_only: str
    today: date
    refusals: tuple[str, ...] = ()  # why the night, or a part of it, was stopped
    messages: tuple[str, ...] = ()  # what else the stages had to say
    file_overdue_hours: int = 0  # 0 = not overdue
    members_read: int = 0  # rows of the imported file; 0 = no new file
    members_new: int = 0
    members_changed: int = 0
    links_made: int = 0
    risen: int = 0  # customers whose class became store
    fallen: int = 0
    mails_sent: int = 0  # since the last summary
    mails_waiting: int = 0
    dates_to_approve: int = 0  # coming days whose downgrades a person must approve
    cases_open: int = 0
    cases_new: int = 0
    review_file: str = ""  # where the newest review file lies
    mails_in_doubt: int = 0
    mails_failed: int = 0
    drifted: int = 0

    @property
    def to_settle(self) -> int:
        """How many things wait for a person."""
        settled = self.cases_open + self.mails_in_doubt + self.mails_failed + self.drifted
        return settled + self.dates_to_approve

    @property
    def subject(self) -> str:
        """Whether to act, at a glance."""
        if self.refusals:
            text = _("[Act now] {day}: the night was stopped")
        elif self.to_settle:
            text = _("[{count} to settle] {day}: store members in the web shop")
        elif self.file_overdue_hours:
            text = _("[Please check] {day}: the store's member data has not come")
        else:
            text = _("[All is well] {day}: store members in the web shop")
        return text.format(day=self.today.isoformat(), count=f"{self.to_settle:,}")

    @property
    def happened(self) -> tuple[str, ...]:
        """What the night did."""
        return (
            self._data(),
            _("Links: {count} new. Class: {risen} now {store}, {fallen} now {ec_only}").format(
                count=f"{self.links_made:,}",
                risen=f"{self.risen:,}",
                fallen=f"{self.fallen:,}",
                store=self.label_store,
                ec_only=self.label_ec_only,
            ),
            _("Mails: {sent} sent since the last report, {waiting} to be sent").format(
                sent=f"{self.mails_sent:,}", waiting=f"{self.mails_waiting:,}"
            ),
        )

    def _data(self) -> str:
        if self.members_read:
            return _("Store data: {rows} rows ({new} new, {changed} changed)").format(
                rows=f"{self.members_read:,}",
                new=f"{self.members_new:,}",
                changed=f"{self.members_changed:,}",
            )
        if self.file_overdue_hours:
            return _("Store data: none has come; it is {hours} hours late").format(
                hours=self.file_overdue_hours
            )
        return _("Store data: no new file")

    @property
    def everything_waiting(self) -> tuple[str, ...]:
        """All that waits for somebody, however many lines that takes."""
        return (*self.refusals, *self.messages, *self._counted())

    @property
    def waiting(self) -> tuple[str, ...]:
        """What waits for somebody, and what to do, in the lines that are left; counts never give way."""
        counted = self._counted()
        spoken = [_first_line(text) for text in (*self.refusals, *self.messages)]
        room = LINES - 1 - len(self.happened) - len(counted)
        if len(spoken) > room:
            left = len(spoken) - room + 1
            spoken = [
                *spoken[: room - 1],
                _("{count} more messages: see the attached file").format(count=left),
            ]
        return (*spoken, *counted) or (_("Nothing waits for you."),)

    @property
    def complete(self) -> bool:
        """Whether the ten lines say everything."""
        return self.waiting == self.everything_waiting or not self.everything_waiting

    def _counted(self) -> tuple[str, ...]:
        questions = _(
            "Questions for the reviewers: {count} ({new} new). Fill in {file}, put it into review/in"
        )
        lines = (
            (
                self.mails_in_doubt,
                _("Mails in doubt: {count}. Look: eccube-sync notices list --state in_doubt"),
            ),
            (
                self.mails_failed,
                _("Mails that failed: {count}. Look: eccube-sync notices list --state failed"),
            ),
            (self.drifted, _("Classes somebody else changed in EC-CUBE: {count}. Look: eccube-sync project")),
            (self.cases_open, questions),
        )
        return tuple(
            text.format(count=f"{count:,}", new=f"{self.cases_new:,}", file=self.review_file or "review/out")
            for count, text in lines
            if count
        )

    def values(self) -> dict[str, Plain]:
        """The values for the template."""
        title = _("{shop}: store members in the web shop, {day}").format(
            shop=self.shop_name, day=self.today.isoformat()
        )
        return {
            "subject": self.subject,
            "title": title,
            "happened": self.happened,
            "waiting": self.waiting,
        }


def _first_line(text: str) -> str:
    return text.splitlines()[0].strip() if text.strip() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReminder:
    """The store's export is overdue: to the person who makes it, with the clicks."""

    shop_name: str
    source: str
    hours_late: int
    drop_folder: str
    steps: tuple[str, ...]
    waiting: int = 0  # customers who keep a class that has ended by the old data

    def values(self) -> dict[str, Plain]:
        """The values for the template."""
        subject = _("[Please export] The member data of {source} is {hours} hours late").format(
            source=self.source, hours=self.hours_late
        )
        about = _("{shop} needs a new member export of {source}. Please make one today:").format(
            shop=self.shop_name, source=self.source
        )
        meanwhile = _(
            "Until it comes no membership ends by its date ({count} are waiting); all else goes on."
        ).format(count=f"{self.waiting:,}")
        steps = [*self.steps, _("Put the file, as it is, into {folder}").format(folder=self.drop_folder)]
        numbered = tuple(f"{number}. {step}" for number, step in enumerate(steps, 1))
        return {"subject": subject, "about": about, "steps": numbered, "meanwhile": meanwhile}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthMail:
    """The report of a month: its main figures; the whole of it is attached."""

    shop_name: str
    month: str
    lines: tuple[str, ...]

    def values(self) -> dict[str, Plain]:
        """The values for the template."""
        return {
            "subject": _("[Monthly report] {month}: store members in the web shop").format(month=self.month),
            "title": _("{shop}: {month}").format(shop=self.shop_name, month=self.month),
            "lines": self.lines,
            "attached": _("The whole report with charts is attached; open it by a double click."),
        }


_QUIET = OwnerSummary(
    shop_name="見本書店オンライン",
    label_store="店舗会員",
    label_ec_only="オンライン会員",
    today=date(2027, 4, 1),
)
_BUSY = replace(
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
)


def owner_examples() -> list[OwnerSummary]:
    """A quiet night, a busy one, one that was stopped, and one with more to say than ten lines hold."""
    said = tuple(_("Message {number}").format(number=number) for number in range(1, 9))
    stopped = replace(_QUIET, refusals=(said[0],), file_overdue_hours=30)
    return [_QUIET, _BUSY, stopped, replace(_BUSY, messages=said)]


def examples(shop_name: str = _QUIET.shop_name) -> Mapping[str, Sequence[Mapping[str, Plain]]]:
    """Every shape of every mail to the shop's people, by template folder."""
    steps = (_("Log in to the POS"), _("Export all members as CSV"))
    reminder = ExportReminder(
        shop_name=shop_name,
        source="本店",
        hours_late=12,
        drop_folder="inbox/drop",
        steps=steps,
        waiting=4,
    )
    month = MonthMail(shop_name=shop_name, month="2027-03", lines=(_("linked share") + ": 62.5%",))
    return {
        OWNER: [replace(summary, shop_name=shop_name).values() for summary in owner_examples()],
        EXPORTER: [reminder.values()],
        MONTH: [month.values()],
    }
