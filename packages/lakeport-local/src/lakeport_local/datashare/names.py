"""The rules for names.

Source: data-share.md 6.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lakeport_local.datashare import errors

if TYPE_CHECKING:
    from lakeport_local.arm import Call

_RULES = {
    "account": (
        re.compile(r"[^<>%&:\\?/#*$^();,.|+={}\[\]!~@]{3,90}"),
        "3 to 90 characters, none of <>%&:\\?/#*$^();,.|+={}[]!~@",
    ),
    "share": (re.compile(r"[A-Za-z0-9_-]{2,90}"), "2 to 90 letters, digits, _ or -"),
    "data set": (re.compile(r"[A-Za-z0-9_-]{2,90}"), "2 to 90 letters, digits, _ or -"),
    "synchronization setting": (re.compile(r"[^&%#/]{1,90}"), "1 to 90 characters, none of &%#/"),
}
_ANY = (re.compile(r"[^<>%&\\?/#]{1,90}"), "1 to 90 characters, none of <>%&\\?/#")


def check(call: Call, noun: str) -> None:
    """Refuse a name that the service would.

    Raises:
        ServiceError: 400.
    """
    pattern, rule = _RULES.get(noun, _ANY)
    if not pattern.fullmatch(call.name):
        raise errors.bad_name(noun, rule)
