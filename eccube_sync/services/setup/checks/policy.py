"""What a person has to decide before people are compared, downgraded or written to."""

from __future__ import annotations

from collections.abc import Iterator

from eccube_sync.i18n import _
from eccube_sync.services.setup.findings import Finding, fine, note, wrong
from eccube_sync.settings import Settings


def legal(settings: Settings) -> Iterator[Finding]:
    """On what ground the two lists of people may be compared."""
    relation = settings.legal.relation
    if relation is None:
        yield wrong(
            "legal",
            _(
                "set legal.relation: same_company, joint_use (共同利用) or entrusted (委託); "
                "without a ground the lists of store and shop may not be compared"
            ),
        )
    else:
        yield fine("legal", relation)


def expiry(settings: Settings) -> Iterator[Finding]:
    """Whether anybody is ever downgraded."""
    for source in settings.sources:
        if source.expiry.policy == "none" and not source.expiry.rank:
            yield note(
                "expiry",
                _(
                    "none for {source}: nobody is downgraded; compare what there is with: eccube-sync expire preview"
                ).format(source=source.key),
            )
        else:
            yield fine("expiry", f"{source.key}: {source.expiry.policy}")


def promotion(settings: Settings) -> Iterator[Finding]:
    """Advertising needs a complete sender, which the configuration insists on, and the person's consent."""
    if not settings.notices.promotion:
        yield note("promotion", _("off: mails carry no advertising"))
    else:
        yield fine("promotion", _("on, for those who agreed to it"))
