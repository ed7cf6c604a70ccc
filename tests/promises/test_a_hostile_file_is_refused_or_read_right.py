"""Whatever is put in the place of an export: it is refused with a sentence, or every row of it is read as it stands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from openpyxl import Workbook

from eccube_sync import i18n
from eccube_sync.errors import BadInputError
from eccube_sync.exportfile import inspect_export, open_export
from eccube_sync.services.review.reader import read_filled
from tests.outbox.returned import RETURNED
from tests.promises.hostile_files import FILES, GOOD
from tests.promises.scale import CAMPAIGN, SEED, chance, parts, scale

pytestmark = pytest.mark.promise("P24")

ROOT = Path(__file__).parents[2]
CORPUS = sorted(path for path in (ROOT / "tests" / "pos" / "damage").glob("*.csv") if path.is_file())
MEBIBYTES = 200
FUZZ_SECONDS = {
    "export": 240,
    "answers": 120,
    "dates": 90,
    "environment": 60,
    "addresses": 50,
    "codes": 40,
    "bounces": 40,
}
"""More than ten minutes in all; ``ECCUBE_SYNC_FUZZ_SECONDS`` gives each target so many."""
CPU_SECONDS = 10


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.mark.parametrize("name", FILES)
def test_each_hostile_file_gets_its_verdict(name: str, tmp_path: Path, proof: Counter[str]) -> None:
    content, rows = FILES[name]
    path = tmp_path / "members.csv"
    path.write_bytes(content)
    inspection = inspect_export(path)
    if rows is None:
        assert inspection.refusals
        with pytest.raises(BadInputError):
            list(open_export(path).rows())
    else:
        assert not inspection.refusals
        assert inspection.export is not None
        assert inspection.export.row_count == rows == len(list(open_export(path).rows()))
    proof["files"] += 1


# --- fuzz: files of the corpus, changed at random -----------------------------------------------------------

DICTIONARY = (
    b'"', b'""', b"'", b",", b"\t", b"\r", b"\n", b"\r\n", b"\x00", b"\x1a", b"\xff", b"\xef\xbb\xbf", b"\xfe\xff",
    b"\xff\xfe", b"\x81\x40", b"\x80", b"\xfc\xfc", "　".encode(), "合計".encode(), "5件".encode(), b"9" * 400,
    b"1e309", b"-1", b"=1+1", "令和8年".encode(), "2月30日".encode(), b"0000-00-00", b"9999-12-31", b"#REF!",
    "\u202e".encode(), "\u2028".encode(), b"a" * 5000, b",,,,,,,,",
)  # fmt: skip


def changed(content: bytes, other: bytes, chosen: Random) -> bytes:
    """The file after some accidents."""
    data = bytearray(content)
    for _accident in range(chosen.choice((1, 1, 2, 3, 8))):
        here, there = sorted(chosen.randrange(len(data) + 1) for _end in range(2))
        match chosen.randrange(8):
            case 0 if data:
                data[min(here, len(data) - 1)] = chosen.randrange(256)
            case 1:
                data[here:here] = chosen.choice(DICTIONARY)
            case 2:
                del data[here : min(there, here + 200)]
            case 3:
                data[here:here] = data[here : min(there, here + 400)]
            case 4:
                del data[there:]
            case 5:
                data[here:] = other[chosen.randrange(len(other) + 1) :]
            case 6:
                lines = bytes(data).splitlines(keepends=True)
                chosen.shuffle(lines)
                data = bytearray(b"".join(lines))
            case _:
                text = bytes(data).decode("utf-8", "replace")
                data = bytearray(
                    text.encode(chosen.choice(("cp932", "utf-16", "euc-jp", "utf-7")), "replace")
                )
    return bytes(data)


def judged(path: Path) -> bool:
    """Whether the file is taken. Refused or taken, inspecting and importing agree, and no line is lost."""
    inspection = inspect_export(path)
    try:
        members = list(open_export(path).rows())
    except BadInputError as error:
        assert inspection.refusals
        assert error.problems
        return False
    assert not inspection.refusals
    export = inspection.export
    assert export is not None
    assert export.row_count == len(members)
    codec = "utf-8-sig" if export.encoding == "utf-8" else export.encoding
    lines = re.split(r"\r\n|\r|\n", path.read_bytes().decode(codec))
    filled = [line for line in lines if line.strip(' ,\t\u3000"')]
    header = [place for place, line in enumerate(filled) if len(line) > 1][:10]
    # A title, the header, a total line and lines of a memo are no members; nothing else may be missing.
    told = {warning.message for warning in export.warnings}
    allowed = len(header) if any("title" in one or "above" in one for one in told) else 1
    memo_lines = sum(line.count('"') % 2 for line in filled)
    assert len(members) >= len(filled) - allowed - 2 - 2 * memo_lines - _totals(filled)
    return True


def _totals(lines: list[str]) -> int:
    return sum(bool(re.search("計|件数|total", line, re.IGNORECASE)) for line in lines)


@pytest.mark.parametrize("part", parts(1, 8))
def test_no_accident_to_a_file_is_ever_an_unexpected_error(
    part: int, tmp_path: Path, proof: Counter[str]
) -> None:
    chosen = chance("accidents", part)
    seeds = [GOOD.encode(), *(path.read_bytes() for path in CORPUS)]
    path = tmp_path / "members.csv"
    for _file in range(scale(250, 4_000)):
        path.write_bytes(changed(chosen.choice(seeds), chosen.choice(seeds), chosen))
        proof["changed files"] += 1
        proof["changed files taken"] += judged(path)


if CAMPAIGN:  # led by coverage; `make campaign` installs what it takes

    @pytest.mark.parametrize("target", list(FUZZ_SECONDS))
    def test_what_reads_foreign_text_never_fails_unexpectedly(
        target: str, tmp_path: Path, proof: Counter[str]
    ) -> None:
        seconds = int(os.environ.get("ECCUBE_SYNC_FUZZ_SECONDS", FUZZ_SECONDS[target]))
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        mails = [shape("<a@example.jp>", "b@example.com").encode() for shape, _blame in RETURNED.values()]
        seeds = mails if target == "bounces" else [path.read_bytes() for path in CORPUS]
        for number, content in enumerate(seeds):
            (corpus / str(number)).write_bytes(content)
        command = [
            sys.executable,
            "-m",
            "tests.promises.fuzz",
            target,
            f"-max_total_time={seconds}",
        ]
        command += [
            f"-seed={SEED}",
            "-max_len=20000",
            f"-artifact_prefix={tmp_path}/",
            "-print_final_stats=1",
            str(corpus),
        ]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(tmp_path)},  # libFuzzer leaves without tidying up
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * seconds + 600,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        executed = re.search(r"number_of_executed_units: *(\d+)", done.stderr)
        assert executed
        proof["fuzz executions"] += int(executed[1])


# --- bombs ------------------------------------------------------------------------------------------------------

SIZE = scale(30, 100) * 1_000_000


def _repeated(piece: bytes) -> Iterator[bytes]:
    many = piece * (1_000_000 // len(piece))
    for _million in range(SIZE // 1_000_000):
        yield many


BOMBS: dict[str, Callable[[], Iterator[bytes]]] = {
    "one line": lambda: _repeated(b"a"),
    "one line below a header": lambda: iter([GOOD.encode(), *_repeated(b"a")]),
    "an open quotation mark": lambda: iter([GOOD.encode(), b'0009,"', *_repeated(b"a,b,c,d\r\n")]),
    "an open quotation mark without commas": lambda: iter(
        [GOOD.encode(), b'0009,"', *_repeated(b"abcdefg\r\n")]
    ),
    "commas": lambda: iter([GOOD.encode(), *_repeated(b",,,,,,,\r\n")]),
    "wrong rows": lambda: iter([GOOD.encode(), *_repeated(b"1,2\r\n")]),
    "zeros": lambda: _repeated(b"\x00"),
    "kanji without an end": lambda: iter([GOOD.encode(), *_repeated("見".encode())]),
}
MEASURED = """\
import json, re, sys, time
from pathlib import Path
from eccube_sync.exportfile import inspect_export
refusals = inspect_export(Path(sys.argv[1])).refusals
kibibytes = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]
print(json.dumps([len(refusals), int(kibibytes) / 1024, time.process_time()]))
"""


@pytest.mark.parametrize("bomb", scale(["one line", "an open quotation mark", "wrong rows"], list(BOMBS)))
def test_a_huge_file_is_refused_in_little_memory(bomb: str, tmp_path: Path, proof: Counter[str]) -> None:
    path = tmp_path / "members.csv"
    with path.open("wb") as file:
        file.writelines(BOMBS[bomb]())
    command = [sys.executable, "-c", MEASURED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=300)
    refusals, mebibytes, seconds = json.loads(done.stdout)
    assert refusals
    assert mebibytes < MEBIBYTES
    assert seconds < CPU_SECONDS
    proof["bombs"] += 1
    proof["CPU seconds for bombs"] += round(seconds)


def _workbook(path: Path, part: str, end: bytes, piece: bytes, count: int) -> None:
    """A workbook that looks like a review file and unpacks to ``count`` pieces more."""
    workbook = Workbook()
    workbook.active.append(["Decision", "ID", "Token"])
    plain = path.with_name("plain.xlsx")
    workbook.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after:
        names = before.namelist()
        for name in names:
            content = before.read(name)
            after.writestr(name, content.replace(end, piece * count + end) if name == part else content)
        if part not in names:
            after.writestr(part, b"<sst>" + piece * count + end)


WORKBOOKS = {
    "cells of one row": ("xl/worksheets/sheet1.xml", b"</sheetData>", b"<c><v>1</v></c>", 3_000_000),
    "many texts": ("xl/sharedStrings.xml", b"</sst>", b"<si><t>a</t></si>", 2_500_000),
    "a part of half a gigabyte": ("xl/theme/theme1.xml", b"</a:theme>", b" " * 1000, 500_000),
}


@pytest.mark.parametrize("bomb", scale(["cells of one row"], list(WORKBOOKS)))
def test_a_workbook_that_unpacks_to_everything_is_refused_unopened(
    bomb: str, tmp_path: Path, proof: Counter[str]
) -> None:
    path = tmp_path / "answers.xlsx"
    _workbook(path, *WORKBOOKS[bomb])
    with pytest.raises(BadInputError, match="far larger"):
        read_filled(path)
    proof["bombs"] += 1
