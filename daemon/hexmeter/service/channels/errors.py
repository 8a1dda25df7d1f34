"""What can go wrong with a delivery, as one type: does trying again help?"""


class DeliveryError(Exception):
    """A message that did not arrive; the text is one clean line without secrets, `hint` what to try.

    `permanent`: trying again helps nothing until somebody mends it. `asked_ms`: for how long the other end asked us to
    wait.
    """

    def __init__(self, message: str, hint: str = "", *, permanent: bool = False, asked_ms: int = 0) -> None:
        super().__init__(message)
        self.hint = hint
        self.permanent = permanent
        self.asked_ms = asked_ms
