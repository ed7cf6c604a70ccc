"""Files the shop's admins pass on through the plugin: the store's export, decisions, and the review file back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eccube_sync.csvwriter import atomic_file
from eccube_sync.errors import BadInputError
from eccube_sync.i18n import _
from eccube_sync.report import Listing, Report, label
from eccube_sync.services.inbox.payloads import Download, Upload
from eccube_sync.services.inbox.requests import Answer, acting_for
from eccube_sync.services.members.importplan import choose_source
from eccube_sync.services.members.inspecting import inspect_file
from eccube_sync.services.review.export import ExportOptions, export_cases
from eccube_sync.services.review.fromfile import apply_review_import, plan_review_import, put_away_decisions
from eccube_sync.services.running import Run

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}")
_NO_SIGN = re.compile(r"[^A-Za-z0-9._-]+")


def join_parts(parts: Sequence[Upload]) -> bytes | None:
    """The whole file; None where parts contradict each other or its digest."""
    first = parts[0]
    told = {(one.parts, one.size, one.sha256, one.purpose, one.name) for one in parts}
    if len(told) != 1 or [one.part for one in parts] != list(range(1, first.parts + 1)):
        return None
    try:
        content = b"".join(base64.b64decode(one.data, validate=True) for one in parts)
    except binascii.Error:
        return None
    fits = len(content) == first.size and hashlib.sha256(content).hexdigest() == first.sha256
    return content if fits else None


def take_file(run: Run, upload: Upload, content: bytes) -> Answer:
    """Take a file in. Raises ``BadInputError`` for one that would be refused at the command line."""
    with acting_for(run, upload):
        return (
            _take_export(run, upload, content)
            if upload.purpose == "export"
            else _take_decisions(run, upload, content)
        )


def _take_export(run: Run, upload: Upload, content: bytes) -> Answer:
    settings = run.shop.settings
    chosen = choose_source(settings, upload.source or None)
    with tempfile.TemporaryDirectory(dir=settings.folders.root) as folder:
        path = Path(folder) / _plain(upload.name)
        _write(path, content)
        inspected = inspect_file(settings, path, run.now, source_key=chosen.key)
        report = inspected.report
        if not inspected.refused:
            target = settings.drop_folder(chosen) / path.name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(target, content)
    text = (
        _("The file would be refused; nothing was kept.")
        if inspected.refused
        else _("The file was taken; the next night imports it.")
    )
    return Answer("refused" if inspected.refused else "done", text, secret=_as_tables(report))


def _take_decisions(run: Run, upload: Upload, content: bytes) -> Answer:
    settings = run.shop.settings
    settings.folders.create()
    path = settings.folders.review_in / _plain(upload.name)
    if path.exists():
        path = path.with_name(f"{upload.upload[:8]}-{path.name}")
    _write(path, content)
    try:
        plan = plan_review_import(run.shop, run.connection, path, reviewer=upload.actor)
    except BadInputError:
        path.unlink()
        raise
    report = apply_review_import(run, plan)
    put_away_decisions(settings, path, run.now)
    return Answer("done", report.headline, report.counts, secret=_as_tables(report))


def give_file(run: Run, download: Download) -> Answer:
    """The review file with every case that waits."""
    settings = run.shop.settings
    settings.folders.create()
    with acting_for(run, download), tempfile.TemporaryDirectory(dir=settings.folders.root) as folder:
        name = f"review-{run.today:%Y%m%d}.xlsx"
        path = Path(folder) / name
        report = export_cases(run, ExportOptions(output=path))
        if not path.exists():
            return Answer("done", report.headline)
        text = _("The review file is ready. It holds personal data.")
        return Answer("done", text, report.counts, file=(name, path.read_bytes()))


def _write(path: Path, content: bytes) -> None:
    with atomic_file(path) as file:
        file.write(content)
    path.chmod(0o600)


def _plain(name: str) -> str:
    """A name of ours made from one that came in: a folder, a leading dot and other scripts' letters are left out."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    stem, dot, suffix = _NO_SIGN.sub("-", name.rpartition("/")[2]).lstrip(".-").rpartition(".")
    return f"{stem or 'file'}{dot}{suffix}"[:99]


def _as_tables(report: Report) -> dict[str, Any]:
    return {
        "headline": report.headline,
        "counts": {label(name): number for name, number in report.counts.items() if number},
        "tables": [_as_table(one) for one in report.listings if one.rows],
        "notes": list(report.notes),
    }


def _as_table(listing: Listing) -> dict[str, Any]:
    rows = [["" if cell is None else str(cell) for cell in row] for row in listing.rows]
    return {"title": listing.title, "columns": list(listing.columns), "rows": rows}
