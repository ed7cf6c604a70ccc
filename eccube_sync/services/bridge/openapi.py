"""The description of the bridge's HTTP interface (OpenAPI 3.1); a test tries the running bridge against it."""

from __future__ import annotations

from typing import Any

import eccube_sync

_DETAIL = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
_QUEUED = {"type": "object", "properties": {"queued": {"type": "boolean"}}, "required": ["queued"]}
_HEALTH = {
    "type": "object",
    "properties": {
        "status": {"enum": ["ok", "failing"]},
        "waiting": {"type": "integer", "description": "Customers that wait to be looked at."},
        "oldest_seconds": {"type": "integer", "description": "How long the first of them has waited."},
        "database": {"enum": ["reachable", "unreachable"]},
    },
    "required": ["status", "waiting", "oldest_seconds", "database"],
}
_EVENTS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "entity": {"type": "string", "examples": ["customer"]},
            "id": {"type": ["integer", "null"]},
            "action": {"enum": ["created", "updated", "deleted"]},
        },
    },
}


def _answer(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


_SIGNED_ANSWERS = {
    "202": _answer("Written down; it is dealt with within the second.", _QUEUED),
    "401": _answer("Not signed, wrongly signed, or the time is more than 120 seconds off.", _DETAIL),
    "409": _answer("The nonce was used before.", _DETAIL),
    "413": _answer("The body is larger than 4 KiB.", _DETAIL),
    "503": _answer("It could not be written down; send it again later.", _DETAIL),
}


def _header(name: str, pattern: str, text: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": True, "description": text, "schema": schema}


_SIGNATURE = [
    _header("X-Eccube-Sync-Time", "^[0-9]{1,12}$", "Seconds since 1970, UTC."),
    _header("X-Eccube-Sync-Nonce", "^[0-9a-f]{32}$", "Random; taken once."),
    _header(
        "X-Eccube-Sync-Signature",
        "^[0-9a-f]{64}$",
        "HMAC-SHA256 of method, path, time, nonce and the SHA-256 of the body in hex, with line feeds between them.",
    ),
]
_BODY = {"content": {"application/json": {"schema": {"type": "object", "maxProperties": 0}}}}


def description() -> dict[str, Any]:
    """The whole description."""
    customer = {
        "name": "eccube_id",
        "in": "path",
        "required": True,
        "description": "EC-CUBE's id of the customer.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "eccube-sync bridge",
            "version": eccube_sync.__version__,
            "description": "Tells eccube-sync at once that something happened in EC-CUBE.",
        },
        "paths": {
            "/v1/customers/{eccube_id}/classify": {
                "post": {
                    "operationId": "classify",
                    "summary": "Look at a customer now.",
                    "parameters": [customer, *_SIGNATURE],
                    "requestBody": _BODY,
                    "responses": {**_SIGNED_ANSWERS, "404": _answer("No such id.", _DETAIL)},
                }
            },
            "/v1/inbox": {
                "post": {
                    "operationId": "inbox",
                    "summary": "Look at the plugin's inbox now.",
                    "parameters": _SIGNATURE,
                    "requestBody": _BODY,
                    "responses": _SIGNED_ANSWERS,
                }
            },
            "/webhooks/eccube": {"post": _webhook()},
            "/healthz": {
                "get": {
                    "operationId": "healthz",
                    "summary": "Whether the bridge works.",
                    "responses": {
                        "200": _answer("It works.", _HEALTH),
                        "503": _answer("It writes requests down but does not deal with them.", _HEALTH),
                    },
                }
            },
        },
    }


def _webhook() -> dict[str, Any]:
    signature = _header("X-ECCUBE-Signature", "^[0-9a-f]{64}$", "HMAC-SHA256 of the body, in hex.")
    return {
        "operationId": "webhook",
        "summary": "What EC-CUBE's Web API plugin tells.",
        "parameters": [signature],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _EVENTS}}},
        "responses": {
            "202": _answer("Written down, or of no interest.", _QUEUED),
            "400": _answer("Not a JSON list of events.", _DETAIL),
            "401": _answer("Wrong signature.", _DETAIL),
            "404": _answer("No webhook secret is configured.", _DETAIL),
            "413": _answer("The body is larger than 1 MiB.", _DETAIL),
            "503": _answer("It could not be written down; send it again later.", _DETAIL),
        },
    }
