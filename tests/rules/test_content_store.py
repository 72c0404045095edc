"""Content from the folder and from the desk: every version kept, the desk's own word stays, nothing wrong is put in force."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from together import at_once

from models import ContentPart, ContentStamp, ContentVersion
from rules import WrongInput, content_store
from rules.content import ContentWrong
from rules.content_store import ChangedMeanwhile
from rules.library import Library

SHIPPED = Path(__file__).parents[2] / "content"
NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
GUIDE = "guides/5-tra-cuu-ho-so.yaml"
NOTICE = """slug: {slug}
title: Lịch tiêm chủng
body: Tiêm ở trạm y tế.
valid_from: 2026-11-23
"""


@pytest.fixture
def folder(app, tmp_path):
    return Path(shutil.copytree(SHIPPED, tmp_path / "content"))


@pytest.fixture
def publish(app, officer):
    def put(name, text, **more):
        return content_store.publish({name: text}, officer, NOW, **more)

    return put


def notice(slug="tiem-chung"):
    return f"announcements/{slug}.yaml", NOTICE.format(slug=slug)


def with_phone(text):
    return text.replace('phone: ""', "phone: 0269 111 222")


def test_what_the_desk_publishes_is_what_pages_read(publish):
    publish(*notice())

    assert Library.loaded().announcements["tiem-chung"].title == "Lịch tiêm chủng"


def test_the_desks_text_stays_when_the_folder_is_loaded_again(publish, folder):
    text = with_phone((folder / "site.yaml").read_text("utf-8"))
    publish("site.yaml", text)

    assert content_store.load_content(folder).kept == ["site.yaml"]
    assert Library.loaded().site.phone == "0269 111 222"


def test_the_other_files_follow_the_folder(publish, folder):
    publish("site.yaml", with_phone((folder / "site.yaml").read_text("utf-8")))
    (folder / GUIDE).write_text((folder / GUIDE).read_text("utf-8").replace("title: ", "title: Xem ", 1), "utf-8")
    content_store.load_content(folder)

    assert Library.loaded().guides["tra-cuu-ho-so"].title.startswith("Xem ")
    assert [version.number for version in content_store.versions_of(GUIDE)] == [2, 1]


def test_a_file_gone_from_the_folder_is_gone_and_its_text_is_kept(folder):
    name = "announcements/tiem-chung.yaml"
    (folder / "announcements").mkdir(exist_ok=True)
    (folder / name).write_text(notice()[1], "utf-8")
    content_store.load_content(folder)
    (folder / name).unlink()
    content_store.load_content(folder)

    assert "tiem-chung" not in Library.loaded().announcements
    assert [version.text for version in content_store.versions_of(name)] == ["", notice()[1]]


def test_importing_the_folder_puts_it_in_the_desks_place(publish, folder):
    publish(*notice())
    publish("site.yaml", with_phone((folder / "site.yaml").read_text("utf-8")))
    content_store.import_folder(folder, NOW)

    assert (Library.loaded().site.phone, Library.loaded().announcements) == ("", {})
    assert content_store.load_content(folder).kept == []


def test_what_is_wrong_changes_nothing(publish):
    before = ContentStamp.current(), ContentVersion.select().count()
    with pytest.raises(ContentWrong) as wrong:
        publish(notice()[0], notice()[1].replace("2026-11-23", "ngày mai"))

    assert [fault for fault in wrong.value.faults if fault.startswith("announcements/tiem-chung.yaml: valid_from")]
    assert (ContentStamp.current(), ContentVersion.select().count()) == before


@pytest.mark.parametrize("name", ["../app.py", "guides/x.txt", "site.yml", "guides/../../x.yaml", "", "announcements/Ông.yaml"])
def test_there_is_no_other_file(publish, name):
    with pytest.raises(ContentWrong, match="không có tệp tên này"):
        publish(name, "a: b\n")


def test_who_began_before_another_published_is_told(publish):
    publish(*notice(), based_on={notice()[0]: 0})

    with pytest.raises(ChangedMeanwhile):
        publish(*notice(), based_on={notice()[0]: 0})


def test_several_publish_at_once_and_nothing_is_lost(app, officer):
    slugs = [f"viec-{n}" for n in range(4)]
    at_once(*[lambda slug=slug: content_store.publish(dict([notice(slug)]), officer, NOW) for slug in slugs])

    assert sorted(Library.loaded().announcements) == slugs


def test_what_is_exported_is_imported_again(publish, tmp_path):
    publish(*notice())
    before = sorted((part.kind, part.slug, str(part.value)) for part in ContentPart.select())
    content_store.export_folder(tmp_path / "out")
    content_store.import_folder(tmp_path / "out", NOW)

    assert sorted((part.kind, part.slug, str(part.value)) for part in ContentPart.select()) == before


def test_nothing_is_exported_over_other_files(app, tmp_path):
    (tmp_path / "mine.txt").write_text("x")

    with pytest.raises(WrongInput, match="not empty"):
        content_store.export_folder(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("valid_from: 2026-11-23", "valid_from: 2026-11-23\nvalid_to: 2026-11-22", "valid_to: phải từ ngày bắt đầu"),
        ("slug: tiem-chung", "slug: khac", "slug: tên tệp phải là announcements/khac.yaml"),
        ("title: Lịch", "about: khong-co\ntitle: Lịch", "about: không có hướng dẫn hay thủ tục"),
        ("title: Lịch", "villages:\n  - làng Không Có\ntitle: Lịch", "villages.1: site.yaml không có"),
        ("title: Lịch tiêm chủng", "title: " + "a" * 101, "title"),
        ("body: Tiêm", "body: " + "a" * 3001, "body"),
    ],
)
def test_an_announcement_is_checked(publish, old, new, fault):
    with pytest.raises(ContentWrong) as wrong:
        publish(notice()[0], notice()[1].replace(old, new, 1))

    assert any(fault in line for line in wrong.value.faults)
