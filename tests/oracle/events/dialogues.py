"""Feeds dialogues to Supervisor's own dispatcher of listeners: JSON in, JSON out.

A dialogue is a list of steps: null sends an event if the listener is READY, a text is what the
listener writes in one read. Each step is answered with the state after it and the results so far.
"""

import json
import sys

from supervisor.dispatchers import PEventListenerDispatcher, default_handler
from supervisor.states import EventListenerStates, getEventListenerStateDescription


class Anything:
    def __init__(self, **members):
        self.__dict__.update(members)

    def ignore(self, *args, **kwargs):
        pass

    debug = warn = info = critical = ignore


def play(steps):
    results, reads = [], []

    def handler(event, result):
        results.append(result.decode("latin-1"))
        default_handler(event, result)

    options = Anything(logger=Anything(), readfd=lambda fd: reads.pop(0), strip_ansi=False)
    config = Anything(name="listener", options=options, stdout_logfile=None)
    group = Anything(config=Anything(result_handler=handler))
    process = Anything(config=config, group=group, event=None)
    dispatcher = PEventListenerDispatcher(process, "stdout", 0)
    states = []
    for step in steps:
        if step is not None:
            reads.append(step.encode("latin-1"))
            dispatcher.handle_read_event()
        elif process.listener_state == EventListenerStates.READY:
            process.listener_state = EventListenerStates.BUSY
            process.event = "event"
        state = getEventListenerStateDescription(process.listener_state)
        states.append([state, list(results)])
    return states


json.dump([play(steps) for steps in json.load(sys.stdin)], sys.stdout)
