"""One timer tick: the settings' wishes brought about, told to the log."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from lakeport.function.settings import consumer
from lakeport.share.session import Session
from lakeport.share.watching import round_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from lakeport.share.watching import Round

GRANT = "LAKEPORT_GRANT"


def receive(log: logging.Logger, settings: Mapping[str, str] | None = None) -> Round:
    """Bring the receiving side that an app's settings describe in step, once.

    A run with nothing to do logs one line at debug level. A failure is logged and raised, so that the platform counts it.

    Args:
        log: Hears what is done and what stands in the way.
        settings: The settings; absent: the process's environment, where the platform puts them.

    Returns:
        What was seen and done.

    Raises:
        LakeportError: The settings are wrong, or a step failed; the next tick continues.

    Example:
        >>> import logging
        >>> receive(logging.getLogger("receive")).steps  # doctest: +SKIP
        []
    """
    found = _session(frozenset((os.environ if settings is None else settings).items()))
    done = round_of(found, lambda step: log.info("%s", step.sentence(done=True)))
    for note in dict.fromkeys(done.plan.notes):
        log.info("note: %s", note)
    for error in done.plan.held:
        log.warning("held: %s", error)
    if done.error is not None:
        log.error("%s", done.error)
        raise done.error
    if not done.steps:
        log.debug("already in step")
    return done


@lru_cache(maxsize=1)
def _session(settings: frozenset[tuple[str, str]]) -> Session:
    """Return the session of settings: one while they stay the same, so that its token and connections are used again."""
    values = dict(settings)
    return Session(consumer(values), grant=values.get(GRANT, "").lower() in {"1", "true", "yes"})
