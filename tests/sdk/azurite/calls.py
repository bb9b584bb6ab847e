"""The calls that both sides get, in order: a table of data. `{c}` is a new container; `{NAME}` what an earlier answer gave.

A line is: name, method, path and query, headers, body, and what to keep of the answer (`NAME=header`).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Call(NamedTuple):
    """One request, before its names are filled in."""

    name: str
    method: str
    target: str
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""
    keep: str = ""


BLOCK = {"x-ms-blob-type": "BlockBlob"}
APPEND = {"x-ms-blob-type": "AppendBlob"}
PAGE = {"x-ms-blob-type": "PageBlob"}
LEASE = "11111111-2222-4333-8444-555555555555"
OTHER_LEASE = "99999999-2222-4333-8444-555555555555"
PAST, FUTURE = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
MD5_OF_DATA = "jXd/OF09/siBXSD3SWAm3A=="
A, B, C = "QUFB", "QkJC", "Q0ND"


def listed(*blocks: str) -> bytes:
    """Return a block list: `Latest:ID`, `Committed:ID` or `Uncommitted:ID`."""
    lines = "".join(f"<{kind}>{name}</{kind}>" for kind, name in (one.split(":") for one in blocks))
    return f'<?xml version="1.0" encoding="utf-8"?><BlockList>{lines}</BlockList>'.encode()


POLICY = (
    b'<?xml version="1.0" encoding="utf-8"?><SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy>'
    b"<Start>2026-01-01T00:00:00.0000000Z</Start><Expiry>2099-01-01T00:00:00.0000000Z</Expiry><Permission>rl</Permission>"
    b"</AccessPolicy></SignedIdentifier></SignedIdentifiers>"
)
PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors><CorsRule><AllowedOrigins>http://a.example</AllowedOrigins>'
    b"<AllowedMethods>GET</AllowedMethods><AllowedHeaders>*</AllowedHeaders><ExposedHeaders>*</ExposedHeaders>"
    b"<MaxAgeInSeconds>10</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>"
)

ACCOUNT = [
    Call("account list", "GET", "/?comp=list"),
    Call("account list prefix", "GET", "/?comp=list&prefix={c}&maxresults=1&include=metadata"),
    Call("account list bad maxresults", "GET", "/?comp=list&maxresults=x"),
    Call("account list zero maxresults", "GET", "/?comp=list&maxresults=0"),
    Call("account information", "GET", "/?restype=account&comp=properties"),
    Call("account information head", "HEAD", "/?restype=account&comp=properties"),
    Call("account properties", "GET", "/?restype=service&comp=properties"),
    Call("account set properties", "PUT", "/?restype=service&comp=properties", {}, PROPERTIES),
    Call("account set bad properties", "PUT", "/?restype=service&comp=properties", {}, b"<nonsense"),
    Call("account unknown comp", "GET", "/?comp=nonsense"),
    Call("account wrong method", "DELETE", "/?comp=list"),
]

CONTAINER = [
    Call("container get missing", "GET", "/{c}?restype=container"),
    Call("container create", "PUT", "/{c}?restype=container", {"x-ms-meta-kind": "test"}),
    Call("container create again", "PUT", "/{c}?restype=container"),
    Call("container create bad name", "PUT", "/a?restype=container"),
    Call("container create capital name", "PUT", "/ABC?restype=container"),
    Call("container create two hyphens", "PUT", "/a--b?restype=container"),
    Call("container create bad public access", "PUT", "/{c}-p?restype=container", {"x-ms-blob-public-access": "all"}),
    Call("container get", "GET", "/{c}?restype=container", {}, b"", "cetag=etag"),
    Call("container head", "HEAD", "/{c}?restype=container"),
    Call("container head missing", "HEAD", "/{c}-none?restype=container"),
    Call("container get metadata", "GET", "/{c}?restype=container&comp=metadata"),
    Call("container set metadata", "PUT", "/{c}?restype=container&comp=metadata", {"x-ms-meta-a": "1"}),
    Call(
        "container set metadata modified", "PUT", "/{c}?restype=container&comp=metadata", {"if-modified-since": FUTURE}
    ),
    Call("container set metadata missing", "PUT", "/{c}-none?restype=container&comp=metadata", {"x-ms-meta-a": "1"}),
    Call("container set acl", "PUT", "/{c}?restype=container&comp=acl", {}, POLICY),
    Call("container get acl", "GET", "/{c}?restype=container&comp=acl"),
    Call("container set bad acl", "PUT", "/{c}?restype=container&comp=acl", {}, b"<SignedIdentifiers><x>"),
    Call("container get acl missing", "GET", "/{c}-none?restype=container&comp=acl"),
    Call("container account information", "GET", "/{c}?restype=account&comp=properties"),
    Call(
        "container lease",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15", "x-ms-proposed-lease-id": LEASE},
    ),
    Call(
        "container lease again",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "15"},
    ),
    Call(
        "container lease renew",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "renew", "x-ms-lease-id": LEASE},
    ),
    Call(
        "container lease renew other",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "renew", "x-ms-lease-id": OTHER_LEASE},
    ),
    Call("container delete leased", "DELETE", "/{c}?restype=container"),
    Call(
        "container lease change",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "change", "x-ms-lease-id": LEASE, "x-ms-proposed-lease-id": OTHER_LEASE},
    ),
    Call(
        "container lease release",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "release", "x-ms-lease-id": OTHER_LEASE},
    ),
    Call(
        "container lease bad duration",
        "PUT",
        "/{c}?restype=container&comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "7"},
    ),
    Call("container lease bad action", "PUT", "/{c}?restype=container&comp=lease", {"x-ms-lease-action": "grab"}),
    Call("container lease break none", "PUT", "/{c}?restype=container&comp=lease", {"x-ms-lease-action": "break"}),
    Call("container unknown comp", "GET", "/{c}?restype=container&comp=nonsense"),
    Call("container delete missing", "DELETE", "/{c}-none?restype=container"),
    Call("container list empty", "GET", "/{c}?restype=container&comp=list"),
    Call("container list missing", "GET", "/{c}-none?restype=container&comp=list"),
]

BLOB = [
    Call(
        "blob put",
        "PUT",
        "/{c}/f",
        {**BLOCK, "content-type": "text/plain", "x-ms-meta-kind": "test"},
        b"data",
        "etag=etag",
    ),
    Call("blob put without type", "PUT", "/{c}/g", {}, b"data"),
    Call("blob put bad type", "PUT", "/{c}/g", {"x-ms-blob-type": "Nonsense"}, b"data"),
    Call("blob put no container", "PUT", "/{c}-none/g", BLOCK, b"data"),
    Call("blob put with md5", "PUT", "/{c}/md5", {**BLOCK, "content-md5": MD5_OF_DATA}, b"data"),
    Call("blob put with wrong md5", "PUT", "/{c}/md5", {**BLOCK, "content-md5": MD5_OF_DATA}, b"atad"),
    Call("blob put with bad md5", "PUT", "/{c}/md5", {**BLOCK, "content-md5": "nonsense"}, b"data"),
    Call(
        "blob put with headers",
        "PUT",
        "/{c}/h",
        {
            **BLOCK,
            "x-ms-blob-content-type": "a/b",
            "x-ms-blob-content-encoding": "gzip",
            "x-ms-blob-content-language": "de",
            "x-ms-blob-cache-control": "no-store",
            "x-ms-blob-content-disposition": "inline",
        },
        b"x",
    ),
    Call("blob put if none", "PUT", "/{c}/f", {**BLOCK, "if-none-match": "*"}, b"data"),
    Call("blob put if match", "PUT", "/{c}/f", {**BLOCK, "if-match": "{etag}"}, b"data", "etag=etag"),
    Call("blob put if match other", "PUT", "/{c}/f", {**BLOCK, "if-match": '"0x8D0000000000000"'}, b"data"),
    Call("blob put if unmodified", "PUT", "/{c}/f", {**BLOCK, "if-unmodified-since": PAST}, b"data"),
    Call("blob put with tier", "PUT", "/{c}/cool", {**BLOCK, "x-ms-access-tier": "Cool"}, b"cool"),
    Call("blob put with bad tier", "PUT", "/{c}/bad", {**BLOCK, "x-ms-access-tier": "Lukewarm"}, b"x"),
    Call("blob put bad metadata", "PUT", "/{c}/bad", {**BLOCK, "x-ms-meta-1a": "x"}, b"x"),
    Call("blob put empty", "PUT", "/{c}/empty", BLOCK),
    Call("blob put in folder", "PUT", "/{c}/d/one", BLOCK, b"1"),
    Call("blob put deeper", "PUT", "/{c}/d/e/two", BLOCK, b"2"),
    Call("blob put odd name", "PUT", "/{c}/a%20b%C3%A4%2Bc", BLOCK, b"odd"),
    Call("blob get", "GET", "/{c}/f"),
    Call("blob get missing", "GET", "/{c}/none"),
    Call("blob get no container", "GET", "/{c}-none/f"),
    Call("blob get empty", "GET", "/{c}/empty"),
    Call("blob get headers", "GET", "/{c}/h"),
    Call("blob get odd name", "GET", "/{c}/a%20b%C3%A4%2Bc"),
    Call("blob get range", "GET", "/{c}/f", {"x-ms-range": "bytes=1-2"}),
    Call("blob get open range", "GET", "/{c}/f", {"range": "bytes=2-"}),
    Call("blob get range past the end", "GET", "/{c}/f", {"x-ms-range": "bytes=2-100"}),
    Call("blob get range beyond", "GET", "/{c}/f", {"x-ms-range": "bytes=100-200"}),
    Call("blob get range of empty", "GET", "/{c}/empty", {"x-ms-range": "bytes=0-1"}),
    Call("blob get bad range", "GET", "/{c}/f", {"x-ms-range": "bytes=5-2"}),
    Call("blob get range md5", "GET", "/{c}/f", {"x-ms-range": "bytes=0-3", "x-ms-range-get-content-md5": "true"}),
    Call("blob get if match", "GET", "/{c}/f", {"if-match": "{etag}"}),
    Call("blob get if match other", "GET", "/{c}/f", {"if-match": '"0x8D0000000000000"'}),
    Call("blob get if none match", "GET", "/{c}/f", {"if-none-match": "{etag}"}),
    Call("blob get if modified", "GET", "/{c}/f", {"if-modified-since": FUTURE}),
    Call("blob get if unmodified", "GET", "/{c}/f", {"if-unmodified-since": PAST}),
    Call("blob get unknown snapshot", "GET", "/{c}/f?snapshot=2020-01-01T00:00:00.0000000Z"),
    Call("blob get bad snapshot", "GET", "/{c}/f?snapshot=nonsense"),
    Call("blob head", "HEAD", "/{c}/f"),
    Call("blob head missing", "HEAD", "/{c}/none"),
    Call("blob head if none match", "HEAD", "/{c}/f", {"if-none-match": "{etag}"}),
    Call("blob head if match other", "HEAD", "/{c}/f", {"if-match": '"0x8D0000000000000"'}),
    Call("blob head tier", "HEAD", "/{c}/cool"),
    Call("blob get metadata", "GET", "/{c}/f?comp=metadata"),
    Call("blob set metadata", "PUT", "/{c}/f?comp=metadata", {"x-ms-meta-Other": "2"}),
    Call("blob set metadata missing", "PUT", "/{c}/none?comp=metadata", {"x-ms-meta-a": "2"}),
    Call(
        "blob set properties",
        "PUT",
        "/{c}/f?comp=properties",
        {"x-ms-blob-content-type": "a/b", "x-ms-blob-cache-control": "no-cache"},
    ),
    Call("blob set properties missing", "PUT", "/{c}/none?comp=properties"),
    Call("blob set tier", "PUT", "/{c}/f?comp=tier", {"x-ms-access-tier": "Cool"}),
    Call("blob set tier archive", "PUT", "/{c}/md5?comp=tier", {"x-ms-access-tier": "Archive"}),
    Call("blob get archived", "GET", "/{c}/md5"),
    Call("blob set tier bad", "PUT", "/{c}/f?comp=tier", {"x-ms-access-tier": "Lukewarm"}),
    Call("blob set tier without", "PUT", "/{c}/f?comp=tier"),
    Call("blob set tier missing", "PUT", "/{c}/none?comp=tier", {"x-ms-access-tier": "Cool"}),
    Call("blob account information", "GET", "/{c}/f?restype=account&comp=properties"),
    Call("blob unknown comp", "GET", "/{c}/f?comp=nonsense"),
    Call("blob unknown method", "POST", "/{c}/f"),
]

BLOCKS = [
    Call("block put", "PUT", f"/{{c}}/b?comp=block&blockid={A}", {}, b"aaa"),
    Call("block put second", "PUT", f"/{{c}}/b?comp=block&blockid={B}", {}, b"bbb"),
    Call("block put other length", "PUT", "/{c}/b?comp=block&blockid=QQ%3D%3D", {}, b"x"),
    Call("block put bad id", "PUT", "/{c}/b?comp=block&blockid=%25%25", {}, b"x"),
    Call("block put without id", "PUT", "/{c}/b?comp=block", {}, b"x"),
    Call("block put empty", "PUT", "/{c}/b?comp=block&blockid=RERE"),
    Call("block put wrong md5", "PUT", f"/{{c}}/b?comp=block&blockid={C}", {"content-md5": MD5_OF_DATA}, b"x"),
    Call("block put no container", "PUT", f"/{{c}}-none/b?comp=block&blockid={A}", {}, b"x"),
    Call("block list of uncommitted", "GET", "/{c}/b?comp=blocklist&blocklisttype=all"),
    Call("blob get uncommitted", "GET", "/{c}/b"),
    Call("blob head uncommitted", "HEAD", "/{c}/b"),
    Call("block list commit unknown", "PUT", "/{c}/b?comp=blocklist", {}, listed(f"Latest:{C}")),
    Call("block list commit bad", "PUT", "/{c}/b?comp=blocklist", {}, b"<BlockList><Latest>"),
    Call(
        "block list commit",
        "PUT",
        "/{c}/b?comp=blocklist",
        {"x-ms-blob-content-type": "text/plain"},
        listed(f"Latest:{A}", f"Uncommitted:{B}"),
    ),
    Call("blob get committed", "GET", "/{c}/b"),
    Call("block list", "GET", "/{c}/b?comp=blocklist"),
    Call("block list all", "GET", "/{c}/b?comp=blocklist&blocklisttype=all"),
    Call("block list bad type", "GET", "/{c}/b?comp=blocklist&blocklisttype=some"),
    Call("block list commit again", "PUT", "/{c}/b?comp=blocklist", {}, listed(f"Committed:{B}", f"Committed:{B}")),
    Call("blob get committed again", "GET", "/{c}/b"),
    Call("block list commit if none", "PUT", "/{c}/b?comp=blocklist", {"if-none-match": "*"}, listed(f"Committed:{B}")),
    Call("block list missing", "GET", "/{c}/none?comp=blocklist"),
    Call("block list empty commit", "PUT", "/{c}/nothing?comp=blocklist", {}, listed()),
]

APPENDS = [
    Call("append put", "PUT", "/{c}/log", APPEND),
    Call("append put with body", "PUT", "/{c}/log2", APPEND, b"x"),
    Call("append block", "PUT", "/{c}/log?comp=appendblock", {}, b"one"),
    Call(
        "append block at position", "PUT", "/{c}/log?comp=appendblock", {"x-ms-blob-condition-appendpos": "3"}, b"two"
    ),
    Call(
        "append block at other position",
        "PUT",
        "/{c}/log?comp=appendblock",
        {"x-ms-blob-condition-appendpos": "3"},
        b"two",
    ),
    Call("append block max size", "PUT", "/{c}/log?comp=appendblock", {"x-ms-blob-condition-maxsize": "3"}, b"two"),
    Call("append block empty", "PUT", "/{c}/log?comp=appendblock"),
    Call("append block missing", "PUT", "/{c}/none?comp=appendblock", {}, b"x"),
    Call("append block to block blob", "PUT", "/{c}/f?comp=appendblock", {}, b"x"),
    Call("append get", "GET", "/{c}/log"),
    Call("append head", "HEAD", "/{c}/log"),
    Call("append put block", "PUT", f"/{{c}}/log?comp=block&blockid={A}", {}, b"x"),
    Call("append seal", "PUT", "/{c}/log?comp=seal"),
    Call("append seal block blob", "PUT", "/{c}/f?comp=seal"),
]

LEASES = [
    Call(
        "lease acquire",
        "PUT",
        "/{c}/f?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": LEASE},
    ),
    Call(
        "lease acquire same",
        "PUT",
        "/{c}/f?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": LEASE},
    ),
    Call(
        "lease acquire other",
        "PUT",
        "/{c}/f?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": OTHER_LEASE},
    ),
    Call(
        "lease acquire bad duration",
        "PUT",
        "/{c}/h?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "3"},
    ),
    Call(
        "lease missing blob",
        "PUT",
        "/{c}/none?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1"},
    ),
    Call("lease blob head", "HEAD", "/{c}/f"),
    Call("lease put without", "PUT", "/{c}/f", BLOCK, b"x"),
    Call("lease put with other", "PUT", "/{c}/f", {**BLOCK, "x-ms-lease-id": OTHER_LEASE}, b"x"),
    Call("lease put with", "PUT", "/{c}/f", {**BLOCK, "x-ms-lease-id": LEASE}, b"data"),
    Call("lease metadata without", "PUT", "/{c}/f?comp=metadata", {"x-ms-meta-a": "1"}),
    Call("lease get with other", "GET", "/{c}/f", {"x-ms-lease-id": OTHER_LEASE}),
    Call("lease delete without", "DELETE", "/{c}/f"),
    Call(
        "lease change",
        "PUT",
        "/{c}/f?comp=lease",
        {"x-ms-lease-action": "change", "x-ms-lease-id": LEASE, "x-ms-proposed-lease-id": OTHER_LEASE},
    ),
    Call("lease renew old", "PUT", "/{c}/f?comp=lease", {"x-ms-lease-action": "renew", "x-ms-lease-id": LEASE}),
    Call("lease break", "PUT", "/{c}/f?comp=lease", {"x-ms-lease-action": "break", "x-ms-lease-break-period": "0"}),
    Call(
        "lease renew broken", "PUT", "/{c}/f?comp=lease", {"x-ms-lease-action": "renew", "x-ms-lease-id": OTHER_LEASE}
    ),
    Call(
        "lease release broken",
        "PUT",
        "/{c}/f?comp=lease",
        {"x-ms-lease-action": "release", "x-ms-lease-id": OTHER_LEASE},
    ),
]

COPIES = [
    Call("copy", "PUT", "/{c}/copied", {"x-ms-copy-source": "{base}/{c}/f"}),
    Call("copy head", "HEAD", "/{c}/copied"),
    Call("copy with metadata", "PUT", "/{c}/copied2", {"x-ms-copy-source": "{base}/{c}/f", "x-ms-meta-new": "1"}),
    Call("copy missing", "PUT", "/{c}/copied", {"x-ms-copy-source": "{base}/{c}/none"}),
    Call("copy bad source", "PUT", "/{c}/copied", {"x-ms-copy-source": "nonsense"}),
    Call("copy if none", "PUT", "/{c}/copied", {"x-ms-copy-source": "{base}/{c}/f", "if-none-match": "*"}),
    Call(
        "copy source if none",
        "PUT",
        "/{c}/copied3",
        {"x-ms-copy-source": "{base}/{c}/f", "x-ms-source-if-match": '"0x8D0000000000000"'},
    ),
    Call(
        "copy abort",
        "PUT",
        "/{c}/copied?comp=copy&copyid=11111111-2222-4333-8444-555555555555",
        {"x-ms-copy-action": "abort"},
    ),
]

SNAPSHOTS = [
    Call("snapshot", "PUT", "/{c}/h?comp=snapshot", {}, b"", "snapshot=x-ms-snapshot"),
    Call("snapshot missing", "PUT", "/{c}/none?comp=snapshot"),
    Call("snapshot get", "GET", "/{c}/h?snapshot={snapshot}"),
    Call("snapshot head", "HEAD", "/{c}/h?snapshot={snapshot}"),
    Call("snapshot put", "PUT", "/{c}/h?snapshot={snapshot}", BLOCK, b"x"),
    Call("snapshot delete base", "DELETE", "/{c}/h"),
    Call("snapshot list", "GET", "/{c}?restype=container&comp=list&include=snapshots&prefix=h"),
    Call("snapshot delete only", "DELETE", "/{c}/h", {"x-ms-delete-snapshots": "only"}),
    Call("snapshot get deleted", "GET", "/{c}/h?snapshot={snapshot}"),
]

TAGS = [
    Call("tags put", "PUT", "/{c}/tagged", {**BLOCK, "x-ms-tags": "a=1&b=2"}, b"x"),
    Call("tags get", "GET", "/{c}/tagged?comp=tags"),
    Call(
        "tags set",
        "PUT",
        "/{c}/tagged?comp=tags",
        {},
        b'<?xml version="1.0" encoding="utf-8"?><Tags><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tags>',
    ),
    Call("tags set bad", "PUT", "/{c}/tagged?comp=tags", {}, b"<Tags>"),
    Call("tags get missing", "GET", "/{c}/none?comp=tags"),
    Call("tags head", "HEAD", "/{c}/tagged"),
]

PAGES = [
    Call("page put", "PUT", "/{c}/page", {**PAGE, "x-ms-blob-content-length": "1024"}),
    Call("page put odd size", "PUT", "/{c}/page2", {**PAGE, "x-ms-blob-content-length": "1000"}),
    Call(
        "page write",
        "PUT",
        "/{c}/page?comp=page",
        {"x-ms-page-write": "update", "x-ms-range": "bytes=0-511"},
        bytes(512),
    ),
    Call("page ranges", "GET", "/{c}/page?comp=pagelist"),
]

LISTS = [
    Call("list", "GET", "/{c}?restype=container&comp=list"),
    Call(
        "list everything",
        "GET",
        "/{c}?restype=container&comp=list&include=metadata,copy,tags,uncommittedblobs,snapshots",
    ),
    Call("list prefix", "GET", "/{c}?restype=container&comp=list&prefix=d/"),
    Call("list hierarchy", "GET", "/{c}?restype=container&comp=list&delimiter=/"),
    Call("list hierarchy below", "GET", "/{c}?restype=container&comp=list&delimiter=/&prefix=d/"),
    Call("list page", "GET", "/{c}?restype=container&comp=list&maxresults=2"),
    Call("list zero", "GET", "/{c}?restype=container&comp=list&maxresults=0"),
    Call("list bad size", "GET", "/{c}?restype=container&comp=list&maxresults=x"),
    Call("list bad include", "GET", "/{c}?restype=container&comp=list&include=nonsense"),
    Call("list nothing", "GET", "/{c}?restype=container&comp=list&prefix=nothing"),
]

DELETES = [
    Call("delete", "DELETE", "/{c}/copied"),
    Call("delete again", "DELETE", "/{c}/copied"),
    Call("delete if match other", "DELETE", "/{c}/copied2", {"if-match": '"0x8D0000000000000"'}),
    Call("delete if modified", "DELETE", "/{c}/copied2", {"if-modified-since": FUTURE}),
    Call("delete bad snapshots", "DELETE", "/{c}/copied2", {"x-ms-delete-snapshots": "some"}),
    Call("delete no container", "DELETE", "/{c}-none/f"),
    Call("undelete", "PUT", "/{c}/copied?comp=undelete"),
    Call("container delete if modified", "DELETE", "/{c}?restype=container", {"if-modified-since": FUTURE}),
    Call("container delete", "DELETE", "/{c}?restype=container"),
    Call("container delete again", "DELETE", "/{c}?restype=container"),
    Call("blob put in deleted", "PUT", "/{c}/f", BLOCK, b"x"),
]

BAD = [
    Call("lease acquire without duration", "PUT", "/{c}/h?comp=lease", {"x-ms-lease-action": "acquire"}),
    Call("lease break none", "PUT", "/{c}/h?comp=lease", {"x-ms-lease-action": "break"}),
    Call(
        "lease bad id",
        "PUT",
        "/{c}/h?comp=lease",
        {"x-ms-lease-action": "acquire", "x-ms-lease-duration": "-1", "x-ms-proposed-lease-id": "x"},
    ),
    Call("lease on unleased", "PUT", "/{c}/h?comp=metadata", {"x-ms-lease-id": LEASE}),
    Call("no account", "GET", "/"),
    Call("bad version", "GET", "/?comp=list", {"x-ms-version": "nonsense"}),
    Call("future version", "GET", "/?comp=list", {"x-ms-version": "2099-01-01"}),
    Call("old version", "GET", "/?comp=list", {"x-ms-version": "2015-02-21"}),
    Call("bad signature", "GET", "/?comp=list", {"authorization": "SharedKey devstoreaccount1:AAAA"}),
    Call("bad scheme", "GET", "/?comp=list", {"authorization": "Basic AAAA"}),
    Call("no credential", "GET", "/?comp=list", {"authorization": ""}),
    Call("no credential for a blob", "GET", "/{c}/f", {"authorization": ""}),
    Call("other account's name", "GET", "/?comp=list", {"authorization": "SharedKey another:AAAA"}),
]

CALLS = [
    *CONTAINER, *ACCOUNT, *BLOB, *BLOCKS, *APPENDS, *LEASES, *COPIES, *SNAPSHOTS, *TAGS, *PAGES, *LISTS, *BAD, *DELETES,
]  # fmt: skip
