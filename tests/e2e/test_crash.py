"""The local Azure is killed in the middle of the flow: nothing acknowledged is lost, and the next run completes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lakeport import read_receive_file, read_share_file
from lakeport.errors import Transient
from lakeport.profiles import local
from lakeport.share import Session
from lakeport.share.control import Control

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.conftest import NewAzure

    from lakeport.share import Consumer, Provider, Step
    from lakeport.share.resources import Document

SHARE = """\
share: crash
profile: local:provider
datasets: [{name: raw, file_system: share-data}]
schedule: {every: hour, at: "00:05Z"}
invite: [{tenant: fabrikam, principal: consumer}]
"""
RECEIVE = """\
profile: local:consumer
accept: [{from: contoso}]
map: [{to: "abfss://{file_system}@deststorage.dfs.core.windows.net/"}]
"""


class Crashing(Control):
    """Kills the local Azure after so many changes have been acknowledged."""

    azure: LocalAzure
    left: int

    def put(self, kind: str, *names: str, body: Document) -> Document:
        """Make a change, and perhaps the last one."""
        answer = super().put(kind, *names, body=body)
        self.left -= 1
        if self.left == 0:
            self.azure.kill9()
        return answer


def apply(wished: Provider | Consumer, azure: LocalAzure, crash_after: int = 0) -> list[Step]:
    session = Session(wished, grant=True)
    place = wished.place
    control = Crashing(wished.profile, session.credential, place.subscription_id, place.resource_group, place.account)
    control.azure, control.left = azure, crash_after
    session.__dict__["control"] = control
    done: list[Step] = []
    session.apply(done.append)
    return done


@pytest.mark.timeout(480)
def test_every_acknowledged_step_survives_a_crash_after_it(
    new_azure: NewAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure = new_azure(memory=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAKEPORT_LOCAL_STATE", str(azure.state))
    local.forget()
    Path("share.yaml").write_text(SHARE)
    Path("receive.yaml").write_text(RECEIVE)
    for read, changes in ((read_share_file, 4), (read_receive_file, 3)):
        for change in range(1, changes + 1):
            wished = read(Path("share.yaml" if read is read_share_file else "receive.yaml"))
            if change < changes:
                with pytest.raises(Transient):
                    apply(wished, azure, crash_after=1)
                azure.restart()
                local.forget()
            else:
                assert len([step for step in apply(wished, azure) if step.grant is None]) == 1, "one step was left"
        assert apply(read(Path("share.yaml" if read is read_share_file else "receive.yaml")), azure) == []
    local.forget()
