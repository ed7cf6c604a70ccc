"""Take over links a shop already has, from a CSV of customer ids and member codes.

A line that cannot be carried out is refused by itself, with its reason. Such links are a person's word: they end
guesses, never another person's link, a claim's, or a 別人. Nobody is mailed: to the customers nothing is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from eccube_sync.db import CHUNK, reading
from eccube_sync.errors import BadInputError, ConfigurationError, UsageError
from eccube_sync.i18n import _
from eccube_sync.pos import FORMATS
from eccube_sync.report import Report
from eccube_sync.services.classes.classing import plan_classes
from eccube_sync.services.classes.deciding import decide
from eccube_sync.services.codes.assigning import LONGEST_MEMBER_CODE
from eccube_sync.services.codes.files import CodeFile, whole_number
from eccube_sync.services.customers.knowncustomers import known_id
from eccube_sync.services.links.linkbyhand import SHOWN, case_of_pair
from eccube_sync.services.links.linkimportjudging import Judge, Line, LinkImportPlan, Wanted
from eccube_sync.services.links.pairing import link_pair
from eccube_sync.services.members.importplan import choose_source
from eccube_sync.services.review.answering import close_neighbours
from eccube_sync.services.review.casing import UNANSWERED, close_case
from eccube_sync.services.running import Run, Shop
from eccube_sync.settings import Settings

COLUMNS = {
    "customer_id": ("顧客ID", "会員ID", "EC会員ID", "customer"),
    "member_code": ("会員コード", "会員番号", "カード番号", "member"),
    "source": ("取込元",),
}


def plan_link_import(
    shop: Shop,
    connection: Connection,
    path: Path,
    *,
    source_key: str | None = None,
    encoding: str | None = None,
) -> LinkImportPlan:
    """Read ``path`` and say what each line would do. Raises ``BadInputError`` where it is no such CSV."""
    file = CodeFile(path, COLUMNS, ("customer_id", "member_code"), encoding)
    _refuse_member_export(file)
    lines = list(_lines(file, shop.settings, source_key))
    file.refuse_problems()
    with reading(connection):
        return Judge(shop.settings, connection, LinkImportPlan(path)).plan(lines)


def _refuse_member_export(file: CodeFile) -> None:
    """A store's export may have the same two headers; there 会員ID is the POS's, and every link would be wrong."""
    if len(file.headers) > len(COLUMNS) and any(one.claims(file.headers) for one in FORMATS.values()):
        raise BadInputError(
            _(
                "{file} is the store's member export: the ids in it are the POS's, not EC-CUBE's. Give a file with "
                "the columns customer_id and member_code only. Nothing was changed."
            ).format(file=file.path.name)
        )


def _lines(file: CodeFile, settings: Settings, source_key: str | None) -> Iterator[Line]:
    for number, cells in file.rows():
        code, source, refusal = cells["member_code"], "", ""
        eccube_id = whole_number(cells["customer_id"])
        try:
            source = choose_source(settings, cells.get("source") or source_key).key
        except (ConfigurationError, UsageError):
            refusal = "no_source"
        if not code or len(code) > LONGEST_MEMBER_CODE:
            refusal, code = "no_member_code", ""
        if eccube_id is None:
            refusal = "no_customer_id"
        yield Line(number, eccube_id, code, source, refusal)


# --- apply -----------------------------------------------------------------------------------------


def apply_link_import(run: Run, plan: LinkImportPlan, *, plan_was_shown: bool) -> Report:
    """Make the links, chunk by chunk; a line whose people were linked meanwhile is refused.

    Who saw the plan is told about these lines alone.
    """
    run.baseline = True
    known = len(plan.refused) if plan_was_shown else 0
    for start in range(0, len(plan.new), CHUNK):
        plan.refused += run.transaction(_link_chunk, run, plan.path.name, plan.new[start : start + CHUNK])
    headline = _("Links of {file} taken over:").format(file=plan.path.name)
    report = Report(headline, {name: run.counts[name] for name in SHOWN})
    report = plan.with_refused(report, plan.refused[known:])
    run.counts["lines_refused"] = len(plan.refused)
    return report


def _link_chunk(run: Run, file_name: str, wanted: Sequence[Wanted]) -> list[Line]:
    """Inside the transaction under way; returns the lines that could not be carried out after all."""
    proof = "review" if run.shop.settings.membership.human_link_is_proof else None
    refused: list[Line] = []
    concerned: set[int] = set()
    for one in wanted:
        customer_id = known_id(run, one.who)
        case = case_of_pair(run.connection, customer_id, one.member_id)
        linked = link_pair(
            run,
            customer_id,
            one.member_id,
            method="manual",
            actor=run.shop.actor,
            proven_by=proof,
            scored=case,
            note=file_name,
        )
        if linked is None:
            refused.append(replace(one.line, refusal="linked_otherwise"))
            continue
        concerned |= linked
        if case is not None and case.state in UNANSWERED:
            close_case(run, case.id, "linked_by_hand")
        close_neighbours(run, customer_id, one.member_id)
    decide(run, plan_classes(run.shop.settings, run.connection, run.today, concerned))
    return refused
