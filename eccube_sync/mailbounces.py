"""Mails that came back: which of ours it was, and whether its address or somebody else is to blame.

What a mail server reports is read by its standard (RFC 3464, RFC 3463); what older servers write in words of
their own is known to flufl.bounce. An address is called wrong only where a server says so, never on a guess.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from enum import StrEnum

from flufl.bounce import all_failures

from eccube_sync.maildelivery import Phase, Verdict, judge_reply

logging.getLogger("flufl.bounce").disabled = True  # it would quote the mail

LARGEST = 200_000
"""Bytes of a mail that are looked at: a few words, and the head of a mail of ours."""


class Blame(StrEnum):
    """Whose fault it is that a mail came back; the worst for the address first."""

    HARD = "hard"  # the address: there is no such mailbox
    SOFT = (
        "soft"  # perhaps the address: a mailbox that is full, a server that cannot be reached, or no word why
    )
    OTHER = "other"  # not the address: policy, protocol, content


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back. Holds no personal data: neither the address nor a server's words."""

    message_ids: frozenset[str]
    """Of all mails it speaks of; one of them may be ours."""
    blame: Blame


_MESSAGE_ID = re.compile(r"<[^<>\s]{3,180}>")
_FOR_NOW = re.compile(r"(?<![\d.])4\d\d(?![\d.])")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_NO_SUCH_MAILBOX = re.compile(
    r"unknown user|user unknown|no such (?:user|mailbox|recipient|address|person)|invalid recipient"
    r"|(?:user|mailbox|recipient|account|address)\b.{0,80}\b(?:not found|does ?n[o']t exist|unknown)"
    r"|does ?n[o']t have an? \S+ account|no mailbox here",
    re.IGNORECASE,
)
# Subjects of enhanced codes: nothing said, the address, the mailbox, the way there.
_PERHAPS_THE_ADDRESS = ("0", "1", "2", "4")


def read_bounce(content: bytes) -> Bounce | None:
    """What a mail says about one that could not be delivered; None for any other mail, also one about a delay."""
    try:
        message = message_from_bytes(content[:LARGEST])
        words = _failure(message)
        return None if words is None else Bounce(frozenset(_message_ids(message)), _judge(words))
    except Exception:  # whatever a stranger sent, folded a thousand times, is one mail among many
        return None


def _failure(message: Message) -> str | None:
    """The words for why it could not be delivered; None when that is not what the mail is about."""
    reports = list(_reports(message))
    if reports:
        return next((words for action, words in reports if action == "failed"), None)
    _delayed, failed = all_failures(message)
    if not failed:
        return None
    texts = (part for part in message.walk() if part.get_content_maintype() == "text")
    return _text(next(texts, message))[:3000]


def _reports(message: Message) -> Iterator[tuple[str, str]]:
    """Of each recipient a server reports on: what became of the mail, and the codes and words for it."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for block in part.get_payload():
            assert isinstance(block, Message)
            if block["Action"]:
                action = str(block["Action"]).split(";")[0].strip().casefold()
                yield action, f"{block['Diagnostic-Code'] or ''}\n{block['Status'] or ''}"


def _judge(words: str) -> Blame:
    status = next((found for found in _STATUS.findall(words) if not found.endswith(".0.0")), "5.0.0")
    kind, subject, _detail = status.split(".")
    if subject == "1" and kind == "5":
        # What a server says of a recipient is judged as if it had been said to us.
        verdict = judge_reply(Phase.RCPT, 550, status).verdict
        return Blame.HARD if verdict is Verdict.PERMANENT_ADDRESS else Blame.OTHER
    if subject == "0" and _NO_SUCH_MAILBOX.search(words) and not _FOR_NOW.search(words):
        return Blame.HARD
    return Blame.SOFT if subject in _PERHAPS_THE_ADDRESS else Blame.OTHER


def _message_ids(message: Message) -> Iterator[str]:
    """Those in the headers of what is returned, and all that stand in texts."""
    for part in message.walk():
        if part is not message and part["Message-ID"]:
            yield str(part["Message-ID"]).strip()
        if part.get_content_maintype() == "text":
            yield from _MESSAGE_ID.findall(_text(part))


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
