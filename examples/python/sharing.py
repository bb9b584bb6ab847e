"""Both sides of a share as desired state: what would be done, and done."""

from __future__ import annotations

import tempfile
from pathlib import Path

import lakeport

SHARE = """\
share: example
profile: local:provider
account: source-data-share
datasets: [{name: raw, file_system: share-data}]
invite: [{tenant: fabrikam, principal: consumer}]
"""
RECEIVE = """\
profile: local:consumer
accept: [{from: contoso, share: example}]
map: [{dataset: "*", to: "abfss://example@deststorage.dfs.core.windows.net/{dataset}"}]
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name, "share.yaml").write_text(SHARE)
        Path(name, "receive.yaml").write_text(RECEIVE)
        providing = lakeport.Session(lakeport.read_share_file(Path(name, "share.yaml")), grant=True)
        receiving = lakeport.Session(lakeport.read_receive_file(Path(name, "receive.yaml")), grant=True)

    print([step.sentence() for step in providing.plan().steps], [one.said for one in providing.checks()])
    for side in (providing, receiving):
        side.apply(lambda step: print(step.sentence(done=True)))
    print(receiving.plan().steps, receiving.last_snapshot("example"), receiving.taker().runs("example"))


if __name__ == "__main__":
    main()
