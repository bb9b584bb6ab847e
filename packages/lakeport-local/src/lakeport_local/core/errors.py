"""The one exception by which a room refuses a request; each room renders it in its service's own format."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ServiceError(Exception):
    """A refusal as the real service gives it.

    Args:
        status: HTTP status.
        code: The service's own spelling of the code, such as `PathNotFound`, `3000` or `AuthorizationFailed`.
        message: The service's sentence; no secret may stand in it.
        headers: Extra response headers, such as `WWW-Authenticate`.
        detail: Extra members of the error body, by the service's names.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"({code}) {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})
        self.detail = dict(detail or {})
