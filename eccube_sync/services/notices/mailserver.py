"""The configured mail server, and the addresses that take no mail."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from eccube_sync.clock import to_database
from eccube_sync.mailclient import MailServer
from eccube_sync.secretsfile import read_secret, write_private
from eccube_sync.services.setup.identity import mails_to
from eccube_sync.settings import Settings
from eccube_sync.statefolders import StateFolders
from eccube_sync.tables.notices import suspended_address


def mail_server(settings: Settings) -> MailServer:
    """Where mails are handed over. Needs [mail]; raises ``ConfigurationError`` where its password cannot be had."""
    mail = settings.mail
    assert mail is not None
    return MailServer(
        mail.host,
        mail.effective_port,
        mail.security,
        mail.user or None,
        settings.secret("mail") or None,
        ca_file=mail.ssl_ca,
        redirected_to=mails_to(settings),
    )


def envelope_sender(settings: Settings) -> str:
    """The address undeliverable mails return to. Needs [mail]."""
    assert settings.mail is not None
    return settings.mail.envelope_sender or settings.mail.sender


class Suspensions:
    """Addresses a mail server called permanently wrong, by a keyed hash: the table names nobody."""

    def __init__(self, folders: StateFolders) -> None:
        path = folders.secrets / "outbox.key"
        if not path.exists():
            write_private(path, secrets.token_hex(32) + "\n")
        self._key = read_secret(path).encode()

    def hash_of(self, address: str) -> str:
        """What an address is kept as; upper and lower case are one address here."""
        return hmac.new(self._key, address.lower().encode(), hashlib.sha256).hexdigest()

    def among(self, connection: Connection, addresses: Iterable[str]) -> set[str]:
        """Those of these addresses that are suspended."""
        by_hash = {self.hash_of(one): one for one in addresses}
        rows = connection.execute(
            select(suspended_address.c.address_hash).where(
                suspended_address.c.address_hash.in_(list(by_hash))
            )
        )
        return {by_hash[row.address_hash] for row in rows}

    def add(self, connection: Connection, address: str, reason: str, notice_id: int, now: datetime) -> None:
        """Suspend an address, inside the transaction under way."""
        if not self.among(connection, [address]):
            row = {
                "address_hash": self.hash_of(address),
                "reason": reason,
                "notice_id": notice_id,
                "created_at": to_database(now),
            }
            connection.execute(insert(suspended_address), row)

    def lift(self, connection: Connection, address: str) -> None:
        """Try an address again: a person says that it is right."""
        connection.execute(
            delete(suspended_address).where(suspended_address.c.address_hash == self.hash_of(address))
        )
