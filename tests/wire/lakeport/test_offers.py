"""Who one is to providers, and what is offered to oneself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport.profiles import local

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport, Sides

GRACE = "grace@fabrikam.onmicrosoft.com"
GUEST = """\
[profiles.guest]
credential = "interactive_browser"
tenant_id = "{tenant}"
"""


def test_one_s_own_ids_are_compared_with_what_an_invitation_was_sent_to(
    running: LocalAzure, lakeport: Lakeport, here: Path
) -> None:
    who = running.credentials("consumer")
    alone = ("receive", "list", "--profile", "local:consumer")
    listed = lakeport(*alone)
    assert f"object id {who['object_id']} in tenant {who['tenant_id']}" in listed.err
    assert lakeport(*alone, "--needs", who["object_id"]).status == 0
    wrong = lakeport(*alone, "--needs", who["client_id"])
    assert (wrong.status, "is your client id" in wrong.err, who["object_id"] in wrong.err) == (2, True, True)
    assert "is none of your ids" in lakeport(*alone, "--needs", "1" * 8 + "-0000-4000-8000-000000000000").err


def test_an_invitation_is_turned_down_and_the_provider_invites_anew(
    running: LocalAzure, lakeport: Lakeport, sides: Sides
) -> None:
    sides("rejected")
    assert lakeport("share", "apply", "--grant").status == 0

    def offered() -> list[str]:
        rows = lakeport("receive", "list", "--json").rows
        return [str(row["invitation_id"]) for row in rows if row.get("share") == "rejected" and "invitation_id" in row]

    [waiting] = offered()
    assert lakeport("receive", "reject", "--invitation", waiting).status == 0
    assert offered() == []
    assert lakeport("receive", "reject", "--invitation", waiting).status == 5
    assert "an earlier invitation is no longer open" in lakeport("share", "apply").out
    assert len(offered()) == 1


def test_a_guest_registers_the_address_and_is_reached_by_mail(
    running: LocalAzure, lakeport: Lakeport, sides: Sides, here: Path
) -> None:
    sides("bymail")
    text = Path("share.yaml").read_text().replace("{tenant: fabrikam, principal: consumer}", f"{{email: {GRACE}}}")
    Path("share.yaml").write_text(text)
    assert lakeport("share", "apply", "--grant").status == 0
    contoso = next(one.tenant_id for one in local.things() if one.tenant == "contoso")
    (here / "lakeport.toml").write_text(GUEST.format(tenant=contoso))
    command = ("python", "-m", "lakeport", "receive", "register", "--profile", "guest")
    asked = running.run_as(f"fabrikam/{GRACE}", *command)
    assert (asked.returncode, asked.stdout) == (0, f"{GRACE}: ActivationPending\n"), asked.stderr
    [code] = re.findall(r"\b\d{8}\b", max(Path(running.folder, "mail").iterdir()).read_text())
    activated = running.run_as(f"fabrikam/{GRACE}", *command, "--code", code)
    assert (activated.returncode, activated.stdout) == (0, f"{GRACE}: Activated\n"), activated.stderr
