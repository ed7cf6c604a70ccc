"""Rules between settings: what one may say given what the others say."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from pathlib import Path

from eccube_sync.configmail import Mail, Notices
from eccube_sync.configproblems import Fault
from eccube_sync.configsections import Credentials, Database, Projection
from eccube_sync.configsources import Membership, Policy, Source
from eccube_sync.configtypes import DATABASE_NAME, IDENTIFIER
from eccube_sync.i18n import _
from eccube_sync.settings import Settings
from eccube_sync.webroot import web_root_above

EARLY_PREFIXES = ("dtb_", "mtb_", "plg_")
REFUSED_COLUMNS = frozenset({
    "id", "discriminator_type", "email", "password", "salt", "secret_key", "reset_key", "reset_expire",
    "customer_status_id", "point", "name01", "name02", "kana01", "kana02", "company_name", "postal_code",
    "pref_id", "country_id", "addr01", "addr02", "phone_number", "birth", "sex_id", "job_id", "note",
    "first_buy_date", "last_buy_date", "buy_times", "buy_total", "create_date", "update_date",
})  # fmt: skip


def faults_between(settings: Settings) -> Iterator[Fault]:
    """Everything wrong that no single key shows."""
    yield from _sources(settings)
    yield from _membership(settings.membership)
    link_at = settings.matching.link_at
    if link_at is not None and settings.matching.review_at >= link_at:
        yield Fault("matching.review_at", _("must be lower than matching.link_at"))
    if not settings.codes.second_facts:
        yield Fault("codes.second_facts", _("is empty; a code alone must never be enough"))
    yield from _database(settings.database)
    for index, projection in enumerate(settings.projections):
        yield from _projection(projection, f"projection[{index}]")
    yield from _repeated_projections(settings.projections)
    yield from _mail(settings)
    yield from _notices(settings)
    if settings.retention.versions_days < settings.undo.keep_days:
        yield Fault("retention.versions_days", _("must not be shorter than undo.keep_days, which needs them"))
    yield from _repeats(settings.nightly.stages, "nightly.stages")
    yield from _places(settings)


def _sources(settings: Settings) -> Iterator[Fault]:
    if not settings.sources:
        yield Fault("source", _("is missing; describe at least one store with [[source]]"))
    seen_keys: set[str] = set()
    seen_files: set[tuple[Path, str]] = set()
    for index, source in enumerate(settings.sources):
        key = f"source[{index}]"
        files = (settings.drop_folder(source), source.pattern)
        if source.key in seen_keys:
            yield Fault(f"{key}.key", _("is used by an earlier source; each needs its own"))
        if files in seen_files:
            yield Fault(
                f"{key}.pattern", _("takes the same files as an earlier source; change watch or pattern")
            )
        if "/" in source.pattern or "\\" in source.pattern:
            yield Fault(f"{key}.pattern", _("must be a file name; the folder belongs into watch"))
        seen_keys.add(source.key)
        seen_files.add(files)
        yield from _policy(source, source.expiry, f"{key}.expiry")
        for rank, policy in source.expiry.rank.items():
            yield from _policy(source, policy, f'{key}.expiry.rank."{rank}"')


def _policy(source: Source, policy: Policy, key: str) -> Iterator[Fault]:
    if policy.policy in {"joined", "last_visit"} and policy.months is None:
        yield Fault(f"{key}.months", _("is missing; the policy {name} needs it").format(name=policy.policy))
    if policy.policy == "column" and source.format == "smaregi" and "end_date" not in source.columns:
        place = key.partition(".")[0]
        yield Fault(
            f"{place}.columns.end_date",
            _("is missing; the policy column needs the header of the column with the end date"),
        )


def _membership(membership: Membership) -> Iterator[Fault]:
    start, end = membership.pause_downgrades_from, membership.pause_downgrades_until
    if membership.label_store == membership.label_ec_only:
        yield Fault("membership.label_ec_only", _("must differ from membership.label_store"))
    if start and not end:
        yield Fault("membership.pause_downgrades_until", _("is missing; a pause needs both days"))
    if end and not start:
        yield Fault("membership.pause_downgrades_from", _("is missing; a pause needs both days"))
    if start and end and end < start:
        yield Fault(
            "membership.pause_downgrades_until", _("must not be before membership.pause_downgrades_from")
        )


def _database(database: Database) -> Iterator[Fault]:
    same = database.own == database.eccube
    if database.kind == "sqlite":
        if same:
            yield Fault("database.own", _("must be another file than database.eccube"))
        if database.table_prefix:
            yield Fault("database.table_prefix", _("is for MySQL and MariaDB only; leave it out"))
        return
    for name in ("eccube", "own"):
        if not DATABASE_NAME.fullmatch(getattr(database, name)):
            yield Fault(
                f"database.{name}", _("must be a database name of 1 to 64 letters A-Z, a-z, digits, _ and -")
            )
    yield from _prefix(database, same)
    if not database.runtime.user:
        yield Fault("database.runtime.user", _("is missing"))
    if database.accounts == "two" and database.setup.user and database.setup.user == database.runtime.user:
        yield Fault("database.setup.user", _('must be another user than runtime, or say accounts = "single"'))
    if database.ssl_ca is not None and not database.ssl_ca.is_file():
        yield Fault("database.ssl_ca", _("{path} does not exist").format(path=database.ssl_ca))
    yield from _two_passwords(database.runtime, "database.runtime")
    yield from _two_passwords(database.setup, "database.setup")


def _prefix(database: Database, same: bool) -> Iterator[Fault]:
    key, prefix = "database.table_prefix", database.table_prefix
    if same and not prefix:
        yield Fault(key, _("is missing; it is needed where own and eccube are the same"))
    elif prefix and not _good_prefix(prefix):
        yield Fault(key, _("must be 1 to 20 letters, digits and _, and not begin with dtb_, mtb_ or plg_"))
    elif prefix and not same:
        yield Fault(key, _("is only for a host with one database; leave it out where own is another one"))
    elif same and database.accounts == "two":
        yield Fault("database.accounts", _('must be "single" where own and eccube are the same database'))


def _good_prefix(prefix: str) -> bool:
    return bool(IDENTIFIER.fullmatch(prefix)) and len(prefix) <= 20 and not prefix.startswith(EARLY_PREFIXES)


def _two_passwords(holder: Credentials, key: str) -> Iterator[Fault]:
    if holder.password_file is not None and holder.password_env is not None:
        yield Fault(f"{key}.password_env", _("cannot stand beside password_file; keep one of them"))


def _projection(projection: Projection, key: str) -> Iterator[Fault]:
    if projection.kind == "customer_group" and projection.group is None:
        yield Fault(f"{key}.group", _("is missing; customer_group needs the name or id of the group"))
    if projection.kind != "column":
        return
    if projection.column is None:
        yield Fault(f"{key}.column", _("is missing; column needs it"))
    elif projection.column.lower() in REFUSED_COLUMNS:
        yield Fault(f"{key}.column", _("is a column of EC-CUBE's own that must never be written to"))
    if projection.store_value is None:
        yield Fault(f"{key}.store_value", _("is missing; column needs it"))
    elif projection.store_value == projection.ec_only_value:
        yield Fault(f"{key}.ec_only_value", _("must differ from store_value"))
    if projection.table != "dtb_customer" and projection.customer_column == "id":
        yield Fault(f"{key}.customer_column", _("is missing; name the column with the customer's id"))


def _repeated_projections(projections: Iterable[Projection]) -> Iterator[Fault]:
    seen = set()
    for index, projection in enumerate(projections):
        target = (projection.kind, projection.group, projection.table, projection.column)
        if target in seen and projection.kind != "none":
            yield Fault(f"projection[{index}]", _("writes to the same place as an earlier projection"))
        seen.add(target)


def _mail(settings: Settings) -> Iterator[Fault]:
    mail = settings.mail
    if mail is None:
        if settings.owner.mail:
            yield Fault("mail", _("is missing; without a mail server owner.mail gets nothing"))
        return
    if mail.security == "plain" and not is_loopback(mail.host):
        yield Fault("mail.security", _("may be plain only to this machine itself; use starttls or smtps"))
    if mail.user and mail.password_file is None and mail.password_env is None:
        yield Fault("mail.password_file", _("is missing; mail.user needs a password"))
    if mail.ssl_ca is not None and not mail.ssl_ca.is_file():
        yield Fault("mail.ssl_ca", _("{path} does not exist").format(path=mail.ssl_ca))
    yield from _mail_password(mail)


def _mail_password(mail: Mail) -> Iterator[Fault]:
    yield from _two_passwords(mail, "mail")
    if not mail.user and (mail.password_file or mail.password_env):
        yield Fault("mail.user", _("is missing; there is a password without a user"))


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _notices(settings: Settings) -> Iterator[Fault]:
    notices: Notices = settings.notices
    yield from _repeats(notices.kinds, "notices.kinds")
    yield from _repeats(notices.expiring_days, "notices.expiring_days")
    if "expiring" in notices.kinds and not notices.expiring_days:
        yield Fault("notices.expiring_days", _("is empty; list days, or take expiring out of notices.kinds"))
    if notices.templates is not None and not notices.templates.is_dir():
        yield Fault("notices.templates", _("{path} is not a folder").format(path=notices.templates))
    if notices.promotion and settings.sender.missing:
        yield Fault(
            "notices.promotion",
            _("needs the whole [sender]; not filled in: {keys}").format(
                keys=", ".join(settings.sender.missing)
            ),
        )


def _repeats(values: Iterable[object], key: str) -> Iterator[Fault]:
    seen = set()
    for value in values:
        if value in seen:
            yield Fault(key, _("names {value} twice").format(value=value))
        seen.add(value)


def _places(settings: Settings) -> Iterator[Fault]:
    root = settings.shop.eccube_root
    if root is not None and not root.is_dir():
        yield Fault("shop.eccube_root", _("{path} is not a folder").format(path=root))
    for key, path in _our_places(settings):
        web_root = web_root_above(path, root)
        if web_root is not None:
            yield Fault(
                key,
                _(
                    "{path} lies below the web root {root}, where a browser could fetch it; "
                    "move it to a folder outside, for example {example}"
                ).format(path=path, root=web_root, example=Path.home() / "eccube-sync"),
            )


def _our_places(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "", settings.path.parent
    if settings.state.directory.resolve() != settings.path.parent.resolve():
        yield "state.directory", settings.state.directory
    if settings.database.kind == "sqlite":
        yield "database.own", settings.sqlite_path("own").parent
    for index, source in enumerate(settings.sources):
        if source.watch is not None:
            yield f"source[{index}].watch", source.watch
    if settings.notices.templates is not None:
        yield "notices.templates", settings.notices.templates
    for key, holder in settings.credentials():
        if holder.password_file is not None:
            yield f"{key}.password_file", holder.password_file.parent
