"""Which encoding a file has, decided on all of its bytes and never guessed silently."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eccube_sync.errors import ConfigurationError, Problem
from eccube_sync.filedamage import problem, refusal
from eccube_sync.i18n import _

CHUNK_BYTES = 64 * 1024

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONFIGURABLE = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8",
    # Nobody's file is true Shift_JIS: that codec cannot read 髙 or 﨑, which real exports contain.
    "cp932": "cp932",
    "ms932": "cp932",
    "windows-31j": "cp932",
    "sjis": "cp932",
    "sjis-win": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "utf-16": "utf-16",
    "utf16": "utf-16",
}
# NUL, C0 but tab and line ends, DEL, C1, what cp932 makes of its undefined bytes, and U+FEFF inside a text
# is left alone (zero width, harmless).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\uf8f0-\uf8f3]")
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_PRIVATE = re.compile("[\ue000-\uf8ef\U000f0000-\U0010fffd]")
# The first byte of every kana in UTF-8, read as CP932, is one of these three rare kanji.
_GARBLED = "縺繧繝"
_GARBLED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class TextFacts:
    """How the text of a file is to be read, and what was noticed in all of it."""

    encoding: str  # "utf-8", "cp932" or "utf-16": names for people
    codec: str  # what to open the file with; takes a byte order mark off
    warnings: tuple[Problem, ...]


def configured_encoding(name: str) -> str:
    """The encoding a configuration names, in our spelling. Raises ``ConfigurationError`` for another one."""
    try:
        return _CONFIGURABLE[name.strip().lower()]
    except KeyError:
        raise ConfigurationError(
            _("The encoding {name} is not known; write utf-8, cp932 or utf-16.").format(name=name)
        ) from None


def read_text_facts(path: Path, configured: str | None = None) -> TextFacts:
    """Find the encoding of ``path`` (byte order mark, else UTF-8, else CP932; all strict) and scan its text.

    ``configured`` replaces the search by one encoding. Raises ``BadInputError`` when no encoding fits,
    for control characters, overlong lines and text that was garbled before.
    """
    with path.open("rb") as file:
        start = file.read(4)
    marked = next((encoding for bom, encoding in _BOMS if start.startswith(bom)), None)
    wanted = configured_encoding(configured) if configured else None
    if marked and wanted and marked != wanted:
        raise refusal(path.name, [problem("encoding_contradicts", found=marked, configured=wanted)])
    candidates = [marked or wanted] if marked or wanted else ["utf-8", "cp932"]
    broken_at = 0
    for encoding in filter(None, candidates):
        codec = "utf-8-sig" if encoding == "utf-8" else encoding
        found = _scan(path, encoding, codec)
        if isinstance(found, TextFacts):
            return found
        broken_at = found
        if encoding == "utf-8" and _is_utf8_before(path, found):
            raise refusal(path.name, [problem("utf8_broken", line=_line_at(path, codec, found))])
    tried = " / ".join(name.upper() for name in filter(None, candidates))
    line = _line_at(path, codec, broken_at)
    raise refusal(path.name, [problem("encoding_unreadable", line=line, encodings=tried)])


def _scan(path: Path, encoding: str, codec: str) -> TextFacts | int:
    """Decode the whole file; the facts, or the position of the first byte that does not decode."""
    garbled = characters = private = replaced = 0
    try:
        for position, text in _decoded(path, codec):
            characters += len(text)
            if match := _FORBIDDEN.search(text):
                line = _line_at(path, codec, position, text[: match.start()])
                code = f"{ord(match.group()):04X}"
                raise refusal(path.name, [problem("control_character", line=line, code=code)])
            if len(text) >= CHUNK_BYTES // 4 and "\n" not in text and "\r" not in text:
                line = _line_at(path, codec, position)
                raise refusal(path.name, [problem("line_too_long", line=line, limit=CHUNK_BYTES // 4)])
            if not text.isascii():
                garbled += sum(map(text.count, _GARBLED))
                private += len(_PRIVATE.findall(text))
                replaced += text.count("\ufffd")
    except _Undecodable as error:
        return error.position
    if garbled > characters * _GARBLED_SHARE:
        raise refusal(path.name, [problem("mojibake")])
    noticed = (("private_character", private), ("replacement_character", replaced))
    return TextFacts(encoding, codec, tuple(problem(kind, count=count) for kind, count in noticed if count))


class _Undecodable(Exception):  # noqa: N818 - a signal inside this module, not an error for anybody
    """Decoding failed at this byte."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


def _decoded(path: Path, codec: str) -> Iterator[tuple[int, str]]:
    """The file's text in chunks, each with the byte position where its first character begins."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    position = 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK_BYTES)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _Undecodable(max(0, position - pending) + error.start) from None
            yield max(0, position - pending), text
            if not chunk:
                return
            position += len(chunk)


def _is_utf8_before(path: Path, position: int) -> bool:
    """Whether Japanese in proper UTF-8 stands before ``position``: CP932 text never looks like that."""
    with path.open("rb") as file:
        before = file.read(min(position, CHUNK_BYTES)).decode("utf-8", errors="ignore")
    return len(_JAPANESE.findall(before)) >= 3


def _line_at(path: Path, codec: str, position: int, beyond: str = "") -> int:
    """The 1-based physical line of a byte position plus the text ``beyond`` it (used for messages only)."""
    line, last = 1, ""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    with path.open("rb") as file:
        while position > 0 and (chunk := file.read(min(position, CHUNK_BYTES))):
            position -= len(chunk)
            text = decoder.decode(chunk)
            line += _line_ends(text) - (last == "\r" and text.startswith("\n"))
            last = text[-1:] or last
    return line + _line_ends(beyond) - (last == "\r" and beyond.startswith("\n"))


def _line_ends(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")
