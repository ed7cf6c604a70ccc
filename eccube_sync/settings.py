"""One shop's configuration as it is once read: all sections, folders, accounts and secrets."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, model_validator

from eccube_sync.configmail import Mail, Notices, Sender
from eccube_sync.configsections import (
    Bridge,
    Credentials,
    Database,
    Guards,
    Legal,
    Nightly,
    Owner,
    Ping,
    Projection,
    Retention,
    Shop,
    State,
)
from eccube_sync.configsources import Cards, Codes, Matching, Membership, Review, Source, Undo
from eccube_sync.configtypes import Section
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _, mark
from eccube_sync.secretsfile import read_secret
from eccube_sync.statefolders import StateFolders

SecretKey = Literal["database.runtime", "database.setup", "mail"]


class Settings(Section):
    """One shop's configuration, read-only."""

    language: Literal["ja", "en"] = Field("ja", description=mark("Language of the program: ja or en."))
    shop: Shop = Field(description=mark("The web shop."))
    state: State = Field(default_factory=State, description=mark("Where eccube-sync keeps its files."))
    database: Database = Field(description=mark("The database EC-CUBE uses, and ours beside it."))
    sources: tuple[Source, ...] = Field(
        (), alias="source", description=mark("A POS, or another export, members come from.")
    )
    membership: Membership = Field(
        default_factory=Membership, description=mark("What follows from being a member.")
    )
    matching: Matching = Field(
        default_factory=Matching, description=mark("When a customer and a member are the same person.")
    )
    codes: Codes = Field(default_factory=Codes, description=mark("Link codes the store prints."))
    cards: Cards = Field(
        default_factory=Cards, description=mark("Card numbers customers type, with a second fact.")
    )
    review: Review = Field(default_factory=Review, description=mark("The file with doubtful pairs."))
    projections: tuple[Projection, ...] = Field(
        (), alias="projection", description=mark("A place in EC-CUBE where the class is shown.")
    )
    notices: Notices = Field(
        default_factory=Notices, description=mark("Mails to customers about their membership.")
    )
    mail: Mail | None = Field(
        None, description=mark("The server mails leave through; without it no mail is sent.")
    )
    sender: Sender = Field(
        default_factory=Sender,
        description=mark("The sender, as the law wants below advertising; without it there is none."),
    )
    owner: Owner = Field(default_factory=Owner, description=mark("The owner of the shop."))
    ping: Ping = Field(
        default_factory=Ping, description=mark("A monitoring service that notices a missing night.")
    )
    legal: Legal = Field(
        default_factory=Legal, description=mark("On what ground store and web shop compare their people.")
    )
    bridge: Bridge | None = Field(
        None,
        description=mark("The process that hears at once what happens in EC-CUBE; without it there is none."),
    )
    nightly: Nightly = Field(default_factory=Nightly, description=mark("What a night consists of."))
    guards: Guards = Field(
        default_factory=Guards, description=mark("Numbers beyond which a run changes nothing and asks.")
    )
    retention: Retention = Field(
        default_factory=Retention,
        description=mark("How long personal data is kept; purge deletes what is older."),
    )
    undo: Undo = Field(default_factory=Undo, description=mark("Taking a run back."))

    @model_validator(mode="before")
    @classmethod
    def _state_from_here(cls, data: Any) -> Any:
        """Validate [state] even where it is left out: its default depends on where the file lies."""
        return {"state": {}, **data} if isinstance(data, dict) else data

    _path: Path = PrivateAttr(default=Path("eccube-sync.toml"))

    def model_post_init(self, context: Any, /) -> None:
        """Remember which file this was."""
        if context and "path" in context:
            self._path = context["path"]

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self._path

    @property
    def folders(self) -> StateFolders:
        """The folders of the state directory."""
        return StateFolders(self.state.directory)

    def source(self, key: str) -> Source:
        """The source with this key; ConfigurationError when there is none."""
        for source in self.sources:
            if source.key == key:
                return source
        raise ConfigurationError(
            _("{path} has no source {key}; it has: {keys}").format(
                path=self.path, key=key, keys=", ".join(source.key for source in self.sources)
            )
        )

    def drop_folder(self, source: Source) -> Path:
        """The folder this source's files are dropped into."""
        return source.watch or self.folders.drop

    def sqlite_path(self, database: Literal["eccube", "own"]) -> Path:
        """The file of a SQLite database."""
        name = self.database.eccube if database == "eccube" else self.database.own
        return self.path.parent / Path(name).expanduser()

    def account(self, role: Literal["runtime", "setup"]) -> Credentials:
        """The database account of a role; with ``accounts = "single"`` both are the runtime one."""
        if role == "runtime" or self.database.accounts == "single":
            return self.database.runtime
        return self.database.setup

    def credentials(self) -> Iterator[tuple[SecretKey, Credentials]]:
        """Every account that is in use, with its key."""
        if self.database.kind != "sqlite":
            yield "database.runtime", self.database.runtime
            if self.database.accounts == "two":
                yield "database.setup", self.database.setup
        if self.mail is not None:
            yield "mail", self.mail

    def secret(self, key: SecretKey) -> str:
        """The password of an account, read now; "" where none is configured (socket login, open relay).

        Raises ConfigurationError when it cannot be read or others could read it too.
        """
        single = key == "database.setup" and self.database.accounts == "single"
        for name, holder in self.credentials():
            if name == ("database.runtime" if single else key):
                try:
                    return read_password(holder)
                except ConfigurationError as error:
                    raise ConfigurationError(f"{name}: {error}") from None
        return ""


def read_password(holder: Credentials) -> str:
    """The password a section names, "" where it names none; ConfigurationError when it cannot be had."""
    if holder.password_file is not None:
        return read_secret(holder.password_file)
    if holder.password_env is None:
        return ""
    password = os.environ.get(holder.password_env, "")
    if not password:
        raise ConfigurationError(
            _("the environment variable {name} is not set").format(name=holder.password_env)
        )
    return password
