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
_STYLE = """
:root{color-scheme:light dark;--ink:#1b1b1f;--back:#eef1f6;--card:#fff;--line:#8a8f98;--accent:#0b62b8;--bad:#a4262c}
@media(prefers-color-scheme:dark){:root{--ink:#e8e8ec;--back:#15171b;--card:#22252b;--line:#868c96;--accent:#5aa9f5;--bad:#f1707b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--back);color:var(--ink);font:1rem/1.45 system-ui,sans-serif}
main{width:min(26rem,92vw);background:var(--card);padding:2.25rem 2rem;border-radius:.6rem;box-shadow:0 .5rem 2rem #0003}
.where{font-size:.85rem;letter-spacing:.02em;opacity:.75;margin:0 0 1.25rem}
h1{font-size:1.45rem;margin:0 0 .75rem}
label{display:block;font-size:.9rem}
input{width:100%;margin-top:.3rem;padding:.6rem .7rem;font:inherit;color:inherit;
 background:transparent;border:1px solid var(--line);border-radius:.35rem}
input:focus-visible,button:focus-visible{outline:3px solid var(--accent);outline-offset:1px}
button{font:inherit;padding:.6rem 1.3rem;border-radius:.35rem;border:1px solid var(--accent);
 background:var(--accent);color:var(--card);cursor:pointer}
button.second{background:transparent;color:var(--accent);margin-left:.5rem}
[role=alert]{border-left:4px solid var(--bad);padding:.5rem .8rem;color:var(--bad);overflow-wrap:anywhere}
""".strip()


def page(title: str, content: str, *, status: int = 200, script: str = "") -> Response:
    """Return a page that no other page may frame, and that loads nothing."""
    document = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f'<body><main><p class="where">lakeport · local Azure</p><h1>{escape(title)}</h1>{content}</main>{script}'
        "</body></html>"
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
        f'{_problem(problem)}<form method="post"><p>Sign in to <strong>{escape(app)}</strong>.</p>'
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
        ' <button class="second" type="submit" name="decision" value="decline">Decline</button></p></form>'
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
