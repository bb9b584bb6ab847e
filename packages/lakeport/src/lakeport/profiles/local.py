"""A running local Azure, asked as a process: how to reach it and who is in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from lakeport import clouds
from lakeport.errors import BadProfile, MissingExtra, NotFound, Unreachable
from lakeport.types import ClientId, ObjectId, SubscriptionId, TenantId  # noqa: TC001  (msgspec reads the annotations)

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "local:"
_PREFIX = re.compile(r"^lakeport[- ]local: ")


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """Something the local Azure has: a principal or an account.

    Attributes:
        kind: `app`, `user`, `managed_identity`, `storage_account`, `data_share_account`, or another.
        tenant: The tenant's name.
    """

    kind: str
    name: str
    tenant: str = ""
    tenant_id: TenantId | None = None
    client_id: ClientId | None = None
    object_id: ObjectId | None = None
    subscription_id: SubscriptionId | None = None
    resource_group: str = ""


def variables(name: str = "") -> dict[str, str]:
    """Return the environment that reaches the running local Azure, as one of its principals when a name is given.

    Raises:
        NotFound: It has no principal of that name.
        Unreachable: None is running.
    """
    return _answer(name)[0]


def things() -> tuple[Thing, ...]:
    """Return every principal and account of the running local Azure.

    Raises:
        Unreachable: None is running.
    """
    state = os.environ.get("LAKEPORT_LOCAL_STATE", "")
    known = next((found for (of, _), found in _answers.items() if of == state), None)
    return (known or _answer(""))[1]


def cloud() -> clouds.Cloud:
    """Return the running local Azure as a cloud.

    Raises:
        Unreachable: None is running.
    """
    return cloud_of(variables())


def cloud_of(found: Mapping[str, str]) -> clouds.Cloud:
    """Return the cloud that these variables reach."""
    # Everything goes to the local Azure, so its own CA is enough; the bundle with all public roots takes 70 ms to load.
    ca_bundle = found.get("NODE_EXTRA_CA_CERTS") or found.get("REQUESTS_CA_BUNDLE")
    if "HTTPS_PROXY" not in found or not ca_bundle:
        raise Unreachable("the local Azure does not say how it is reached")
    return clouds.local(found["HTTPS_PROXY"], ca_bundle)


def approve(code: str, object_id: str) -> None:
    """Type a code into the page of a device sign-in, as a user of the local Azure.

    Raises:
        Unreachable: None is running, or it knows of no such code.
    """
    _ask("approve", code, "--user", object_id)


def forget() -> None:
    """Ask again from now on: another local Azure may be running."""
    _answers.clear()


_answers: dict[tuple[str, str], tuple[dict[str, str], tuple[Thing, ...]]] = {}
"""What was answered, by state folder and principal: a process costs a tenth of a second."""


def _answer(name: str) -> tuple[dict[str, str], tuple[Thing, ...]]:
    key = (os.environ.get("LAKEPORT_LOCAL_STATE", ""), name)
    if key not in _answers:
        asked = ("env", *(("--as", name) if name else ()), "--format", "json", "--things")
        found, *things = (json.loads(line) for line in _ask(*asked).splitlines())
        _answers[key] = (
            {str(name): str(value) for name, value in found.items() if value is not None},
            tuple(
                msgspec.convert({key: value for key, value in one.items() if value is not None}, Thing)
                for one in things
                if "kind" in one and "name" in one
            ),
        )
    return _answers[key]


def _ask(*arguments: str) -> str:
    command = [sys.executable, "-m", "lakeport_local", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603  (our own program)
    if done.returncode == 0:
        return done.stdout
    said = _PREFIX.sub("", (done.stderr.strip().splitlines() or ["it said nothing"])[-1])
    said = said.replace("lakeport-local ", "lakeport local ")
    if "No module named" in said:
        raise MissingExtra("lakeport-local is not installed", hint="Next: pip install 'lakeport[local]'")
    if done.returncode == 5 and "--as" in arguments:
        raise NotFound(said)
    if done.returncode == 2:
        raise BadProfile(said)
    raise Unreachable(said if "local" in said else f"the local Azure does not answer: {said}", hint=_next_move(said))


def _next_move(said: str) -> str:
    return "" if "lakeport local up" in said or "Next" in said else "Next: lakeport local up"
