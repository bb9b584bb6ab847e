"""How people sign in: their accounts, the sign-ins under way, and what is remembered of finished ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakeport_local.entra.accounts import Accounts
from lakeport_local.entra.conditional_access import judge_sign_in
from lakeport_local.entra.errors import EntraError, refusal
from lakeport_local.entra.refresh_tokens import RefreshTokens
from lakeport_local.entra.sign_ins import SignIns

if TYPE_CHECKING:
    from lakeport_local.core import Clock, Ids, Request
    from lakeport_local.entra.directory import Directory
    from lakeport_local.entra.forms import Form
    from lakeport_local.entra.objects import User
    from lakeport_local.state import Store


class People:
    """The people of one directory.

    Args:
        directory: Who there is.
        store: Where it is kept.
        ids: Gives codes.
        clock: Says when they end.

    Attributes:
        accounts: Finds people by their home account.
        sign_ins: The sign-ins under way.
        refresh_tokens: Seals and opens refresh tokens.
    """

    def __init__(self, directory: Directory, store: Store, ids: Ids, clock: Clock) -> None:
        self._directory = directory
        self._ids = ids
        self.accounts = Accounts(store, directory)
        self.sign_ins = SignIns(store, ids, clock)
        self.refresh_tokens = RefreshTokens(store, ids, clock)

    def signed_in(self, request: Request) -> User | None:
        """Return who is signed in to the session that a request comes from, as their user object at home, or None.

        `exec --as USER` gives its child a proxy credential of that user; the gateway has checked it.
        """
        return self.accounts.of_object(request.caller) if request.caller else None

    def by_password(self, form: Form) -> User:
        """Return who a form's `login` and `passwd` name, as their user object at home.

        Raises:
            EntraError: 50126: no such person or another password, which takes the same time and reads the same.
        """
        home = self.accounts.home(form.get("login"))
        if not self._directory.password_is(home, form.get("passwd")) or home is None:
            raise refusal(50126)
        return home

    def decide(self, user_code: str, home: User, *, is_approved: bool) -> None:
        """Approve or decline the device sign-in that waits under a code, as a person.

        Raises:
            EntraError: 70018: nothing waits. 50057, 53003: this person may not, and the app is told.
        """
        waiting = self.sign_ins.waiting(user_code)
        if waiting is None:
            raise refusal(70018)
        if not is_approved:
            self.sign_ins.decide(user_code, "declined")
            return
        tenant = self._directory.tenant(waiting.wish.tenant_key) or self._directory.tenant(home.tenant_id)
        try:
            judge_sign_in(home, tenant, "device_code")
        except EntraError:
            self.sign_ins.decide(user_code, "blocked")
            raise
        self.sign_ins.decide(user_code, "approved", home)

    def new_session(self) -> str:
        """Return the id of a sign-in session."""
        return self._ids.guid()
