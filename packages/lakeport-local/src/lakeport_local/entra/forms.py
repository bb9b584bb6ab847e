"""The form a client posts to the token endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from lakeport_local.entra.errors import refusal

if TYPE_CHECKING:
    from lakeport_local.core import Request

_FORM_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 64


class Form:
    """A posted form; of a repeated field the first value counts. Its text form shows no value.

    Args:
        request: A complete request. A body of another type is an empty form, as the real service sees it.

    Raises:
        EntraError: 9002313: the body is no form.
    """

    def __init__(self, request: Request) -> None:
        content_type = (request.headers.get("content-type") or _FORM_TYPE).partition(";")[0].strip().lower()
        self._fields: dict[str, str] = {}
        if content_type != _FORM_TYPE:
            return
        try:
            text = request.data.decode("utf-8")
            pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise refusal(9002313) from None
        for name, value in pairs:
            self._fields.setdefault(name, value)

    def __repr__(self) -> str:
        return f"Form({sorted(self._fields)})"

    def get(self, name: str) -> str:
        """Return a field, or an empty text."""
        return self._fields.get(name, "")

    def require(self, name: str) -> str:
        """Return a field.

        Raises:
            EntraError: 900144: it is absent or empty.
        """
        value = self.get(name)
        if not value:
            raise refusal(900144, name=name)
        return value
