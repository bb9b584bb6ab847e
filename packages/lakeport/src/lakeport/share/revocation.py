"""Taking a share back from its subscribers, giving it again, and removing a side altogether."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakeport.errors import Conflict, Forbidden, LakeportError, NotFound, NotRevoked, Refused
from lakeport.share import resources, waiting
from lakeport.share.resources import Resource, Setting, Subscriber
from lakeport.share.steps import Step

if TYPE_CHECKING:
    from lakeport.clock import Clock
    from lakeport.share.control import Control


@dataclass(frozen=True)
class Change:
    """What happens to one subscriber.

    Attributes:
        until: When access that is given again ends; empty: as it did.
    """

    subscriber: Subscriber
    wished: str
    until: str = ""

    @property
    def is_needed(self) -> bool:
        """Whether the subscriber is not so already."""
        return self.subscriber.share_subscription_status != self.wished


def changes(control: Control, share: str, to: str | None, wished: str) -> list[Change]:
    """Return what would happen to the subscribers of a share.

    Args:
        control: The provider's account.
        share: The share.
        to: A consumer's tenant name, consumer name or subscription name; `None` for all.
        wished: `Revoked` or `Active`.

    Raises:
        NotFound: There is no such share, or nobody fits.
    """
    if control.get("share", share) is None:
        raise NotFound(f"there is no share {share!r}")
    found = [resources.read(Subscriber, one) for one in control.all("subscriber", share)]
    fitting = [one for one in found if to is None or to.lower() in _called(one)]
    if to is not None and not fitting:
        known = ", ".join(sorted({one.consumer_tenant_name for one in found})) or "nobody"
        raise NotFound(f"no subscriber of {share!r} is called {to!r}", hint=f"Subscribers: {known}")
    return [Change(one, wished) for one in fitting]


def _called(one: Subscriber) -> set[str]:
    names = (one.consumer_tenant_name, one.consumer_name, one.name, one.share_subscription_object_id)
    return {name.lower() for name in names if name}


def carry_out(control: Control, share: str, change: Change, clock: Clock) -> None:
    """Revoke or reinstate one subscriber and wait until it shows.

    Raises:
        Refused: Access that ended by its date was to be given again, and nothing says until when.
    """
    subscriber_id = change.subscriber.share_subscription_object_id
    if change.wished == "Revoked":
        control.revoke(share, subscriber_id)
    else:
        answer = resources.read(Subscriber, control.reinstate(share, subscriber_id, change.until))
        if answer.share_subscription_status != "Active" and answer.expiration_date:
            raise Refused(
                f"the access of {answer.consumer_tenant_name} ended on {answer.expiration_date}",
                hint="Say until when it is given again: --until 2027-01-31T00:00:00Z, or expires: in the file",
            )

    def shown() -> bool | None:
        found = control.get("subscriber", share, subscriber_id)
        if found is None:
            raise LakeportError(f"the subscription of {change.subscriber.consumer_tenant_name} vanished")
        return True if resources.read(Subscriber, found).share_subscription_status == change.wished else None

    waiting.until(shown, clock, f"{change.subscriber.consumer_tenant_name} becoming {change.wished}")


def prove(consumer: Control, subscription: str) -> LakeportError:
    """Try to take a snapshot as a consumer, and return the refusal.

    Args:
        consumer: The consumer's account.
        subscription: The name of the revoked share there.

    Raises:
        NotRevoked: The snapshot was started; it is cancelled again.
        NotFound: There is no such subscription: nothing is proven.
        Forbidden: This caller may not start snapshots there: nothing is proven.
    """
    if consumer.get("subscription", subscription) is None:
        raise NotFound(f"account {consumer.account!r} has no received share {subscription!r}: nothing is proven")
    try:
        started = consumer.synchronize(subscription, "Incremental")
    except Forbidden as error:
        if error.code in {"AuthorizationFailed", "LinkedAuthorizationFailed"}:
            raise
        return error
    except (Conflict, Refused) as error:
        return error
    synchronization_id = str(started.get("synchronizationId", ""))
    consumer.cancel(subscription, synchronization_id)
    raise NotRevoked(
        f"{subscription} in {consumer.account!r} was taken after it was revoked", request_id=synchronization_id
    )


def share_removal(control: Control, share: str) -> list[Step]:
    """Return the steps that remove a share: its schedule first, which would outlive it (data-share.md 2.1)."""
    if control.get("share", share) is None:
        return []
    schedules = [resources.read(Setting, one) for one in control.all("schedule", share)]
    steps = [Step("delete", "schedule", (share, one.name), "the share goes") for one in schedules]
    return [*steps, Step("delete", "share", (share,), "with its data sets and open invitations")]


def subscription_removal(control: Control, name: str) -> list[Step]:
    """Return the steps that forget a received share; what was received stays."""
    if control.get("subscription", name) is None:
        return []
    steps = [
        Step("delete", kind, (name, resources.read(Resource, one).name), "the received share goes")
        for kind in ("trigger", "mapping")
        for one in control.all(kind, name)
    ]
    return [*steps, Step("delete", "subscription", (name,), "what was received stays where it is")]
