"""As a guest would write it: register the address one is invited by in another tenant, with the code from the mail."""

import json
import os
import re
from pathlib import Path

from azure.identity import InteractiveBrowserCredential
from azure.mgmt.datashare import DataShareManagementClient
from azure.mgmt.datashare import models as m

NOBODYS = "00000000-0000-0000-0000-000000000000"


def states() -> dict[str, object]:
    """Register, activate, and say what was seen at each step."""
    with InteractiveBrowserCredential(tenant_id=os.environ["HOST_TENANT"], timeout=20) as credential:
        client = DataShareManagementClient(credential, NOBODYS)
        before = [one.share_name for one in client.consumer_invitations.list_invitations()]
        registered = client.email_registrations.register_email("westeurope")
        mail = max(Path(os.environ["MAIL"]).iterdir()).read_text()
        (code,) = re.findall(r"\b\d{8}\b", mail)
        activated = client.email_registrations.activate_email("westeurope", m.EmailRegistration(activation_code=code))
        after = [one.share_name for one in client.consumer_invitations.list_invitations()]
    return {
        "email": registered.email,
        "before": before,
        "states": [registered.registration_status, activated.registration_status],
        "after": after,
    }


print(json.dumps(states()))
