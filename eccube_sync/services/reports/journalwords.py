"""The journal in words: what was changed, from what to what, and why."""

from __future__ import annotations

from collections.abc import Mapping

from eccube_sync.i18n import mark
from eccube_sync.membership.classes import REASONS as CLASS_REASONS
from eccube_sync.report import Word
from eccube_sync.services.claims.words import REASONS as CLAIM_REASONS
from eccube_sync.services.codes.listing import STATES as CODE_STATES
from eccube_sync.services.customers.showing import (
    CASE_STATES,
    CLAIM_STATES,
    CUSTOMER_STATES,
    ENDINGS,
    KINDS,
    METHODS,
    PROOFS,
    class_word,
    word,
)
from eccube_sync.services.notices import words as noticewords
from eccube_sync.services.notices.outboxstates import SUMMARY
from eccube_sync.services.privacy.exportlog import PURPOSES
from eccube_sync.settings import Settings

RUN_STATES: Mapping[str, str] = {
    "running": mark("under way"),
    "done": mark("done"),
    "failed": mark("failed"),
    "interrupted": mark("interrupted"),
    "undone": mark("undone"),
}

SUBJECTS: Mapping[str, str] = {
    "approval": mark("approval"),
    "case": mark("case"),
    "claim": mark("claim"),
    "code_batch": mark("batch of link codes"),
    "code_reservation": mark("serials"),
    "consent": mark("consent to be mailed"),
    "customer": mark("customer"),
    "export": mark("export of personal data"),
    "import": mark("imported file"),
    "link": mark("link"),
    "link_code": mark("link code"),
    "member": mark("member"),
    "member_version": mark("version of a member's data"),
    "model": mark("model"),
    "notice": mark("notice"),
    "projection": mark("place in EC-CUBE"),
    "run": mark("run"),
    "source": mark("source"),
}

FIELDS: Mapping[str, str] = {
    "class": mark("class"),
    "codes": mark("codes"),
    "downgrades": mark("downgrades on a day"),
    "confirmed_at": mark("confirmed by data of"),
    "current": mark("still there"),
    "end_date": mark("end date"),
    "exported": mark("written to a review file"),
    "file": mark("file"),
    "hold": mark("hold"),
    "mail_consent": mark("consent to be mailed"),
    "method": mark("method"),
    "missing_imports": mark("full files without the member"),
    "moved_from": mark("moved from link"),
    "override": mark("override"),
    "personal_data": mark("personal data"),
    SUMMARY: mark("mail to the owner"),
    "export_reminder": mark("reminder to who exports"),
    "month_mail": mark("monthly report to the owner"),
    "proven_by": mark("proof"),
    "restored": mark("restored from dump"),
    "restored_from": mark("restored from link"),
    "rows": mark("rows"),
    "state": mark("state"),
    "taken_at": mark("data of"),
    "uninstalled": mark("places cleared in EC-CUBE"),
    "version": mark("version"),
}
"""What of a subject was changed; a projection has the name of its place instead."""

_CONSENTS: Mapping[str, str] = {"given": mark("given"), "ended": mark("ended")}

STATES: Mapping[str, Mapping[str, str]] = {
    "case": CASE_STATES,
    "claim": CLAIM_STATES,
    "consent": _CONSENTS,
    "customer": CUSTOMER_STATES,
    "import": {"accepted": mark("imported"), "undone": mark("undone")},
    "link": {"active": mark("in force"), "ended": mark("ended")},
    "link_code": CODE_STATES,
    "model": {"in_force": mark("in force")},
    "notice": noticewords.STATES,
    "run": RUN_STATES,
}
"""The states of each subject."""

_PERSONAL: Mapping[str, str] = {"kept": mark("kept"), "forgotten": mark("forgotten")}

VALUES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("link", "method"): METHODS,
    ("link", "proven_by"): PROOFS,
    ("member", "current"): {"1": mark("yes")},
    ("member", "mail_consent"): _CONSENTS,
    **{
        (subject, "personal_data"): _PERSONAL
        for subject in ("customer", "member", "member_version", "notice")
    },
}
"""What else is named by a key, by subject and field."""

_UNDONE: Mapping[str, str] = {"undo": mark("its run was undone")}

_FORGOTTEN: Mapping[str, str] = {
    "forgotten_by_person": mark("the person asked to be forgotten, or is long gone")
}
_RETENTION: Mapping[str, str] = {"retention": mark("its time was over")}

REASONS: Mapping[str, Mapping[str, str]] = {
    "approval": {"set_by_person": mark("a person set it")},
    "case": {
        **KINDS,
        **ENDINGS,
        "decided_same": mark("a person decided that they are the same"),
        "decided_hold": mark("a person put it off"),
        "decided_done": mark("a person dealt with it"),
        "review_export": mark("a review file was written"),
        "hold_ended": mark("the time it was put off for is over"),
    },
    "claim": {
        **CLAIM_REASONS,
        "codes_import": mark("typed by the customer"),
        "inbox": mark("typed in the plugin"),
    },
    "code_batch": {
        "codes_issue": mark("codes were issued"),
        "codes_invite": mark("members were invited by mail"),
    },
    "consent": _UNDONE,
    "code_reservation": {"codes_issue": mark("codes were issued")},
    "customer": {
        **CLASS_REASONS,
        **ENDINGS,
        "set_by_person": mark("a person set it"),
        "adopted_from_eccube": mark("the value stood in EC-CUBE"),
        "seen_in_eccube": mark("EC-CUBE says so"),
        **_FORGOTTEN,
    },
    "export": PURPOSES,
    "import": {**_UNDONE, "member_file": mark("a member export was imported")},
    "link": {
        **METHODS,
        **ENDINGS,
        "claim": mark("by a link code"),
        "confirmed_by_manual": mark("a person confirmed it"),
        "confirmed_by_review": mark("a reviewer confirmed it"),
        "successor": mark("the member has a new card"),
    },
    "link_code": {
        **_UNDONE,
        "assigned_by_file": mark("a file said whose it is"),
        "assigned_by_import": mark("the member export said whose it is"),
        "claim": mark("a customer typed it"),
        "revoked_by_person": mark("a person revoked it"),
    },
    "member": {
        **_UNDONE,
        **_FORGOTTEN,
        "code_of_another": mark("its code belongs to another person now"),
        "in_file_again": mark("the member is in the file again"),
        "stated_by_person": mark("a person stated it"),
    },
    "member_version": _RETENTION,
    "model": {
        **_UNDONE,
        "first": mark("the first classification"),
        "settings_changed": mark("the settings of matching changed"),
        "trained": mark("learned from the shop's own data"),
        "calibrated": mark("judged by the reviewers' answers"),
    },
    "notice": {
        **noticewords.STATES,
        **noticewords.KINDS,
        **noticewords.REASONS,
        **_RETENTION,
        "named_by_a_person": mark("a person had it mailed after all"),
    },
    "projection": {
        **_UNDONE,
        "written": mark("written"),
        "already": mark("it stood there already"),
        "drift": mark("changed by somebody else"),
        "adopted_from_eccube": mark("the value stood in EC-CUBE"),
    },
    "run": {
        **_UNDONE,
        "sent": mark("sent"),
        "restored_by_person": mark("a person put a dump back"),
        "uninstalled_by_person": mark("a person uninstalled eccube-sync"),
    },
    "source": {**_UNDONE, "sent": mark("sent")},
}
"""Why each subject was changed."""

_CLASSES = frozenset({("customer", "class"), ("customer", "override"), ("customer", "hold")})


def subject_word(subject: str) -> Word | None:
    """What was changed."""
    return word(SUBJECTS, subject)


def field_word(subject: str, field: str) -> Word | None:
    """What of it; the place's own name where a class is shown in EC-CUBE."""
    return word({} if subject == "projection" else FIELDS, field)


def value_word(settings: Settings, subject: str, field: str, value: str | None) -> Word | str | None:
    """A value before or after."""
    if value is None:
        return None
    if subject == "projection" or (subject, field) in _CLASSES:
        return class_word(settings, value)
    if (subject, field) == ("run", SUMMARY):
        return Word(value.partition(" ")[0], value)  # the night; what follows tells two mails of one apart
    table = STATES.get(subject) if field == "state" else VALUES.get((subject, field))
    return value if table is None else word(table, value)


def reason_word(subject: str, reason: str) -> Word | None:
    """Why."""
    return word(REASONS.get(subject, {}), reason)
