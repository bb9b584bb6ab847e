"""A guest registers an address in another tenant, by azure-mgmt-datashare in a program of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.mgmt.datashare import models as m

if TYPE_CHECKING:
    from tests.azure import LocalAzure

GROUP = "data-share-automation"
SCRIPT = Path(__file__).parents[1] / "scripts" / "guest_registers.py"
GRACE = "grace@fabrikam.onmicrosoft.com"


def test_a_guest_sees_invitations_to_an_address_once_it_is_registered(running: LocalAzure, flow: Any) -> None:
    flow.share("by-mail")
    invitations, account = flow.provider.client.invitations, flow.provider.account
    sent = invitations.create(GROUP, account, "by-mail", "to-grace", m.Invitation(target_email=GRACE))
    assert (sent.target_email, sent.invitation_status) == (GRACE, "Pending")
    there = {"HOST_TENANT": flow.provider.tenant_id, "MAIL": f"{running.folder}/mail"}
    done = running.run_as(f"fabrikam/{GRACE}", "python", str(SCRIPT), env=there)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "email": GRACE,
        "before": [],
        "states": ["ActivationPending", "Activated"],
        "after": ["by-mail"],
    }
