"""Microsoft's own public clients, which every tenant knows, and where a client may be sent back to.

Source: identity.md 0, 1.7, 9.4.
"""

from __future__ import annotations

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

PUBLIC_CLIENTS = {
    AZURE_CLI: "Microsoft Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
    "aebc6443-996d-45c2-90f0-388ff96faa56": "Visual Studio Code",
}

PUBLIC_REDIRECTS = (
    "http://localhost",
    "https://login.microsoftonline.com/common/oauth2/nativeclient",
    "urn:ietf:wg:oauth:2.0:oob",
)
"""Where they may be sent back to."""
