"""What can go wrong with a delivery, as one type: does trying again help?"""


class DeliveryError(Exception):
    """A message that did not arrive; the text is one clean line without secrets, `hint` what to try.

    `permanent`: trying again helps nothing until somebody mends it.
    """

    def __init__(self, message: str, hint: str = "", *, permanent: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.permanent = permanent
