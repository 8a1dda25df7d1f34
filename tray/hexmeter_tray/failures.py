"""What can go wrong on the desktop's side, whichever backend talks to it."""


class BusError(Exception):
    """BusError: the desktop's services cannot be reached
    └── CallFailed: a service did not do what was asked
         ├── ServiceAbsent: nobody owns its name, or it cannot be started
         └── NoAnswer: it did not answer within our time-out
    """


class CallFailed(BusError):
    """A service did not do what was asked; the message is its own."""


class ServiceAbsent(CallFailed):
    """Nobody owns the service's name, and it cannot be started."""


class NoAnswer(CallFailed):
    """The service did not answer within our time-out; it may still do so."""


class TrayError(Exception):
    """The icon cannot be shown, and why."""
