"""Operations on a lake, and what is asked for each: the table of the permission matrix.

Source: storage.md 4.6, 5.2, 5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.property.lake import object_id

TEAM = object_id(90)


@dataclass(frozen=True)
class Operation:
    """A request, and what is asked for it.

    `{p}` stands for the directory in which it happens. `needs` are letters that lists must grant, by path; `sticky` is
    the path that leaves its directory; `owner` the path whose owner one must be. `rights` are the roles' ways past all
    of that. `letters` are those of a signature: one of each.
    """

    name: str
    method: str
    path: str
    query: str
    rights: frozenset[str]
    letters: tuple[str, ...]
    needs: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    sticky: str | None = None
    owner: str | None = None
    group: str | None = None


def operation(name: str, request: str, rights: str, letters: str, *needs: str, **more: object) -> Operation:
    method, path, query = request.split(" ")
    wanted = tuple((where, bits) for where, _, bits in (need.partition(":") for need in needs))
    return Operation(
        name,
        method,
        path,
        query,
        frozenset(rights.split()),
        tuple(letters.split()),
        wanted,
        **more,  # type: ignore[arg-type]
    )


_SET = "action=setAccessControl"
OPERATIONS = (
    operation("read a file", "GET {p}/f -", "read", "r", "{p}:x", "{p}/f:r"),
    operation("look at a file", "HEAD {p}/f -", "read", "r", "{p}:x", "{p}/f:r"),
    operation("status of a file", "HEAD {p}/f action=getStatus", "read", "re", "{p}:x"),
    operation("list of a file", "HEAD {p}/f action=getAccessControl", "read", "re", "{p}:x"),
    operation("list of a directory", "HEAD {p}/s action=getAccessControl", "read", "re", "{p}:x"),
    operation("check r", "HEAD {p}/f action=checkAccess&fsAction=r--", "read", "r", "{p}:x", "{p}/f:r"),
    operation("check wx", "HEAD {p}/s action=checkAccess&fsAction=-wx", "write", "w", "{p}:x", "{p}/s:wx"),
    operation("append", "PATCH {p}/f action=append&position=0", "write", "aw", "{p}:x", "{p}/f:rw", body=b"1"),
    operation("flush", "PATCH {p}/f action=flush&position=0", "write", "aw", "{p}:x", "{p}/f:rw"),
    operation("set properties", "PATCH {p}/f action=setProperties", "write", "w", "{p}:x", "{p}/f:w"),
    operation("new file", "PUT {p}/new resource=file", "write", "cw", "{p}:wx"),
    operation("new directory", "PUT {p}/new resource=directory", "write", "cw", "{p}:wx"),
    operation("new file in new directory", "PUT {p}/n/new resource=file", "write", "cw", "{p}:wx"),
    operation("overwrite", "PUT {p}/f resource=file", "write", "w", "{p}:x", "{p}/f:w"),
    operation("delete a file", "DELETE {p}/f -", "delete", "d", "{p}:wx", sticky="{p}/f"),
    operation("delete an empty directory", "DELETE {p}/s/t -", "delete", "d", "{p}:x", "{p}/s:wx", sticky="{p}/s/t"),
    operation(
        "delete a tree",
        "DELETE {p}/s recursive=true",
        "delete",
        "d",
        "{p}:wx",
        "{p}/s:rwx",
        "{p}/s/t:rwx",
        sticky="{p}/s",
    ),
    operation("list", "GET - resource=filesystem&recursive=false&directory={p}/s", "read", "l", "{p}:x", "{p}/s:rx"),
    operation(
        "list a tree",
        "GET - resource=filesystem&recursive=true&directory={p}/s",
        "read",
        "l",
        "{p}:x",
        "{p}/s:rx",
        "{p}/s/t:rx",
    ),
    operation(
        "rename",
        "PUT {p}/moved mode=legacy",
        "move write",
        "dm cwm",
        "{p}:wx",
        headers=(("x-ms-rename-source", "/data/{p}/f"),),
        sticky="{p}/f",
    ),
    operation(
        "rename a tree elsewhere",
        "PUT z/moved mode=legacy",
        "move write",
        "dm cwm",
        "{p}:wx",
        "z:wx",
        headers=(("x-ms-rename-source", "/data/{p}/s"),),
        sticky="{p}/s",
    ),
    operation(
        "rename into a directory",
        "PUT {p}/s mode=legacy",
        "move write",
        "dm cwm",
        "{p}:x",
        "{p}/s:wx",
        "z:wx",
        headers=(("x-ms-rename-source", "/data/z/y"),),
        sticky="z/y",
    ),
    operation(
        "set permissions",
        f"PATCH {{p}}/f {_SET}",
        "permissions",
        "p",
        "{p}:x",
        headers=(("x-ms-permissions", "0640"),),
        owner="{p}/f",
    ),
    operation(
        "give away",
        f"PATCH {{p}}/s {_SET}",
        "ownership superuser",
        "o",
        "{p}:x",
        headers=(("x-ms-owner", object_id(77)),),
        owner="nobody",
    ),
    operation(
        "give to a group",
        f"PATCH {{p}}/s {_SET}",
        "ownership superuser",
        "o",
        "{p}:x",
        headers=(("x-ms-group", TEAM),),
        owner="{p}/s",
        group=TEAM,
    ),
    operation(
        "lease",
        "POST {p}/f -",
        "write",
        "w",
        "{p}:x",
        "{p}/f:w",
        headers=(("x-ms-lease-action", "acquire"), ("x-ms-lease-duration", "15")),
    ),
)
