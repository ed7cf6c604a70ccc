"""Mails as servers return them, each about a mail of ours: made up, in the shapes that are usual.

``RETURNED`` gives for each shape what it must be taken for; ``None`` is a mail that returns nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from eccube_sync.mailbounces import Blame

Shape = Callable[[str, str], str]
"""Message-ID and address of a mail of ours → the mail that comes back."""


def report(action: str, status: str, diagnostic: str = "", *, daemon: str = "mx.example.net") -> Shape:
    """A report by the standard (RFC 3464), with the mail of ours in full."""

    def made(message_id: str, address: str) -> str:
        reason = f"Diagnostic-Code: {diagnostic.format(address=address)}\n" if diagnostic else ""
        return f"""\
Return-Path: <>
From: MAILER-DAEMON@{daemon} (Mail Delivery System)
To: bounce@example.jp
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"
Message-Id: <20260410.1@{daemon}>

--=_b
Content-Type: text/plain; charset=us-ascii

This is the mail system at host {daemon}. Your message to <{address}> is below.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; {daemon}
Arrival-Date: Fri, 10 Apr 2026 10:00:00 +0900

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.com
{reason}
--=_b
Content-Type: message/rfc822

From: shop@example.jp
To: {address}
Subject: =?utf-8?b?5Lya5ZOh5pyf6ZmQ?=
Message-ID: {message_id}

Your membership ends soon.

--=_b--
"""

    return made


def headers_only(status: str) -> Shape:
    """The same, returning the headers of ours only."""

    def made(message_id: str, address: str) -> str:
        whole = report("failed", status)(message_id, address)
        return whole.replace("Content-Type: message/rfc822", "Content-Type: text/rfc822-headers").replace(
            "Your membership ends soon.\n", ""
        )

    return made


def qmail(words: str) -> Shape:
    """A server that writes no report but a letter."""

    def made(message_id: str, address: str) -> str:
        return f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.example.net
To: bounce@example.jp
Subject: failure notice

Hi. This is the qmail-send program at mail.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
{words}

--- Below this line is a copy of the message.

Return-Path: <bounce@example.jp>
From: shop@example.jp
To: {address}
Message-ID: {message_id}

Your membership ends soon.
"""

    return made


def exim(words: str) -> Shape:
    """Another one that writes letters, with the address in a header."""

    def made(message_id: str, address: str) -> str:
        return f"""\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mail.example.net>
To: bounce@example.jp
X-Failed-Recipients: {address}
Auto-Submitted: auto-replied
Subject: Mail delivery failed: returning message to sender

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {address}
    {words}

------ This is a copy of the message, including all the headers. ------

From: shop@example.jp
To: {address}
Message-ID: {message_id}

Your membership ends soon.
"""

    return made


def letter(subject: str, text: str) -> Shape:
    """What a person, or a machine that speaks for one, writes back."""

    def made(message_id: str, address: str) -> str:
        return f"""\
From: {address}
To: bounce@example.jp
Subject: {subject}
In-Reply-To: {message_id}
References: {message_id}
Auto-Submitted: auto-replied

{text}
"""

    return made


HARD, SOFT, OTHER = Blame.HARD, Blame.SOFT, Blame.OTHER
RETURNED: dict[str, tuple[Shape, Blame | None]] = {
    "no such user": (report("failed", "5.1.1", "smtp; 550 5.1.1 <{address}>: Recipient address rejected"), HARD),
    "no such user, without words": (report("failed", "5.1.1"), HARD),
    "no such user, headers only": (headers_only("5.1.1"), HARD),
    "no such user at a large provider": (
        report("failed", "5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist."), HARD
    ),
    "no such user in a company": (report("failed", "5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound"), HARD),
    "no such user of a telephone": (report("failed", "5.0.0", "smtp; 550 Unknown user {address}"), HARD),
    "no such user of another telephone": (report("failed", "5.0.0", "smtp; 550 <{address}>: User unknown"), HARD),
    "no such user of a third telephone": (report("failed", "5.0.0", "smtp; 550 Invalid recipient: <{address}>"), HARD),
    "no such account": (
        report("failed", "5.0.0", "smtp; 554 delivery error: This user doesn't have a mail.example.com account"), HARD
    ),
    "no such user, said in capitals": (report("FAILED", "5.1.1 (bad address)"), HARD),
    "no mailbox, in a letter": (qmail("Sorry, no mailbox here by that name. (#5.1.1)"), HARD),
    "the other server's words in a letter": (
        qmail("203.0.113.7 does not like recipient.\nRemote host said: 550 5.1.1 User unknown\nGiving up."), HARD
    ),
    "unknown user in another letter": (exim("550 5.1.1 User unknown"), HARD),
    "unrouteable in another letter": (exim("Unrouteable address"), SOFT),
    "mailbox full": (report("failed", "5.2.2", "smtp; 552 5.2.2 Over quota"), SOFT),
    "mailbox switched off": (report("failed", "5.2.1", "smtp; 550 5.2.1 Mailbox disabled"), SOFT),
    "the server was away for five days": (report("failed", "4.4.1", "X-Postfix; connect: Connection timed out"), SOFT),
    "no such domain": (report("failed", "5.4.4", "X-Postfix; Host or domain name not found"), SOFT),
    "refused without a reason": (report("failed", "5.0.0", "smtp; 550 Requested action not taken"), SOFT),
    "put off until given up": (report("failed", "4.0.0", "smtp; 450 User unknown for now"), SOFT),
    "taken for spam": (report("failed", "5.7.1", "smtp; 550 5.7.1 Message rejected as spam"), OTHER),
    "our server is on a list": (report("failed", "5.7.26", "smtp; 550 5.7.26 Unauthenticated mail"), OTHER),
    "our sender is unknown": (report("failed", "5.1.8", "smtp; 553 5.1.8 Sender address rejected"), OTHER),
    "too large": (report("failed", "5.3.4", "smtp; 552 5.3.4 Message too big"), OTHER),
    "our daily limit": (report("failed", "5.1.90", "smtp; 550 5.1.90 You have reached your daily limit"), OTHER),
    "our sender is refused": (report("failed", "5.1.0", "smtp; 550 5.1.0 <bounce@example.jp> sender rejected"), OTHER),
    "our sender is not found": (
        report("failed", "5.0.0", "smtp; 550-Verification failed for <bounce@example.jp> No Such User Here"), OTHER
    ),
    "our sender is not found, in a letter": (exim("550-No such user here\n    550 Sender verify failed"), OTHER),
    "our machine has no name": (report("failed", "5.0.0", "smtp; 550 IP rejected, reverse DNS not found"), OTHER),
    "nobody could ask": (report("failed", "5.1.1", "smtp; 550 5.1.1 unverified address: connection timed out"), OTHER),
    "an error nobody knows": (report("failed", "5.0.0", "smtp; 554 Transaction failed, unknown error"), SOFT),
    "no such domain, by its code": (report("failed", "5.1.2", "smtp; 550 5.1.2 Bad destination system"), SOFT),
    "delayed": (report("delayed", "4.4.1", "X-Postfix; connect: Connection timed out"), None),
    "delivered": (report("delivered", "2.0.0", "smtp; 250 OK"), None),
    "passed on": (report("relayed", "2.1.9"), None),
    "on holiday": (letter("不在のお知らせ", "ただいま不在にしております。"), None),
    "moved": (letter("アドレス変更", "The address you wrote to is no longer used: user unknown soon."), None),
    "a question": (letter("Re: 会員期限", "届きましたが、よくわかりません。"), None),
}  # fmt: skip
