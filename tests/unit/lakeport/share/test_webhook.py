"""Where a message may go, and where not."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from lakeport.errors import Misused, Unreachable
from lakeport.share import webhook

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener(HTTPServer):
    """Keeps what it is told; answers with a redirect below `/elsewhere`."""

    heard: list[tuple[str, dict[str, object]]]


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))
        self.send_response(302 if self.path == "/elsewhere" else 200)
        if self.path == "/elsewhere":
            self.send_header("Location", "/told")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), _Handler) as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_message_arrives_whole(listener: Listener) -> None:
    webhook.post(f"http://127.0.0.1:{listener.server_port}/told?secret=x", {"text": "sales is stale"})
    assert listener.heard == [("/told?secret=x", {"text": "sales is stale"})]


def test_nobody_is_followed_elsewhere(listener: Listener) -> None:
    with pytest.raises(Unreachable, match="answered 302"):
        webhook.post(f"http://127.0.0.1:{listener.server_port}/elsewhere", {})
    assert [path for path, _ in listener.heard] == ["/elsewhere"]


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7/hook",
        "https://169.254.169.254/metadata",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "https://user:secret@127.0.0.1/x",
        "https:///x",
    ],
)
def test_what_leads_where_no_message_must_go_is_refused(url: str) -> None:
    with pytest.raises(Misused) as caught:
        webhook.post(url, {})
    assert "secret" not in str(caught.value)


def test_an_error_never_repeats_the_path_which_is_a_secret() -> None:
    failed = webhook.tell("http://127.0.0.1:1/services/T0/B0/secret", "stale", [])
    assert isinstance(failed, Unreachable)
    assert "secret" not in str(failed)
