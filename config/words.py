"""The marker for texts that are translated where they are shown; pure, so rules may use it."""


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """Mark a text for translation and return it unchanged."""
    return message
