"""The trial bank stands apart: it shares no code with the site, so that one checks the other."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MODULES = sorted((PROJECT / "sandbox").glob("*.py"))
ALLOWED = {*sys.stdlib_module_names, "jinja2", "markupsafe", "sandbox"}


def imported(source: str) -> set[str]:
    """The first words of what is imported, wherever in the module; an import with dots alone is the package's own."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("sandbox" if node.level == 1 else (node.module or "..").split(".")[0] if not node.level else "..")
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_it_imports_the_standard_library_templates_and_itself(module):
    assert imported(module.read_text("utf-8")) <= ALLOWED


def test_an_import_of_the_site_would_be_seen():
    assert imported("def late():\n    from gateways.vnpay import sign\nfrom .. import models\nfrom . import keys") == {
        "gateways",
        "..",
        "sandbox",
    }


def test_the_site_below_its_wiring_does_not_know_it():
    files = [path for folder in ("gateways", "rules", "views") for path in (PROJECT / folder).rglob("*.py")]

    assert [path.name for path in files if re.search(r"^\s*(from|import) sandbox\b", path.read_text("utf-8"), re.MULTILINE)] == []


def test_it_starts_light():
    code = "import sys, json, sandbox.__main__; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=30, check=True)

    assert not {"jinja2", "flask", "werkzeug", "peewee", "models", "settings", "sealing"} & set(json.loads(done.stdout))
