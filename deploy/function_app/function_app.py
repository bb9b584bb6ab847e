"""Receive shares unattended: a timer that keeps the receiving side in step, as the app's managed identity."""

from __future__ import annotations

import logging

import azure.functions as func

from lakeport.function import receive

app = func.FunctionApp()


@app.function_name("receive")
@app.timer_trigger(schedule="%RECEIVE_SCHEDULE%", arg_name="timer", run_on_startup=False, use_monitor=True)
def receive_shares(timer: func.TimerRequest) -> None:
    """Accept what the settings allow, map what is new, follow the provider's schedule."""
    log = logging.getLogger("lakeport")
    if timer.past_due:
        log.info("the timer is late; this run makes up for the missed ones")
    receive(log)
