"""People sign in with unmodified azure-identity and msal: device code, browser, refresh, guests."""

from __future__ import annotations

import asyncio
import html
import re
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

import msal
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AuthenticationRecord, DeviceCodeCredential, InteractiveBrowserCredential

from lakeport_local.entra import ARM, STORAGE

if TYPE_CHECKING:
    from datetime import datetime

    from tests.sdk.entra.conftest import Entra

    from lakeport_local.entra import User

CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCOPE = "https://storage.azure.com/.default"
MANAGEMENT = "https://management.azure.com/.default"
PASSWORD = "ada's own"


@pytest.fixture
def ada(entra: Entra) -> User:
    return entra.directory.add_user(
        entra.contoso.id,
        name="ada@contoso.onmicrosoft.com",
        object_id="ada00000-0000-4000-8000-000000000001",
        password=PASSWORD,
    )


def approve(user: User) -> Any:
    """Return a prompt callback that does what the person does in a browser."""

    def prompt(uri: str, user_code: str, _expires_at: datetime) -> None:
        form = {"user_code": user_code, "login": user.name, "passwd": PASSWORD, "decision": "approve"}
        assert requests.post(uri, data=form, timeout=10).status_code == 200

    return prompt


async def test_a_device_code_signs_in_at_the_home_tenant(entra: Entra, ada: User) -> None:
    def sign_in() -> tuple[AuthenticationRecord, str, str]:
        with DeviceCodeCredential(prompt_callback=approve(ada)) as credential:
            record = credential.authenticate(scopes=[SCOPE])
            return record, credential.get_token(SCOPE).token, credential.get_token(MANAGEMENT).token

    record, storage, management = await asyncio.to_thread(sign_in)
    assert entra.tokens.verify(storage, audiences=STORAGE.audiences).object_id == ada.object_id
    assert entra.tokens.verify(management, audiences=ARM.audiences).client_id == CLI
    assert (record.tenant_id, record.username) == (entra.contoso.id, ada.name)
    assert record.home_account_id == f"{ada.object_id}.{entra.contoso.id}"


async def test_a_guest_signs_in_at_the_host_tenant_by_device_code(entra: Entra, ada: User) -> None:
    guest_id = "ada00000-0000-4000-8000-000000000002"
    entra.directory.add_user(entra.fabrikam.id, name=ada.mail, object_id=guest_id, password=None, guest_of=ada)

    def sign_in() -> tuple[AuthenticationRecord, str]:
        with DeviceCodeCredential(tenant_id=entra.fabrikam.id, prompt_callback=approve(ada)) as credential:
            record = credential.authenticate(scopes=[SCOPE])
            return record, credential.get_token(SCOPE).token

    record, token = await asyncio.to_thread(sign_in)
    principal = entra.tokens.verify(token, audiences=STORAGE.audiences)
    assert (principal.tenant_id, principal.object_id) == (entra.fabrikam.id, guest_id)
    assert record.home_account_id == f"{ada.object_id}.{entra.contoso.id}"


async def test_a_stranger_to_the_tenant_gets_no_token(entra: Entra, ada: User) -> None:
    def sign_in() -> None:
        with DeviceCodeCredential(tenant_id=entra.fabrikam.id, prompt_callback=approve(ada)) as credential:
            credential.get_token(SCOPE)

    with pytest.raises(ClientAuthenticationError, match="AADSTS50020"):
        await asyncio.to_thread(sign_in)


def visit(url: str, form: dict[str, str] | None) -> None:
    """Do what a browser does with the sign-in page: show it or fill it in, then post the answer on to the app."""
    shown = requests.post(url, data=form, timeout=10) if form else requests.get(url, timeout=10)
    action = re.search(r'action="([^"]*)"', shown.text)
    assert action is not None, shown.text
    fields = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', shown.text)
    answer = {name: html.unescape(value) for name, value in fields}
    requests.post(html.unescape(action[1]), data=answer, timeout=10)


class Browser(webbrowser.BaseBrowser):
    """A browser for one person, in a thread: azure-identity listens for the answer only once `open` returned."""

    def __init__(self, form: dict[str, str] | None) -> None:
        super().__init__()
        self._form = form
        self.threads: list[threading.Thread] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.threads.append(threading.Thread(target=visit, args=(url, self._form)))
        self.threads[-1].start()
        return True


@pytest.mark.parametrize("has_session", [True, False])
async def test_a_browser_signs_in_by_session_or_by_password(entra: Entra, ada: User, has_session: bool) -> None:
    if has_session:
        entra.enter(ada.object_id)
    browser = Browser(None if has_session else {"login": ada.name, "passwd": PASSWORD})
    webbrowser.register("a-persons", None, browser, preferred=True)
    entra.monkeypatch.setattr(webbrowser, "_tryorder", ["a-persons"])

    def sign_in() -> tuple[str, str]:
        with InteractiveBrowserCredential(timeout=20) as credential:
            return credential.get_token(SCOPE).token, credential.get_token(MANAGEMENT).token

    storage, management = await asyncio.to_thread(sign_in)
    for thread in browser.threads:
        await asyncio.to_thread(thread.join)
    assert entra.tokens.verify(storage, audiences=STORAGE.audiences).object_id == ada.object_id
    assert entra.tokens.verify(management, audiences=ARM.audiences).object_id == ada.object_id
    assert len(browser.threads) == 1


async def test_msal_refreshes_into_another_resource_and_tenant(entra: Entra, ada: User) -> None:
    entra.directory.add_user(
        entra.fabrikam.id,
        name=ada.mail,
        object_id="ada00000-0000-4000-8000-000000000002",
        password=None,
        guest_of=ada,
    )

    def sign_in() -> list[str]:
        cache = msal.TokenCache()
        application = msal.PublicClientApplication(
            CLI, authority="https://login.microsoftonline.com/organizations", token_cache=cache
        )
        flow = application.initiate_device_flow([SCOPE])
        approve(ada)(flow["verification_uri"], flow["user_code"], flow["expires_at"])
        first = application.acquire_token_by_device_flow(flow)
        (account,) = application.get_accounts()
        second = application.acquire_token_silent([MANAGEMENT], account)
        there = msal.PublicClientApplication(
            CLI, authority=f"https://login.microsoftonline.com/{entra.fabrikam.id}", token_cache=cache
        )
        third = there.acquire_token_silent([SCOPE], account)
        return [first["access_token"], second["access_token"], third["access_token"]]

    first, second, third = await asyncio.to_thread(sign_in)
    assert entra.tokens.verify(first, audiences=STORAGE.audiences).tenant_id == entra.contoso.id
    assert entra.tokens.verify(second, audiences=ARM.audiences).tenant_id == entra.contoso.id
    assert entra.tokens.verify(third, audiences=STORAGE.audiences).tenant_id == entra.fabrikam.id
