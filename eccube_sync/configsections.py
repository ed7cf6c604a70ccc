"""Settings about the shop's side: where its data is, how mails leave, what stops a night."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from eccube_sync.configtypes import (
    ConfiguredPath,
    Count,
    Days,
    Factor,
    FilledText,
    Flag,
    GroupName,
    Host,
    Identifier,
    MailAddress,
    Percent,
    Port,
    Positive,
    Section,
    Text,
    WebAddress,
)
from eccube_sync.i18n import mark

Stage = Literal["import", "decisions", "classify", "expire", "project", "cases", "summary", "notify"]
STAGES: tuple[Stage, ...] = (
    "import", "decisions", "classify", "expire", "project", "cases", "summary", "notify",
)  # fmt: skip


class Shop(Section):
    """The web shop."""

    name: FilledText = Field(description=mark("Name of the shop as customers know it."), examples=["My shop"])
    eccube_root: ConfiguredPath | None = Field(
        None,
        examples=["/var/www/eccube"],
        description=mark("Folder EC-CUBE is installed in; nothing of ours may lie below it."),
    )
    url: WebAddress | None = Field(
        None,
        examples=["https://shop.example.jp/mypage"],
        description=mark("Address of my page, used as the link in mails."),
    )


class State(Section):
    """Everything this shop's eccube-sync keeps in files."""

    directory: ConfiguredPath = Field(
        Path(),
        description=mark("Folder of all state; unset means the folder of this file. Never below a web root."),
    )
    imported_days: Days = Field(90, description=mark("Days after which an imported file is deleted."))


class Credentials(Section):
    """A user and where the password is; the password itself is never in the configuration."""

    user: Text = Field("", description=mark("User name."))
    password_file: ConfiguredPath | None = Field(
        None,
        examples=["secrets/password"],
        description=mark("File with the password and nothing else, readable by you only (chmod 600)."),
    )
    password_env: Identifier | None = Field(
        None,
        examples=["ECCUBE_SYNC_PASSWORD"],
        description=mark("Environment variable with the password, instead of a file."),
    )


class Database(Section):
    """The database EC-CUBE uses, and ours beside it."""

    kind: Literal["mysql", "sqlite"] = Field(
        "mysql", description=mark("mysql (also MariaDB), or sqlite for a demonstration.")
    )
    host: Host = Field("localhost", description=mark("Host of the database server."))
    port: Port = Field(3306, description=mark("Port of the database server."))
    socket: ConfiguredPath | None = Field(
        None,
        examples=["/run/mysqld/mysqld.sock"],
        description=mark("Unix socket of the database server; used instead of host and port."),
    )
    ssl_ca: ConfiguredPath | None = Field(
        None,
        examples=["/etc/ssl/certs/ca-certificates.crt"],
        description=mark("Certificate authority file; set it when the server is another machine."),
    )
    eccube: FilledText = Field(
        description=mark("EC-CUBE's database; with sqlite its file."), examples=["eccubedb"]
    )
    own: FilledText = Field(
        "eccube_sync", description=mark("Our own database; with sqlite its file. EC-CUBE never touches it.")
    )
    table_prefix: Text = Field(
        "", description=mark("Prefix of our tables where the host gives one database only (own = eccube).")
    )
    accounts: Literal["two", "single"] = Field(
        "two",
        description=mark("two (one for setup, one for every day) or single where the host gives one only."),
    )
    runtime: Credentials = Field(
        default_factory=Credentials, description=mark("The account of every day; it cannot change tables.")
    )
    setup: Credentials = Field(
        default_factory=Credentials, description=mark("The account migrate uses; needed for that only.")
    )


class Projection(Section):
    """A place in EC-CUBE where the class is shown."""

    kind: Literal["customer_group", "column", "plugin", "none"] = Field(
        description=mark(
            "customer_group (the customer group plugin), column (a column of a table), plugin (our own plugin's card) "
            "or none."
        ),
        examples=["none"],
    )
    group: GroupName | None = Field(
        None,
        examples=["店舗会員"],
        description=mark("Name or id of the customer group store members belong to."),
    )
    table: Identifier = Field("dtb_customer", description=mark("Table of the column."))
    customer_column: Identifier = Field(
        "id", description=mark("Column of that table with the customer's id.")
    )
    column: Identifier | None = Field(
        None, examples=["customer_rank_id"], description=mark("Column the class is written to.")
    )
    store_value: Text | None = Field(
        None, examples=["2"], description=mark("Value of the column for a store member.")
    )
    ec_only_value: Text | None = Field(
        None, examples=["1"], description=mark("Value of the column for everybody else; unset means NULL.")
    )
    on_drift: Literal["report", "repair"] = Field(
        "report",
        description=mark("What to do when somebody else changed it: report, or repair (write it again)."),
    )


class Owner(Section):
    """The owner of the shop."""

    mail: MailAddress | None = Field(
        None, examples=["owner@example.jp"], description=mark("Who gets one mail every morning.")
    )


class Retention(Section):
    """How long personal data is kept; `purge` deletes what is older."""

    mails_days: Days = Field(400, description=mark("Days after which a mail's text and address are blanked."))
    versions_days: Days = Field(
        400, description=mark("Days after which member data that newer data replaced is blanked.")
    )
    gone_days: Days = Field(
        400, description=mark("Days after which customers and members who are gone are forgotten.")
    )
    files_days: Days = Field(30, description=mark("Days after which exports and old dumps are deleted."))


class Ping(Section):
    """A monitoring service that notices a night that did not happen."""

    start: WebAddress | None = Field(
        None,
        examples=["https://ping.example.jp/start"],
        description=mark("Address called when a night starts."),
    )
    success: WebAddress | None = Field(
        None,
        examples=["https://ping.example.jp/success"],
        description=mark("Address called when a night went well."),
    )
    failure: WebAddress | None = Field(
        None,
        examples=["https://ping.example.jp/failure"],
        description=mark("Address called when a night failed."),
    )


class Legal(Section):
    """On what ground store and web shop may compare their people."""

    relation: Literal["same_company", "joint_use", "entrusted"] | None = Field(
        None,
        examples=["same_company"],
        description=mark(
            "Why both lists may be compared: same_company, joint_use (共同利用) or entrusted (委託). "
            "check shows a cross until it is set."
        ),
    )


class Bridge(Section):
    """The process that hears at once what happens in EC-CUBE."""

    socket: ConfiguredPath | None = Field(
        None,
        examples=["/run/eccube-sync/bridge.sock"],
        description=mark("Unix socket to listen on; used instead of host and port."),
    )
    host: Host = Field("127.0.0.1", description=mark("Address to listen on."))
    port: Port = Field(8642, description=mark("Port to listen on."))
    outside: Flag = Field(
        False, description=mark("Listen on an address that other machines reach; then TLS is needed.")
    )
    tls_certificate: ConfiguredPath | None = Field(
        None,
        examples=["/etc/ssl/certs/bridge.pem"],
        description=mark("Certificate file (PEM), with its chain."),
    )
    tls_key: ConfiguredPath | None = Field(
        None,
        examples=["/etc/ssl/private/bridge.pem"],
        description=mark("Key file of the certificate (PEM), readable by you only."),
    )
    webhook_secret_file: ConfiguredPath | None = Field(
        None,
        examples=["secrets/webhook"],
        description=mark("File with the secret of EC-CUBE's webhook; without it webhooks are not taken."),
    )


class Nightly(Section):
    """What a night consists of."""

    stages: tuple[Stage, ...] = Field(
        STAGES, description=mark("Stages to run; take one out to switch it off. Their order is fixed.")
    )


class Guards(Section):
    """Numbers beyond which a run changes nothing and asks."""

    surprise_downgrades: Count = Field(5, description=mark("Unforeseen downgrades that are always fine."))
    surprise_downgrades_percent: Percent = Field(
        0.5, description=mark("Unforeseen downgrades that are fine, in percent of current members.")
    )
    downgrades: Count = Field(30, description=mark("Downgrades in one run that are always fine."))
    downgrades_percent: Percent = Field(
        10.0, description=mark("Downgrades in one run that are fine, in percent of current members.")
    )
    forecast_days: Days = Field(7, description=mark("Days ahead a date with many ends is announced."))
    import_percent: Percent = Field(
        98.0, description=mark("Rows a full file must have, in percent of the last good one.")
    )
    missing_percent: Percent = Field(
        10.0,
        description=mark("Members of the last good file that may be missing from a full one, in percent."),
    )
    stale_factor: Factor = Field(
        1.5, description=mark("A file older than export_every_hours times this downgrades nobody.")
    )
    fill_rate_points: Percent = Field(
        5.0, description=mark("How much emptier a column may become from file to file, in percentage points.")
    )
    backwards_percent: Percent = Field(
        1.0, description=mark("Members whose end date may move backwards in one file, in percent.")
    )
    mails_per_downgrade: Factor = Field(
        1.2, description=mark("Mails a run may queue for each class it changes.")
    )
    mails: Count = Field(
        500, description=mark("Mails a run may queue at most, not counting ends that were known before.")
    )
    clock_seconds: Positive = Field(120, description=mark("Seconds our clock and the database's may differ."))
    file_megabytes: Positive = Field(500, description=mark("Size of a file at most, in megabytes."))
    file_rows: Positive = Field(1_000_000, description=mark("Rows of a file at most."))
