"""Send a mail to one of the shop's own people, at once and once: the journal remembers what was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from eccube_sync.db import reading
from eccube_sync.errors import EccubeSyncError
from eccube_sync.maildelivery import Verdict
from eccube_sync.mailer import open_session
from eccube_sync.mailmessage import Attachment
from eccube_sync.mailtemplates import Plain, Templates
from eccube_sync.services.notices.composing import Composer
from eccube_sync.services.notices.mailserver import envelope_sender, mail_server
from eccube_sync.services.running import Run
from eccube_sync.tables.runs import installation, journal


def told(run: Run, subject: str, field: str, value: str, subject_id: int | None = None) -> bool:
    """Whether the journal says that this was mailed before; part of a read-only stretch."""
    statement = select(journal.c.id).where(
        journal.c.subject == subject, journal.c.field == field, journal.c.new_value == value
    )
    if subject_id is not None:
        statement = statement.where(journal.c.subject_id == subject_id)
    return run.connection.execute(statement.limit(1)).first() is not None


def remember(run: Run, subject: str, subject_id: int, field: str, value: str) -> None:
    """Note that this was mailed."""
    run.transaction(run.record, subject, subject_id, field, None, value, "sent")


def send_to_shop(
    run: Run,
    template: str,
    values: Mapping[str, Plain],
    recipient: str,
    key: str,
    attachments: Sequence[Attachment] = (),
) -> str | None:
    """Send the mail; why it failed, in words, or None. One that may have arrived counts as arrived.

    ``key`` names the event, from which the Message-ID follows. Needs [mail].
    """
    settings = run.shop.settings
    with reading(run.connection):
        install_id = run.connection.execute(select(installation.c.install_id)).scalar_one()
    composer = Composer(settings, install_id)
    try:
        rendered = Templates(settings.notices.templates).render(template, values)
        content = composer.build(rendered, recipient, composer.message_id(key), run.now, attachments)
        with open_session(mail_server(settings)) as session:
            delivery = session.deliver(
                content, sender=envelope_sender(settings), recipient=recipient, before_dot=lambda: None
            )
    except EccubeSyncError as error:
        return str(error)
    return None if delivery.verdict in (Verdict.SENT, Verdict.IN_DOUBT) else delivery.describe()
