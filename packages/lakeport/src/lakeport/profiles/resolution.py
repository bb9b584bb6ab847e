"""Which profile is meant and what its values are: argument, environment, project file, user file, default.

Whoever names a profile means it: the ecosystem's variables (`AZURE_*`) then only add what it leaves open, and never
another identity. Our own (`LAKEPORT_*`) are set for nobody else and win over files always.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport import clouds
from lakeport.errors import BadProfile, LakeportError, NotFound
from lakeport.profiles import connection_strings, local
from lakeport.profiles.files import ProfileFile, project_file, user_file
from lakeport.profiles.foreign import is_file, values_of
from lakeport.profiles.kinds import KINDS, kind_of
from lakeport.profiles.model import KEYS, WHOLE, Profile, Value
from lakeport.profiles.secrets import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PRINCIPALS = ("app", "managed_identity", "user")
"""Kinds of a local Azure's things that are profiles."""
IDENTITY = frozenset(key.name for key in KEYS.values() if key.identity)


@dataclass(frozen=True)
class Layer:
    """Values of one origin; earlier layers win.

    Attributes:
        whole: Its identity is complete in itself: no later layer adds to it.
    """

    values: Mapping[str, Value]
    whole: bool = False


def resolve(
    name: str | None = None,
    *,
    arguments: Mapping[str, str] | None = None,
    origin: str = "argument",
    environment: Mapping[str, str] | None = None,
    start: Path | None = None,
    user: Path | None = None,
) -> Profile:
    """Return a profile with every value decided.

    Args:
        name: Which: one of the files', a principal of the local Azure (`local:NAME`), or the path of a `config.json` or
            `.env` file that is taken as it is; absent: `LAKEPORT_PROFILE`, else the project's or user's
            `default_profile`, else none at all.
        arguments: Values that win over all, by key.
        origin: What those are called.
        environment: The variables to look at; absent: the process's.
        start: The folder at or above which `lakeport.toml` is looked for; absent: the current one.
        user: The user's file; absent: the one of this machine.

    Raises:
        NotFound: No file has a profile of that name.
        BadProfile: A file is wrong, or values do not fit together.
    """
    variables = os.environ if environment is None else environment
    files = profile_files(start, user)
    chosen = (
        name
        or variables.get("LAKEPORT_PROFILE")
        or next((one.default_profile for one in files if one.default_profile), "")
    )
    given = _given(arguments or {}, origin)
    if chosen.startswith(local.PREFIX):
        return _local_profile(chosen, given)
    files_say = [Layer(values_of(Path(chosen)))] if is_file(chosen) else _file_layers(chosen, files)
    ours, azures = _environment(variables)
    is_named = bool(name or variables.get("LAKEPORT_PROFILE"))
    layers = [ours, *files_say, _filling(azures, merged(files_say))] if is_named else [ours, azures, *files_say]
    return _profile(chosen or "default", [given, *layers])


def _given(arguments: Mapping[str, str], origin: str) -> Layer:
    values = {key: Value(Secret(text=text) if KEYS[key].secret else text, origin) for key, text in arguments.items()}
    return Layer(values, _is_whole(values))


def profile_files(start: Path | None = None, user: Path | None = None) -> list[ProfileFile]:
    """Return the profile files that exist, the project's before the user's.

    Args:
        start: The folder where profile files are looked for, and those above it; absent: the current one.
        user: The user's own file; absent: where it usually is.
    """
    paths = (project_file(start or Path.cwd()), user or user_file())
    return [ProfileFile(path) for path in paths if path is not None and path.is_file()]


def _file_layers(name: str, files: list[ProfileFile]) -> list[Layer]:
    found = [Layer(file.profiles[name]) for file in files if name in file.profiles]
    if name and not found:
        known = sorted({one for file in files for one in file.profiles})
        looked = ", ".join(str(file.path) for file in files) or f"no {user_file()}, no lakeport.toml here or above"
        hint = f"Profiles: {', '.join(known)}" if known else f"Next: lakeport profile add {name}"
        raise NotFound(f"there is no profile {name!r} (looked in {looked})", hint=hint)
    return found


def _filling(azures: Layer, named: Mapping[str, Value]) -> Layer:
    """Return what the ecosystem's variables add to a profile that was named: no other identity than it has."""
    kind = str(named["credential"].value) if "credential" in named else kind_of(named)
    client = azures.values.get("client_id")
    is_other = "client_id" in named and client is not None and client.value != named["client_id"].value
    if IDENTITY.isdisjoint(named):
        return azures
    if kind == "default" and not is_other:
        return Layer(azures.values)
    needed = () if is_other or kind not in KINDS else (*KINDS[kind].needs, "certificate_password")
    return Layer({key: one for key, one in azures.values.items() if key in needed or key not in IDENTITY})


def _environment(variables: Mapping[str, str]) -> tuple[Layer, Layer]:
    own = {
        key.name: _from_variable(key.variable, key.secret, variables)
        for key in KEYS.values()
        if variables.get(key.variable)
    }
    azure = {
        key.name: _from_variable(key.azure, key.secret, variables)
        for key in KEYS.values()
        if key.azure and variables.get(key.azure)
    }
    return Layer(own, _is_whole(own)), Layer(azure, _is_whole(azure))


def _is_whole(values: Mapping[str, Value]) -> bool:
    return not values.keys().isdisjoint(WHOLE)


def _from_variable(variable: str, is_secret: bool, variables: Mapping[str, str]) -> Value:
    origin = f"environment ({variable})"
    if is_secret:
        in_process = os.environ.get(variable) == variables[variable]
        return Value(Secret(env=variable) if in_process else Secret(text=variables[variable]), origin)
    return Value(variables[variable], origin)


def merged(layers: list[Layer]) -> dict[str, Value]:
    """Return each key's value from the first layer that has it; an identity is taken whole."""
    values: dict[str, Value] = {}
    is_whole = False
    for layer in layers:
        for key, value in layer.values.items():
            won = values.get(key)
            if won is not None and won.value != value.value and not won.hides:
                values[key] = replace(won, hides=value.origin)
            if won is None and not (is_whole and key in IDENTITY):
                values[key] = value
        is_whole = is_whole or layer.whole
    return values


def _profile(name: str, layers: list[Layer], *, at: clouds.Cloud | None = None) -> Profile:
    values = merged(layers)
    kind = _credential_kind(name, values)
    values.setdefault("cloud", Value("public", "default"))
    values.setdefault("credential", Value(kind, "default" if kind == "default" else f"default (there is a {kind})"))
    cloud = at or _cloud(str(values["cloud"].value))
    if kind == "connection_string":
        cloud = _where_it_says(cloud, values)
    if "endpoint" in values:
        cloud = replace(cloud, endpoint=clouds.endpoint(str(values["endpoint"].value)))
    return Profile(name, cloud, kind, values=values)


def _where_it_says(cloud: clouds.Cloud, values: dict[str, Value]) -> clouds.Cloud:
    """Return the cloud in which a connection string's account answers, and note the account where nothing else names it."""
    secret = values["connection_string"].value
    if not isinstance(secret, Secret) or secret.key_vault:
        return cloud  # a vault is asked when it is needed; `identity.storage_key` sees that nothing else was said
    try:
        found = connection_strings.where(secret.reveal())
    except BadProfile:
        return cloud  # it cannot be read: whoever needs it is told
    if found.account:
        values.setdefault("storage_account", Value(found.account, f"connection string ({secret.shown()})"))
    return found.put_into(cloud)


def _cloud(name: str) -> clouds.Cloud:
    return local.cloud() if name == "local" else clouds.cloud(name)


def _credential_kind(name: str, values: Mapping[str, Value]) -> str:
    kind = str(values["credential"].value) if "credential" in values else kind_of(values)
    if kind not in KINDS:
        raise BadProfile(f"profile {name!r}: credential {kind!r} is unknown", hint=f"Credentials: {', '.join(KINDS)}")
    missing = [key for key in KINDS[kind].needs if key not in values]
    if missing:
        tried = " or ".join(filter(None, (KEYS[missing[0]].variable, KEYS[missing[0]].azure)))
        raise BadProfile(
            f"profile {name!r} has no {missing[0]}, which credential {kind} needs",
            hint=f"Set it in the profile or as {tried}",
        )
    return kind


def _local_profile(name: str, given: Layer) -> Profile:
    """A principal of the running local Azure. The name says who signs in: nothing of the environment mixes in."""
    principal = name.removeprefix(local.PREFIX)
    found, things = local.variables(principal), local.things()
    itself = _itself(principal, found, things)
    values = {
        key.name: found[key.azure] for key in KEYS.values() if key.azure and key.identity and found.get(key.azure)
    }
    if itself is not None and itself.kind != "app":
        values["credential"] = {"user": "device_code"}.get(itself.kind, itself.kind)
    if itself is not None and itself.kind == "user":
        values["tenant_id"] = str(itself.tenant_id or "")
    tenant_id = values.get("tenant_id") or str((itself and itself.tenant_id) or "")
    values |= _surroundings([one for one in things if one.tenant_id == tenant_id])
    layer = Layer(
        {
            key: Value(Secret(text=text) if KEYS[key].secret else text, "running local Azure")
            for key, text in {**values, "cloud": "local"}.items()
        }
    )
    profile = _profile(name, [given, layer], at=local.cloud_of(found))
    return Profile(name, profile.cloud, profile.credential, itself.object_id if itself else None, profile.values)


def _itself(principal: str, found: Mapping[str, str], things: Sequence[local.Thing]) -> local.Thing | None:
    """Return the principal that variables sign in as: an app's have its client id, the others' proxy its object id."""
    by_proxy = urlsplit(found.get("HTTPS_PROXY", "")).username or ""
    client_id = found.get("AZURE_CLIENT_ID", "")
    same = [one for one in things if one.kind in PRINCIPALS and client_id in {"", str(one.client_id)}]
    exactly = [one for one in same if by_proxy and str(one.object_id) == by_proxy]
    return next(iter(exactly or [one for one in same if one.name == principal]), None)


def _surroundings(things: list[local.Thing]) -> dict[str, str]:
    """Where a principal's accounts are, of what its tenant has; an account only where there is no choice."""
    shares = [one for one in things if one.kind == "data_share_account"]
    stores = [one for one in things if one.kind == "storage_account"]
    values = {
        key: accounts[0].name
        for key, accounts in (("share_account", shares), ("storage_account", stores))
        if len(accounts) == 1
    }
    for account in (shares + stores)[:1]:
        values |= {"subscription_id": account.subscription_id or "", "resource_group": account.resource_group}
    return values


def names(start: Path | None = None) -> dict[str, str]:
    """Return every profile that can be named here, with where it is: files', and a running local Azure's.

    Args:
        start: The folder where profile files are looked for, and those above it; absent: the current one.
    """
    found = {name: str(file.path) for file in reversed(profile_files(start)) for name in file.profiles}
    try:
        principals = [one for one in local.things() if one.kind in PRINCIPALS]
    except LakeportError:
        return found  # none is running: it has no profiles
    often = Counter(one.name for one in principals)
    named = [one.name if often[one.name] == 1 else f"{one.tenant}/{one.name}" for one in principals]
    return found | {f"{local.PREFIX}{name}": "running local Azure" for name in named}
