"""The numbers of states, as XML-RPC and events have them."""


class ProcessStates:
    STOPPED = 0
    STARTING = 10
    RUNNING = 20
    BACKOFF = 30
    STOPPING = 40
    EXITED = 100
    FATAL = 200
    UNKNOWN = 1000


class SupervisorStates:
    SHUTDOWN = -1
    RESTARTING = 0
    RUNNING = 1
    FATAL = 2


class EventListenerStates:
    READY = 10
    BUSY = 20
    ACKNOWLEDGED = 30
    UNKNOWN = 40


_P = ProcessStates
STOPPED_STATES = (_P.STOPPED, _P.EXITED, _P.FATAL, _P.UNKNOWN)
RUNNING_STATES = (_P.RUNNING, _P.BACKOFF, _P.STARTING)
SIGNALLABLE_STATES = (_P.RUNNING, _P.STARTING, _P.STOPPING)


def getProcessStateDescription(code):
    return _name(ProcessStates, code)


def getSupervisorStateDescription(code):
    return _name(SupervisorStates, code)


def getEventListenerStateDescription(code):
    return _name(EventListenerStates, code)


def _name(states, code):
    names = [name for name, value in vars(states).items() if name.isupper() and value == code]
    return names[0] if names else None
