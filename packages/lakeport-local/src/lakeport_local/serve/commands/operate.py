"""What an operator does with a running local Azure."""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from lakeport_local.serve.commands.options import json_option, print_objects, state_option
from lakeport_local.serve.principals import credential_of
from lakeport_local.serve.refusal import FAILED, MISUSED, NOT_FOUND, Refusal
from lakeport_local.serve.running import Running
from lakeport_local.state import holder_of

if TYPE_CHECKING:
    from pathlib import Path

_STOPPED_WITHIN_S = 20.0
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command
@state_option
@json_option
def down(*, state: Path, as_json: bool) -> int:
    """Stop the local Azure of a state folder; what was acknowledged stays there.

    \b
    lakeport local down
    lakeport local down --state ./state
    """
    if holder_of(state) is None:
        click.echo(f"already down: no local Azure is running for {state}", err=True)
    else:
        running = Running(state)
        running.ask("POST", "shutdown")
        _wait_until_gone(state, running.pid)
        if not as_json:
            click.echo(f"stopped process {running.pid} (state {state})")
    if as_json:
        click.echo(json.dumps({"running": False, "state": str(state)}))
    return 0


def _wait_until_gone(state: Path, pid: int) -> None:
    until = time.monotonic() + _STOPPED_WITHIN_S
    while holder_of(state) is not None:
        if time.monotonic() > until:
            raise Refusal(f"process {pid} was told to stop and still holds {state}.", "status")
        time.sleep(0.02)


@click.command
@state_option
@json_option
def status(*, state: Path, as_json: bool) -> int:
    """Say whether a local Azure is running for a state folder, and where; exit status 1 when none is.

    \b
    lakeport local status
    lakeport local status --json
    """
    if holder_of(state) is None and as_json:
        click.echo(json.dumps({"running": False, "state": str(state)}))
        return FAILED
    found = Running(state).ask("GET", "status")
    if as_json:
        click.echo(json.dumps(found))
        return 0
    memory = ", data in memory" if found["memory"] else ""
    click.echo(f"running {found['url']} (state {found['state']}{memory}, process {found['pid']})")
    click.echo(f"tenants: {', '.join(found['tenants'])}")
    click.echo(f"services: {', '.join(found['services'])}")
    click.echo(f"clock: {found['now']}")
    return 0


@click.command
@state_option
@json_option
def reset(*, state: Path, as_json: bool) -> int:
    """Go back to the topology: data, resources, faults and the clock. Credentials stay as they are.

    \b
    lakeport local reset
    lakeport local reset --state ./state
    """
    found = Running(state).ask("POST", "reset")
    click.echo(json.dumps(found) if as_json else f"reset {found['state']} to its {len(found['tenants'])} tenants")
    return 0


@click.command
@click.argument("name", required=False)
@state_option
@json_option
def credentials(*, name: str | None, state: Path, as_json: bool) -> int:
    """List what there is; with NAME, show that principal's ids and its secret.

    NAME is a name, TENANT/NAME, a client id or an object id.

    \b
    lakeport local credentials
    lakeport local credentials provider
    """
    running = Running(state)
    if name is not None:
        found = {key: value for key, value in credential_of(running, name).items() if value not in {"", False}}
        for key in ("proxy_password", "has_key_pair"):
            found.pop(key, None)
        click.echo(json.dumps(found) if as_json else "\n".join(f"{key} = {value}" for key, value in found.items()))
        return 0
    things = running.ask("GET", "credentials")["things"]
    if as_json:
        print_objects(things, summary={"count": len(things)})
        return 0
    for one in things:
        ids = " ".join(f"{key}={one[key]}" for key in ("client_id", "object_id", "resource_group") if key in one)
        click.echo(f"{one['kind']:<18} {one['tenant']}/{one['name']:<34} {ids}")
    return 0


@click.command
@click.argument("request_id", metavar="ID")
@state_option
@json_option
def explain(*, request_id: str, state: Path, as_json: bool) -> int:
    """Say why a request was allowed or refused, by the request id of its answer.

    \b
    lakeport local explain 9b1e4a52-...
    lakeport local explain 9b1e4a52-... --json
    """
    if not re.fullmatch(r"[0-9A-Za-z-]{1,64}", request_id):
        raise Refusal(f"{request_id!r} is no request id.", "explain --help", status=MISUSED)
    decisions = Running(state).ask("GET", f"decisions/{request_id}")["decisions"]
    if not decisions:
        raise Refusal(f"no decision is remembered for request {request_id}.", "status", status=NOT_FOUND)
    if as_json:
        print_objects(decisions, summary={"request_id": request_id, "count": len(decisions)})
        return 0
    for decision in decisions:
        click.echo(_explained(decision))
    return 0


def _explained(decision: dict[str, Any]) -> str:  # Any: a JSON object
    caller = decision["caller"]
    who = caller.get("name") or caller.get("address") or f"a signature or key of {_account(caller)}"
    path = f" at {decision['path']}" if decision.get("path") else ""
    lines = [
        f"{'allowed' if decision['allowed'] else 'refused'}: {who}, {decision['action']}, on {decision['scope']}{path}",
        *(f"  because {reason}" for reason in decision["reasons"]),
    ]
    if decision["smallest_grant"]:
        lines.append(f"  it would pass with {decision['smallest_grant']}")
    return "\n".join(lines)


def _account(caller: dict[str, Any]) -> str:  # Any: a JSON object
    return str(caller.get("shared_key_of") or caller.get("shared_access_to")).rpartition("/")[2]


@click.command
@click.argument("verb", type=click.Choice(["now", "advance"]), default="now")
@click.argument("by", required=False)
@state_option
@json_option
def clock(*, verb: str, by: str | None, state: Path, as_json: bool) -> int:
    """Tell the local Azure's time, or move it forward: what falls due meanwhile happens.

    \b
    lakeport local clock
    lakeport local clock advance 1d
    """
    if (verb == "advance") != (by is not None):
        raise Refusal(
            "clock takes 'now', or 'advance' and a span such as 90s, 15m, 6h or 1d.", "clock advance 1d", status=MISUSED
        )
    span = None if by is None else _span(by)
    running = Running(state)
    asked = ("GET", "clock") if span is None else ("POST", "clock", {"advance_s": span.total_seconds()})
    now = running.ask(*asked)["now"]
    click.echo(json.dumps({"now": now}) if as_json else now)
    return 0


def _span(text: str) -> timedelta:
    """Read a span of time.

    Example:
        >>> _span("1d12h") == timedelta(hours=36)
        True
    """
    parts = re.findall(r"(\d{1,6})([smhdw])", text)
    if not parts or "".join(f"{number}{unit}" for number, unit in parts) != text:
        raise Refusal(f"{text!r} is no span of time such as 90s, 15m, 6h or 1d.", "clock advance 1d", status=MISUSED)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
