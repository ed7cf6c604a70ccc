"""Take rows of the plugin's inbox: what a customer typed becomes a claim, what an admin asked for is done."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import insert, select

from eccube_sync.clock import to_database
from eccube_sync.db import AnyRow, reading
from eccube_sync.errors import EccubeSyncError, LockedError
from eccube_sync.i18n import _
from eccube_sync.projections.plugin import Published, publish
from eccube_sync.services.claims.recording import TypedClaim, TypedFact, card_claim, code_claim, record_claims
from eccube_sync.services.codes.coding import keys_for_codes
from eccube_sync.services.codes.keys import CodeKeys
from eccube_sync.services.inbox.files import give_file, join_parts, take_file
from eccube_sync.services.inbox.payloads import (
    PART_SIZE,
    Asked,
    Download,
    Opened,
    Request,
    TypedCard,
    TypedCode,
    TypedProof,
    Upload,
    open_row,
)
from eccube_sync.services.inbox.requests import Answer, actor_of, carry_out
from eccube_sync.services.projection.pluginkeys import load_keys
from eccube_sync.services.running import Run
from eccube_sync.tables.customers import customer
from eccube_sync.tables.inbox import inbox_row, received_at, sealed_rows
from eccube_sync.tables.links import link
from eccube_sync.tables.members import member, member_version


def take_rows(run: Run, rows: Sequence[AnyRow]) -> set[int]:
    """Take these rows; returns the customers, by EC-CUBE id, about whom something is to be decided.

    A file whose parts are not all among them is given up.
    """
    files = [row for row in rows if row.kind == "upload"]
    others = [row for row in rows if row.kind != "upload"]
    concerned = _take_single(run, others)
    _take_files(run, files)
    return concerned


def _take_single(run: Run, rows: Sequence[AnyRow]) -> set[int]:
    plugin_keys = load_keys(run.shop.settings.folders)
    with reading(run.connection) as connection:
        sealed = sealed_rows(connection, [row.id for row in rows])
    opened = [open_row(plugin_keys, sealed[row.id]) for row in rows if row.id in sealed]
    typed = [one for one in opened if isinstance(one.payload, TypedCode | TypedCard | TypedProof)]
    concerned: set[int] = set()
    if typed:
        keys = keys_for_codes(run.shop, run.connection)
        run.transaction(_record, run, keys, typed)
        concerned |= {one.row.customer_id for one in typed}
    for one in opened:
        if one.payload is None:
            run.transaction(_note, run, [one.row], "refused", one.refusal)
        elif isinstance(one.payload, Request):
            _answer_request(run, one.row, one.payload)
            concerned.add(one.row.customer_id)
        elif isinstance(one.payload, Download):
            _answer_download(run, one.row, one.payload)
    return concerned


# --- what customers typed ----------------------------------------------------------------------------------


def _record(run: Run, keys: CodeKeys, typed: Sequence[Opened]) -> None:
    """Keep the claims and note the rows, in one transaction: a row is taken once or not at all."""
    claims = {one.row.row_key: _claim(run, keys, one) for one in typed}
    _note(run, [one.row for one in typed if claims[one.row.row_key]], "taken", None)
    _note(run, [one.row for one in typed if not claims[one.row.row_key]], "refused", "nothing_to_prove")
    record_claims(run, keys, [one for one in claims.values() if one], "inbox")


def _claim(run: Run, keys: CodeKeys, one: Opened) -> TypedClaim | None:
    row, typed = one.row, one.payload
    when = received_at(row, run.now)
    how: dict[str, Any] = {"claim_key": row.row_key}
    if isinstance(typed, TypedCode):
        return code_claim(keys, row.customer_id, typed.code, when, origin=typed.origin or None, **how)
    assert isinstance(typed, TypedCard | TypedProof)
    number = typed.number if isinstance(typed, TypedCard) else _guessed_card(run, row.customer_id)
    if not number:
        return None
    fact = TypedFact(typed.fact, typed.answer)
    return card_claim(keys, row.customer_id, number, fact, when, origin=typed.origin or None, **how)


def _guessed_card(run: Run, eccube_id: int) -> str | None:
    """The card of the member the customer was guessed to be: an answer about it proves the link."""
    guessed = (
        select(member_version.c.code)
        .select_from(link)
        .join(customer, customer.c.id == link.c.customer_id)
        .join(member, member.c.id == link.c.member_id)
        .join(member_version, member_version.c.id == member.c.version_id)
        .where(customer.c.eccube_id == eccube_id, customer.c.current == 1)
        .where(link.c.active == 1, link.c.proven_by.is_(None))
    )
    found: str | None = run.connection.execute(guessed.limit(1)).scalar_one_or_none()
    return found


# --- what admins asked for -----------------------------------------------------------------------------------


def _answer_request(run: Run, row: AnyRow, request: Request) -> None:
    _answered(run, [row], request, lambda: carry_out(run, row.customer_id, request))


def _answer_download(run: Run, row: AnyRow, download: Download) -> None:
    _answered(run, [row], download, lambda: give_file(run, download))


def _answered(run: Run, rows: Sequence[AnyRow], asked: Asked, work: Any) -> None:
    """Do it, then note it with its answer; a refusal is an answer too. Killed between, it is done again."""
    try:
        answer = work()
    except LockedError:
        raise
    except EccubeSyncError as error:
        answer = Answer("refused", "\n".join(error.lines))
    run.transaction(_close, run, rows, asked, answer)


def _close(run: Run, rows: Sequence[AnyRow], asked: Asked, answer: Answer) -> None:
    _note(run, rows, answer.state, None, actor_of(asked))
    publish(run.connection, list(_published(run, rows[0].row_key, answer)), run.now)


def _published(run: Run, row_key: str, answer: Answer) -> Iterable[Published]:
    keys = load_keys(run.shop.settings.folders)
    file = None
    if answer.file is not None:
        name, content = answer.file
        parts = [content[start : start + PART_SIZE] for start in range(0, len(content), PART_SIZE)]
        digest = hashlib.sha256(content).hexdigest()
        file = {"name": name, "parts": len(parts), "size": len(content), "sha256": digest}
        for number, part in enumerate(parts, 1):
            yield Published(f"part:{row_key}:{number}", "part", sealed=keys.seal_answer(part))
    front = {
        "v": 1,
        "state": answer.state,
        "text": answer.text,
        "at": f"{run.now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "counts": answer.counts,
        "file": file,
    }
    secret = None
    if answer.secret is not None:
        secret = keys.seal_answer(json.dumps(answer.secret, ensure_ascii=False).encode())
    text = json.dumps(front, ensure_ascii=False, separators=(",", ":"))
    yield Published(f"answer:{row_key}", "answer", answer.state, text, secret)


def _note(run: Run, rows: Sequence[AnyRow], state: str, reason: str | None, actor: str | None = None) -> None:
    """Remember that these rows were taken, inside the transaction under way."""
    if not rows:
        return
    values = [
        {
            "row_key": row.row_key,
            "kind": row.kind,
            "eccube_id": row.customer_id,
            "state": state,
            "reason": reason,
            "actor": actor,
            "received_at": to_database(received_at(row, run.now)),
            "run_id": run.id,
        }
        for row in rows
    ]
    run.connection.execute(insert(inbox_row), values)
    run.counts["inbox_refused" if state == "refused" else "inbox_taken"] += len(rows)


# --- files -------------------------------------------------------------------------------------------------


def _take_files(run: Run, rows: Sequence[AnyRow]) -> None:
    """Take the files all of whose parts are there; give up the others."""
    keys = load_keys(run.shop.settings.folders)
    files: dict[str, list[Opened]] = defaultdict(list)
    for row in rows:
        with reading(run.connection) as connection:
            sealed = sealed_rows(connection, [row.id]).get(row.id)
        if sealed is None:
            continue
        one = open_row(keys, sealed)
        if isinstance(one.payload, Upload):
            files[one.payload.upload].append(one)
        else:
            run.transaction(_note, run, [row], "refused", one.refusal)
    for parts in files.values():
        _take_file(run, parts)


def _take_file(run: Run, opened: Sequence[Opened]) -> None:
    parts = sorted(
        ((one.payload, one.row) for one in opened if isinstance(one.payload, Upload)),
        key=lambda one: one[0].part,
    )
    uploads, rows = [one[0] for one in parts], [one[1] for one in parts]
    first = uploads[0]
    content = join_parts(uploads)
    if content is None:
        refusal = Answer("refused", _("The file did not arrive whole; please upload it again."))
        run.transaction(_close, run, rows, first, refusal)
        return
    _answered(run, rows, first, lambda: take_file(run, first, content))
