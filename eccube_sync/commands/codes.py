"""``codes``: link codes the store prints and customers type."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, apply_option, json_option, pass_application
from eccube_sync.i18n import _

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_LENGTH = click.FloatRange(0, 100)
_PAPERS = ("10", "12", "24", "65", "58mm", "80mm")
_CODE_STATES = ("issued", "assigned", "used", "revoked", "expired")
_CLAIM_STATES = ("pending", "waiting_for_store", "accepted", "refused", "conflict", "undone")


@click.group(
    help=_(
        "Link codes: the store prints them, customers type them when they register, and that links the two.\n\n"
        "A label shows the code (K7F3M-9QX2C), which the customer types, and a serial, which names it to the staff. "
        "The code counts once, until its date, for the member it was handed to, and only if the name reading, the "
        "birth date or the last 4 digits of a phone agree with the store's record."
    )
)
def command() -> None:
    """The group; see ``help``."""


@command.command(
    help=_(
        "Make codes and write the list for the label printer.\n\n"
        "The list is the only place where the codes can be read; delete it once it is printed. If the program is "
        "stopped between writing it and saving the codes, none of its codes is valid and the next run says so.\n\n"
        "Example: eccube-sync codes issue --count 500 --label 'spring cards'"
    )
)
@click.option("--count", type=click.IntRange(1, 100_000), required=True, help=_("How many codes."))
@click.option("--label", default="", help=_("A name for this batch; without it the date."))
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("File to write; without it one in the folder codes of the state directory."),
)
@click.option("--valid-days", type=click.IntRange(1, 3660), help=_("Days the codes can be used."))
@apply_option
@pass_application
def issue(
    application: Application, count: int, label: str, output: Path | None, valid_days: int | None, apply: bool
) -> None:
    """Issue codes."""
    from eccube_sync.services.codes.coding import apply_issue, plan_issue
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_issue(shop, connection, count, label=label, output=output, valid_days=valid_days)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "codes issue") as run:
                application.show(apply_issue(run, plan))


@command.command(
    help=_(
        "Draw the list that codes issue wrote as labels (A4) or receipts: a PDF with the code, a QR code, the serial "
        "and what to do.\n\nPrint it at 100 percent. 24 and 65 are sheets with so many labels; other measures, in "
        "millimetres, change them.\n\nExample: eccube-sync codes sheet codes/link-codes-2026-04-01.csv --paper 24"
    )
)
@click.argument("file", type=_FILE)
@click.option(
    "--paper", type=click.Choice(_PAPERS), default="24", show_default=True, help=_("Sheet or roll.")
)
@click.option("--columns", type=click.IntRange(1, 10), help=_("Labels side by side."))
@click.option("--rows", type=click.IntRange(1, 20), help=_("Labels below each other."))
@click.option("--left", type=_LENGTH, help=_("Margin on the left and on the right (mm)."))
@click.option("--top", type=_LENGTH, help=_("Margin at the top and at the bottom (mm)."))
@click.option("--gap-across", type=_LENGTH, help=_("Gap between labels side by side (mm)."))
@click.option("--gap-down", type=_LENGTH, help=_("Gap between labels below each other (mm)."))
@click.option("--first", type=click.IntRange(1, 200), default=1, show_default=True,
              help=_("Label to begin with, on a sheet that is used in part."))  # fmt: skip
@click.option("--words", type=click.Choice(("ja", "en")), default="ja", show_default=True,
              help=_("Language of the labels."))  # fmt: skip
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help=_("File to write; without it one in the folder codes of the state directory."),
)
@apply_option
@pass_application
def sheet(
    application: Application, /, file: Path, paper: str, first: int, words: str, output: Path | None, apply: bool,
    **measures: float | None,
) -> None:  # fmt: skip
    """Draw labels."""
    from eccube_sync.services.codes.sheets import apply_sheet, choose_paper, plan_sheet
    from eccube_sync.services.running import applied_run

    chosen = choose_paper(paper, **measures)
    with application.open_shop() as (shop, connection):
        plan = plan_sheet(shop, connection, file, chosen, output=output, language=words, first=first)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "codes sheet") as run:
                application.show(apply_sheet(run, plan))


@command.command(
    help=_(
        "Say whose codes they are, from a CSV with the columns serial, member_code and, with several stores' "
        "systems, source.\n\nMembers need not be imported yet. The list as it was issued will do, with a column "
        "member_code added and the codes taken out.\n\nExample: eccube-sync codes assign handed-out.csv"
    )
)
@click.argument("file", type=_FILE)
@click.option("--source", help=_("The source of the members, for rows that do not say it."))
@click.option("--encoding", help=_("Encoding of the file; without it found out: utf-8, cp932, utf-16."))
@apply_option
@pass_application
def assign(
    application: Application, file: Path, source: str | None, encoding: str | None, apply: bool
) -> None:
    """Bind codes to members."""
    from eccube_sync.services.codes.assigning import apply_assign, plan_assign
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_assign(shop, connection, file, source_key=source, encoding=encoding)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "codes assign") as run:
                application.show(apply_assign(run, plan))


@command.command(
    help=_(
        "Invite members by mail: each gets a link code of their own, once, at the address the store has.\n\n"
        "Only those whose consent is recorded. --members names a CSV (member_code) of those who agreed, and --basis "
        "says how; both are recorded for each of them, with your name. Who is linked, was invited before, is no "
        "current member, or wants no mail by the store's data is left out. Needs [sender] and promotion = true: "
        "by law an invitation is advertising. The mails leave by notify, in its window and caps.\n\n"
        "Example: eccube-sync codes invite --members agreed.csv --basis 'membership form 2024, section 5'"
    )
)
@click.option("--members", type=_FILE, help=_("CSV of the members who agreed."))
@click.option("--basis", default="", help=_("How they agreed."))
@click.option("--source", help=_("The source of the members, for rows that do not say it."))
@click.option("--limit", type=click.IntRange(1, 5000), default=500, show_default=True,
              help=_("Invitations at most; run it again for the rest."))  # fmt: skip
@apply_option
@pass_application
def invite(
    application: Application, members: Path | None, basis: str, source: str | None, limit: int, apply: bool
) -> None:
    """Invite members."""
    from eccube_sync.services.codes.inviting import apply_invite, plan_invite
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_invite(
            shop, connection, limit=limit, members=members, basis=basis.strip(), source_key=source
        )
        application.show(plan.report())
        if plan.members and application.agreed(apply):
            with applied_run(shop, connection, "codes invite") as run:
                application.show(apply_invite(run, plan))


@command.command(
    "import",
    help=_(
        "Take in codes and card numbers that customers typed, for shops without the plugin.\n\n"
        "The CSV has the columns customer_id, code or card (or both) and, if known, received_at. Beside a card stands "
        "one second fact in the column pin, birth_date or phone_last4. The next classify decides them. The same row "
        "twice counts once.\n\nExample: eccube-sync codes import typed.csv"
    ),
)
@click.argument("file", type=_FILE)
@click.option("--encoding", help=_("Encoding of the file; without it found out: utf-8, cp932, utf-16."))
@apply_option
@pass_application
def import_claims(application: Application, file: Path, encoding: str | None, apply: bool) -> None:
    """Take claims in."""
    from eccube_sync.services.claims.fromfile import apply_claim_import, plan_claim_import
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_claim_import(shop, connection, file, encoding=encoding)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "codes import") as run:
                application.show(apply_claim_import(run, plan))


@command.command("list", help=_("List batches and codes; a code itself is never shown."))
@click.option("--state", type=click.Choice(_CODE_STATES), help=_("Only codes in this state."))
@click.option("--batch", type=int, help=_("Only this batch."))
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help=_("How many."))
@json_option
@pass_application
def list_codes(
    application: Application, state: str | None, batch: int | None, limit: int, as_json: bool
) -> None:
    """List codes."""
    from eccube_sync.services.codes.listing import list_codes as report

    with application.open_shop() as (shop, connection):
        application.show(report(shop, connection, state=state, batch=batch, limit=limit), as_json=as_json)


@command.command(help=_("List what customers typed and what became of it, with reasons."))
@click.option("--state", type=click.Choice(_CLAIM_STATES), help=_("Only claims in this state."))
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help=_("How many."))
@json_option
@pass_application
def claims(application: Application, state: str | None, limit: int, as_json: bool) -> None:
    """List claims."""
    from eccube_sync.services.claims.listing import list_claims

    with application.open_shop() as (_shop, connection):
        application.show(list_claims(connection, state=state, limit=limit), as_json=as_json)


@command.command(
    help=_(
        "Make codes useless that were lost or printed by mistake; used ones keep their links.\n\n"
        "Examples:\n\n  eccube-sync codes revoke K0000012 K0000013\n\n  eccube-sync codes revoke --batch 4"
    )
)
@click.argument("serials", nargs=-1)
@click.option("--batch", type=int, help=_("All codes of this batch that were not used."))
@apply_option
@pass_application
def revoke(application: Application, serials: tuple[str, ...], batch: int | None, apply: bool) -> None:
    """Revoke codes."""
    from eccube_sync.services.codes.listing import apply_revoke, plan_revoke
    from eccube_sync.services.running import applied_run

    with application.open_shop() as (shop, connection):
        plan = plan_revoke(connection, list(serials), batch)
        application.show(plan.report())
        if application.agreed(apply):
            with applied_run(shop, connection, "codes revoke") as run:
                application.show(apply_revoke(run, plan))


@command.command(
    "rotate-key",
    help=_(
        "Make a new secret key for the codes of the future, when the old one may have been seen.\n\n"
        "Codes issued so far stay good; revoke those you no longer trust."
    ),
)
@apply_option
@pass_application
def rotate_key(application: Application, apply: bool) -> None:
    """Change the key."""
    from eccube_sync.services.codes.keys import key_file, load_keys
    from eccube_sync.services.codes.keys import rotate_key as rotate

    folders = application.settings.folders
    load_keys(folders)
    application.say(
        _("A new key is added to {path}; the old ones stay in it.").format(path=key_file(folders))
    )
    if application.agreed(apply):
        rotate(folders)
