"""The walks of this room open every address for everybody. Making each PDF among them anew took half of their time."""

import pytest

from gateways import pdf

made: dict[int, pdf.LaidOut] = {}


@pytest.fixture(autouse=True)
def one_pdf_for_all(monkeypatch):
    """The first PDF of so many documents is made, and stands for the others; tests/views reads what is on each."""
    lay_out = pdf.lay_out

    def lay_out_once(pages, *more):
        if len(pages) not in made:
            made[len(pages)] = lay_out(pages, *more)
        return made[len(pages)]

    monkeypatch.setattr(pdf, "lay_out", lay_out_once)
