"""Lists come in pages, never endless (DESIGN, Budgets)."""


def pages_of(count: int, size: int, wanted: int) -> tuple[int, int]:
    """The page to show and how many there are: the wanted one, or the nearest that exists; an empty list has one page."""
    pages = max(1, -(-count // size))
    return min(max(wanted, 1), pages), pages
