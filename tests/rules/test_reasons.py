"""Ready reasons: what ships reads well, and a wrong file is named."""

import shutil
from pathlib import Path

import pytest

from models import ContentPart
from rules.content import REASONED, Reasons, check_content, read_content
from rules.library import Library
from rules.workflow import MOVES

SHIPPED = Path(__file__).parents[2] / "content"
REASONS = "reasons.yaml"


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped content that a test may spoil."""
    return Path(shutil.copytree(SHIPPED, tmp_path / "content"))


@pytest.fixture
def spoil(folder):
    """Replace a piece of the file, once."""

    def replace(old, new):
        text = (folder / REASONS).read_text("utf-8")
        assert old in text
        (folder / REASONS).write_text(text.replace(old, new, 1), "utf-8")

    return replace


def test_reasons_are_for_moves_that_ask_for_one():
    # Asking for papers has reasons of its own, beside each paper.
    asked = {move.name for move in MOVES if move.needs_note and move.role != "citizen"} - {"ask_supplement"}

    assert set(REASONED) == asked


def test_every_phrase_is_a_sentence_that_a_request_can_carry():
    reasons = read_content(SHIPPED).reasons
    groups = [reasons.papers, *reasons.by_document.values(), *reasons.by_procedure.values(), *reasons.moves.values()]
    phrases = [phrase for group in groups for phrase in group]

    assert len(phrases) > 30
    assert [phrase for phrase in phrases if not phrase.endswith(".") or len(phrase) > 200 or phrase[0].islower()] == []


def test_the_most_particular_phrase_comes_first():
    reasons = Reasons(papers=["chung"], by_document={"a": ["riêng"]}, by_procedure={"b": ["thủ tục"]})

    assert reasons.of_paper("a", "b") == ["riêng", "thủ tục", "chung"]
    assert reasons.of_paper("x", "y") == ["chung"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  giay_chung_sinh:\n", "  giay_chung_xinh:\n", "by_document.giay_chung_xinh: không có giấy tờ tên này"),
        ("  dang-ky-khai-tu:\n", "  khai-tu:\n", "by_procedure.khai-tu: không có thủ tục tên này"),
        ("  refuse:\n", "  accept:\n", "moves.accept: không có việc tên này phải ghi lý do"),
        ("  - Giấy đã hết hạn. Gửi giấy còn hạn.\n", f"  - {'a' * 201}\n", "nhiều nhất 200 chữ"),
        ("papers:\n", "paper:\n", "không có mục tên này"),
    ],
)
def test_a_wrong_line_is_named(folder, spoil, old, new, fault):
    spoil(old, new)

    assert [line for line in check_content(folder) if fault in line and line.startswith(REASONS)]


def test_the_same_phrase_twice_is_named(folder, spoil):
    spoil("papers:\n", "papers:\n  - Giấy đã hết hạn. Gửi giấy còn hạn.\n")

    assert [line for line in check_content(folder) if line.startswith(f"{REASONS}: papers")]


def test_content_loaded_before_there_were_reasons_goes_on(app):
    with app.app_context():
        kept = [{"kind": row.kind, "slug": row.slug, "value": row.value} for row in ContentPart.select()]
        ContentPart.delete().where(ContentPart.kind == "reasons").execute()
        try:
            assert Library.loaded().reasons.of_paper("giay_chung_sinh", "dang-ky-khai-sinh") == []
        finally:
            ContentPart.delete().execute()
            ContentPart.insert_many(kept).execute()
