"""Mails are handed over whole and one by one, and nothing secret reaches a bad server."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme

from eccube_sync.errors import ConfigurationError
from eccube_sync.maildelivery import NOTES, Delivery, Phase, Verdict
from eccube_sync.mailer import MailServer, Session, open_session
from eccube_sync.mailmessage import MessageRefusedError
from tests.support.delivering import MAIL, RECIPIENT, SENDER, attempt, server_at
from tests.support.smtp import FaultyServer, mail_sink


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
