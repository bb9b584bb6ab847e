"""`lakeport doctor`: what keeps a profile from its lake, and what to do."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from lakeport import lake, profiles
from lakeport.cli import options
from lakeport.cli.outcome import Partly
from lakeport.clock import SystemClock

if TYPE_CHECKING:
    from lakeport.cli.output import Output
    from lakeport.doctor import Finding

MARKS = {"fine": "ok", "note": "note", "problem": "PROBLEM"}
_PLACE = re.compile(r"\w+://|local:[^:]+:|(?!local:)[^:/]+:")
PAUSE = timedelta(seconds=5)


@click.command("doctor")
@click.argument("where", required=False, type=options.NAME, metavar="[PROFILE | URL]")
@options.profile
@click.option("--wait", default=0, metavar="SECONDS", type=click.IntRange(0, 3600), help="Look again until it passes.")
@click.option(
    "--address-from",
    default="",
    metavar="URL",
    help="Where a firewall refuses, ask this for the address that is seen, such as https://api.ipify.org.",
)
@options.common
@click.pass_obj
def doctor(output: Output, *, where: str | None, profile: str | None, wait: int, address_from: str) -> None:
    """Walk the chain from this machine to a lake and say what is wrong and what to do; changes nothing.

    Exit status: 0 when every link holds, 3 when one is broken.

    \b
    lakeport doctor contoso
    lakeport doctor local:provider:share-data/reports
    lakeport doctor abfss://raw@sourcestorage.dfs.core.windows.net/2030 --profile contoso --wait 600
    """
    clock = SystemClock()
    until = clock.now() + timedelta(seconds=wait)
    while True:
        found = _look(output, where, profile, address_from)
        wrong = [one for one in found if one.verdict == "problem"]
        if not wrong or not any(one.may_pass for one in found) or clock.now() >= until:
            break
        output.say(f"waiting for it to pass: {wrong[0].said}")
        clock.sleep(PAUSE)
    output.summary(problems=len(wrong), status="failed" if wrong else "done")
    if wrong:
        raise Partly


def _look(output: Output, where: str | None, named: str | None, address_from: str) -> list[Finding]:
    from lakeport.doctor import examine  # noqa: PLC0415  (the SDKs come with it)

    place = lake.parse(where) if where and _PLACE.match(where) else None
    url = place if isinstance(place, lake.LakeUrl) else None
    profile = profiles.resolve(named or (url.profile if url else where))
    found = []
    parts = (url.account, url.file_system, url.path) if url else ("", "", "")
    for finding in examine(profile, account=parts[0], file_system=parts[1], path=parts[2], address_from=address_from):
        hint = f". {finding.hint}" if finding.hint and finding.verdict != "fine" else ""
        output.result(f"{MARKS[finding.verdict]:<8} {finding.link:<10} {finding.said}{hint}", **asdict(finding))
        found.append(finding)
    return found
