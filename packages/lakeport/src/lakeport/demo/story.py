"""The story, step by step: each is a real command, its time, and what came of it."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.demo import penguins
from lakeport.errors import LakeportError
from lakeport.profiles import local

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SHARE = """\
share: penguins
profile: local:provider
terms: Palmer penguins, CC0
datasets:
  - {name: measurements, file_system: share-data}
schedule: {every: day, at: "02:00Z"}
invite:
  - {tenant: fabrikam, principal: consumer}
"""
RECEIVE = """\
profile: local:consumer
accept:
  - {from: contoso, share: "penguin*"}
map:
  - {dataset: "*", to: "abfss://{file_system}@deststorage.dfs.core.windows.net/{folder}"}
schedule: follow
"""
NEW_FILE = "species,island,seen\nGentoo,Biscoe,2026-11-22\n"
REFUSED = 4


@dataclass(frozen=True)
class Ran:
    """A command line that has ended."""

    status: int
    results: str
    talk: str


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        told: What happens, as a sentence.
        command: The arguments of `lakeport`.
        expects: The exit status that the story needs.
        shows: Its results are printed, too.
        before: What happens on this machine first.
    """

    told: str
    command: tuple[str, ...]
    expects: int = 0
    shows: bool = False
    before: Callable[[], None] = field(default=lambda: None)


class StoryBroke(LakeportError):
    """A step ended otherwise than the story needs."""


def tell(run: Callable[[Sequence[str]], Ran], say: Callable[[str], None]) -> None:
    """Tell the story in a folder that is gone afterwards.

    Args:
        run: Runs one command line of `lakeport` and returns how it ended.
        say: Prints one line.

    Raises:
        StoryBroke: A step ended otherwise than it must.
        MissingExtra: What the story needs is not installed.
    """
    began = time.perf_counter()
    state_before, folder_before = os.environ.get("LAKEPORT_LOCAL_STATE"), Path.cwd()
    with tempfile.TemporaryDirectory(prefix="lakeport-demo-") as name:
        folder = Path(name)
        os.environ["LAKEPORT_LOCAL_STATE"] = str(folder / "azure")
        os.chdir(folder)
        local.forget()
        try:
            birds = penguins.write(folder / "penguins")
            (folder / "share.yaml").write_text(SHARE, encoding="utf-8")
            (folder / "receive.yaml").write_text(RECEIVE, encoding="utf-8")
            say(f"Two organisations, one machine, no subscription. The data: {birds} penguins (CC0), CSV and Parquet.")
            _steps(run, say, _story(folder))
        finally:
            _end(run, say)
            os.chdir(folder_before)
            _restore(state_before)
    say(f"{time.perf_counter() - began:6.2f} s  all of it; nothing is left behind")


def _story(folder: Path) -> list[Step]:
    def add_a_file() -> None:
        (folder / "seen.csv").write_text(NEW_FILE, encoding="utf-8")

    sync = ("receive", "sync", "receive.yaml")
    verify = ("receive", "verify", "receive.yaml", "--against", "local:provider", "--read")
    return [
        Step("a local Azure starts: tenants contoso and fabrikam", ("local", "up", "--detach", "--port", "0")),
        Step("contoso uploads its files", ("cp", "-r", "penguins", "local:provider:share-data/penguins")),
        Step(
            "contoso shares the file system with an application of fabrikam",
            ("share", "apply", "share.yaml", "--grant"),
        ),
        Step("fabrikam sees the invitation", ("receive", "list", "receive.yaml")),
        Step("fabrikam accepts, maps, and follows the schedule", ("receive", "apply", "receive.yaml", "--grant")),
        Step("fabrikam takes a snapshot", sync),
        Step("every file arrived: names, sizes, MD5", verify),
        Step(
            "the first rows, from fabrikam's lake",
            ("table", "head", "local:consumer:share-data/penguins/parquet", "-n", "5"),
            shows=True,
        ),
        Step("contoso adds a file", ("cp", "seen.csv", "local:provider:share-data/penguins/csv/"), before=add_a_file),
        Step("an incremental snapshot brings only that one", sync),
        Step("and all is as at the source", verify),
        Step("both sides are in step: applying again changes nothing", ("receive", "apply", "receive.yaml")),
        Step("contoso takes the share back", ("share", "revoke", "share.yaml")),
        Step("fabrikam's next snapshot is refused", sync, REFUSED),
        Step(
            "and fabrikam cannot read contoso's lake itself",
            ("ls", "abfss://share-data@sourcestorage.dfs.core.windows.net/", "--profile", "local:consumer"),
            REFUSED,
        ),
    ]


def _steps(run: Callable[[Sequence[str]], Ran], say: Callable[[str], None], steps: list[Step]) -> None:
    for step in steps:
        step.before()
        began = time.perf_counter()
        ran = run(step.command)
        took = time.perf_counter() - began
        if ran.status != step.expects:
            said = (ran.talk.strip().splitlines() or ["it said nothing"])[-1]
            raise StoryBroke(f"lakeport {' '.join(step.command)} ended with {ran.status}, not {step.expects}: {said}")
        say(f"{took:6.2f} s  {_sentence(step, ran)}")
        for line in ran.results.splitlines() if step.shows else ():
            say(f"          {line}")


def _sentence(step: Step, ran: Ran) -> str:
    command = f"$ lakeport {' '.join(step.command)}"
    if step.expects:
        reason = (ran.talk.strip().splitlines() or [""])[-1].removeprefix("lakeport: ")
        return f"{step.told}, as it must be: {reason}   {command}"
    found = ran.results.strip().splitlines()
    what = "" if step.shows or not found else f": {_short(found, ran.talk)}"
    return f"{step.told}{what}   {command}"


def _short(results: list[str], talk: str) -> str:
    told = next((line for line in reversed(talk.strip().splitlines()) if line.startswith("copied ")), "")
    return told or (results[0] if len(results) == 1 else f"{len([one for one in results if one != 'in step'])} steps")


def _end(run: Callable[[Sequence[str]], Ran], say: Callable[[str], None]) -> None:
    began = time.perf_counter()
    ran = run(("local", "down"))
    if ran.status == 0:
        say(f"{time.perf_counter() - began:6.2f} s  the local Azure ends   $ lakeport local down")


def _restore(state: str | None) -> None:
    if state is None:
        os.environ.pop("LAKEPORT_LOCAL_STATE", None)
    else:
        os.environ["LAKEPORT_LOCAL_STATE"] = state
    local.forget()
