"""Bind link codes to members: from a list the store keeps, or from a column of its member export.

A code is bound to a member's code in a source, not to a row of ours, so it can be handed out before the member's
first import.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, select, update

from eccube_sync.configtypes import Key
from eccube_sync.db import CHUNK, AnyRow, reading
from eccube_sync.errors import ConfigurationError
from eccube_sync.i18n import _
from eccube_sync.linkcode import read_serial
from eccube_sync.report import Report
from eccube_sync.services.codes.coding import ALIVE, codes_by_serial
from eccube_sync.services.codes.files import CodeFile
from eccube_sync.services.members.importplan import choose_source
from eccube_sync.services.running import Run, Shop
from eccube_sync.tables.codes import link_code
from eccube_sync.tables.importing import ensure_source, source_id
from eccube_sync.tables.members import member, member_code, member_version

COLUMNS = {
    "serial": ("シリアル", "シリアル番号", "コード番号", "連携コード番号"),
    "member_code": ("会員コード", "会員番号", "カード番号", "member"),
    "source": ("取込元",),
}
LONGEST_MEMBER_CODE = 64
IN_USE, NUMBER, POS_KEY, REPLACED = range(4)
"""How a code leads to a member, the surest first."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A serial and the member it was handed to; ``line`` is where the file says so."""

    line: int
    serial: str
    source_key: Key
    member_code: str


@dataclass(slots=True)
class AssignPlan:
    """Bindings to be written, and how many stand already."""

    path: Path
    new: list[tuple[AnyRow, Binding]] = field(default_factory=list)
    known: int = 0

    def report(self) -> Report:
        """The plan as counts."""
        return Report(
            _("Link codes assigned by {file}").format(file=self.path.name),
            {"codes_assigned": len(self.new), "unchanged": self.known},
        )


def plan_assign(
    shop: Shop,
    connection: Connection,
    path: Path,
    *,
    source_key: str | None = None,
    encoding: str | None = None,
) -> AssignPlan:
    """Read ``path``. Raises ``BadInputError`` with every line that cannot be carried out."""
    file = CodeFile(path, COLUMNS, ("serial", "member_code"), encoding)
    bindings = list(_bindings(shop, file, source_key))
    plan = AssignPlan(path)
    with reading(connection):
        codes = codes_by_serial(connection, [one.serial for one in bindings])
        sources = {key: source_id(connection, key) for key in {one.source_key for one in bindings}}
        for binding in bindings:
            _plan_one(file, plan, binding, codes.get(binding.serial), sources[binding.source_key])
    file.refuse_problems()
    return plan


def _bindings(shop: Shop, file: CodeFile, source_key: str | None) -> Iterator[Binding]:
    seen: dict[str, Binding] = {}
    for line, cells in file.rows():
        serial, code = read_serial(cells["serial"]), cells["member_code"]
        if not code and cells["serial"]:
            continue  # the list as it was issued: a code that is not handed out yet
        if not serial:
            file.wrong(line, "serial", _("This is no serial of a link code."))
            continue
        if not code or len(code) > LONGEST_MEMBER_CODE:
            file.wrong(line, "member_code", _("This is no member code."))
            continue
        try:
            source = choose_source(shop.settings, cells.get("source") or source_key)
        except ConfigurationError:
            file.wrong(line, "source", _("The configuration has no such source."))
            continue
        binding = Binding(line, serial, source.key, code)
        before = seen.setdefault(serial, binding)
        if before is binding:
            yield binding
        elif (before.source_key, before.member_code) != (source.key, code):
            message = _("Line {line} gives the same serial to another member.").format(line=before.line)
            file.wrong(line, "serial", message)


def _plan_one(
    file: CodeFile, plan: AssignPlan, binding: Binding, code: AnyRow | None, of_source: int | None
) -> None:
    if code is None:
        file.wrong(binding.line, "serial", _("No code with this serial was issued."))
    elif _stands(code, of_source, binding.member_code):
        plan.known += 1
    elif code.state == "issued":
        plan.new.append((code, binding))
    elif code.state == "assigned":
        message = _("The code belongs to another member already; revoke it and hand out a new one.")
        file.wrong(binding.line, "serial", message)
    else:
        file.wrong(binding.line, "serial", _("The code was used or revoked; hand out a new one."))


def _stands(code: AnyRow, of_source: int | None, to_member: str) -> bool:
    return bool(
        code.state in (*ALIVE, "used")
        and code.source_id is not None
        and (code.source_id, code.member_code) == (of_source, to_member)
    )


def apply_assign(run: Run, plan: AssignPlan) -> Report:
    """Write the bindings, all of them or none."""

    def work() -> None:
        labels = {one.key: one.label for one in run.shop.settings.sources}
        keys = sorted({binding.source_key for _code, binding in plan.new})
        sources = {key: ensure_source(run.connection, key, labels[key]) for key in keys}
        for code, binding in plan.new:
            _bind(run, code, sources[binding.source_key], binding.member_code, "assigned_by_file")

    run.transaction(work)
    report = plan.report()
    report.counts = {"codes_assigned": run.counts["codes_assigned"], "stale": run.counts["stale"]}
    return report


def _bind(run: Run, code: AnyRow, of_source: int, to_member: str, reason: str) -> None:
    done = run.connection.execute(
        update(link_code)
        .where(link_code.c.id == code.id, link_code.c.state == "issued")
        .values(state="assigned", source_id=of_source, member_code=to_member)
    )
    if done.rowcount == 1:
        run.record("link_code", code.id, "state", "issued", "assigned", reason)
        run.counts["codes_assigned"] += 1
    else:
        run.counts["stale"] += 1


def bind_from_import(run: Run, import_id: int) -> None:
    """Bind the serials the store typed into the members of one import, inside the transaction under way.

    A serial that does not exist, or was given to somebody else before, is counted as ``serials_not_usable`` and
    stops nothing: it is a slip at the counter, and the member is as good as any.
    """
    rows = run.connection.execute(
        select(
            member.c.source_id,
            member.c.store_key,
            member_version.c.code,
            member_version.c.number,
            member_version.c.link_code_serial,
        )
        .join(member, member.c.id == member_version.c.member_id)
        .where(member_version.c.import_id == import_id, member_version.c.link_code_serial != "")
        .order_by(member_version.c.id)
    )
    remaining = iter(list(rows))
    while chunk := list(islice(remaining, CHUNK)):
        _bind_chunk(run, chunk)


def _bind_chunk(run: Run, rows: list[AnyRow]) -> None:
    codes = codes_by_serial(run.connection, [read_serial(row.link_code_serial) for row in rows])
    bound: set[int] = set()
    for row in rows:
        to_member = row.code or row.number or row.store_key
        code = codes.get(read_serial(row.link_code_serial))
        if code is not None and code.id not in bound and code.state == "issued":
            bound.add(code.id)
            _bind(run, code, row.source_id, to_member, "assigned_by_import")
        elif code is None or code.id in bound or not _stands(code, row.source_id, to_member):
            run.counts["serials_not_usable"] += 1


def find_members(
    connection: Connection, wanted: Iterable[tuple[int, str]]
) -> dict[tuple[int, str], list[int]]:
    """(source, member code) → the current members it may mean: one is certain, none is not imported yet.

    A code in use counts before a member number, before the POS's own key, before a card that was replaced.
    """
    by_source: dict[int, set[str]] = defaultdict(set)
    for of_source, code in wanted:
        by_source[of_source].add(code)
    found: dict[tuple[int, str], list[int]] = {}
    for of_source, codes in by_source.items():
        ordered = sorted(codes)
        for start in range(0, len(ordered), CHUNK):
            for code, tiers in code_tiers(connection, of_source, ordered[start : start + CHUNK]).items():
                found[of_source, code] = sorted(tiers[min(tiers)])
    return found


def code_tiers(connection: Connection, of_source: int, codes: list[str]) -> dict[str, dict[int, set[int]]]:
    """Code → ``IN_USE``, ``NUMBER``, ``POS_KEY`` or ``REPLACED`` → the current members that have or had it so."""
    tiers: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    rows = connection.execute(
        select(member_code.c.code, member_code.c.kind, member_code.c.to_import_id, member_code.c.member_id)
        .join(member, member.c.id == member_code.c.member_id)
        .where(member_code.c.source_id == of_source, member_code.c.code.in_(codes), member.c.current == 1)
    )
    for row in rows:
        tier = REPLACED if row.to_import_id is not None else (IN_USE if row.kind == "code" else NUMBER)
        tiers[row.code][tier].add(row.member_id)
    keyed = connection.execute(
        select(member.c.store_key, member.c.id).where(
            member.c.source_id == of_source, member.c.store_key.in_(codes), member.c.current == 1
        )
    )
    for store_key, member_id in keyed:
        tiers[store_key][POS_KEY].add(member_id)
    return tiers
