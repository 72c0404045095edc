"""A trial bank with a clock of its own, and a merchant who listens."""

import pytest
from sandboxed import Clock, Sandbox, Shop


@pytest.fixture
def sandbox(tmp_path):
    """Its notices do not leave."""
    sandbox = Sandbox(tmp_path)
    yield sandbox
    sandbox.close()


@pytest.fixture
def open_shop():
    shops = []

    def open_one(*answers: str) -> Shop:
        shops.append(Shop(*answers))
        return shops[-1]

    yield open_one
    for shop in shops:
        shop.close()


@pytest.fixture
def sandbox_for(tmp_path):
    """A trial bank that carries its notices to a shop, at once and again and again."""
    running = []

    def start(shop: Shop, spacing: float = 0.01, folder=tmp_path, **options) -> Sandbox:
        running.append(Sandbox(folder, shop.address, Clock(runs=True), spacing, **options))
        running[-1].start()
        return running[-1]

    yield start
    for sandbox in running:
        sandbox.close()
