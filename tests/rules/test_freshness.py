"""What was last looked at too long ago, and who sees to it."""

from datetime import date
from pathlib import Path

import pytest

from rules import freshness
from rules.content import read_content

CONTENT = read_content(Path(__file__).parents[2] / "content")
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("checked_on", "is_stale"),
    [(TODAY, False), (date(2026, 8, 25), False), (date(2026, 8, 24), True), (None, True), (date(2027, 1, 1), False)],
)
def test_after_ninety_days_it_is_to_be_looked_at_again(checked_on, is_stale):
    assert freshness.of(checked_on, "", TODAY).is_stale is is_stale


@pytest.mark.parametrize(
    "part",
    [*CONTENT.guides, *CONTENT.procedures, *CONTENT.site.links],
    ids=lambda part: part.url if hasattr(part, "url") else part.slug,
)
def test_everything_that_ships_has_an_owner_and_a_day(part):
    assert part.owner and part.checked_on
