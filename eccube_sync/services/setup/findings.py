"""What ``check`` finds: one line a matter, fine, wrong, or worth knowing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _, mark

State = Literal["ok", "wrong", "note"]
SIGNS: Mapping[State, str] = {"ok": "✓", "wrong": "✗", "note": "–"}

TITLES: Mapping[str, str] = {
    "configuration": mark("configuration"),
    "folders": mark("folders"),
    "secrets": mark("secrets"),
    "dumps": mark("dump of our tables"),
    "legal": mark("legal ground"),
    "expiry": mark("expiry policy"),
    "promotion": mark("advertising"),
    "templates": mark("mail templates"),
    "mail": mark("mail server"),
    "returned": mark("mails that come back"),
    "connection": mark("database"),
    "rights": mark("rights of our account"),
    "generation": mark("EC-CUBE"),
    "eccube_schema": mark("EC-CUBE's tables"),
    "schema": mark("our tables"),
    "identity": mark("which database this is"),
    "clock": mark("clock"),
    "projections": mark("places in EC-CUBE"),
    "plugins": mark("plugins"),
    "plugin": mark("our plugin"),
    "inbox": mark("between two nights"),
    "bridge": mark("bridge"),
    "store_data": mark("store data"),
    "nightly": mark("last night"),
    "runs": mark("runs"),
    "in_doubt": mark("mails in doubt"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``check`` is a key of ``TITLES``; a message of something wrong says what to do."""

    check: str
    state: State
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs, without personal data."""

    def line(self) -> str:
        """The line for people."""
        return f"{SIGNS[self.state]} {_(TITLES[self.check])}: {self.message}"


def fine(check: str, message: str, facts: Mapping[str, Any] | None = None) -> Finding:
    """All is well."""
    return Finding(check, "ok", message, facts or {})


def wrong(check: str, message: str, facts: Mapping[str, Any] | None = None) -> Finding:
    """Something must be done; ``message`` says what."""
    return Finding(check, "wrong", message, facts or {})


def note(check: str, message: str) -> Finding:
    """Not a fault: switched off, not there yet, or not asked."""
    return Finding(check, "note", message)


@dataclass(frozen=True, slots=True)
class Checkup:
    """All findings, in the order in which they are best mended."""

    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Checkup:
        """Run the checks."""
        return cls(tuple(findings))

    @property
    def exit_code(self) -> ExitCode:
        """0 when nothing is wrong, else 78."""
        found = any(finding.state == "wrong" for finding in self.findings)
        return ExitCode.CONFIGURATION if found else ExitCode.DONE

    def lines(self, *, wrong_only: bool = False) -> list[str]:
        """One line a finding, or only those to be mended."""
        return [one.line() for one in self.findings if one.state == "wrong" or not wrong_only]

    def as_json(self) -> dict[str, Any]:
        """The same for programs: ``check`` and ``state`` are stable, ``message`` is in the user's language."""
        return {
            "ok": self.exit_code is ExitCode.DONE,
            "checks": [
                {"check": one.check, "state": one.state, "message": one.message}
                | ({"facts": dict(one.facts)} if one.facts else {})
                for one in self.findings
            ],
        }
