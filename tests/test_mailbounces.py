"""What a mail that came back says: which of ours it was, whom it blames, and nothing said of anybody."""

from __future__ import annotations

from unittest.mock import MagicMock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.mailbounces import Blame, read_bounce
from eccube_sync.mailmessage import message_id
from tests.outbox.returned import RETURNED

OURS, ADDRESS = message_id("a shop", "expired:1:2026-04-09", "example.jp"), "hanako@mail.example.com"


@pytest.mark.parametrize("name", RETURNED)
def test_each_shape_is_taken_for_what_it_is(name: str) -> None:
    shape, blame = RETURNED[name]
    bounce = read_bounce(shape(OURS, ADDRESS).encode())
    assert (bounce.blame if bounce else None) == blame
    assert bounce is None or (bounce.message_ids, bounce.recipients) == ({OURS}, {ADDRESS})
    assert ADDRESS not in repr(bounce)


def returned(name: str, *changes: tuple[str, str]) -> str:
    """One of those shapes, a little different."""
    mail = RETURNED[name][0](OURS, ADDRESS)
    for old, new in changes:
        assert old in mail
        mail = mail.replace(old, new)
    return mail


@pytest.mark.parametrize(
    ("change", "recipients"),
    [
        ((f"Original-Recipient: rfc822;{ADDRESS}\n", ""), {ADDRESS}),
        ((f"Final-Recipient: rfc822; {ADDRESS}\n", ""), {ADDRESS}),
        ((f"rfc822; {ADDRESS}\nOriginal-Recipient: rfc822;{ADDRESS}", f"<{ADDRESS.upper()}>"), {ADDRESS}),
        ((f"Final-Recipient: rfc822; {ADDRESS}", "Final-Recipient: rfc822; on@b.example"), {ADDRESS, "on@b.example"}),
        (("Action: failed", "Action: failed; for ever"), {ADDRESS}),
        (("Action: failed", "ACTION: Failed"), {ADDRESS}),
    ],
    ids=["no original", "no final", "plain in brackets", "forwarded", "more words", "capitals"],
)  # fmt: skip
def test_servers_write_their_reports_in_many_ways(change: tuple[str, str], recipients: set[str]) -> None:
    bounce = read_bounce(returned("no such user", change).encode())
    assert bounce is not None
    assert (bounce.blame, bounce.recipients) == (Blame.HARD, recipients)


def test_a_code_that_says_nothing_gives_way_to_one_that_does() -> None:
    bounce = read_bounce(returned("no such user", ("smtp; 550 5.1.1", "smtp; 550 5.0.0")).encode())
    assert bounce is not None
    assert bounce.blame is Blame.HARD


def test_of_several_recipients_the_one_that_failed_is_blamed() -> None:
    delivered = "Final-Recipient: rfc822; other@example.net\nAction: delivered\nStatus: 2.0.0\n\n"
    mail = returned("no such user", ("Final-Recipient: rfc822", delivered + "Final-Recipient: rfc822"))
    bounce = read_bounce(mail.encode())
    assert bounce is not None
    assert (bounce.blame, bounce.recipients) == (Blame.HARD, {ADDRESS})


def test_a_letter_in_an_encoding_of_its_own_is_read_as_far_as_it_goes() -> None:
    mail = returned("no mailbox, in a letter", ("Sorry, no mailbox", "宛先不明 Sorry, no mailbox")).encode(
        "cp932"
    )
    bounce = read_bounce(mail)
    assert bounce is not None
    assert (bounce.blame, bounce.message_ids, bounce.recipients) == (Blame.HARD, {OURS}, {ADDRESS})
    stranger = mail.replace(b"hanako@", "花子@".encode("cp932"))
    assert read_bounce(stranger) is None


def in_parts(letter: str, *further: str) -> str:
    """A letter as the first of several parts, behind a picture."""
    head, _blank, text = letter.partition("\n\n")
    parts = ["Content-Type: image/png\n\nunknown user", f"Content-Type: text/plain\n\n{text}", *further]
    body = "".join(f"--=_p\n{part}\n" for part in parts)
    return f'{head}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="=_p"\n\n{body}--=_p--\n'


def test_a_letter_is_found_among_other_parts() -> None:
    """Its own words count, and those of the mail it returns do not."""
    refused = returned(
        "unrouteable in another letter", ("Unrouteable address", "554 Message rejected (#5.7.1)")
    )
    bounce = read_bounce(in_parts(refused).encode())
    assert bounce is not None
    assert (bounce.blame, bounce.message_ids, bounce.recipients) == (Blame.OTHER, {OURS}, {ADDRESS})
    quoted = refused.replace("Your membership", "unknown user. Your membership").replace(" (#5.7.1)", "")
    bounce = read_bounce(in_parts(quoted).encode())
    assert bounce is not None
    assert bounce.blame is Blame.SOFT


def test_a_report_nobody_can_read_leaves_the_letter_beside_it() -> None:
    report = "Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\nQWN0aW9u"
    bounce = read_bounce(in_parts(returned("unknown user in another letter"), report).encode())
    assert bounce is not None
    assert bounce.blame is Blame.HARD


def test_a_failure_told_in_no_text_calls_no_address_wrong() -> None:
    head = f"X-Failed-Recipients: {ADDRESS}\nFrom: Mailer-Daemon@example.net\n"
    picture = (
        'Content-Type: multipart/mixed; boundary="=_p"\n\n--=_p\nContent-Type: image/png\n\n5.1.1\n--=_p--\n'
    )
    bounce = read_bounce((head + picture).encode())
    assert bounce is not None
    assert bounce.blame is Blame.SOFT


def test_a_mail_that_was_passed_on_reports_nothing_whatever_its_headers_are_called() -> None:
    attached = "Content-Type: message/rfc822\n\nAction: failed\nStatus: 5.1.1\n\nHello"
    assert read_bounce(in_parts(returned("a question"), attached).encode()) is None


@given(st.binary(max_size=300), st.sampled_from(sorted(RETURNED)), st.integers(0, 2000))
def test_whatever_a_stranger_sends_is_read_or_left_alone(noise: bytes, name: str, place: int) -> None:
    mail = RETURNED[name][0](OURS, ADDRESS).encode()
    read_bounce(mail[:place] + noise + mail[place:])
    read_bounce(noise)


def test_a_mail_its_reader_stumbles_over_is_quoted_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    stumbling = MagicMock(side_effect=IndexError("hanako@mail.example.com"))
    with patch("flufl.bounce._detectors.qmail.Qmail.process", stumbling):
        assert read_bounce(RETURNED["no mailbox, in a letter"][0](OURS, ADDRESS).encode()) is None
    assert stumbling.called
    assert capsys.readouterr() == ("", "")


def test_a_mail_folded_into_itself_a_thousand_times_ends_nothing() -> None:
    read_bounce(b"Content-Type: message/rfc822\n\n" * 5000)
