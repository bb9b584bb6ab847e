"""The examples of the client's functions: each runs, and together they show every function that programs may use."""

from __future__ import annotations

import inspect
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import pytest
from tests import surface

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from tests.azure import LocalAzure

EXAMPLES = Path(__file__).parents[3] / "examples" / "python"


@pytest.mark.timeout(360)
def test_examples_run_and_show_every_function_that_programs_may_use(
    alone: LocalAzure, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(here / "state"))
    registered = dict(fsspec.registry)
    called: set[CodeType] = set()

    def noted(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    for file in sorted(EXAMPLES.glob("*.py")):
        main = runpy.run_path(str(file))["main"]
        sys.setprofile(noted)
        try:
            main()
        finally:
            sys.setprofile(None)
        assert capsys.readouterr().out, file
    assert set(fsspec.registry) >= set(registered)
    lacks = [
        name
        for name, function in surface.functions().items()
        if inspect.unwrap(function).__code__ not in called and "Example:" not in (inspect.getdoc(function) or "")
    ]
    assert lacks == []
