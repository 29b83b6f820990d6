"""Comments in what is exported."""


def comment(text: str) -> str:
    """One line of comment. Whatever would end the line becomes a space: no text of a plan may become a command."""
    return f"# {' '.join(text.split())}"
