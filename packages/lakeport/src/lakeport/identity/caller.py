"""Who a credential is, as its own token says."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.errors import NotSignedIn
from lakeport.identity.refusals import translated
from lakeport.types import ClientId, ObjectId, TenantId

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from lakeport.profiles import Profile


@dataclass(frozen=True)
class Caller:
    """Who signs in: the ids that roles and invitations are compared with."""

    tenant_id: TenantId
    object_id: ObjectId
    client_id: ClientId


def caller(credential: TokenCredential, profile: Profile) -> Caller:
    """Return who a credential is.

    The token is read, not judged: whoever it is shown to does that.

    Raises:
        NotSignedIn: It cannot sign in.

    Wire: one token request, unless a token is at hand.
    """
    with translated(profile):
        token = credential.get_token(profile.cloud.control_scope).token
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError) as error:
        raise NotSignedIn(f"profile {profile.name!r} got a token that does not say who it is") from error
    return Caller(
        TenantId(str(claims.get("tid", ""))),
        ObjectId(str(claims.get("oid", ""))),
        ClientId(str(claims.get("appid", ""))),
    )
