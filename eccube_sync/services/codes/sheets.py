"""Print the list of ``codes issue`` as labels or receipts: only what can still be used, each code checked first.

The PDF opens memberships just as the list does: 0600, never below a web root, in the folder of the lists, noted as
an export, and purged with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.clock import tokyo_date
from eccube_sync.codelabels import CodeLabel, draw_receipts, draw_sheets
from eccube_sync.csvwriter import atomic_file
from eccube_sync.db import reading
from eccube_sync.errors import BadInputError, ConfigurationError, UsageError
from eccube_sync.i18n import _, speaking
from eccube_sync.labelpapers import PAPERS, SMALLEST_HEIGHT, SMALLEST_WIDTH, Paper, Sheet
from eccube_sync.linkcode import print_code, read_code, read_serial
from eccube_sync.report import Report
from eccube_sync.services.codes.coding import ALIVE, codes_by_serial, keys_in_use
from eccube_sync.services.codes.files import CodeFile
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.privacy.exportlog import log_export
from eccube_sync.services.privacy.exportplace import refuse_place
from eccube_sync.services.running import Run, Shop

COLUMNS = {"serial": ("シリアル", "シリアル番号"), "code": ("コード", "連携コード")}


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """Labels to be drawn; their codes are secrets, so a plan is never shown as it is."""

    labels: Sequence[CodeLabel] = field(repr=False)
    path: Path
    paper: Paper
    entry_url: str
    language: str
    skipped: int
    left_out: int

    @property
    def pages(self) -> int:
        """Sheets of paper, or receipts."""
        if isinstance(self.paper, Sheet):
            return -(-(self.skipped + len(self.labels)) // self.paper.labels)
        return len(self.labels)

    def report(self) -> Report:
        """The plan in words."""
        headline = _("{count} link codes on {pages} pages, in {path}").format(
            count=len(self.labels), pages=self.pages, path=self.path
        )
        counts = {"codes_printed": len(self.labels), "codes_not_usable": self.left_out}
        return Report(headline, {name: number for name, number in counts.items() if number})


def choose_paper(key: str, **changes: float | None) -> Paper:
    """The paper of this name (a key of ``PAPERS``) with other measures of a sheet where they are not None.

    Raises ``UsageError`` for measures of a roll, and for labels too small to be read.
    """
    paper = PAPERS[key]
    given = {name: value for name, value in changes.items() if value is not None}
    if not given:
        return paper
    if not isinstance(paper, Sheet):
        raise UsageError(_("Columns, rows, margins and gaps belong to sheets of labels, not to receipts."))
    sheet = replace(paper, **given)  # type: ignore[arg-type]
    if not sheet.usable:
        raise UsageError(
            _(
                "These labels would be {width:.1f} × {height:.1f} mm; a QR code needs at least {least_width:.0f} × "
                "{least_height:.0f} mm."
            ).format(
                width=sheet.label_width,
                height=sheet.label_height,
                least_width=SMALLEST_WIDTH,
                least_height=SMALLEST_HEIGHT,
            )
        )
    return sheet


def plan_sheet(
    shop: Shop,
    connection: Connection,
    path: Path,
    paper: Paper,
    *,
    output: Path | None = None,
    language: str = "ja",
    first: int = 1,
) -> SheetPlan:
    """What would be drawn from the list at ``path``, the first label at place ``first`` of its sheet.

    Raises ``BadInputError`` with every line that is not from ``codes issue``, ``ConfigurationError`` without
    ``codes.entry_url``, ``UsageError`` where the PDF must not be written.
    """
    entry_url = entry_url_of(shop)
    if first > (paper.labels if isinstance(paper, Sheet) else 1):
        raise UsageError(_("A sheet has no label {first}.").format(first=first))
    target = output.absolute() if output else shop.settings.folders.codes / f"{path.stem}.pdf"
    refuse_place(target, shop.settings.shop.eccube_root)
    file = CodeFile(path, COLUMNS, ("serial", "code"))
    typed = list(_typed(file))
    keys = keys_in_use(shop, connection)
    labels = list(_labels(shop, connection, file, keys, typed))
    file.refuse_problems()
    if not labels:
        raise BadInputError(
            _("{file} has no code that can still be used; there is nothing to print.").format(file=path.name)
        )
    return SheetPlan(labels, target, paper, entry_url, language, first - 1, len(typed) - len(labels))


def entry_url_of(shop: Shop) -> str:
    """The address of the registration page. Raises ``ConfigurationError`` where it is not configured."""
    url = shop.settings.codes.entry_url
    if url is None:
        raise ConfigurationError(
            _("{path}: set entry_url in [codes] to the address of the shop's registration page.").format(
                path=shop.settings.path
            )
        )
    return str(url)


def _typed(file: CodeFile) -> Iterator[tuple[int, str, str]]:
    """Line, serial and code of every row; a serial twice is wrong."""
    seen: Counter[str] = Counter()
    for line, cells in file.rows():
        serial, code = read_serial(cells["serial"]), read_code(cells["code"])
        seen[serial] += 1
        if not serial or seen[serial] > 1:
            file.wrong(line, "serial", _("This is no serial of a link code, or it stands here twice."))
        elif code is None:
            file.wrong(line, "code", _("This is no link code; a sign may be wrong."))
        else:
            yield line, serial, code


def _labels(
    shop: Shop, connection: Connection, file: CodeFile, keys: CodeKeys, typed: Sequence[tuple[int, str, str]]
) -> Iterator[CodeLabel]:
    """The labels of the codes that can still be used."""
    today = tokyo_date(shop.clock.now())
    with reading(connection):
        known = codes_by_serial(connection, [serial for _line, serial, _code in typed])
    for line, serial, code in typed:
        row = known.get(serial)
        if row is None or row.state not in ALIVE or row.expires_on < today:
            continue
        if not compare_digest(keys.hash_code(code, row.key_id), row.secret_hash):
            file.wrong(line, "code", _("Serial and code do not belong together."))
            continue
        yield CodeLabel(serial, print_code(code), row.expires_on)


def apply_sheet(run: Run, plan: SheetPlan) -> Report:
    """Write the PDF, whole or not at all, and note the export."""
    shop_name = run.shop.settings.shop.name
    refuse_place(plan.path, run.shop.settings.shop.eccube_root)
    run.transaction(log_export, run, "link_codes", len(plan.labels))
    plan.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with speaking(plan.language), atomic_file(plan.path) as file:
        if isinstance(plan.paper, Sheet):
            draw_sheets(file, plan.labels, plan.paper, plan.entry_url, shop_name, plan.skipped)
        else:
            draw_receipts(file, plan.labels, plan.paper, plan.entry_url, shop_name)
    report = Report(
        _("{count} link codes were drawn: {path}").format(count=len(plan.labels), path=plan.path),
        {"codes_printed": len(plan.labels)},
    )
    report.notes.append(
        _("The file opens memberships: print it at 100 percent, then delete it and the list.")
    )
    return report
