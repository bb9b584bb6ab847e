"""The query options of a list or an object: filter, order, page, count, select.

Source: identity.md 3.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import orjson

from lakeport_local.graph.errors import bad_request, unsupported_query
from lakeport_local.graph.filters import Document, parse_filter
from lakeport_local.graph.search import parse_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakeport_local.core import Request

_KNOWN = frozenset({"$filter", "$select", "$top", "$skiptoken", "$count", "$expand", "$orderby", "$format", "$search"})
_PAGE = 100
_MOST_PAGE = 999
_ORDER = re.compile(r"(\w+)(?:\s+(asc|desc))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Query:
    """The query options of one request.

    Attributes:
        filter: `$filter`, or empty.
        search: `$search`, or empty.
        select: `$select`'s names; empty for what is shown without it.
        expand: `$expand`'s names, options in brackets left out.
        top: The most items of a page.
        order: `$orderby`'s property and whether it descends.
        after: The last item of the page before: its value of the ordered property, and its id.
        is_counted: `@odata.count` is wanted, and may be given.
    """

    filter: str = ""
    search: str = ""
    select: tuple[str, ...] = ()
    expand: tuple[str, ...] = ()
    top: int = _PAGE
    order: tuple[str, bool] = ("id", False)
    after: tuple[str, str] | None = None
    is_counted: bool = False
    others: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def read_query(request: Request) -> Query:
    """Return the query options of a request.

    Raises:
        ServiceError: 400 for an option that is unknown or makes no sense.
    """
    options = {name.lower(): value for name, value in request.query if name.startswith("$")}
    unknown = next((name for name in options if name not in _KNOWN), None)
    if unknown is not None:
        raise bad_request(
            f"The query specified in the URI is not valid. Query option '{unknown[:32]}' is not supported."
        )
    is_eventual = (request.headers.get("consistencylevel") or "").lower() == "eventual"
    return Query(
        filter=options.get("$filter", ""),
        search=_search(options.get("$search", ""), is_eventual=is_eventual),
        select=_names(options.get("$select", "")),
        expand=_names(re.sub(r"\([^()]*\)", "", options.get("$expand", ""))),
        top=_top(options.get("$top")),
        order=_order(options.get("$orderby", "id")),
        after=_after(options.get("$skiptoken")),
        is_counted=is_eventual and options.get("$count", "").lower() == "true",
        others=tuple((name, value) for name, value in request.query if name.lower() != "$skiptoken"),
    )


def _search(text: str, *, is_eventual: bool) -> str:
    if text and not is_eventual:
        raise unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"
        )
    return text


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _top(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= _MOST_PAGE:
        raise bad_request(f"Invalid page size specified: '{text[:32]}'. Must be between 1 and {_MOST_PAGE} inclusive.")
    return int(text)


def _order(text: str) -> tuple[str, bool]:
    match = _ORDER.fullmatch(text.strip())
    if match is None:
        raise unsupported_query("Unsupported sort property for this resource.")
    return match[1], (match[2] or "").lower() == "desc"


def _after(token: str | None) -> tuple[str, str] | None:
    if token is None:
        return None
    try:
        value, object_id = orjson.loads(base64.urlsafe_b64decode(token.encode()))
    except ValueError:
        value = object_id = None
    if not isinstance(value, str) or not isinstance(object_id, str):
        raise bad_request("Invalid value specified for $skiptoken.")
    return value, object_id


def matching(documents: Sequence[Document], query: Query, properties: frozenset[str]) -> list[Document]:
    """Return the documents that the filter takes, in order.

    Raises:
        ServiceError: 400 for a filter or an order that cannot be.
    """
    if query.filter:
        takes = parse_filter(query.filter, properties, is_advanced=query.is_counted)
        documents = [document for document in documents if takes(document)]
    if query.search:
        finds = parse_search(query.search, properties)
        documents = [document for document in documents if finds(document)]
    name, is_descending = query.order
    if name not in properties:
        raise unsupported_query(f"Unsupported sort property '{name}' for this resource.")
    return sorted(documents, key=lambda document: _place(document, name), reverse=is_descending)


def _place(document: Document, name: str) -> tuple[str, str]:
    value = document.get(name)
    return ("" if value is None else str(value).lower(), str(document["id"]))


def page_of(documents: Sequence[Document], query: Query) -> tuple[list[Document], str | None]:
    """Return a page of ordered documents and the token of the next one, or None."""
    name, is_descending = query.order
    rest = list(documents)
    if query.after is not None:
        last = query.after
        rest = [one for one in rest if (_place(one, name) < last if is_descending else _place(one, name) > last)]
    page = rest[: query.top]
    if len(rest) <= query.top:
        return page, None
    return page, base64.urlsafe_b64encode(orjson.dumps(_place(page[-1], name))).decode()


def next_link(request: Request, query: Query, token: str) -> str:
    """Return the absolute URL of the next page."""
    options = [*query.others, ("$skiptoken", token)]
    text = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in options)
    return f"https://{request.host}{request.raw_path}?{text}"


def selected(
    document: Document, names: tuple[str, ...], shown: frozenset[str] | None, *, is_mixed: bool = False
) -> Document:
    """Return the members of a document that were asked for.

    Args:
        document: The whole document.
        names: `$select`, or nothing.
        shown: What is shown without `$select`; None for everything.
        is_mixed: The document stands among others of other types, which have other names.

    Raises:
        ServiceError: 400 for a name that the type does not have.
    """
    if not names or "*" in names:
        return document if shown is None else {name: value for name, value in document.items() if name in shown}
    by_fold = {name.lower(): name for name in document}
    unknown = next((name for name in names if name.lower() not in by_fold), None)
    if unknown is not None and not is_mixed:
        raise bad_request(f"Parsing OData Select and Expand failed: Could not find a property named '{unknown[:64]}'.")
    wanted = {by_fold[name.lower()] for name in names if name.lower() in by_fold}
    annotations: dict[str, Any] = {key: value for key, value in document.items() if key.startswith("@odata.type")}
    return annotations | {name: value for name, value in document.items() if name in wanted}
