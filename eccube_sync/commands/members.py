"""``members``: the store's members, as its exports tell them."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import (
    DEFAULT_FILES,
    Application,
    apply_option,
    json_option,
    pass_application,
)
from eccube_sync.errors import ExitCode
from eccube_sync.i18n import _


@click.group(help=_("The store's members: look at an export, import it, find one of them."))
def command() -> None:
    """The group; see ``help``."""


_FILE = click.Path(path_type=Path)
source_option = click.option("--source", "source_key", help=_("The store's key, where there are several."))


@command.command(
    "import",
    help=_(
        "Import a store's member export: all of it, or nothing where it looks wrong.\n\n"
        "Examples:\n\n  eccube-sync members import members.csv            shows the plan and asks\n\n"
        "  eccube-sync members import members.csv --apply    does it (for cron)\n\n"
        "  eccube-sync members import some.csv --partial     absence from the file says nothing"
    ),
)
@click.argument("file", type=_FILE)
@source_option
@click.option(
    "--partial/--full",
    default=None,
    help=_("Whether the file holds only some of the members; else as configured."),
)
@click.option("--i-expect", "expected", type=int, help=_("Overrule a guard by naming the exact number."))
@apply_option
@json_option
@pass_application
def import_members(
    application: Application,
    file: Path,
    source_key: str | None,
    partial: bool | None,
    expected: int | None,
    apply: bool,
    as_json: bool,
) -> None:
    """Plan and apply an import."""
    from eccube_sync.membership.verdicts import raise_if_refused
    from eccube_sync.services.members.importing import apply_import, guard, plan_import
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        with application.progress(_("reading {file}").format(file=file.name)):
            plan = plan_import(shop, connection, file, source_key=source_key, partial=partial)
        verdicts = guard(shop, connection, plan, expected)
        # A program that reads JSON gets one document: the plan, or what was done.
        if not (as_json and apply) or plan.known:
            application.show(plan.report(), as_json=as_json)
        raise_if_refused(verdicts)
        if plan.known or (as_json and not apply) or not application.agreed(apply):
            return
        with (
            application.progress(_("importing {file}").format(file=file.name)),
            applied_run(shop, connection, "members import") as run,
        ):
            report = apply_import(run, plan)
        application.show(report, as_json=as_json)


@command.command(
    "inspect",
    help=_(
        "Say how an export would be read, what is damaged and whether it would be refused; writes nothing.\n\n"
        "Needs no database, and no configuration either.\n\n"
        "Example: eccube-sync members inspect members.csv"
    ),
)
@click.argument("file", type=_FILE)
@source_option
@json_option
@pass_application
def inspect(application: Application, file: Path, source_key: str | None, as_json: bool) -> int:
    """Show how a file is read; exit code 65 when importing it would be refused."""
    from eccube_sync.services.members.inspecting import inspect_file

    settings = application.settings if _has_configuration(application) else None
    with application.progress(_("reading {file}").format(file=file.name)):
        found = inspect_file(settings, file, application.clock.now(), source_key=source_key)
    application.show(found.report, as_json=as_json)
    return ExitCode.BAD_INPUT if found.refused else ExitCode.DONE


def _has_configuration(application: Application) -> bool:
    """Whether there is any, be it right or wrong: a wrong one must not be passed over."""
    return (
        "settings" in vars(application)
        or application.config_path is not None
        or any(path.expanduser().exists() for path in DEFAULT_FILES)
    )


@command.command(
    "show",
    help=_(
        "Show a member, found by any code it has or had, its second number or the POS's own id.\n\n"
        "Example: eccube-sync members show 2900000000017"
    ),
)
@click.argument("code")
@json_option
@pass_application
def show(application: Application, code: str, as_json: bool) -> None:
    """Show everything about a member."""
    from eccube_sync.services.members.showmember import show_member

    with application.open_shop() as (shop, connection):
        application.show(show_member(shop, connection, code), as_json=as_json)
