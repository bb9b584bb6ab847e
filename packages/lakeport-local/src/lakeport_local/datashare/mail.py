"""The mail that the service sends: one file a message, in the folder `mail` of the state folder, where people pick it up.

Nothing leaves the machine. Source: RFC 5322 (the form of a message).
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from lakeport_local.state import Store

_SENDER = "Azure Data Share <datashare@lakeport.invalid>"


def post(store: Store, to: str, subject: str, text: str, at: datetime) -> None:
    """Leave a message where people pick it up, readable by the owner of the state folder only."""
    message = EmailMessage(policy=SMTP)
    message["From"] = _SENDER
    message["To"] = _on_one_line(to)
    message["Subject"] = _on_one_line(subject)
    message["Date"] = at
    message.set_content(text)
    folder = store.folder / "mail"
    folder.mkdir(mode=0o700, exist_ok=True)
    number = sum(1 for _ in folder.iterdir()) + 1
    target = folder / f"{number:06}.eml"
    target.touch(mode=0o600)
    target.write_bytes(message.as_bytes())


def _on_one_line(text: str) -> str:
    """Return a text that begins no header of its own."""
    return " ".join(text.split())
