"""Which principal a person means by a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakeport_local.serve.environment import Principal
from lakeport_local.serve.refusal import MISUSED, NOT_FOUND, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakeport_local.serve.running import Running

_IDS = ("client_id", "object_id")


def chosen(things: Iterable[dict[str, Any]], name: str) -> dict[str, Any]:  # Any: JSON objects
    """Return the one principal called `name`: a name, `tenant/name`, a client id or an object id.

    Raises:
        Refusal: None is, or more than one.
    """
    principals = [one for one in things if "object_id" in one]
    wanted = name.lower()
    found = [
        one
        for one in principals
        if wanted in {one["name"].lower(), f"{one['tenant']}/{one['name']}".lower(), *(one.get(key) for key in _IDS)}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        full = ", ".join(f"{one['tenant']}/{one['name']}" for one in found)
        raise Refusal(
            f"{name!r} is more than one: {full}.",
            f"credentials {found[0]['tenant']}/{found[0]['name']}",
            status=MISUSED,
        )
    names = ", ".join(f"{one['tenant']}/{one['name']}" for one in principals) or "none"
    raise Refusal(f"no principal {name!r} (there are: {names}).", "credentials", status=NOT_FOUND)


def credential_of(
    running: Running, name: str, things: Iterable[dict[str, Any]] | None = None
) -> dict[str, Any]:  # Any: JSON objects
    """Return a principal's ids and secret, from a running local Azure.

    Args:
        running: Which.
        name: A name, `tenant/name`, a client id or an object id.
        things: What there is; absent: it is asked.

    Raises:
        Refusal: No such principal, or more than one.
    """
    one = chosen(running.ask("GET", "credentials")["things"] if things is None else things, name)
    return running.ask("POST", f"credentials/{one['tenant_id']}/{one['object_id']}")


def principal_of(
    running: Running,
    name: str,
    things: Iterable[dict[str, Any]] | None = None,  # Any: JSON objects
) -> Principal:
    """Return whom a program runs as.

    Args:
        running: Which.
        name: A name, `tenant/name`, a client id or an object id.
        things: What there is; absent: it is asked.

    Raises:
        Refusal: No such principal, more than one, or a group, which never signs in.
    """
    found = credential_of(running, name, things)
    if found["kind"] == "group":
        message = f"{name!r} is a group; --as takes an app, a user or a managed identity."
        raise Refusal(message, "credentials", status=MISUSED)
    keys = ("kind", "tenant_id", "client_id", "object_id", "client_secret", "certificate_path", "proxy_password")
    return Principal(**{key: str(found[key]) for key in keys}, federated_token_path=found["federated_token_path"])
