"""What became of one mail: the phases of an SMTP session and the judgement of every failure in them."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from enum import StrEnum

from eccube_sync.errors import EccubeSyncError, ExitCode
from eccube_sync.i18n import _, mark


class Phase(StrEnum):
    """How far a session came. Until the final dot has left, no server can have accepted the mail."""

    CONNECT = "connect"
    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"  # the dot is being handed to the network
    AFTER = "after"  # the dot has left; the answer is awaited


class Verdict(StrEnum):
    """What the outbox does with the mail next."""

    SENT = "sent"
    RETRY = "retry"  # nothing can have been accepted: the same bytes go out again later
    PERMANENT_ADDRESS = "permanent_address"  # the address takes no mail; suspend it
    PERMANENT_MESSAGE = "permanent_message"  # this mail failed; the address is not to blame
    STOP_RUN = "stop_run"  # our own account, certificate or sender is refused; blame no address
    IN_DOUBT = "in_doubt"  # perhaps accepted; a person decides, it is never sent again by itself


NOTES = {
    "accepted": mark("The mail server accepted the mail."),
    "address_refused": mark("The mail server does not know the address."),
    "auth_not_offered": mark("The mail server offers no login we know. Check host, port and security."),
    "auth_refused": mark("The mail server refused our login. Check user and password."),
    "certificate_invalid": mark("The mail server's certificate could not be verified. Check the host name."),
    "connection_failed": mark("No connection to the mail server. Check host and port."),
    "connection_lost": mark("The mail server closed the connection."),
    "mailbox_full": mark("The mailbox cannot take the mail."),
    "message_refused": mark("The mail server refused the mail itself."),
    "no_answer": mark("The mail was handed over, but no answer came; it may have been delivered."),
    "not_smtp": mark("What answered is not a mail server we may use. Check host and port."),
    "policy_refused": mark("The mail server refused the mail by a rule of its own."),
    "sender_refused": mark("The mail server refused our sender address. Check the sender."),
    "server_refused": mark("The mail server refuses to talk to this machine."),
    "temporarily_refused": mark("The mail server asked to try again later."),
    "timed_out": mark("The mail server did not answer in time."),
    "tls_failed": mark("No encrypted connection to the mail server could be made. Check port and security."),
    "tls_not_offered": mark("The mail server offers no STARTTLS; nothing was sent. Check port and security."),
    "unintelligible": mark("The mail server gave an answer that cannot be understood."),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of one attempt. Holds no personal data: a server's own words are never kept."""

    verdict: Verdict
    phase: Phase
    note: str  # a key of NOTES
    code: int | None = None
    enhanced_code: str | None = None

    def describe(self) -> str:
        """The outcome in the user's language, with the server's codes."""
        codes = " ".join(str(code) for code in (self.code, self.enhanced_code) if code is not None)
        place = f"{self.phase}, {codes}" if codes else str(self.phase)
        return f"{_(NOTES[self.note])} ({place})"


class MailServerError(EccubeSyncError):
    """No session could be opened, so nothing was claimed; ``delivery`` says how far it came."""

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(delivery.describe())
        self.delivery = delivery
        stopped = delivery.verdict is Verdict.STOP_RUN
        self.exit_code = ExitCode.CONFIGURATION if stopped else ExitCode.LOCKED


class UnfitServerError(Exception):
    """A server that lacks what we insist on; ``note`` is a key of ``NOTES``."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


_OPENING = {  # and what a 5xx there means
    Phase.CONNECT: "server_refused",
    Phase.BANNER: "server_refused",
    Phase.EHLO: "server_refused",
    Phase.STARTTLS: "tls_failed",
    Phase.AUTH: "auth_refused",
}
_LOGIN_CODES = {530, 534, 535, 538}
_ADDRESS_CODES = {550, 551, 553, 556}
_OUR_SENDER = {"5.1.7", "5.1.8"}  # Postfix tells of a bad sender only at RCPT
_FULL = {"5.2.2", "5.2.3"}
_NOT_THE_ADDRESS = {"3", "5", "7"}  # enhanced subjects: the system, the protocol, policy


def judge_reply(phase: Phase, code: int, enhanced: str | None) -> Delivery:
    """Judge a reply other than the one hoped for; after the dot, any reply at all."""
    verdict, note = _judge_code(phase, code, enhanced or "")
    return Delivery(verdict, phase, note, code if 200 <= code <= 599 else None, enhanced)


def judge_failure(phase: Phase, error: Exception) -> Delivery:
    """Judge a session that ended without a reply: dropped, stalled, or with no trust in the server."""
    if phase is Phase.AFTER:
        return Delivery(Verdict.IN_DOUBT, phase, "no_answer")
    if isinstance(error, UnfitServerError):
        return Delivery(Verdict.STOP_RUN, phase, error.note)
    causes = (error, error.__context__)  # smtplib hides the reason behind "unexpectedly closed"
    if phase in _OPENING and (note := _distrust(*causes)):
        return Delivery(Verdict.STOP_RUN, phase, note)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Delivery(Verdict.RETRY, phase, "timed_out")
    return Delivery(
        Verdict.RETRY, phase, "connection_failed" if phase is Phase.CONNECT else "connection_lost"
    )


def _distrust(*causes: BaseException | None) -> str | None:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "certificate_invalid"
        # An end of file amid the handshake is a lost connection, not a quarrel about trust.
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            return "tls_failed"
    return None


def _judge_code(phase: Phase, code: int, enhanced: str) -> tuple[Verdict, str]:
    if phase is Phase.AFTER:
        return _judge_after_dot(code)
    if 400 <= code <= 499:
        return Verdict.RETRY, "temporarily_refused"
    if 500 <= code <= 599:
        return _judge_refusal(phase, code, enhanced)
    return (Verdict.STOP_RUN, "not_smtp") if phase is Phase.BANNER else (Verdict.RETRY, "unintelligible")


def _judge_refusal(phase: Phase, code: int, enhanced: str) -> tuple[Verdict, str]:
    if code in _LOGIN_CODES or enhanced == "5.7.8":
        return Verdict.STOP_RUN, "auth_refused"
    if phase in _OPENING:
        return Verdict.STOP_RUN, _OPENING[phase]
    if phase is Phase.MAIL and code != 552:
        return Verdict.STOP_RUN, "sender_refused"
    if phase is Phase.RCPT:
        return _judge_recipient(code, enhanced)
    return Verdict.PERMANENT_MESSAGE, "message_refused"


def _judge_after_dot(code: int) -> tuple[Verdict, str]:
    if 200 <= code <= 299:
        return Verdict.SENT, "accepted"
    if 400 <= code <= 499:
        return Verdict.RETRY, "temporarily_refused"
    if 500 <= code <= 599:
        return Verdict.PERMANENT_MESSAGE, "message_refused"
    return Verdict.IN_DOUBT, "no_answer"


def _judge_recipient(code: int, enhanced: str) -> tuple[Verdict, str]:
    """An address is blamed only where the server speaks of the address and not of us or of its rules."""
    if enhanced in _OUR_SENDER:
        return Verdict.STOP_RUN, "sender_refused"
    if enhanced in _FULL or code == 552:
        return Verdict.PERMANENT_MESSAGE, "mailbox_full"
    subject = enhanced.split(".")[1] if enhanced else ""
    if subject == "1" or (code in _ADDRESS_CODES and subject not in _NOT_THE_ADDRESS):
        return Verdict.PERMANENT_ADDRESS, "address_refused"
    return Verdict.PERMANENT_MESSAGE, "policy_refused"
