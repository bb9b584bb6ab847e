"""Tokens for libraries that sign in by themselves: an address of this process that answers as a machine's identity does.

Whoever knows the address gets tokens, so it is of this machine only, cannot be guessed, and is told to nobody but the
library. It ends with the process.

Source: identity.md 4 (instance metadata: the header `Metadata`, and what an answer holds).
"""

from __future__ import annotations

import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lakeport.errors import LakeportError
from lakeport.storage.opening import SCOPE

if TYPE_CHECKING:
    from lakeport.identity.signing import Signing

SOON = timedelta(seconds=330)
"""How long a token is said to be good: its users ask again five minutes before, and the broker decides then."""
MOST = 256
"""How many addresses there are; the oldest end."""


def soon(end: float) -> datetime:
    """Return until when a token that ends at `end` (Unix seconds) is said to be good."""
    return min(datetime.fromtimestamp(end, UTC), datetime.now(UTC) + SOON)


class TokenEndpoint:
    """Gives tokens for storage to whoever knows an address of it."""

    def __init__(self) -> None:
        self._known: dict[str, Signing] = {}
        self._lock = Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = endpoint.answer(self.path, self.headers.get("Metadata", ""))
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: addresses are secret."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, name="lakeport-tokens", daemon=True).start()

    def address(self, signing: Signing) -> str:
        """Return an address at which a credential's tokens are."""
        with self._lock:
            name = next((one for one, known in self._known.items() if known.is_same(signing)), "")
            if not name:
                name = secrets.token_urlsafe(32)
                self._known[name] = signing
                while len(self._known) > MOST:
                    del self._known[next(iter(self._known))]
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}/token"

    def answer(self, target: str, metadata: str) -> tuple[int, bytes]:
        """Return status and body of what is answered to a request.

        Args:
            target: Path and query.
            metadata: The header `Metadata`, which keeps browsers and forwarders out.
        """
        asked = urlsplit(target).path.removeprefix("/").removesuffix("/token").encode()
        found = [known for name, known in self._known.items() if hmac.compare_digest(name.encode(), asked)]
        if not found or metadata.lower() != "true":
            return 404, b'{"error":"not_found"}'
        try:
            token = found[0].get_token(SCOPE)
        except LakeportError as error:
            body = {"error": "invalid_request", "error_description": str(error)}
            return (503 if error.retryable else 400), json.dumps(body).encode()
        until = soon(token.expires_on)
        left = max(int((until - datetime.now(UTC)).total_seconds()), 0)
        body = {
            "access_token": token.token,
            "expires_in": str(left),
            "expires_on": str(int(until.timestamp())),
            "resource": SCOPE.removesuffix("/.default"),
            "token_type": "Bearer",
        }
        return 200, json.dumps(body).encode()


@cache
def endpoint() -> TokenEndpoint:
    """Return this process's endpoint; it begins to answer when it is first asked for."""
    return TokenEndpoint()
