"""Settings about the store's side: exports, their columns, expiry, and what follows from a membership."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from eccube_sync.configtypes import (
    ConfiguredPath,
    Count,
    Days,
    FilledText,
    Flag,
    Key,
    MailAddress,
    Positive,
    Probability,
    Section,
    Text,
    Texts,
    WebAddress,
)
from eccube_sync.i18n import mark

PolicyName = Literal["none", "column", "joined", "last_visit", "status"]

MEMBER_FIELDS = (
    "store_key", "code", "number", "family_name", "given_name", "full_name", "family_kana", "given_kana",
    "full_kana", "postal_code", "address", "phone", "mobile", "emails", "birth_date", "sex", "joined_on",
    "left_on", "last_visit_on", "end_date", "unlimited", "status", "store_code", "rank_code", "rank_name",
    "member_type", "points", "points_expire_on", "mail_allowed", "link_code_serial", "pin",
)  # fmt: skip


def _member_field(name: str) -> str:
    # The words (with a "did you mean") are found in configproblems, which knows the list.
    if name not in MEMBER_FIELDS:
        raise PydanticCustomError("unknown_member_field", "unknown member field")
    return name


MemberField = Annotated[str, AfterValidator(_member_field)]


class Policy(Section):
    """How a member's end date is found."""

    policy: PolicyName = Field(
        "none",
        description=mark(
            "How a membership ends: none (nobody is ever downgraded), column (a date in the file), "
            "joined (months after joining), last_visit (months after it), status (what the POS says)."
        ),
    )
    months: Annotated[int, Field(strict=True, ge=1, le=1200)] | None = Field(
        None, examples=[12], description=mark("Months the membership lasts; needed by joined and last_visit.")
    )
    grace_days: Days = Field(0, description=mark("Days a member stays a member after the end date."))
    month_end: Flag = Field(
        False, description=mark("Whether a membership runs on to the last day of the month it ends in.")
    )


class Expiry(Policy):
    """The policy of a source, and of single ranks where they differ."""

    rank: dict[FilledText, Policy] = Field(
        default_factory=dict,
        description=mark("A policy of its own for one rank, by the rank's name or code in the file."),
    )

    def for_rank(self, *names: str) -> Policy:
        """The policy of the first of these rank names that has one, else the source's."""
        return next((self.rank[name] for name in names if name in self.rank), self)


class Source(Section):
    """A POS, or another export, members are imported from."""

    key: Key = Field(
        description=mark("Short name of the source; it is stored with every member, so never change it."),
        examples=["pos"],
    )
    name: Text = Field("", description=mark("Name shown to people; empty means the key."))
    format: Key = Field(
        "auto", description=mark("Format of the file: auto (by its headers), smaregi, generic, or another.")
    )
    watch: ConfiguredPath | None = Field(
        None,
        examples=["/home/store/upload"],
        description=mark(
            "Folder where the store drops its file; unset means inbox/drop in the state directory."
        ),
    )
    pattern: FilledText = Field("*.csv", description=mark("File names to take; the newest one is imported."))
    partial: Flag = Field(
        False,
        description=mark("Whether the files hold only some of the members, so that absence says nothing."),
    )
    export_every_hours: Positive = Field(
        24, description=mark("Hours between two exports; a file much older than that downgrades nobody.")
    )
    taken_at: Literal["file", "name", "modified"] = Field(
        "file",
        description=mark(
            "When the data was taken: file (newest time inside the file), name (date in the file's name, "
            "YYYYMMDD), modified (the file's time of change; only if nothing copies old files)."
        ),
    )
    encoding: Literal["utf-8", "cp932", "utf-16"] | None = Field(
        None,
        examples=["cp932"],
        description=mark("Encoding of the file; unset means BOM, then UTF-8, then CP932."),
    )
    memo_columns: Texts = Field(
        ("備考", "備考2"),
        description=mark("Columns that may contain line breaks; anywhere else one is an error."),
    )
    exporter_mail: MailAddress | None = Field(
        None,
        examples=["store@example.jp"],
        description=mark("Who is reminded once a day when a file is overdue."),
    )
    export_steps: Texts = Field(
        (),
        examples=[["Open Members", "Click Export"]],
        description=mark("Clicks to make in the POS, for that reminder; unset means those of the format."),
    )
    accounts_per_member: Annotated[int, Field(strict=True, ge=1, le=9)] = Field(
        1, description=mark("How many accounts in the web shop one member may have.")
    )
    columns: dict[MemberField, Texts] = Field(
        default_factory=dict,
        description=mark("Header names of the file for a field, where they are not known by themselves."),
    )
    expiry: Expiry = Field(default_factory=Expiry, description=mark("When memberships of this source end."))

    @property
    def label(self) -> str:
        """The name shown to people."""
        return self.name or self.key


class Membership(Section):
    """What follows from being a member."""

    label_store: FilledText = Field("店舗会員", description=mark("What a current store member is called."))
    label_ec_only: FilledText = Field("EC会員", description=mark("What every other customer is called."))
    unconfirmed_days: Days = Field(
        7, description=mark("Days a class is kept when no file newer than the end date has come.")
    )
    missing_imports: Positive = Field(
        2, description=mark("Full files a member may be missing from before a person is asked.")
    )
    human_link_is_proof: Flag = Field(
        False,
        description=mark("Whether a person's decision is enough to show a customer the card and points."),
    )
    pause_downgrades_from: date | None = Field(
        None,
        examples=[date(2026, 4, 1)],
        description=mark("First day on which nobody is downgraded, e.g. while stores are closed."),
    )
    pause_downgrades_until: date | None = Field(
        None, examples=[date(2026, 4, 30)], description=mark("Last day on which nobody is downgraded.")
    )

    def downgrades_paused(self, today: date) -> bool:
        """Whether ``today`` lies in the pause, both ends included."""
        start, end = self.pause_downgrades_from, self.pause_downgrades_until
        return start is not None and end is not None and start <= today <= end


class Matching(Section):
    """When a pair is the same person."""

    wrong_per_thousand: Annotated[float, Field(strict=True, gt=0, le=50, allow_inf_nan=False)] = Field(
        1.0, description=mark("How many of 1,000 links by matching may be wrong.")
    )
    link_at: Probability | None = Field(
        None,
        examples=[0.99],
        description=mark(
            "Match probability from which a pair is linked; unset means as wrong_per_thousand demands it."
        ),
    )
    review_at: Probability = Field(0.2, description=mark("Match probability from which a person is asked."))
    ignore_phones: Texts = Field(
        (), description=mark("Phone numbers that say nothing about a person, such as the shop's own.")
    )
    ignore_emails: Texts = Field(
        (), description=mark("Mail addresses that say nothing about a person, such as the shop's own.")
    )
    ignore_names: Texts = Field((), description=mark("Names that are placeholders, besides the known ones."))
    workers: Annotated[int, Field(strict=True, ge=1, le=64)] = Field(
        1, description=mark("Processes that compare pairs at the same time.")
    )


SecondFact = Literal["kana", "birth_date", "phone_last4"]


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


class Codes(Section):
    """Link codes printed by the store."""

    prefix: Annotated[str, BeforeValidator(_upper), Field(strict=True, pattern=r"^[A-Z0-9]{0,8}$")] = Field(
        "", description=mark("Letters in front of a code's visible serial, at most 8.")
    )
    valid_days: Annotated[int, Field(strict=True, ge=1, le=3660)] = Field(
        30, description=mark("Days a code can be used after it was issued.")
    )
    entry_url: WebAddress | None = Field(
        None,
        examples=["https://shop.example.jp/entry"],
        description=mark(
            "Address of the shop's registration page, for the QR code on labels and the link in invitations."
        ),
    )
    attempts: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        5, description=mark("Wrong codes and cards a customer may type before any are refused.")
    )
    attempt_days: Annotated[int, Field(strict=True, ge=1, le=365)] = Field(
        30, description=mark("Days over which wrong codes and cards are counted.")
    )
    origin_attempts: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        20, description=mark("The same for all customers of one internet address, where it is known.")
    )
    alarm_failures: Positive = Field(
        50,
        description=mark(
            "Wrong codes and cards in one night after which none links anybody until a person looked."
        ),
    )
    second_facts: tuple[SecondFact, ...] = Field(
        ("kana", "birth_date", "phone_last4"),
        description=mark("Facts of which one must agree with the store's record besides the code."),
    )
    provisional_days: Days = Field(
        0,
        description=mark(
            "Days a new member with a valid code has the class already while the store's data do not have the member "
            "yet; 0 means that the class waits for the data."
        ),
    )
    encoding: Literal["utf-8-sig", "cp932"] = Field(
        "utf-8-sig", description=mark("Encoding of the list for the label printer.")
    )


CardFact = Literal["pin", "birth_date", "phone_last4"]


class Cards(Section):
    """Card numbers that customers type instead of a code."""

    second_facts: tuple[CardFact, ...] = Field(
        ("pin", "birth_date", "phone_last4"),
        description=mark(
            "Facts of which a customer types one besides the card number; empty means that cards link nobody."
        ),
    )
    member_attempts: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        10, description=mark("Wrong answers about one member before its card links nobody for a while.")
    )
    wait_days: Annotated[int, Field(strict=True, ge=1, le=365)] = Field(
        60, description=mark("Days a card number nobody has yet waits for the store's data.")
    )


class Review(Section):
    """The file with doubtful pairs."""

    format: Literal["xlsx", "csv"] = Field("xlsx", description=mark("Format of the review file."))
    encoding: Literal["utf-8-sig", "cp932"] = Field(
        "utf-8-sig", description=mark("Encoding of a review file in CSV.")
    )
    limit: Positive = Field(200, description=mark("Cases in one review file."))
    keep_days: Days = Field(30, description=mark("Days after which a review file is deleted."))
    hold_days: Days = Field(30, description=mark("Days after which a case that was put on hold comes back."))


class Undo(Section):
    """Taking a run back."""

    keep_days: Count = Field(
        400, description=mark("Days old values are kept; a run older than that cannot be undone.")
    )
    correction_notices: Flag = Field(
        False, description=mark("Whether undoing queues a correction for people who were already mailed.")
    )
