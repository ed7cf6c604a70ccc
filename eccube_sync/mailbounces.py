"""Mails that came back: which of ours it was, and whether its address or somebody else is to blame.

What a mail server reports is read by its standard (RFC 3464, RFC 3463); what older servers write in words of
their own is known to flufl.bounce. An address is called wrong only where a server says so, never on a guess.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from eccube_sync.mailmessage import OUR_MESSAGE_ID

logging.getLogger("flufl.bounce").disabled = True  # it would quote the mail

LARGEST = 200_000
"""Bytes of a mail that are looked at: a few words, and the head of a mail of ours."""


class Blame(StrEnum):
    """Whose fault it is that a mail came back; the worst for the address first."""

    HARD = "hard"  # the address: there is no such mailbox
    SOFT = "soft"  # perhaps the address: a full mailbox, a server that cannot be reached, or no word why
    OTHER = "other"  # not the address: policy, protocol, content, our own sender


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back. A server's own words are not kept."""

    message_ids: frozenset[str]
    """Of the mails of this program that it speaks of."""
    recipients: frozenset[str] = field(repr=False)
    """The addresses it calls undeliverable, in small letters; behind a mail that was forwarded stands another one."""
    blame: Blame


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a server said of one recipient."""

    recipients: frozenset[str]
    words: str


_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_NO_SUCH_MAILBOX = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10"})
_IN_WORDS = re.compile(
    r"unknown user|user unknown|no such (?:user|mailbox|recipient)|invalid recipient|no mailbox here"
    r"|\b(?:user|mailbox|recipient|account)\b.{0,60}\b(?:not found|does ?n[o']t exist)"
    r"|does ?n[o']t have an? \S+ account",
    re.IGNORECASE,
)
_OF_US = re.compile(r"\bsender|verif|\bIP\b|\bDNS\b|reverse|limit", re.IGNORECASE)
_FOR_NOW = re.compile(r"timed? ?out|(?<![\w.])4\d\d(?![\w.])", re.IGNORECASE)
_COPY = re.compile(r"^-{3}", re.MULTILINE)  # below it stands the mail itself
_NO_SUCH_DOMAIN = "5.1.2"
_PERHAPS_THE_ADDRESS = ("0", "2", "4")  # subjects of enhanced codes: nothing said, the mailbox, the way there


def read_bounce(content: bytes) -> Bounce | None:
    """What a mail says about one that could not be delivered; None for any other mail, also one about a delay."""
    try:
        message = message_from_bytes(content[:LARGEST])
        failure = _failure(message)
        if failure is None:
            return None
        return Bounce(frozenset(_message_ids(message)), failure.recipients, _judge(failure.words))
    except Exception:  # whatever a stranger sent, folded a thousand times, is one mail among many
        return None


def _failure(message: Message) -> _Failure | None:
    """What could not be delivered to whom, and why; None when that is not what the mail is about."""
    reports = list(_reports(message))
    if reports:
        return next((failure for action, failure in reports if action == "failed"), None)
    from flufl.bounce import all_failures  # whoever only sends mails, every few minutes, needs none of it

    _delayed, failed = all_failures(message)
    if not failed:
        return None
    recipients = frozenset(one.decode("utf-8", "replace").lower() for one in failed)
    texts = (part for part in message.walk() if part.get_content_maintype() == "text")
    letter = _text(next(texts, message))[:3000]
    return _Failure(recipients, _COPY.split(letter)[0])


def _reports(message: Message) -> Iterator[tuple[str, _Failure]]:
    """Of each recipient a server reports on: what became of the mail, and the codes and words for it."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for block in part.get_payload():
            assert isinstance(block, Message)
            action = str(block["Action"] or "").split(";")[0].strip().casefold()
            if action:
                told = (str(block[name] or "") for name in ("Original-Recipient", "Final-Recipient"))
                recipients = frozenset(one.rpartition(";")[2].strip(" <>\t\r\n").lower() for one in told)
                words = f"{block['Diagnostic-Code'] or ''}\n{block['Status'] or ''}"
                yield action, _Failure(recipients - {""}, words)


def _judge(words: str) -> Blame:
    status = next((found for found in _STATUS.findall(words) if not found.endswith(".0.0")), "5.0.0")
    subject = status.split(".")[1]
    if subject in ("0", "1") and _OF_US.search(words):
        return Blame.OTHER
    named = status in _NO_SUCH_MAILBOX or (subject == "0" and _IN_WORDS.search(words))
    if named:
        return Blame.SOFT if _FOR_NOW.search(words) else Blame.HARD
    soft = status == _NO_SUCH_DOMAIN or subject in _PERHAPS_THE_ADDRESS
    return Blame.SOFT if soft else Blame.OTHER


def _message_ids(message: Message) -> Iterator[str]:
    """Those in the headers of what is returned, and all that stand in texts."""
    for part in message.walk():
        if part is not message:
            yield from OUR_MESSAGE_ID.findall(str(part["Message-ID"] or ""))
        if part.get_content_maintype() == "text":
            yield from OUR_MESSAGE_ID.findall(_text(part))


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
