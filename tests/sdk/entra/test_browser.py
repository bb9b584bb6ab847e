"""What `BROWSER` names under `exec`: it brings the app its answer, posted or in the address, after it has returned."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.azure import LocalAzure

ADA = "ada@contoso.onmicrosoft.com"


class App(HTTPServer):
    """An app that waits for the answer of a sign-in on a port of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.answers: list[dict[str, list[str]]] = []
        self.has_answer = threading.Event()


class Answer(BaseHTTPRequestHandler):
    """Takes the answer, however it comes."""

    def do_GET(self) -> None:
        self.take(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.take(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def take(self, answer: str) -> None:
        assert isinstance(self.server, App)
        self.send_response(200)
        self.end_headers()
        self.server.answers.append(parse_qs(answer))
        self.server.has_answer.set()

    def log_message(self, *_given: object) -> None:
        """Say nothing."""


@pytest.fixture
def app() -> Iterator[App]:
    app = App()
    thread = threading.Thread(target=app.serve_forever)
    thread.start()
    yield app
    app.shutdown()
    thread.join()
    app.server_close()


@pytest.mark.parametrize("mode", ["form_post", "query"])
def test_the_app_gets_its_answer(azure: LocalAzure, app: App, mode: str) -> None:
    asked = {
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "response_type": "code",
        "redirect_uri": f"http://localhost:{app.server_port}",
        "response_mode": mode,
        "scope": "https://storage.azure.com/.default openid",
        "state": "as sent",
    }
    url = f"https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?{urlencode(asked)}"
    done = azure.run_as(ADA, "python", "-m", "lakeport_local", "browser", url)
    assert done.returncode == 0, done.stderr
    assert app.has_answer.wait(30)
    assert app.answers[0]["state"] == ["as sent"]
    assert app.answers[0]["code"][0].startswith("1.A")


def test_an_answer_for_elsewhere_is_not_delivered(azure: LocalAzure) -> None:
    asked = {
        "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        "response_type": "code",
        "redirect_uri": "https://login.microsoftonline.com/common/oauth2/nativeclient",
        "scope": "https://storage.azure.com/.default",
    }
    url = f"https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?{urlencode(asked)}"
    assert azure.run_as(ADA, "python", "-m", "lakeport_local", "browser", url).returncode == 1
