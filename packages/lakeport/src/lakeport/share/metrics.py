"""What a watcher tells of itself, in the text that Prometheus reads: on a loopback port, or in a file.

Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from lakeport.errors import LakeportError

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.share.watching import Round

TEXT = "text/plain; version=0.0.4; charset=utf-8"
MEANINGS = {
    "lakeport_rounds_total": ("counter", "Rounds run."),
    "lakeport_failed_rounds_total": ("counter", "Rounds that ended with an error."),
    "lakeport_steps_total": ("counter", "Changes made."),
    "lakeport_held": ("gauge", "Things out of step that only others can mend."),
    "lakeport_in_step": ("gauge", "1 when the last round left the side in step."),
    "lakeport_last_round_timestamp_seconds": ("gauge", "When the last round began."),
    "lakeport_last_good_round_timestamp_seconds": ("gauge", "When the last round without error began."),
    "lakeport_last_round_seconds": ("gauge", "How long the last round took."),
}


@dataclass
class Metrics:
    """Numbers over the rounds of a watcher; safe to read from another thread."""

    values: dict[str, float] = field(default_factory=lambda: dict.fromkeys(MEANINGS, 0.0))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, found: Round) -> None:
        """Count a round."""
        with self._lock:
            self.values["lakeport_rounds_total"] += 1
            self.values["lakeport_failed_rounds_total"] += not found.is_good
            self.values["lakeport_steps_total"] += len(found.steps)
            self.values["lakeport_held"] = len(found.plan.held)
            self.values["lakeport_in_step"] = found.is_good and not found.plan.held
            self.values["lakeport_last_round_timestamp_seconds"] = found.at.timestamp()
            self.values["lakeport_last_round_seconds"] = found.took.total_seconds()
            if found.is_good:
                self.values["lakeport_last_good_round_timestamp_seconds"] = found.at.timestamp()

    def text(self) -> str:
        """Return the numbers as Prometheus reads them."""
        with self._lock:
            lines = [
                f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n{name} {self.values[name]:.15g}\n"
                for name, (kind, meaning) in MEANINGS.items()
            ]
        return "".join(lines)

    def write(self, path: Path) -> None:
        """Put the numbers into a file, whole or not at all, as node_exporter's textfile collector wants it."""
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(self.text(), encoding="utf-8")
        beside.replace(path)


class MetricsServer:
    """Answers `GET /metrics` on loopback."""

    def __init__(self, metrics: Metrics, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_known = self.path in {"/", "/metrics"}
                body = metrics.text().encode() if is_known else b""
                self.send_response(200 if is_known else 404)
                self.send_header("Content-Type", TEXT)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        except OSError as error:
            raise LakeportError(f"cannot show metrics on port {port}: {error.strerror}") from error
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the numbers are read."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/metrics"

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
