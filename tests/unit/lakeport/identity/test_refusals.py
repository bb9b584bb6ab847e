"""What SDKs raise, as lakeport's errors."""

from __future__ import annotations

import pytest
from azure.core import exceptions

from lakeport import clouds, errors
from lakeport.identity import translate
from lakeport.profiles import Profile

LOCAL = Profile("me", clouds.local("http://oid:secret@127.0.0.1:10443", "/ca.pem"))
CLOUD = Profile("me", clouds.PUBLIC)
DEAD_PROXY = (
    "('Unable to connect to proxy', NewConnectionError(\"HTTPSConnection(host='127.0.0.1', port=9): refused\"))"
)


@pytest.mark.parametrize(
    ("error", "profile", "cls", "said"),
    [
        (
            exceptions.ClientAuthenticationError("Authentication failed: AADSTS7000222: expired.\r\nTrace ID: x"),
            CLOUD,
            errors.WrongSecret,
            "profile 'me' cannot sign in: expired (AADSTS7000222). Make a new client secret",
        ),
        (
            exceptions.ClientAuthenticationError("AADSTS999999: new trouble"),
            CLOUD,
            errors.NotSignedIn,
            "profile 'me' cannot sign in: new trouble (AADSTS999999)",
        ),
        (
            exceptions.ServiceRequestError("HTTPSConnection(host='x.y', port=443): Failed to resolve 'x.y'"),
            CLOUD,
            errors.Unreachable,
            "x.y has no address. Check the name and the network",
        ),
        (
            exceptions.ServiceRequestError(DEAD_PROXY),
            LOCAL,
            errors.Unreachable,
            "nothing answers at 127.0.0.1:10443, where the local Azure was. Next: lakeport local up",
        ),
        (
            exceptions.ClientAuthenticationError(f"Authentication failed: {DEAD_PROXY}"),
            CLOUD,
            errors.Unreachable,
            "the proxy at 127.0.0.1:9 does not answer. Check HTTPS_PROXY",
        ),
        (
            exceptions.ServiceRequestError("host='h' Tunnel connection failed: 403 Forbidden"),
            LOCAL,
            errors.Unreachable,
            "the local Azure at 127.0.0.1:10443 does not serve h. It answers for Azure's host names only",
        ),
        (
            exceptions.ClientAuthenticationError("DefaultAzureCredential failed\nAttempted:"),
            CLOUD,
            errors.NotSignedIn,
            "run az login, or name a profile",
        ),
    ],
)
def test_the_line_names_the_thing_and_the_next_move(
    error: Exception, profile: Profile, cls: type[errors.LakeportError], said: str
) -> None:
    found = translate(error, profile)
    assert type(found) is cls
    assert said in str(found)
    assert "secret@" not in str(found)
