"""The model in force: read it, and put another one in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection, Engine, insert, select

from eccube_sync.db import AnyRow, inserted_id
from eccube_sync.errors import ConfigurationError, GuardRefusedError, UsageError
from eccube_sync.i18n import _
from eccube_sync.linkage.model import Model
from eccube_sync.linkage.model import Settings as ModelSettings
from eccube_sync.linkage.score import ScoredPairs
from eccube_sync.services.running import Run
from eccube_sync.settings import Settings
from eccube_sync.tables import matching
from eccube_sync.tables.links import match_model
from eccube_sync.tables.runs import installation


def model_settings(settings: Settings) -> ModelSettings:
    """What the shop decides about its model."""
    return ModelSettings(
        wanted_precision=1 - settings.matching.wrong_per_thousand / 1000,
        link_at=settings.matching.link_at,
        review_at=settings.matching.review_at,
        several_accounts=any(one.accounts_per_member > 1 for one in settings.sources),
    )


def matching_changed(settings: Settings, connection: Connection) -> bool:
    """Whether everybody has to be matched anew: no usable model, a new one, or other settings than its own."""
    newest = matching.newest_model(connection)
    model = readable_model(connection, newest)
    if model is None or model.settings != model_settings(settings):
        return True
    matched_run = connection.execute(select(installation.c.matched_run_id)).scalar_one_or_none()
    return matching.trained_since(connection, newest, matched_run or 0)


def model_in_force(connection: Connection) -> Model:
    """The newest model. Raises ``UsageError`` before the first classification or training."""
    stored = matching.newest_model(connection)
    if stored is None:
        raise UsageError(
            _("No classification was applied yet, so there is no model; run: eccube-sync classify")
        )
    return read_model(connection, stored)


def readable_model(connection: Connection, stored: AnyRow | None) -> Model | None:
    """The stored model; None where there is none, or where another version of the normaliser made it."""
    if stored is None:
        return None
    try:
        return read_model(connection, stored)
    except ConfigurationError:
        return None


def read_model(connection: Connection, stored: AnyRow) -> Model:
    """The model of a row. A process that runs on reads it once, as it is frozen and may be megabytes."""
    key = tuple(stored)
    known = _READ.get(connection.engine)
    if known is None or known[0] != key:
        known = _READ[connection.engine] = (key, Model.from_json(matching.model_body(connection, stored.id)))
    return known[1]


_READ: WeakKeyDictionary[Engine, tuple[tuple[Any, ...], Model]] = WeakKeyDictionary()
"""The model read last from each database."""


def stored_pairs(connection: Connection) -> ScoredPairs:
    """Every pair the classifications found, with its score."""
    parts = [np.array([tuple(row) for row in part]) for part in matching.all_pairs(connection)]
    columns = np.concatenate([np.empty((0, 5)), *parts]).T
    customer_ids, member_ids, bits, probability, flags = columns
    return ScoredPairs(
        customer_ids.astype(np.int64),
        member_ids.astype(np.int64),
        bits.astype(np.float32),
        probability,
        flags.astype(np.uint8),
    )


def write_model(run: Run, model: Model, reason: str) -> int:
    """Store a model inside the transaction under way; from now on it is in force. Returns its row's id."""
    values = {"body": model.to_json(), "run_id": run.id, "created_at": run.moment}
    model_id = inserted_id(run.connection.execute(insert(match_model).values(values)))
    run.record("model", model_id, "state", None, "in_force", reason)
    return model_id


def replace_model(run: Run, planned_over: int, model: Model, reason: str) -> None:
    """Store ``model`` if the row ``planned_over`` (0: none) is still in force. Raises ``GuardRefusedError`` if not."""

    def work() -> None:
        newest = matching.newest_model(run.connection)
        if (newest.id if newest else 0) != planned_over:
            raise GuardRefusedError(
                _("Another model was made meanwhile; nothing was changed. Look at the plan again.")
            )
        write_model(run, replace(model, number=next_number(run.connection)), reason)

    run.transaction(work)


def next_number(connection: Connection) -> int:
    """The number of the next model."""
    newest = matching.newest_model(connection)
    return 1 if newest is None else int(newest.id) + 1
