"""E-mail addresses as mailboxes: what the provider ignores is ignored here, and nothing else."""

from __future__ import annotations

import unicodedata

_GMAIL = frozenset({"gmail.com", "googlemail.com"})
_NOWHERE_WORDS = """
dummy.dummy dummy.com dummy.jp dummy.co.jp test.com test.jp test.co.jp test.test
localhost invalid.invalid noemail.com nomail.com none.com aaa.com
"""
_NOWHERE = frozenset(_NOWHERE_WORDS.split())
_NOBODY_WORDS = """
noreply no-reply dummy test none nomail noemail no-mail no null unknown a aa aaa x xx xxx
"""
_NOBODY = frozenset(_NOBODY_WORDS.split())
_ROLES_WORDS = """
info mail email contact shop admin office support webmaster home family me i love
"""
_ROLES = frozenset(_ROLES_WORDS.split())
_SHORTEST_MAILBOX = 5


def normalise_email(typed: str) -> str:
    """The address in lower case and half width, ``""`` if it is none or a placeholder. Dots and +tags are dropped
    for Gmail only; elsewhere they are part of the address."""
    text = typed if typed.isascii() else unicodedata.normalize("NFKC", typed)
    text = text.strip().lower().removeprefix("mailto:").strip(" .,;<>'\"")
    local, at, domain = text.rpartition("@")
    if not at or not local or "." not in domain or " " in text or "@" in local:
        return ""
    if domain in _GMAIL:
        domain = "gmail.com"
        local = local.partition("+")[0].replace(".", "")
    if not local or domain in _NOWHERE or local in _NOBODY or domain.endswith((".invalid", ".test")):
        return ""
    return f"{local}@{domain}"


def mailbox(address: str) -> str:
    """The part before the @ where it can tell people apart, else ``""`` (info@, taro@)."""
    local = address.partition("@")[0]
    return "" if len(local) < _SHORTEST_MAILBOX or local in _ROLES else local
