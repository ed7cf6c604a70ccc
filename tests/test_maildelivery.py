"""Every reply and every broken session has one verdict and one sentence; nothing of a server's own words is kept."""

from __future__ import annotations

import ssl

import pytest

from eccube_sync.errors import ExitCode
from eccube_sync.maildelivery import (
    Delivery,
    MailServerError,
    Phase,
    UnfitServerError,
    Verdict,
    judge_failure,
    judge_reply,
)

REPLIES = [
    (Phase.CONNECT, 554, None, Verdict.STOP_RUN, "server_refused"),
    (Phase.BANNER, 554, "5.7.1", Verdict.STOP_RUN, "server_refused"),
    (Phase.BANNER, 421, None, Verdict.RETRY, "temporarily_refused"),
    (Phase.BANNER, -1, None, Verdict.STOP_RUN, "not_smtp"),
    (Phase.EHLO, 502, None, Verdict.STOP_RUN, "server_refused"),
    (Phase.EHLO, -1, None, Verdict.RETRY, "unintelligible"),
    (Phase.STARTTLS, 501, None, Verdict.STOP_RUN, "tls_failed"),
    (Phase.AUTH, 535, "5.7.8", Verdict.STOP_RUN, "auth_refused"),
    (Phase.AUTH, 500, None, Verdict.STOP_RUN, "auth_refused"),
    (Phase.MAIL, 530, None, Verdict.STOP_RUN, "auth_refused"),
    (Phase.RCPT, 550, "5.7.8", Verdict.STOP_RUN, "auth_refused"),
    (Phase.MAIL, 553, "5.1.8", Verdict.STOP_RUN, "sender_refused"),
    (Phase.MAIL, 552, None, Verdict.PERMANENT_MESSAGE, "message_refused"),
    (Phase.RCPT, 400, None, Verdict.RETRY, "temporarily_refused"),
    (Phase.RCPT, 499, None, Verdict.RETRY, "temporarily_refused"),
    (Phase.RCPT, 500, None, Verdict.PERMANENT_MESSAGE, "policy_refused"),
    (Phase.RCPT, 599, None, Verdict.PERMANENT_MESSAGE, "policy_refused"),
    (Phase.RCPT, 600, None, Verdict.RETRY, "unintelligible"),
    (Phase.RCPT, 550, None, Verdict.PERMANENT_ADDRESS, "address_refused"),
    (Phase.RCPT, 550, "5.1.1", Verdict.PERMANENT_ADDRESS, "address_refused"),
    (Phase.RCPT, 554, "5.1.10", Verdict.PERMANENT_ADDRESS, "address_refused"),
    (Phase.RCPT, 550, "5.1.7", Verdict.STOP_RUN, "sender_refused"),
    (Phase.RCPT, 550, "5.3.2", Verdict.PERMANENT_MESSAGE, "policy_refused"),
    (Phase.RCPT, 550, "5.7.1", Verdict.PERMANENT_MESSAGE, "policy_refused"),
    (Phase.RCPT, 550, "5.2.2", Verdict.PERMANENT_MESSAGE, "mailbox_full"),
    (Phase.RCPT, 552, None, Verdict.PERMANENT_MESSAGE, "mailbox_full"),
    (Phase.DATA, 554, None, Verdict.PERMANENT_MESSAGE, "message_refused"),
    (Phase.AFTER, 199, None, Verdict.IN_DOUBT, "no_answer"),
    (Phase.AFTER, 200, None, Verdict.SENT, "accepted"),
    (Phase.AFTER, 250, "2.0.0", Verdict.SENT, "accepted"),
    (Phase.AFTER, 299, None, Verdict.SENT, "accepted"),
    (Phase.AFTER, 300, None, Verdict.IN_DOUBT, "no_answer"),
    (Phase.AFTER, 399, None, Verdict.IN_DOUBT, "no_answer"),
    (Phase.AFTER, 400, None, Verdict.RETRY, "temporarily_refused"),
    (Phase.AFTER, 499, "4.3.0", Verdict.RETRY, "temporarily_refused"),
    (Phase.AFTER, 500, None, Verdict.PERMANENT_MESSAGE, "message_refused"),
    (Phase.AFTER, 599, None, Verdict.PERMANENT_MESSAGE, "message_refused"),
    (Phase.AFTER, 600, None, Verdict.IN_DOUBT, "no_answer"),
    (Phase.AFTER, -1, None, Verdict.IN_DOUBT, "no_answer"),
]


@pytest.mark.parametrize(("phase", "code", "enhanced", "verdict", "note"), REPLIES)
def test_each_reply_has_its_verdict(
    phase: Phase, code: int, enhanced: str | None, verdict: Verdict, note: str
) -> None:
    kept = code if 200 <= code <= 599 else None
    assert judge_reply(phase, code, enhanced) == Delivery(verdict, phase, note, kept, enhanced)


def after(cause: Exception) -> Exception:
    """What smtplib makes of a cause: a lost connection, with the cause as its context."""
    error = ConnectionError("Connection unexpectedly closed")
    error.__context__ = cause
    return error


FAILURES = [
    (Phase.CONNECT, ConnectionRefusedError(), Verdict.RETRY, "connection_failed"),
    (Phase.CONNECT, TimeoutError(), Verdict.RETRY, "timed_out"),
    (Phase.BANNER, ConnectionResetError(), Verdict.RETRY, "connection_lost"),
    (Phase.EHLO, after(TimeoutError()), Verdict.RETRY, "timed_out"),
    (Phase.STARTTLS, UnfitServerError("tls_not_offered"), Verdict.STOP_RUN, "tls_not_offered"),
    (Phase.STARTTLS, ssl.SSLCertVerificationError(), Verdict.STOP_RUN, "certificate_invalid"),
    (Phase.STARTTLS, after(ssl.SSLError()), Verdict.STOP_RUN, "tls_failed"),
    (Phase.STARTTLS, ssl.SSLEOFError(), Verdict.RETRY, "connection_lost"),
    (Phase.AUTH, UnfitServerError("auth_not_offered"), Verdict.STOP_RUN, "auth_not_offered"),
    (Phase.BODY, ssl.SSLError(), Verdict.RETRY, "connection_lost"),
    (Phase.DOT, TimeoutError(), Verdict.RETRY, "timed_out"),
    (Phase.AFTER, TimeoutError(), Verdict.IN_DOUBT, "no_answer"),
    (Phase.AFTER, ConnectionResetError(), Verdict.IN_DOUBT, "no_answer"),
]


@pytest.mark.parametrize(("phase", "error", "verdict", "note"), FAILURES)
def test_each_broken_session_has_its_verdict(
    phase: Phase, error: Exception, verdict: Verdict, note: str
) -> None:
    assert judge_failure(phase, error) == Delivery(verdict, phase, note)


def test_the_outcome_is_told_with_its_place_and_the_servers_codes() -> None:
    told = Delivery(Verdict.PERMANENT_ADDRESS, Phase.RCPT, "address_refused", 550, "5.1.1").describe()
    assert told == "The mail server does not know the address. (rcpt, 550 5.1.1)"
    told = Delivery(Verdict.RETRY, Phase.DATA, "timed_out").describe()
    assert told == "The mail server did not answer in time. (data)"


@pytest.mark.parametrize(
    ("verdict", "code"), [(Verdict.STOP_RUN, ExitCode.CONFIGURATION), (Verdict.RETRY, ExitCode.LOCKED)]
)
def test_a_server_that_cannot_be_used_ends_the_run_with_its_sentence(
    verdict: Verdict, code: ExitCode
) -> None:
    delivery = Delivery(verdict, Phase.AUTH, "auth_refused", 535)
    error = MailServerError(delivery)
    assert error.delivery is delivery
    assert str(error) == "The mail server refused our login. Check user and password. (auth, 535)"
    assert error.exit_code == code


def test_a_server_that_lacks_what_we_insist_on_is_told_of_by_its_note() -> None:
    error = UnfitServerError("tls_not_offered")
    assert error.note == str(error) == "tls_not_offered"
    assert judge_failure(Phase.STARTTLS, error) == Delivery(
        Verdict.STOP_RUN, Phase.STARTTLS, "tls_not_offered"
    )
