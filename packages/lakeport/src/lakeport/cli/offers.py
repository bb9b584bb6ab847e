"""What is offered to oneself: `receive list | reject | register`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lakeport import identity, profiles
from lakeport.cli import options, sides
from lakeport.cli.output import counted
from lakeport.errors import NotFound
from lakeport.identity.caller import caller
from lakeport.share import Consumer, invitees, resources
from lakeport.share.control import Control
from lakeport.share.resources import ConsumerInvitation, Subscription
from lakeport.types import SubscriptionId

if TYPE_CHECKING:
    from pathlib import Path

    from lakeport.cli.output import Output
    from lakeport.share import Session

NOBODYS = SubscriptionId("00000000-0000-0000-0000-000000000000")


@click.command("list")
@options.desired("receive.yaml")
@click.option("--needs", metavar="ID", help="The object id that the provider sent the invitation to: is it you?")
@click.pass_obj
def list_(output: Output, *, file: Path, env: Path | None, profile: str | None, needs: str | None) -> None:
    """Print who you are to providers, the invitations that wait for you, and the shares you received.

    An invitation reaches the object id and tenant that it names, and nobody else: give the provider those that are printed
    here, or compare with --needs what the provider sent it to (lakeport share status prints it).

    \b
    lakeport receive list receive.yaml
    lakeport receive list --profile local:consumer --needs 11111111-2222-4333-8444-555555555555
    """
    session = sides.listener(output, file, env, profile)
    who = caller(session.credential, session.wished.profile)
    output.say(f"invitations reach you at object id {who.object_id} in tenant {who.tenant_id}")
    if needs is not None:
        invitees.compare(needs, who)
        output.say(f"{needs} is you")
    offered = _offered(session)
    for one in offered:
        _print_offer(output, one, session)
    received = [resources.read(Subscription, one) for one in session.control.all("subscription")]
    for taken in received:
        sender, status = taken.provider_tenant_name, taken.share_subscription_status
        text = f"received    {taken.name}  {taken.share_name} of {sender}  {status}"
        fields = {"share": taken.share_name, "tenant": sender, "status": status}
        output.result(text, kind="subscription", name=taken.name, **fields)
    ids = {"object_id": who.object_id, "tenant_id": who.tenant_id}
    text = "" if offered or received else "nothing is offered"
    output.summary(text, invitations=len(offered), received=len(received), **ids)


def _offered(session: Session) -> list[ConsumerInvitation]:
    return [resources.read(ConsumerInvitation, one) for one in session.control.invitations()]


def _print_offer(output: Output, one: ConsumerInvitation, session: Session) -> None:
    is_wanted = isinstance(session.wished, Consumer) and session.wished.rule_for(one) is not None
    said = "accepted by a rule" if is_wanted else "no rule accepts it"
    count = counted(one.data_set_count, "data set")
    text = f"invitation  {one.share_name} of {one.provider_tenant_name}  {count}  {said}  {one.invitation_id}"
    fields = {"share": one.share_name, "tenant": one.provider_tenant_name, "invitation_id": one.invitation_id}
    output.result(text, kind="invitation", wanted=is_wanted, terms=one.terms_of_use, **fields)


@click.command()
@options.desired("receive.yaml")
@click.option("--invitation", "invitation_id", metavar="ID", required=True, help="As lakeport receive list prints it.")
@options.dry_run
@click.pass_obj
def reject(
    output: Output, *, file: Path, env: Path | None, profile: str | None, invitation_id: str, dry_run: bool
) -> None:
    """Turn an invitation down; the provider sees it, and can only invite anew.

    \b
    lakeport receive reject receive.yaml --invitation 11111111-2222-4333-8444-555555555555 --dry-run
    lakeport receive reject --profile local:consumer --invitation 11111111-2222-4333-8444-555555555555
    """
    session = sides.listener(output, file, env, profile)
    found = next((one for one in _offered(session) if one.invitation_id.lower() == invitation_id.lower()), None)
    if found is None:
        raise NotFound(f"no invitation {invitation_id} waits for you", hint="Next: lakeport receive list")
    if not dry_run:
        session.control.reject(found.location, found.invitation_id)
    verb = "would reject" if dry_run else "rejected"
    output.result(f"{verb} {found.share_name} of {found.provider_tenant_name}", invitation_id=found.invitation_id)
    output.summary(status="planned" if dry_run else "done")


@click.command()
@options.profile
@click.option("--location", metavar="REGION", default="westeurope", show_default=True, help="Any region of Data Share.")
@click.option("--code", metavar="CODE", help="The code from the mail; without it, one is sent.")
@options.common
@click.pass_obj
def register(output: Output, *, profile: str | None, location: str, code: str | None) -> None:
    """As a guest, prove that an e-mail address is yours: once to have a code mailed, once with the code.

    The profile signs in to the tenant that you are a guest of. From then on invitations to the address reach you there.

    \b
    lakeport receive register --profile guest-of-contoso
    lakeport receive register --profile guest-of-contoso --code 12345678
    """
    resolved = profiles.resolve(profile)
    control = Control(resolved, identity.credential(resolved), resolved.subscription_id or NOBODYS, "", "")
    found = control.activate(location, code) if code else control.register(location)
    status, email = str(found.get("registrationStatus", "")), str(found.get("email", ""))
    text = f"{email}: {status}"
    output.result(text, email=email, status=status, until=found.get("activationExpirationDate"))
    if status == "ActivationPending":
        output.say("a code was mailed. Next: the same command with --code CODE")
    output.summary(status=status)
