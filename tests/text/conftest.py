"""The served site that a text browser walks."""

import pytest
import serving


@pytest.fixture
def site(tmp_path):
    with serving.served(tmp_path / "site") as site:
        yield site
