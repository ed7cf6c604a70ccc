"""A file's encoding is found or the file refused; no name is ever read as other characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from eccube_sync.csvfile import Table, open_table
from eccube_sync.errors import BadInputError, Problem
from eccube_sync.population import generate
from tests.promises.scale import chance, scale

pytestmark = pytest.mark.promise("P25")

ENCODINGS = ("utf-8", "utf-8-sig", "cp932", "utf-16")
RARE = (
    "髙橋",
    "﨑山",
    "①山",
    "㈱見本",
    "Ⅲ世",
    "草彅",
    "德川",
    "ｱﾔﾐ",
    "邊土",
    "～～",
    "∥∥",
    "－－",
    "〜〜",
    "−−",
    "𠮷野",
    "한글",
)
"""Outside JIS X 0208, or with two forms of one sign; the last four CP932 cannot hold."""


@cache
def names() -> tuple[str, ...]:
    """As many different names as the measurement this promise goes back to had."""
    people = generate(25, 1, 3000, date(2026, 4, 10)).members
    found = dict.fromkeys([*RARE, *(one.family_name for one in people), *(one.given_name for one in people)])
    return tuple(name for name in found if name.strip() == name and len(name) > 1)[: scale(80, 1616)]


def table_of(path: Path, encoding: str | None = None) -> Table:
    found = open_table(path, is_header=lambda cells: cells[0].startswith("番号"), encoding=encoding)
    assert found is not None
    return found


def read(table: Table) -> tuple[list[list[str]], list[Problem]]:
    problems: list[Problem] = []
    return [row.cells for row in table.rows(refuse=problems.append)], problems


def file_of(some: Sequence[str]) -> str:
    return "番号,氏名\r\n" + "".join(f"{number},{name}\r\n" for number, name in enumerate(some))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [1, 2, 5, 50, 2000])
def test_names_are_read_as_they_were_written(
    tmp_path: Path, encoding: str, size: int, proof: Counter[str]
) -> None:
    path = tmp_path / "a.csv"
    known = [name for name in names() if writable(name, encoding)]
    for start in range(0, len(known), size):
        some = known[start : start + size]
        path.write_bytes(file_of(some).encode(encoding))
        table = table_of(path)
        assert table.encoding == encoding.removesuffix("-sig")
        assert read(table) == ([[str(number), name] for number, name in enumerate(some)], [])
        proof["files"] += 1
        proof["names"] += len(some)


def writable(name: str, encoding: str) -> bool:
    """Whether the encoding holds the name; CP932 has one code for two waves, and for two minus signs."""
    try:
        return name.encode(encoding).decode(encoding) == name
    except UnicodeEncodeError:
        return False


def test_a_name_with_a_broken_byte_is_never_read_in_another_encoding(
    tmp_path: Path, proof: Counter[str]
) -> None:
    """UTF-8 of which a byte was lost is no CP932, though it may decode as such."""
    path, chosen = tmp_path / "a.csv", chance("lost bytes")
    for name in names():
        content = file_of([name, "見本太郎"]).encode()
        lost = chosen.randrange(content.index(b"0,") + 2, len(content) - 2)
        path.write_bytes(content[:lost] + content[lost + 1 :])
        try:
            table = table_of(path)
        except BadInputError:
            proof["refused"] += 1
            continue
        assert table.encoding == "utf-8"
        proof["read"] += 1


def test_every_cp932_character_is_read_as_itself_or_refused(tmp_path: Path, proof: Counter[str]) -> None:
    path = tmp_path / "a.csv"
    for lead in [*range(0x81, 0xA0), *range(0xE0, 0xFD)]:
        pairs = [bytes((lead, trail)) for trail in range(0x40, 0xFD) if trail != 0x7F]
        known = [pair for pair in pairs if decodes(pair)]
        if not known:
            continue
        path.write_bytes("番号\r\n".encode("cp932") + b"\r\n".join(known) + b"\r\n")
        rows, problems = read(table_of(path, encoding="cp932"))
        assert not problems
        proof["characters"] += len(known)
        assert [row[0] for row in rows] == [pair.decode("cp932") for pair in known if pair != b"\x81\x40"]


def decodes(pair: bytes) -> bool:
    try:
        return len(pair.decode("cp932")) == 1
    except UnicodeDecodeError:
        return False
