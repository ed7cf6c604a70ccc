"""The configuration's words turned into the rules' own: policies, guards' numbers, class settings."""

from __future__ import annotations

from eccube_sync.configsources import Policy, Source
from eccube_sync.membership.classes import ClassSettings
from eccube_sync.membership.policies import ExpiryPolicy, SourcePolicy
from eccube_sync.membership.verdicts import GuardNumbers
from eccube_sync.settings import Settings


def expiry_policy(configured: Policy) -> ExpiryPolicy:
    """One configured policy."""
    return ExpiryPolicy(
        configured.policy, configured.months or 0, configured.grace_days, configured.month_end
    )


def source_policy(source: Source) -> SourcePolicy:
    """A source's policy with those of its ranks."""
    return SourcePolicy(
        expiry_policy(source.expiry),
        {rank: expiry_policy(policy) for rank, policy in source.expiry.rank.items()},
    )


def class_settings(settings: Settings) -> ClassSettings:
    """How long an unconfirmed end keeps the class, and when downgrades are paused."""
    membership = settings.membership
    return ClassSettings(
        membership.unconfirmed_days, membership.pause_downgrades_from, membership.pause_downgrades_until
    )


def guard_numbers(settings: Settings) -> GuardNumbers:
    """The limits of the guards; configuration speaks of percent, the rules of shares."""
    guards = settings.guards
    return GuardNumbers(
        surprise_minimum=guards.surprise_downgrades,
        surprise_share=guards.surprise_downgrades_percent / 100,
        downgrades_minimum=guards.downgrades,
        downgrades_share=guards.downgrades_percent / 100,
        import_keeps_share=guards.import_percent / 100,
        missing_share=guards.missing_percent / 100,
        stale_factor=guards.stale_factor,
        fill_drop_points=guards.fill_rate_points,
        backwards_share=guards.backwards_percent / 100,
        mails_factor=guards.mails_per_downgrade,
        mails_maximum=guards.mails,
        clock_seconds=guards.clock_seconds,
        announce_days=guards.forecast_days,
    )


def policy_hash(settings: Settings) -> str:
    """Changes when any choice changes that classes depend on; events of such a change mail nobody."""
    from hashlib import blake2b

    parts = [
        settings.membership.model_dump_json(
            include={"unconfirmed_days", "pause_downgrades_from", "pause_downgrades_until"}
        )
    ]
    parts += [f"{source.key}:{source.expiry.model_dump_json()}" for source in settings.sources]
    return blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()
