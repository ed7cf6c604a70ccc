"""``export``: what we hold about a person, for the person."""

from __future__ import annotations

from pathlib import Path

import click

from eccube_sync.application import Application, pass_application
from eccube_sync.errors import UsageError
from eccube_sync.i18n import _


@click.command(
    help=_(
        "Write what our tables hold about one person into a CSV, to answer a request for disclosure: the account, "
        "linked store data, mails, questions and answers. Who wrote it is remembered (runs exports).\n\n"
        "Examples:\n\n  eccube-sync export 42\n\n  eccube-sync export --member 2900000012345"
    )
)
@click.argument("customer", metavar=_("CUSTOMER"), type=int, required=False)
@click.option("--member", help=_("A member without an account, by the code."))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help=_("Where to; else exports in the state folder."),
)
@pass_application
def command(application: Application, customer: int | None, member: str | None, output: Path | None) -> None:
    """Write the file."""
    from eccube_sync.services.privacy.disclosing import export_person, find_person
    from eccube_sync.services.review.export import check_output
    from eccube_sync.services.running import applied_run

    if (customer is None) == (member is None):
        raise UsageError(_("Name one person: a customer id, or --member CODE."))
    with application.open_shop() as (shop, connection):
        check_output(shop.settings, output)
        person = find_person(connection, eccube_id=customer, code=member)
        with applied_run(shop, connection, "export", sound=False) as run:
            report = export_person(run, person, output)
        application.show(report)
