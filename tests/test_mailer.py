"""Every way in which a mail server can fail is judged rightly, and nothing secret reaches a bad one."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest
import trustme

from eccube_sync.errors import ConfigurationError, ExitCode
from eccube_sync.maildelivery import NOTES, Delivery, MailServerError, Phase, Verdict
from eccube_sync.mailer import MailServer, Session, open_session
from eccube_sync.mailmessage import MessageRefusedError
from tests.support.smtp import FaultyServer, mail_sink

MAIL = b"Subject: test\r\n\r\nHello\r\n.a line that begins with a dot\r\nBye\r\n"
SENDER, RECIPIENT = "shop@example.jp", "hanako@example.jp"


def server_at(port: int, **settings: object) -> MailServer:
    usual: dict[str, object] = {
        "security": "plain",
        "local_hostname": "shop.test",
        "connect_timeout": 20,
        "command_timeout": 20,
        "dot_timeout": 20,
    }
    return MailServer("127.0.0.1", port, **(usual | settings))  # type: ignore[arg-type]


def attempt(faulty: FaultyServer, content: bytes = MAIL, **settings: object) -> Delivery:
    """One delivery through a fresh session, as the outbox makes it."""

    def before_dot() -> None:
        if faulty.phase == "body" and faulty.fault != "stall":
            assert faulty.hung_up.wait(5)

    try:
        with open_session(server_at(faulty.port, **settings)) as session:
            return session.deliver(content, sender=SENDER, recipient=RECIPIENT, before_dot=before_dot)
    except MailServerError as error:
        return error.delivery


# What each fault (columns) means at each phase (rows).
FAULTS = (
    "drop",
    "stall",
    "421 4.3.2 closing",
    "451 4.7.1 later",
    "500 what",
    "550 5.0.0 no",
    "554 no",
    "garbage",
)
MEANING = {
    "banner": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "stop_run"),
    "ehlo": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "starttls": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "auth": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "mail": ("retry", "retry", "retry", "retry", "stop_run", "stop_run", "stop_run", "retry"),
    "rcpt": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_address", "permanent_message", "retry"),
    ),
    "data": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "retry"),
    ),
    "body": (
        *("retry", "retry", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "retry"),
    ),
    "dot": (
        *("in_doubt", "in_doubt", "retry", "retry"),
        *("permanent_message", "permanent_message", "permanent_message", "in_doubt"),
    ),
}
MATRIX = [
    (phase, fault, verdict)
    for phase, verdicts in MEANING.items()
    for fault, verdict in zip(FAULTS, verdicts, strict=True)
]
SPECIAL = [
    ("mail", "530 5.7.0 log in first", "stop_run"),
    ("mail", "552 5.3.4 too large", "permanent_message"),
    ("mail", "553 5.7.1 not your address", "stop_run"),
    ("mail", "299 odd but kind", "sent"),
    ("rcpt", "550 5.1.1 unknown", "permanent_address"),
    ("rcpt", "551 5.1.6 moved", "permanent_address"),
    ("rcpt", "553 5.1.3 malformed", "permanent_address"),
    ("rcpt", "501 5.1.3 malformed", "permanent_address"),
    ("rcpt", "556 5.1.10 takes no mail", "permanent_address"),
    ("rcpt", "550 unknown user", "permanent_address"),
    ("rcpt", "550 5.4.1 access denied", "permanent_address"),
    ("rcpt", "550 5.1.8 your sender's domain", "stop_run"),
    ("rcpt", "550 5.7.1 relaying denied", "permanent_message"),
    ("rcpt", "554 5.7.1 relay access denied", "permanent_message"),
    ("rcpt", "552 5.2.2 mailbox full", "permanent_message"),
    ("rcpt", "550 5.2.2 mailbox full", "permanent_message"),
    ("rcpt", "530 5.7.0 log in first", "stop_run"),
    ("rcpt", "535 5.7.8 who are you", "stop_run"),
    ("rcpt", "452 4.2.2 mailbox full", "retry"),
    ("rcpt", "450 4.2.0 greylisted", "retry"),
    ("rcpt", "251 will forward", "sent"),
    ("data", "250 not what was asked for", "retry"),
    ("body", "250 too early to be an answer", "retry"),
    ("dot", "452 4.3.1 disk full", "retry"),
    ("dot", "552 5.3.4 too large", "permanent_message"),
    ("dot", "554 5.7.1 looks like spam", "permanent_message"),
    ("dot", "354 again", "in_doubt"),
    ("dot", "250-accepted, but the reply never ends", "in_doubt"),
    ("dot", "250 " + "x" * 20_000, "in_doubt"),
    ("dot", "25", "in_doubt"),
    ("quit", "drop", "sent"),
    ("quit", "stall", "sent"),
    ("quit", "550 no", "sent"),
]


def patience(phase: str, fault: str) -> dict[str, object]:
    """Short only where the server stays silent, so that a busy machine is not taken for a silent server."""
    if phase == "dot":
        return {"dot_timeout": 0.4 if fault == "stall" or "never ends" in fault else 20}
    return {"command_timeout": 0.4 if phase != "quit" else 2} if fault == "stall" else {}


@pytest.mark.parametrize(("phase", "fault", "verdict"), MATRIX + SPECIAL)
def test_a_fault_at_any_point_of_the_session_is_judged_rightly(phase: str, fault: str, verdict: str) -> None:
    settings = patience(phase, fault)
    if phase == "starttls":
        settings["security"] = "starttls"
    if phase == "auth":
        settings |= {"user": "shop", "password": "secret"}
    content = MAIL + b"x" * 78 * 1000 * 150 if (phase, fault) == ("body", "stall") else MAIL
    with FaultyServer(phase, fault) as faulty:
        delivery = attempt(faulty, content, **settings)
    assert delivery.verdict == verdict
    # Whatever the client concludes, it never contradicts what truly happened.
    if faulty.accepted:
        assert delivery.verdict in {Verdict.SENT, Verdict.IN_DOUBT}
    else:
        assert delivery.verdict is not Verdict.SENT


def test_an_answer_that_comes_after_our_patience_leaves_the_mail_in_doubt() -> None:
    with FaultyServer("dot", "late", delay=0.8) as faulty:
        delivery = attempt(faulty, dot_timeout=0.3)
    assert (delivery.verdict, delivery.phase) == (Verdict.IN_DOUBT, Phase.AFTER)
    assert len(faulty.accepted) == 1


def test_an_answer_that_is_slow_but_in_time_counts() -> None:
    with FaultyServer("dot", "late", delay=0.6) as faulty:
        assert attempt(faulty).verdict is Verdict.SENT


def test_nobody_listening_is_a_matter_of_trying_again() -> None:
    with FaultyServer() as faulty:
        port = faulty.port
    with pytest.raises(MailServerError) as refusal, open_session(server_at(port)):
        pass
    assert refusal.value.delivery.verdict is Verdict.RETRY
    assert refusal.value.delivery.phase is Phase.CONNECT
    assert refusal.value.exit_code is ExitCode.LOCKED


def test_a_refused_login_is_tried_once_and_is_a_matter_of_configuration() -> None:
    with (
        FaultyServer("auth", "535 5.7.8 wrong password") as faulty,
        pytest.raises(MailServerError) as refusal,
    ):
        Session(server_at(faulty.port, user="shop", password="secret")).prepare()
    assert refusal.value.exit_code is ExitCode.CONFIGURATION
    assert sum(line.startswith(b"AUTH") for line in faulty.heard) == 1


def test_an_outcome_is_told_in_words_with_the_servers_codes_and_without_its_text() -> None:
    with FaultyServer("rcpt", "550 5.1.1 hanako@example.jp is unknown") as faulty:
        delivery = attempt(faulty)
    assert "550 5.1.1" in delivery.describe()
    assert "hanako" not in repr(delivery) + delivery.describe()
    assert delivery.note in NOTES


def test_the_dot_leaves_only_after_the_caller_has_noted_it() -> None:
    class DatabaseGoneError(Exception):
        pass

    def before_dot() -> None:
        raise DatabaseGoneError

    with FaultyServer() as faulty:
        session = Session(server_at(faulty.port))
        with pytest.raises(DatabaseGoneError):
            session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=before_dot)
        faulty.hung_up.wait(5)
        outcome = session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=lambda: None)
        session.close()
    assert outcome.verdict is Verdict.SENT
    assert len(faulty.accepted) == 1


def test_a_mail_arrives_byte_for_byte_with_its_dots_doubled_on_the_way() -> None:
    with mail_sink() as sink, open_session(server_at(sink.port)) as session:
        outcome = session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=lambda: None)
    assert outcome == Delivery(Verdict.SENT, Phase.AFTER, "accepted", 250, "2.0.0")
    assert sink.mails == [(SENDER, [RECIPIENT], MAIL)]


def test_many_mails_share_a_connection_and_a_refused_one_does_not_spoil_the_next() -> None:
    verdicts = []
    with (
        FaultyServer("rcpt", "550 5.1.1 unknown", times=1) as faulty,
        open_session(server_at(faulty.port, mails_per_connection=3)) as session,
    ):
        for _number in range(5):
            session.prepare()
            outcome = session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=lambda: None)
            verdicts.append(outcome.verdict)
    assert verdicts == [Verdict.PERMANENT_ADDRESS, *[Verdict.SENT] * 4]
    assert faulty.connections == 2
    assert sum(line.upper().startswith(b"RCPT") for line in faulty.heard) == 5


@pytest.mark.parametrize("fault", ["drop", "421 idle too long", "451 no"])
def test_a_connection_that_died_between_two_mails_is_opened_again(fault: str) -> None:
    with FaultyServer("rset", fault) as faulty, open_session(server_at(faulty.port)) as session:
        for _number in range(2):
            session.prepare()
            outcome = session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=lambda: None)
    assert outcome.verdict is Verdict.SENT
    assert len(faulty.accepted) == 2


@pytest.mark.parametrize(
    "recipient", ["a@example.jp, b@example.jp", "a@example.jp\r\nRCPT TO:<b@example.jp>", ""]
)
def test_a_recipient_that_is_not_one_address_never_reaches_the_server(recipient: str) -> None:
    with FaultyServer() as faulty, pytest.raises(MessageRefusedError):
        Session(server_at(faulty.port)).deliver(
            MAIL, sender=SENDER, recipient=recipient, before_dot=lambda: None
        )
    assert not any(line.startswith((b"mail", b"MAIL")) for line in faulty.heard)


# Encryption.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


def context_for(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("security", ["starttls", "smtps"])
def test_mail_and_login_travel_encrypted_to_a_server_whose_certificate_is_right(
    security: str, authority: trustme.CA, ca_file: Path
) -> None:
    context = context_for(authority.issue_cert("127.0.0.1"))
    settings: dict[str, object] = {
        "security": security,
        "ca_file": ca_file,
        "user": "shop",
        "password": "right",
    }
    with mail_sink(**{security: context}) as sink, open_session(server_at(sink.port, **settings)) as session:
        outcomes = [
            session.deliver(MAIL, sender=SENDER, recipient=RECIPIENT, before_dot=lambda: None)
            for _ in range(2)
        ]
    assert [outcome.verdict for outcome in outcomes] == [Verdict.SENT] * 2
    assert sink.logins == [("shop", "right")]
    assert len(sink.mails) == 2


def bad_certificates(authority: trustme.CA) -> dict[str, trustme.LeafCert]:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return {
        "unknown authority": trustme.CA().issue_cert("127.0.0.1"),
        "another host": authority.issue_cert("mail.example.net"),
        "run out": authority.issue_cert("127.0.0.1", not_after=yesterday),
    }


@pytest.mark.parametrize("fault", ["unknown authority", "another host", "run out"])
@pytest.mark.parametrize("security", ["starttls", "smtps"])
def test_a_wrong_certificate_stops_the_run_before_a_secret_is_said(
    security: str, fault: str, authority: trustme.CA, ca_file: Path
) -> None:
    context = context_for(bad_certificates(authority)[fault])
    settings: dict[str, object] = {
        "security": security,
        "ca_file": ca_file,
        "user": "shop",
        "password": "right",
    }
    with FaultyServer(tls=context, smtps=security == "smtps") as faulty:
        delivery = attempt(faulty, **settings)
    assert (delivery.verdict, delivery.note) == (Verdict.STOP_RUN, "certificate_invalid")
    assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in faulty.heard)


@pytest.mark.parametrize(
    ("script", "security", "note"),
    [
        ({"offers": ("SIZE 1000", "AUTH PLAIN")}, "starttls", "tls_not_offered"),
        ({"phase": "starttls", "fault": "502 never heard of it"}, "starttls", "tls_failed"),
        ({"phase": "starttls", "fault": "220 go on\r\n250 said too early"}, "starttls", "tls_failed"),
        ({}, "smtps", "tls_failed"),
    ],
)
def test_a_server_without_proper_encryption_hears_neither_login_nor_mail(
    script: dict[str, str], security: str, note: str, ca_file: Path
) -> None:
    with FaultyServer(**script) as faulty:  # type: ignore[arg-type]
        delivery = attempt(faulty, security=security, ca_file=ca_file, user="shop", password="right")
    assert (delivery.verdict, delivery.note) == (Verdict.STOP_RUN, note)
    assert not any(line.upper().startswith((b"AUTH", b"MAIL")) for line in faulty.heard)


def test_a_server_that_offers_no_login_we_know_stops_the_run() -> None:
    with FaultyServer(offers=("SIZE 1000", "AUTH XOAUTH2")) as faulty:
        delivery = attempt(faulty, user="shop", password="right")
    assert (delivery.verdict, delivery.note) == (Verdict.STOP_RUN, "auth_not_offered")


def test_an_unencrypted_connection_is_only_for_a_server_on_this_machine() -> None:
    assert MailServer("localhost", 25, "plain").security == "plain"
    with pytest.raises(ConfigurationError):
        MailServer("mail.example.jp", 25, "plain")


def test_a_password_never_shows_in_an_error_or_a_listing() -> None:
    assert "hunter2" not in repr(MailServer("localhost", 25, "plain", user="shop", password="hunter2"))
    with pytest.raises(ConfigurationError) as refusal:
        MailServer("localhost", 25, "plain", user="shop", password="秘密の言葉")
    assert "秘密" not in str(refusal.value)
