"""A real browser: Debian's Chromium, at the sizes of the phones people have."""

import postgres
import pytest
import serving
from phone import SIZES, Phone, chromium_running


@pytest.fixture(scope="module")
def chromium():
    with chromium_running() as browser:
        yield browser


@pytest.fixture(scope="module", params=["sqlite"])
def site(request, tmp_path_factory):
    """A served site with one officer; a test may ask for it on "postgresql" as well."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        with serving.served(folder) as site:
            site.add_staff("motcua")
            yield site
    elif postgres.programs() is None:
        pytest.skip("PostgreSQL is not installed")
    else:
        with postgres.running() as url, serving.served(folder / "site", DATABASE_URL=url) as site:
            site.add_staff("motcua")
            yield site


@pytest.fixture
def pick_up(chromium, site):
    """A phone in the hand: `pick_up(has_script, size)`."""
    contexts = []

    def pick(has_script: bool = True, size: str = "360x640") -> Phone:
        width, height = SIZES[size]
        context = chromium.new_context(
            java_script_enabled=has_script, viewport={"width": width, "height": height}, has_touch=True, accept_downloads=True
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        return Phone(context.new_page(), site.address, has_script)

    yield pick
    for context in contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    site = getattr(item, "funcargs", {}).get("site")
    if report.failed and site:
        report.sections.append(("the server said", site.output()))
    return report
