"""Mail: every template rendered, a login at the mail server that sends nothing, and where mails come back to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

from eccube_sync import mailshop
from eccube_sync.i18n import _
from eccube_sync.maildelivery import MailServerError
from eccube_sync.mailer import open_session
from eccube_sync.mailtemplates import Templates
from eccube_sync.notices import NOTICES, examples
from eccube_sync.services.notices.mailserver import mail_server
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.settings import Settings

PATIENCE = 15.0
"""Seconds the mail server has for each answer here."""


def templates(settings: Settings) -> Iterator[Finding]:
    """Everything wrong with the templates of every notice and of the mails to the shop's own people."""
    rendered = Templates(settings.notices.templates)
    found = [problem for kind in NOTICES for problem in rendered.check(kind, examples(kind))]
    for template, shapes in mailshop.examples().items():
        found += rendered.check(template, shapes)
    for problem in found:
        yield wrong("templates", str(problem))
    if not found:
        yield fine("templates", _("rendered with example data"))


def server(settings: Settings) -> Iterator[Finding]:
    """Connect, encrypt, log in, and leave."""
    if settings.mail is None:
        yield note("mail", _("[mail] is not set, so no mail is sent"))
        return
    place = f"{settings.mail.host}:{settings.mail.effective_port}, {settings.mail.security}"
    found = replace(mail_server(settings), connect_timeout=PATIENCE, command_timeout=PATIENCE)
    try:
        with open_session(found):
            yield fine("mail", place)
    except MailServerError as error:
        yield wrong("mail", f"{place}: {error}")


def returned(settings: Settings) -> Iterator[Finding]:
    """Whether each night can read the mails that came back, and mark them as read."""
    mailbox = settings.mail.bounces if settings.mail else None
    if mailbox is None:
        yield note("returned", _("[mail] bounces is not set, so what comes back is not read"))
        return
    folders = [mailbox / name for name in ("new", "cur")]
    if all(os.access(folder, os.R_OK | os.W_OK | os.X_OK) for folder in folders):
        yield fine("returned", str(mailbox))
    else:
        words = _("{path} is no Maildir this user may read and write; see [mail] bounces")
        yield wrong("returned", words.format(path=mailbox))
