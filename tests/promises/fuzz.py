"""``python -m tests.promises.fuzz TARGET [options of libFuzzer] [corpus]``: what reads foreign text, led by coverage.

Whatever is made up, a target either takes it or refuses it in the way it says it does; anything else is a finding, kept
in a file by libFuzzer and found again with ``python -m tests.promises.fuzz TARGET FILE``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["eccube_sync", "flufl"]):
    from eccube_sync import eccubeenv, japanesedates, linkcode, mailbounces, mailmessage
    from eccube_sync.errors import BadInputError, ConfigurationError
    from eccube_sync.services.review.reader import read_filled
    from tests.promises.test_a_hostile_file_is_refused_or_read_right import judged

_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))


def export(data: bytes) -> None:
    """An export of the store."""
    path = _FOLDER / "members.csv"
    path.write_bytes(data)
    judged(path)


def answers(data: bytes) -> None:
    """A filled review file, as text."""
    path = _FOLDER / "answers.csv"
    path.write_bytes("回答,ID,確認コード\n".encode() + data)
    try:
        read_filled(path)
    except BadInputError:
        return


def dates(data: bytes) -> None:
    """A cell that may be a date."""
    try:
        japanesedates.parse_date(data.decode("utf-8", "replace"))
    except japanesedates.DateRefusedError:
        return


def codes(data: bytes) -> None:
    """What somebody typed as a link code, or scanned as a serial."""
    typed = data.decode("utf-8", "replace")
    code = linkcode.read_code(typed)
    assert code is None or linkcode.read_code(linkcode.print_code(code)) == code
    linkcode.read_serial(typed)


def addresses(data: bytes) -> None:
    """A customer's mail address."""
    try:
        taken = mailmessage.check_address(data.decode("utf-8", "replace"))
    except mailmessage.MessageRefusedError:
        return
    assert taken.isascii() and taken.isprintable() and taken.count("@") >= 1


def environment(data: bytes) -> None:
    """EC-CUBE's .env."""
    text = data.decode("utf-8", "replace")
    for read in (eccubeenv.parse_assignments, eccubeenv.parse_database_url, eccubeenv.parse_mailer_dsn):
        try:
            read(text)
        except ConfigurationError:
            continue


def bounces(data: bytes) -> None:
    """A mail that may have come back."""
    mailbounces.read_bounce(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "export": export,
    "answers": answers,
    "dates": dates,
    "codes": codes,
    "addresses": addresses,
    "environment": environment,
    "bounces": bounces,
}

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
