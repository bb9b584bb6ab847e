"""`browser`: what `BROWSER` names under `exec`, so that no sign-in page of the real Azure opens there."""

from __future__ import annotations

import click

from lakeport_local.serve.refusal import Refusal


@click.command(hidden=True)
@click.argument("url")
def browser(*, url: str) -> None:
    """Refuse to open a page: people do not sign in at this local Azure yet."""
    raise Refusal(
        "this local Azure has no sign-in page; run as an app or a managed identity.", "exec --as NAME -- PROGRAM"
    )
