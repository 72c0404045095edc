"""What pytest reads first: all that stands in tests/stage.py, as fixtures.

Tests import from `stage`. A module of this name they would get twice: pytest forgets “conftest” whenever it reads another one,
and then the numbers of made-up people would be counted twice.
"""

import pytest

pytest.register_assert_rewrite("stage")

from stage import *  # noqa: E402, F403
