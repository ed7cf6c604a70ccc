"""Writing a CSV that Excel opens without running anything and that is either whole or not there."""

from __future__ import annotations

import csv
import io
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, cast

Encoding = Literal["utf-8", "cp932"]

_DANGEROUS = "=+-@\t\r\n|%−"
_INVISIBLE_CATEGORIES = ("Cf", "Cc", "Zs", "Zl", "Zp")
# Characters of everyday text that CP932 writes in another form; told, not hidden.
_CP932_TWINS = {"—": "―", "¥": "\\", "\u00a0": " "}
_CP932_MISSING = "〓"


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A character CP932 cannot hold: where (the header is row 1) and what stands in its place."""

    row: int
    column: str
    character: str
    written_as: str


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: rows without the header, and every character that had to be replaced."""

    rows: int
    unwritable: tuple[Unwritable, ...]


def neutralise(cell: str) -> str:
    """``cell`` made inert for spreadsheets; ``csvfile.strip_apostrophe`` undoes it exactly."""
    if cell[:1] == "'" or _starts_formula(cell):
        return "'" + cell
    return cell


def _starts_formula(cell: str) -> bool:
    for sign in cell:
        if sign in _DANGEROUS:
            return True
        if unicodedata.category(sign) not in _INVISIBLE_CATEGORIES:
            return unicodedata.normalize("NFKC", sign)[:1] in _DANGEROUS
    return False


def write_csv(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[str | int | None]],
    *,
    encoding: Encoding = "utf-8",
) -> Written:
    """Write a CSV for Excel: CRLF, every cell quoted, formulas neutralised, mode 0600, whole or not at all.

    UTF-8 gets a byte order mark. CP932 cannot hold every character: each one replaced is in the result.
    Numbers (``int``) are written as they are; ``None`` is an empty cell. Raises ``OSError``.
    """
    unwritable: list[Unwritable] = []
    count = -1
    with atomic_file(path) as binary:
        codec = "utf-8-sig" if encoding == "utf-8" else "cp932"
        with _text(binary, codec) as text:
            writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
            for count, row in enumerate(_with_header(header, rows)):
                cells = [str(cell) if isinstance(cell, int) else neutralise(cell or "") for cell in row]
                if encoding == "cp932":
                    cells = [
                        _for_cp932(cell, count + 1, header[position], unwritable)
                        for position, cell in enumerate(cells)
                    ]
                writer.writerow(cells)
    return Written(count, tuple(unwritable))


def _with_header(
    header: Sequence[str], rows: Iterable[Sequence[str | int | None]]
) -> Iterator[Sequence[str | int | None]]:
    yield header
    yield from rows


def _for_cp932(cell: str, row: int, column: str, unwritable: list[Unwritable]) -> str:
    if cell.isascii():
        return cell
    written = []
    for sign in cell:
        stand_in = _cp932_form(sign)
        if stand_in != sign:
            unwritable.append(Unwritable(row, column, sign, stand_in))
        written.append(stand_in)
    return "".join(written)


def _cp932_form(sign: str) -> str:
    try:
        return sign.encode("cp932").decode("cp932")
    except UnicodeEncodeError:
        return _CP932_TWINS.get(sign, _CP932_MISSING)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes the place of ``path`` when the block ends well, and leaves no trace otherwise.

    Mode 0600 whatever the umask; file and folder are synced, so that after a power cut ``path`` is either
    the old file or the whole new one.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            yield cast("BinaryIO", file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _text(binary: BinaryIO, codec: str) -> Iterator[TextIO]:
    """A text layer over ``binary`` that leaves it open."""
    text = io.TextIOWrapper(binary, encoding=codec, newline="", write_through=False)
    try:
        yield text
    finally:
        text.detach()
