"""What the commands of both sides do alike: sign in, plan, apply, print."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lakeport import identity, profiles
from lakeport.cli.outcome import FORBIDDEN, Partly, exit_status
from lakeport.errors import BadProfile, LakeportError, MissingRole, NotFound
from lakeport.share import Consumer, Session, environment, files, resources
from lakeport.share.apply import Worker
from lakeport.share.control import Control
from lakeport.share.desired import Place
from lakeport.share.freshness import stale
from lakeport.share.glance import Glance
from lakeport.share.resources import Subscription
from lakeport.share.watching import look_of, round_of
from lakeport.share.webhook import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakeport.cli.output import Output
    from lakeport.profiles import Profile
    from lakeport.share import Plan, Provider, Step
    from lakeport.share.freshness import Freshness


def provider(output: Output, file: Path, env: Path | None, profile: str | None, *, grant: bool = False) -> Session:
    """Return the providing side that a command's arguments name."""
    wished = environment.provider(env, profile=profile) if env else files.provider(file, profile=profile)
    return _session(output, wished, profile, grant=grant)


def providers(
    output: Output, files_: tuple[Path, ...], env: Path | None, profile: str | None, *, grant: bool = False
) -> list[Session]:
    """Return the providing sides that a command's files name; all are read before any is acted on."""
    if env is not None:
        return [provider(output, Path(), env, profile, grant=grant)]
    found: list[Session] = []
    for file in files_ or (Path("share.yaml"),):
        session = provider(output, file, None, profile, grant=grant)
        found.append(replace(session, peer=found[0]) if found else session)
    return found


def consumer(output: Output, file: Path, env: Path | None, profile: str | None, *, grant: bool = False) -> Session:
    """Return the receiving side that a command's arguments name."""
    wished = environment.consumer(env, profile=profile) if env else files.consumer(file, profile=profile)
    return _session(output, wished, profile, grant=grant)


def listener(output: Output, file: Path, env: Path | None, profile: str | None) -> Session:
    """Return the receiving side that a command's arguments name; without a file, the profile's own account and no rules."""
    if env is not None or profile is None or file.exists():
        return consumer(output, file, env, profile)
    resolved = profiles.resolve(profile)
    return Session(Consumer(resolved, _place(resolved), (), ()), talk=output.say)


def account_of(profile: Profile) -> Control:
    """Return the data share account that a profile names."""
    where = _place(profile)
    credential = identity.credential(profile)
    return Control(profile, credential, where.subscription_id, where.resource_group, where.account)


def _place(profile: Profile) -> Place:
    place = Place(profile.subscription_id, profile.resource_group, profile.text("share_account"))
    if not all((place.subscription_id, place.resource_group, place.account)):
        hint = "Write a file, or give the profile subscription_id, resource_group and share_account"
        raise BadProfile(f"profile {profile.name!r} does not say which data share account it is about", hint=hint)
    return place


def _session(output: Output, wished: Provider | Consumer, profile: str | None, *, grant: bool) -> Session:
    if profile:
        wished = replace(wished, where=f"{wished.where} --profile {profile}")
    return Session(wished, grant, talk=output.say)


def show_plan(output: Output, plan: Plan) -> None:
    """Print what would be done, and what stands in the way; nothing is sent.

    Raises:
        LakeportError: Something must be settled before anything could be sent.
    """
    for step in plan.steps:
        output.result(step.sentence(), **fields(step))
    _talk(output, plan)
    if plan.follows:
        output.say(f"then: {plan.follows}")
    if plan.refusals:
        raise plan.refusals[0]
    status = "planned" if plan.steps else "in step"
    output.summary("" if plan.steps else "already in step", steps=len(plan.steps), status=status, held=_held(plan))
    _held_ends(plan)


def apply(output: Output, session: Session) -> None:
    """Bring a side in step, and print every step as it is done and how to take it back.

    Raises:
        LakeportError: A plan is refused, or a step fails.
        Partly: All was done but what is held by others.
    """
    undo: dict[str, None] = {}

    def told(step: Step) -> None:
        _told(output, step)
        if step.undo:
            undo[step.undo] = None

    applied = session.apply(told)
    _talk(output, applied.plan)
    for command in undo:
        output.say(f"undo: {command}")
    status = "done" if applied.steps else "in step"
    text = "in step" if applied.steps else "already in step"
    output.summary(
        "" if applied.plan.held else text,
        steps=len(applied.steps),
        status=status,
        held=_held(applied.plan),
        undo=list(undo),
    )
    _held_ends(applied.plan)


def apply_all(output: Output, sessions: list[Session]) -> None:
    """Bring several sides in step; what fails for one does not stop the others. All are looked at side by side first.

    Raises:
        LakeportError: It failed for the only one.
        Partly: It failed for some, or others hold something.
    """
    if len(sessions) == 1:
        apply(output, sessions[0])
        return
    glances = {id(one.control): Glance(one.control, one.roles) for one in sessions}
    with ThreadPoolExecutor(8) as pool:
        looks = list(pool.map(lambda one: look_of(one, glances[id(one.control)]), sessions))
    failed, changed = 0, 0
    for session, look in zip(sessions, looks, strict=True):
        found = round_of(session, partial(_told, output)) if look.error is None and look.plan.steps else look
        _talk(output, found.plan)
        error = found.error or next(iter(found.plan.refusals), None)
        if error is not None:
            output.say(f"lakeport: {session.wished.where}: {error}")
        failed += error is not None or bool(found.plan.held)
        changed += bool(found.steps)
    text = "already in step" if not changed and not failed else "" if failed else "in step"
    output.summary(text, sides=len(sessions), changed=changed, failed=failed)
    if failed:
        raise Partly


def _told(output: Output, step: Step) -> None:
    output.result(step.sentence(done=True), **fields(step), status="done")


def check(output: Output, session: Session) -> None:
    """Print what a side needs and whether it is there, each failure with the command that mends it.

    Raises:
        Partly: Something is missing.
    """
    found = session.checks()
    look = look_of(session)
    for one in found:
        mark = {True: "ok      ", False: "MISSING ", None: "unknown "}[one.is_met]
        output.result(f"{mark} {one.said}", what=one.what, met=one.is_met, said=one.said, fix=one.fix)
        if one.fix:
            output.say(f"          fix: {one.fix}")
    needed = [error for error in look.plan.refusals if isinstance(error, MissingRole)]
    for error in needed:
        output.result(f"MISSING  {error.message}", what="identity", met=False, said=error.message, fix=error.hint)
        output.say(f"          fix: {error.hint.removeprefix('Next: ')}")
    if look.error is not None:
        output.say(f"note: {look.error}")
    missing = len(needed) + sum(one.is_met is False for one in found)
    output.summary("" if missing else "everything needed is there", missing=missing)
    if missing:
        raise Partly


def carry_out(output: Output, session: Session, steps: list[Step], *, dry_run: bool, undo: str, nothing: str) -> None:
    """Do steps that no plan leads to, such as a removal."""
    worker = Worker(session.control, session.roles, session.clock, output.say)
    for step in steps:
        if not dry_run:
            worker.do(step)
        output.result(step.sentence(done=not dry_run), **fields(step), status="planned" if dry_run else "done")
    if steps and not dry_run:
        output.say(f"undo: {undo}")
    output.summary("" if steps else nothing, steps=len(steps), status="planned" if dry_run else "done")


def fields(step: Step) -> dict[str, object]:
    """Return a step as the keys of its JSON line."""
    return {
        "verb": step.verb,
        "kind": step.kind,
        "name": "/".join(step.names),
        "title": step.title,
        "why": step.why,
        "undo": step.undo,
    }


def _talk(output: Output, plan: Plan) -> None:
    for note in dict.fromkeys(plan.notes):
        output.say(f"note: {note}")
    for error in plan.held:
        output.say(f"held: {error}")


def _held(plan: Plan) -> list[str]:
    return [str(error) for error in plan.held]


def _held_ends(plan: Plan) -> None:
    if plan.held:
        raise Partly


def received_names(session: Session, name: str | None) -> list[str]:
    """Return the names of the received shares that a command is about: the named one, or all that a rule wants.

    Raises:
        NotFound: Nothing was received yet.
    """
    if name is not None:
        return [name]
    wished = session.wished
    found = [resources.read(Subscription, one) for one in session.control.all("subscription")]
    names = [one.name for one in found if isinstance(wished, Consumer) and wished.rule_for(one)]
    if not names:
        raise NotFound("nothing was received yet", hint=f"Next: lakeport receive apply {wished.where}")
    return names


def end_status(output: Output, text: str, fresh: list[Freshness], webhook: str | None, **fields: object) -> None:
    """End a status: tell the webhook what is stale, and the caller by the exit status.

    Raises:
        Stale: Something is.
    """
    old = [one for one in fresh if one.is_stale]
    error = stale(fresh)
    if error is not None and webhook:
        failed = tell(webhook, str(error), [one.fields() for one in old])
        output.say(f"note: {failed}" if failed else "the webhook was told")
    output.summary(text, stale=len(old), **fields)
    if error is not None:
        raise error


def per_share(output: Output, names: list[str], act: Callable[[str], None]) -> None:
    """Do something for each received share; what fails for one does not stop the others.

    Raises:
        LakeportError: It failed for the only one.
        Partly: It failed for some.
    """
    failures: list[LakeportError] = []
    for name in names:
        try:
            act(name)
        except LakeportError as error:
            if len(names) == 1:
                raise
            failures.append(error)
            output.say(f"lakeport: {name}: {error}")
    if failures and len(failures) == len(names) and all(exit_status(one) == FORBIDDEN for one in failures):
        raise failures[0]
    if failures:
        raise Partly
