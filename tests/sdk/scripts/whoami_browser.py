"""As a user would write it: sign in with a browser, say who one is."""

import base64
import json

from azure.identity import InteractiveBrowserCredential

with InteractiveBrowserCredential(timeout=20) as credential:
    record = credential.authenticate(scopes=["https://storage.azure.com/.default"])
    token = credential.get_token("https://management.azure.com/.default").token
claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
print(json.dumps({"username": record.username, "aud": claims["aud"], "oid": claims["oid"]}))
