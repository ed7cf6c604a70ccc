"""Settings about mails to customers: which, when, through which server, in whose name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import Field

from eccube_sync.configsections import Credentials
from eccube_sync.configtypes import (
    ConfiguredPath,
    Days,
    Flag,
    Host,
    Key,
    MailAddress,
    Port,
    Positive,
    Section,
    Text,
    WebAddress,
    Window,
    parse_window,
)
from eccube_sync.i18n import mark

DEFAULT_PORTS = {"starttls": 587, "smtps": 465, "plain": 25}

PUBLISHED_LIMITS: Mapping[str, tuple[int, int]] = {
    "lolipop_economy": (100, 1_000),
    "lolipop_light": (300, 3_000),
    "lolipop_standard": (1_000, 10_000),
    "xserver": (1_500, 15_000),
}
"""Mails in an hour and in a day that a rental host allows one contract, as the host itself publishes it."""
OURS_OF_IT = 0.8
"""Our part of a host's limit: the shop's own mails, such as those about orders, count too."""
DEFAULT_CAPS = (1_000, 5_000)


class Notices(Section):
    """Mails to customers about their membership."""

    kinds: tuple[Key, ...] = Field(
        ("expiring", "expired", "restored", "linked", "card_linked"),
        description=mark("Kinds of mail that are sent."),
    )
    expiring_days: tuple[Annotated[int, Field(strict=True, ge=1, le=366)], ...] = Field(
        (30, 7, 1), description=mark("Days before the end date on which a reminder is due.")
    )
    window: Window = Field("10:00-18:00", description=mark("Time of day mails may leave, in Japan."))
    host: Literal["lolipop_economy", "lolipop_light", "lolipop_standard", "xserver"] | None = Field(
        None,
        examples=["xserver"],
        description=mark(
            "Rental host whose published limits set per_hour and per_day, at 80 percent of them."
        ),
    )
    per_minute: Positive = Field(60, description=mark("Mails in a minute at most."))
    per_hour: Positive | None = Field(
        None,
        examples=[1000],
        description=mark("Mails in an hour at most; unset means the host's, else 1000."),
    )
    per_day: Positive | None = Field(
        None, examples=[5000], description=mark("Mails in a day at most; unset means the host's, else 5000.")
    )
    max_age_days: Days = Field(7, description=mark("Events older than this are recorded and not mailed."))
    promotion: Flag = Field(
        False,
        description=mark("Whether mails may carry advertising, to those who agreed to it. Needs [sender]."),
    )
    templates: ConfiguredPath | None = Field(
        None,
        examples=["mail_templates"],
        description=mark("Folder with your own mail texts; what is not there is taken from the package."),
    )

    @property
    def caps(self) -> tuple[int, int, int]:
        """Mails in a minute, an hour and a day at most."""
        published = PUBLISHED_LIMITS.get(self.host or "")
        hour, day = (int(limit * OURS_OF_IT) for limit in published) if published else DEFAULT_CAPS
        return self.per_minute, self.per_hour or hour, self.per_day or day

    @property
    def send_window(self) -> tuple[time, time]:
        """Start and end (Asia/Tokyo) of the time of day mails may leave."""
        return parse_window(self.window)


class Mail(Credentials):
    """The server mails leave through."""

    host: Host = Field("localhost", description=mark("Mail server."))
    port: Port | None = Field(
        None,
        examples=[587],
        description=mark("Port; unset means 587 for starttls, 465 for smtps, 25 for plain."),
    )
    security: Literal["starttls", "smtps", "plain"] = Field(
        "starttls", description=mark("starttls, smtps, or plain (only to this machine itself).")
    )
    ssl_ca: ConfiguredPath | None = Field(
        None,
        examples=["/etc/ssl/certs/ca-certificates.crt"],
        description=mark("Certificate authority file, when the server's is not a public one."),
    )
    sender: MailAddress = Field(description=mark("Address mails come from."), examples=["shop@example.jp"])
    sender_name: Text = Field("", description=mark("Name mails come from; empty means the shop's name."))
    envelope_sender: MailAddress | None = Field(
        None,
        examples=["bounce@example.jp"],
        description=mark("Address undeliverable mails return to; unset means the sender."),
    )
    bounces: ConfiguredPath | None = Field(
        None,
        examples=["/home/shop/Maildir/.bounce"],
        description=mark(
            "Maildir in which undeliverable mails arrive; each night reads what is new there before it sends mails."
        ),
    )

    @property
    def effective_port(self) -> int:
        """The configured port, else the usual one for the security."""
        return self.port or DEFAULT_PORTS[self.security]


class Sender(Section):
    """What the law wants below advertising (特定電子メール法)."""

    name: Text = Field("", description=mark("Name of the sender responsible for advertising."))
    postal_address: Text = Field("", description=mark("Postal address of the sender."))
    contact: Text = Field("", description=mark("Where complaints go: phone, mail or web address."))
    unsubscribe_url: WebAddress | None = Field(
        None,
        examples=["https://shop.example.jp/unsubscribe"],
        description=mark("Page where a customer can unsubscribe."),
    )

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys not filled in; advertising is allowed only when there are none."""
        return tuple(key for key in type(self).model_fields if not getattr(self, key))
