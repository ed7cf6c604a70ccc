"""Files somebody or something made that are no good export: each with what must become of it."""

from __future__ import annotations

import gzip
import io
import zipfile
from random import Random

HEADER = "会員コード,氏名,電話番号,会員期限\r\n"
ROW = "000{n},見本太郎,0000-000-000,2027/3/31\r\n"
GOOD = HEADER + "".join(ROW.format(n=number) for number in range(1, 6))
REFUSED = None
"""Nothing of the file may be taken; otherwise so many rows are."""


def _zip(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _with_row(row: str) -> bytes:
    return (GOOD + row + "\r\n").encode()


def _swallowing() -> bytes:
    """An opening quotation mark at row 100 and its closing one a thousand rows later."""
    rows = [ROW.format(n=number) for number in range(1, 1501)]
    rows[99] = rows[99].replace("見本太郎", '"見本太郎')
    rows[1099] = rows[1099].replace("見本太郎", '見本太郎"')
    return (HEADER + "".join(rows)).encode()


FILES: dict[str, tuple[bytes, int | None]] = {
    "nothing": (b"", REFUSED),
    "a byte order mark and nothing": (b"\xef\xbb\xbf", REFUSED),
    "spaces": (b" \t\r\n" * 50, REFUSED),
    "a header without rows": (HEADER.encode(), REFUSED),
    "a header without a line end": (HEADER.strip().encode(), REFUSED),
    "rows without a header": ((ROW.format(n=1) * 20).encode(), REFUSED),
    "a page of a website": (b"<!DOCTYPE html><html><body>Login</body></html>", REFUSED),
    "a picture": (b"\x89PNG\r\n\x1a\n" + Random(1).randbytes(2000), REFUSED),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\n", REFUSED),
    "a workbook": (_zip("xl/workbook.xml", GOOD.encode()), REFUSED),
    "a packed file": (gzip.compress(GOOD.encode()), REFUSED),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), REFUSED),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(300), REFUSED),
    "JSON": (b'[{"code": "0001", "name": "x"}]', REFUSED),
    "SQL": (b"INSERT INTO dtb_customer VALUES (1, 'x');\n" * 30, REFUSED),
    "noise": (Random(2).randbytes(5000), REFUSED),
    "noise below a header": (HEADER.encode() + Random(3).randbytes(5000), REFUSED),
    "NUL in a name": (_with_row("0009,見\x00本,,2027/3/31"), REFUSED),
    "NUL between": (GOOD.encode() + bytes(100), REFUSED),
    "a bell": (_with_row("0009,見\x07本,,2027/3/31"), REFUSED),
    "end of file of DOS": (GOOD.encode() + b"\x1a", REFUSED),
    "a next line of 1985": (_with_row("0009,見\x85本,,2027/3/31"), REFUSED),
    "lone surrogates": (GOOD.encode() + b"0009,\xed\xa0\x80,,2027/3/31\r\n", REFUSED),
    "overlong UTF-8": (GOOD.encode() + b"0009,\xc0\xaf,,2027/3/31\r\n", REFUSED),
    "two encodings": (GOOD.encode() + "0009,髙﨑,,2027/3/31\r\n".encode("cp932"), REFUSED),
    "UTF-16 without a mark": (GOOD.encode("utf-16-le"), REFUSED),
    "UTF-16 cut in a character": (GOOD.encode("utf-16")[:-1], REFUSED),
    "UTF-32": (GOOD.encode("utf-32"), REFUSED),
    "EUC-JP": (GOOD.encode("euc-jp"), REFUSED),
    "ISO-2022-JP": (GOOD.encode("iso-2022-jp"), REFUSED),
    "garbled before": (GOOD.encode().decode("cp932", "ignore").encode(), REFUSED),
    "an open quotation mark": (_with_row('0009,"見本,,2027/3/31'), REFUSED),
    "a thousand swallowed rows": (_swallowing(), REFUSED),
    "a line break in a name": (_with_row('0009,"見\n本",,2027/3/31'), REFUSED),
    "a cell of a megabyte": (_with_row("0009," + "見" * 350_000 + ",,2027/3/31"), REFUSED),
    "a cell too long": (_with_row("0009," + "a" * 4097 + ",,2027/3/31"), REFUSED),
    "ten thousand columns": ((",".join(f"列{n}" for n in range(10_000)) + "\r\n1\r\n").encode(), REFUSED),
    "two equal headers": (GOOD.replace("電話番号", "氏名").encode(), REFUSED),
    "a row too wide": (_with_row("0009,見本,,2027/3/31,x"), REFUSED),
    "a row too narrow": (_with_row("0009,見本"), REFUSED),
    "one member twice": (_with_row("0001,見本太郎,0000-000-000,2027/3/31"), REFUSED),
    "numbers made of a barcode": (_with_row("4.90E+12,見本,,2027/3/31"), REFUSED),
    "the header again": (_with_row(HEADER.strip()), REFUSED),
    "Excel's errors": (_with_row("#N/A,#REF!,#VALUE!,#NAME?"), REFUSED),
    # What looks bad and is not: it must be read as it stands.
    "formulas": (_with_row("0009,=cmd|' /C calc'!A0,+1,2027/3/31"), 6),
    "statements": (_with_row("0009,'; DROP TABLE dtb_customer; --,,2027/3/31"), 6),
    "scripts": (_with_row("0009,<script>alert(1)</script>,,2027/3/31"), 6),
    "templates": (_with_row("0009,{{ 7*7 }}{% raw %},,2027/3/31"), 6),
    "text that runs backwards": (_with_row("0009,\u202e郎太本見,,2027/3/31"), 6),
    "rare kanji and emoji": (_with_row("0009,𠮷野😀,,2027/3/31"), 6),
    "a comma in quotation marks": (_with_row('0009,"見本, ""引用""",,2027/3/31'), 6),
    "lines that end in CR": (GOOD.replace("\r\n", "\r").encode(), 5),
    "every line end": ((GOOD + "0009,見本,,2027/3/31\n0010,見本,,2027/3/31\r").encode(), 7),
    "blank lines": (GOOD.replace("\r\n", "\r\n\r\n").encode(), 5),
}
