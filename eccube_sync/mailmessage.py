"""One mail as bytes: one checked address, checked headers, text and HTML, the same bytes at every attempt."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import HeaderDefect, MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from urllib.parse import urlsplit

from eccube_sync.clock import TOKYO
from eccube_sync.errors import BadInputError
from eccube_sync.i18n import _, mark

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]{1,100}@[A-Za-z0-9.-]{1,80}>", re.ASCII)
_HEADER_LINE = re.compile(rb"(?P<name>[A-Za-z][A-Za-z-]*): [\x20-\x7e\t]*|[ \t][\x20-\x7e\t]*")
_LONGEST_LINE = 998
STAGING_MARK = "[STAGING]"

REASONS = {
    "address_invalid": mark("The address is not exactly one valid e-mail address; mend it in EC-CUBE."),
    "header_invalid": mark(
        "A subject, name or link holds characters no mail header may hold; mend the template."
    ),
    "text_invalid": mark(
        "The text of the mail holds characters no mail may hold; mend the template or the data."
    ),
}


class MessageRefusedError(BadInputError):
    """This one mail cannot be built or sent safely; ``reason`` is a key of ``REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(_(REASONS[reason]))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the mail is from: the shop's name as shown, and its address."""

    name: str
    address: str


class _UnfoldedHeader(UnstructuredHeader, BaseHeader):
    """A long link or Message-ID on one line: the standard library would turn the one into encoded words nobody can
    read, and begin the other on a line of its own, which some servers take for an empty one."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file that comes with a mail; ``kind`` is ``html`` or ``plain``."""

    name: str  # ASCII
    kind: str
    text: str


def _policy() -> EmailPolicy[EmailMessage]:
    headers = HeaderRegistry()
    headers.map_to_type("list-unsubscribe", _UnfoldedHeader)
    headers.map_to_type("message-id", _UnfoldedHeader)
    return policy.SMTP.clone(header_factory=headers, cte_type="7bit")


_POLICY = _policy()


def check_address(text: str) -> str:
    """The one address in ``text``, as it goes into the envelope and the header.

    Old mobile addresses such as ``a..b@docomo.ne.jp`` break the grammar but exist; their local part is
    quoted, as EC-CUBE does. Raises ``MessageRefusedError`` for anything that is not exactly one address.
    """
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL_PART.fullmatch(local) or not _DOMAIN.fullmatch(domain) or len(domain) > 253:
        raise MessageRefusedError("address_invalid")
    bare = not (local.startswith(".") or local.endswith(".") or ".." in local)
    address = text if bare else f'"{local}"@{domain}'
    try:
        Address(addr_spec=address)
    except (MessageError, HeaderDefect, ValueError, IndexError) as error:
        raise MessageRefusedError("address_invalid") from error
    return address


OUR_MESSAGE_ID = re.compile(r"<[0-9a-f]{40}\.eccube-sync@[A-Za-z0-9.-]{1,100}>")
"""What ``message_id`` gives, found in other texts."""


def message_id(installation: str, notice_key: str, domain: str) -> str:
    """The Message-ID of one event of one installation: the same for ever, and telling nothing."""
    digest = hashlib.sha256(f"{installation}\n{notice_key}".encode()).hexdigest()
    return f"<{digest[:40]}.eccube-sync@{domain}>"


def build_message(
    *,
    subject: str,
    text: str,
    html: str | None,
    sender: Sender,
    recipient: str,
    message_id: str,
    date: datetime,
    unsubscribe_url: str | None = None,
    attachments: Sequence[Attachment] = (),
) -> bytes:
    """The whole mail, 7 bit, CRLF line ends. ``date`` is aware; ``unsubscribe_url`` only with a promotion.

    Raises ``MessageRefusedError`` where an address, a header or the text is not safe to send.
    """
    message = EmailMessage(policy=_POLICY)
    _check_header_values(subject, sender.name, unsubscribe_url or "")
    try:
        message["From"] = Address(display_name=sender.name, addr_spec=check_address(sender.address))
        message["To"] = check_address(recipient)
        message["Subject"] = subject
        message["Date"] = date.astimezone(TOKYO).replace(microsecond=0)
        message["Message-ID"] = _checked_message_id(message_id)
        message["Auto-Submitted"] = "auto-generated"
        if unsubscribe_url is not None:
            message["List-Unsubscribe"] = f"<{_checked_link(unsubscribe_url)}>"
    except (MessageError, HeaderDefect, ValueError, IndexError) as error:
        raise MessageRefusedError("header_invalid") from error
    wanted = {name.lower() for name in message} | {
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
    _check_text(text, html or "", *(one.text for one in attachments))
    message.set_content(text, charset="utf-8")
    if html is not None:
        message.add_alternative(html, subtype="html", charset="utf-8")
    for one in attachments:
        message.add_attachment(one.text, subtype=one.kind, charset="utf-8", filename=one.name)
    content = message.as_bytes()
    _check_header_lines(content, wanted)
    return content


def redirected(content: bytes, recipient: str) -> bytes:
    """A finished mail for another address, its subject marked; the address it was for stands in it no more."""
    message = message_from_bytes(content, policy=_POLICY)
    subject = str(message["Subject"])
    del message["To"], message["Subject"]
    message["To"] = recipient
    message["Subject"] = f"{STAGING_MARK} {subject}"
    return message.as_bytes()


def _check_header_values(*values: str) -> None:
    # Python 3.11 does not verify generated headers itself (CVE-2024-6923), so nothing that could end
    # a line, in any script, comes as far as the library. An encoded word ("=?utf-8?b?…?=") would be decoded by
    # whoever reads the mail, and may hold a line end as well.
    for value in values:
        if "=?" in value or any(
            unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value
        ):
            raise MessageRefusedError("header_invalid")


def _checked_message_id(value: str) -> str:
    if not _MESSAGE_ID.fullmatch(value):
        raise MessageRefusedError("header_invalid")
    return value


def _checked_link(url: str) -> str:
    parts = urlsplit(url)
    plain = url.isascii() and url.isprintable() and not set(url) & set(" <>,\"'")
    if not plain or parts.scheme not in {"https", "http"} or not parts.hostname or len(url) > 900:
        raise MessageRefusedError("header_invalid")
    return url


def _check_text(*texts: str) -> None:
    for text in texts:
        if any(
            unicodedata.category(character) in {"Cc", "Cs"} for character in text if character not in "\n\t"
        ):
            raise MessageRefusedError("text_invalid")


def _check_header_lines(content: bytes, wanted: set[str]) -> None:
    """Read the finished headers as a mail server would: exactly the wanted ones, each once."""
    head = content.partition(b"\r\n\r\n")[0]
    seen = []
    for line in head.split(b"\r\n"):
        match = _HEADER_LINE.fullmatch(line)
        if match is None or len(line) > _LONGEST_LINE:
            raise MessageRefusedError("header_invalid")
        if match["name"] is not None:
            seen.append(match["name"].decode().lower())
    if len(seen) != len(set(seen)) or not set(seen) <= wanted:
        raise MessageRefusedError("header_invalid")
