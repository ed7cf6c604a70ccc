"""See a notice before any customer does: with example data on the screen, as a file, or in one's own mailbox."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from eccube_sync import mailshop, notices
from eccube_sync.configmail import Mail
from eccube_sync.csvwriter import atomic_file
from eccube_sync.db import reading
from eccube_sync.errors import ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.maildelivery import MailServerError, Verdict
from eccube_sync.mailer import open_session
from eccube_sync.mailmessage import check_address
from eccube_sync.mailtemplates import Plain, Rendered
from eccube_sync.report import Report
from eccube_sync.services.notices.composing import Composer
from eccube_sync.services.notices.mailserver import envelope_sender, mail_server
from eccube_sync.services.running import Shop
from eccube_sync.settings import Settings
from eccube_sync.tables.runs import installation

KINDS = (*notices.NOTICES, mailshop.OWNER, mailshop.EXPORTER, mailshop.MONTH)


def preview(settings: Settings, kind: str, *, proven: bool = True) -> Rendered:
    """A notice in this shop's name with example data; unproven, without member number and end date."""
    return Composer(settings, "preview").example(kind, _values(settings, kind, proven=proven))


def _values(settings: Settings, kind: str, *, proven: bool) -> dict[str, Plain]:
    to_shop = mailshop.examples(settings.shop.name)
    if kind in to_shop:
        return dict(to_shop[kind][min(1, len(to_shop[kind]) - 1)])
    if kind not in notices.NOTICES:
        raise UsageError(
            _("There is no notice {kind}; there are: {kinds}").format(kind=kind, kinds=", ".join(KINDS))
        )
    return notices.examples(kind)[0 if proven else -1]


def write_preview(settings: Settings, kind: str, path: Path, now: datetime, *, proven: bool = True) -> None:
    """Write the notice as an .eml file that mail programs open; 0600, whole or not at all."""
    mail = _mail_of(settings)
    composer = Composer(settings, "preview")
    content = _build(composer, preview(settings, kind, proven=proven), mail.sender, kind, now)
    with atomic_file(path) as file:
        file.write(content)


def send_test(shop: Shop, connection: Connection, kind: str, address: str) -> Report:
    """Send the notice with example data to one address, marked as a test; the outbox does not know of it."""
    _mail_of(shop.settings)
    recipient = check_address(address)
    with reading(connection):
        install_id = connection.execute(select(installation.c.install_id)).scalar_one_or_none() or "test"
    composer = Composer(shop.settings, install_id)
    content = _build(composer, preview(shop.settings, kind), recipient, kind, shop.clock.now())
    with open_session(mail_server(shop.settings)) as session:
        delivery = session.deliver(
            content, sender=envelope_sender(shop.settings), recipient=recipient, before_dot=lambda: None
        )
    if delivery.verdict is not Verdict.SENT:
        raise MailServerError(delivery)
    return Report(_("The test was handed to the mail server."))


def _build(composer: Composer, rendered: Rendered, recipient: str, kind: str, now: datetime) -> bytes:
    marked = Rendered(_("[Test] ") + rendered.subject, rendered.text, rendered.html)
    identity = composer.message_id(f"test:{kind}:{secrets.token_hex(8)}")
    return composer.build(marked, recipient, identity, now)


def _mail_of(settings: Settings) -> Mail:
    if settings.mail is None:
        raise ConfigurationError(_("{path} has no [mail] section; add one first.").format(path=settings.path))
    return settings.mail
