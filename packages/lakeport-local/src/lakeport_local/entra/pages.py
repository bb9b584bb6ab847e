"""The pages a person sees: sign in, approve a device, be sent back to the app; plain HTML, no script but one line.

Source: identity.md 1.6, 1.7.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING

from lakeport_local.core import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUBMIT = "document.forms[0].submit()"
_SUBMIT_HASH = base64.b64encode(hashlib.sha256(_SUBMIT.encode()).digest()).decode()
_STYLE = "font:1rem system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem"


def page(title: str, content: str, *, status: int = 200, script: str = "") -> Response:
    """Return a page that no other page may frame, and that loads nothing."""
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>'
        f'<body style="{_STYLE}"><main><h1>{escape(title)}</h1>{content}</main>{script}</body></html>'
    )
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_SUBMIT_HASH}'; frame-ancestors 'none'"
    )
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ]
    return Response(status, headers, document.encode())


def trouble_page(text: str) -> Response:
    """Return the page that says why a sign-in cannot begin."""
    return page("Sign-in is not possible", _problem(text), status=400)


def sign_in_page(app: str, *, login: str = "", problem: str = "") -> Response:
    """Return the form that asks who a person is, for an app."""
    content = (
        f'{_problem(problem)}<form method="post"><p>Sign in to {escape(app)} in the local Azure.</p>'
        f"{_field('login', 'User name', login)}{_field('passwd', 'Password', kind='password')}"
        '<p><button type="submit">Sign in</button></p></form>'
    )
    return page("Sign in", content, status=400 if problem else 200)


def device_page(*, user_code: str = "", name: str = "", problem: str = "") -> Response:
    """Return the form that takes the code an app shows; it asks who one is, unless somebody is signed in."""
    who = (
        f"<p>Signed in as {escape(name)}.</p>"
        if name
        else _field("login", "User name") + _field("passwd", "Password", kind="password")
    )
    content = (
        f'{_problem(problem)}<form method="post"><p>Enter the code that your app shows.</p>'
        f"{_field('user_code', 'Code', user_code)}{who}"
        '<p><button type="submit" name="decision" value="approve">Approve</button>'
        ' <button type="submit" name="decision" value="decline">Decline</button></p></form>'
    )
    return page("Sign in on another device", content, status=400 if problem else 200)


def form_post_page(redirect_uri: str, fields: Mapping[str, str]) -> Response:
    """Return the page that posts an answer to the app by itself."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )
    content = (
        f'<form method="post" action="{escape(redirect_uri)}">{inputs}'
        '<noscript><button type="submit">Continue</button></noscript></form>'
    )
    return page("Signing in", content, script=f"<script>{_SUBMIT}</script>")


def _field(name: str, label: str, value: str = "", kind: str = "text") -> str:
    return (
        f'<p><label>{escape(label)}<br><input name="{name}" type="{kind}" value="{escape(value)}"'
        ' autocomplete="off" required></label></p>'
    )


def _problem(text: str) -> str:
    return f'<p role="alert">{escape(text)}</p>' if text else ""
