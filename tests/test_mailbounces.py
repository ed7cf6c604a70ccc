"""What a mail that came back says: which of ours it was, whom it blames, and nothing said of anybody."""

from __future__ import annotations

from unittest.mock import MagicMock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eccube_sync.mailbounces import read_bounce
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
