"""Find the local Azure that owns a state folder, and ask it."""

from __future__ import annotations

import http.client
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from lakeport_local.serve.environment import Endpoint
from lakeport_local.serve.refusal import Refusal
from lakeport_local.state import holder_of

STATE_VARIABLE = "LAKEPORT_LOCAL_STATE"
_TIMEOUT_S = 30.0


def state_folder(given: Path | None) -> Path:
    """Return the state folder meant: the one given, else `$LAKEPORT_LOCAL_STATE`, else one among the user's data."""
    chosen = given or os.environ.get(STATE_VARIABLE)
    return Path(chosen or _among_user_data()).expanduser().absolute()


def _among_user_data() -> Path:
    import platformdirs  # noqa: PLC0415  (10 ms, and most who start a thousand programs name the folder)

    return platformdirs.user_data_path("lakeport-local")


class Running:
    """A running local Azure, asked over its operator's door.

    Args:
        state: The state folder.

    Attributes:
        endpoint: Where it is.
        pid: Its process.

    Raises:
        Refusal: None is running for this folder, or it is still starting.
    """

    def __init__(self, state: Path) -> None:
        holder = holder_of(state)
        if holder is None:
            raise Refusal(f"no local Azure is running for {state}.", "up")
        if "port" not in holder:
            raise Refusal(f"the local Azure for {state} (process {holder.get('pid')}) is still starting.", "status")
        self.pid = int(holder["pid"])
        self.endpoint = Endpoint(state, Path(holder["folder"]), int(holder["port"]))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:  # Any: JSON objects
        """Make one request.

        Raises:
            Refusal: It refused, or it does not answer.
        """
        at = f"127.0.0.1:{self.endpoint.port}"
        try:
            token = (self.endpoint.folder / "admin-token").read_text()
            with closing(http.client.HTTPConnection(at, timeout=_TIMEOUT_S)) as connection:
                text = None if body is None else json.dumps(body)
                connection.request(method, f"/_lakeport/{path}", text, {"Authorization": f"Bearer {token}"})
                response = connection.getresponse()
                document: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Refusal(
                f"the local Azure at {at} (process {self.pid}) does not answer: {error}.", "status"
            ) from error
        if response.status != 200:
            raise Refusal(
                f"the local Azure at {at} refused: {str(document.get('error', response.status)).rstrip('.')}.", "status"
            )
        return document
