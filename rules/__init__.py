"""What the commune's business says, knowing nothing of HTTP."""


class WrongInput(ValueError):
    """What a person typed cannot be taken; the message says what to do."""
