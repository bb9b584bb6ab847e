"""`up`: start a local Azure, here or detached, and say so in one line when it is ready."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lakeport_local.serve.commands.options import json_option, state_option
from lakeport_local.serve.refusal import FAILED, MISUSED, Refusal
from lakeport_local.state import FolderHeld, holder_of

if TYPE_CHECKING:
    from lakeport_local.serve.azure import LocalAzure, Options

_READY_WITHIN_S = 60.0


@click.command
@state_option
@click.option("--port", type=click.IntRange(0, 65535), default=10443, show_default=True, help="0 takes a free one.")
@click.option(
    "--topology",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="What exists, as TOML; applying it again changes only what differs. Default in a new folder: two organisations.",
)
@click.option("--memory", is_flag=True, help="Keep the data in memory; it is gone when the process ends.")
@click.option("--detach", is_flag=True, help="Return when it is ready; it goes on in the background.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to bind; others than loopback need --expose."
)
@click.option("--expose", is_flag=True, help="Let other machines connect.")
@click.option("--pass-through", is_flag=True, help="Relay connections to hosts that are not Azure's.")
@click.option(
    "--durability",
    type=click.Choice(["process", "full"]),
    default="process",
    show_default=True,
    help="What acknowledged data survives: the death of the process; or, with full, the loss of power too.",
)
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Note which operations are asked for: JSON lines, added to the file.",
)
@json_option
def up(*, state: Path, detach: bool, as_json: bool, **given: Any) -> int:  # Any: click's values
    """Start a local Azure; print one line when it is ready.

    \b
    lakeport local up
    lakeport local up --detach --topology topology.toml
    """
    _check_host(given["host"], expose=given["expose"])
    options = _options(state, given)
    _check_free(options)
    if detach:
        return _detached(state, sys.argv[1:])
    return _serve(options, as_json=as_json)


def _options(state: Path, given: dict[str, Any]) -> Options:  # Any: click's values
    from lakeport_local.serve.azure import Options  # noqa: PLC0415  loads every room
    from lakeport_local.serve.reading import TopologyRefused  # noqa: PLC0415
    from lakeport_local.serve.topology import load  # noqa: PLC0415

    file = given["topology"]
    try:
        topology = None if file is None else load(file)
    except TopologyRefused as refused:
        raise Refusal(f"{refused}.", f"up --topology {file} (once it is mended)", status=MISUSED) from refused
    return Options(
        state,
        host=given["host"],
        port=given["port"],
        topology=topology,
        is_memory=given["memory"],
        is_durable=given["durability"] == "full",
        pass_through=given["pass_through"],
        trace=given["trace"],
    )


def _check_host(host: str, *, expose: bool) -> None:
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise Refusal(f"--host {host!r} is no IP address.", "up --host 127.0.0.1", status=MISUSED) from None
    if is_loopback:
        return
    if not expose:
        then = f"up --host {host} --expose"
        raise Refusal(f"--host {host} lets other machines reach this local Azure.", then, status=MISUSED)
    click.echo(f"WARNING: listening on {host}: every machine that can reach it can reach this local Azure.", err=True)


def _check_free(options: Options) -> None:
    """Refuse before anything is written when the folder is held or the port is in use."""
    holder = holder_of(options.state)
    if holder is not None:
        raise _held(options.state, holder)
    if options.trace is not None and not options.trace.absolute().parent.is_dir():
        raise Refusal(f"--trace {options.trace}: there is no such folder.", "up --trace FILE", status=MISUSED)
    if options.state.exists() and not options.state.is_dir():
        raise Refusal(f"--state {options.state} is a file, not a folder.", "up --state DIR", status=MISUSED)
    if options.port:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((options.host, options.port))
            except OSError as error:
                raise _unbound(options, error) from error


def _held(state: Path, holder: dict[str, Any]) -> Refusal:  # Any: a JSON object
    at = f", on port {holder['port']}" if "port" in holder else ""
    return Refusal(f"state folder {state} is held by process {holder.get('pid', 'unknown')}{at}.", "down")


def _unusable(state: Path, error: OSError | ValueError) -> Refusal:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Refusal(f"state folder {state} cannot be used: {why}.", "up --state DIR")


def _unbound(options: Options, error: OSError) -> Refusal:
    if error.errno == errno.EADDRINUSE:
        return Refusal(f"port {options.port} on {options.host} is in use.", "up --port 0")
    return Refusal(f"cannot listen on {options.host} port {options.port}: {error.strerror}.", "up --port 0")


def _serve(options: Options, *, as_json: bool) -> int:
    from lakeport_local.gateway import new_event_loop  # noqa: PLC0415  loads every room
    from lakeport_local.serve.azure import LocalAzure  # noqa: PLC0415

    try:
        azure = LocalAzure(options)
    except FolderHeld as held:
        raise _held(held.folder, held.holder) from held
    except (OSError, ValueError) as error:
        raise _unusable(options.state, error) from error
    try:
        azure.apply()
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(_until_told(azure, as_json=as_json))
    except OSError as error:
        raise _unbound(options, error) from error
    finally:
        azure.close()


async def _until_told(azure: LocalAzure, *, as_json: bool) -> int:
    interrupted = False

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        azure.stop()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, azure.stop)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    await azure.serve(lambda status: click.echo(_ready(status, as_json=as_json)))
    return 130 if interrupted else 0


def _ready(status: dict[str, Any], *, as_json: bool) -> str:  # Any: a JSON object
    if as_json:
        return json.dumps({"ready": True, **status})
    count = len(status["tenants"])
    where = f"state {status['state']}{', data in memory' if status['memory'] else ''}"
    return f"ready {status['url']} ({where}, {count} tenant{'' if count == 1 else 's'})"


def _detached(state: Path, arguments: list[str]) -> int:
    """Start the same command without `--detach` in its own session; wait for its line."""
    command = [sys.executable, "-m", "lakeport_local", *(one for one in arguments if one != "--detach")]
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise _unusable(state, error) from error
    log_file = state / "local.log"
    log_file.touch(mode=0o600)
    with log_file.open("ab") as log:
        begin = log.tell()
        child = subprocess.Popen(  # noqa: S603  our own program
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    line = child.stdout.readline() if child.stdout is not None else b""
    if line:
        click.echo(line.decode().rstrip())
        return 0
    status = child.wait(_READY_WITHIN_S)
    said = log_file.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
    if said:
        click.echo(said[-1], err=True)
        return status or FAILED
    raise Refusal(f"the local Azure did not start; its log is {log_file}.", "up", status=status or FAILED)
