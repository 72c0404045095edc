"""The papers of a submission: seen, replaced, dropped, several of one, promised for later; sent in pieces."""

import base64
import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from stage import BIRTH, make_account, make_staff, photo
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from database import utc_now
from gateways.papers import MAX_BYTES
from models import Dossier, Draft, LaterPaper, Paper, Upload, UploadPiece
from rules import uploads
from rules.papers import MOST_PAPERS
from views.papers import mark_of

BEGIN = f"/nop-ho-so/{BIRTH}/"
PAPERS, CHECK, GO_ON = f"{BEGIN}giay-to", f"{BEGIN}xem-lai", "Lưu và đi tiếp"
KEY = "giay_chung_sinh"
COLOURS = ("white", "red", "blue", "green", "black", "yellow", "orange", "purple", "gray", "brown", "pink")


@pytest.fixture(autouse=True)
def crumbs_are_taken(monkeypatch):
    """So that small photos can be cut anywhere."""
    monkeypatch.setattr(uploads, "LEAST_PIECE", 1)


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


@pytest.fixture
def neighbour(visit_as):
    return visit_as(make_account(full_name="Nay Khác"))


@pytest.fixture
def paper_of_birth(library):
    return next(d for d in library.definitions[BIRTH]["documents"] if d["key"] == KEY)


@pytest.fixture
def may_come_later(paper_of_birth, monkeypatch):
    """Of a birth registration, the paper of the birth may be brought to the desk."""
    monkeypatch.setitem(paper_of_birth, "may_come_later", True)


def stored(app) -> set[str]:
    return {name for name, _ in app.extensions["files"].names()}


def send_photo(citizen, key, data=None, name="anh.jpg"):
    return send_form(citizen, PAPERS, key, photo() if data is None else data, name)


def replace(citizen, paper, data, name="moi.jpg"):
    return send_form(citizen, f"{BEGIN}giay-{paper.id}", KEY, data, name, mark=mark_of(paper))


def send_form(citizen, address, key, data, name, **more):
    upload = FileStorage(io.BytesIO(data), filename=name)
    boundary, body = encode_multipart({"csrf_token": citizen.token(), "document": key, "file": upload} | more)
    answer = citizen.client.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")
    return citizen._page(answer, {})


# --- one that was sent -----------------------------------------------------------------------------------------------


def test_a_sent_photo_has_a_page_of_its_own_with_a_small_picture_that_is_asked_for(citizen):
    send_photo(citizen, KEY, photo("red"), name="Giấy chứng sinh.jpg")
    address = citizen.get(PAPERS).links["Xem, thay, xoá"]
    page = citizen.get(address)

    assert "Giấy chứng sinh.png" in page.words and not page.tree.xpath("//main//img")
    shown = citizen.get(page.links["Xem ảnh nhỏ (~3 kB)"])
    assert "img-src 'self'" in shown.headers["Content-Security-Policy"]
    picture = citizen.client.get(shown.tree.xpath("//main//img/@src")[0])
    assert picture.mimetype == "image/jpeg" and len(picture.data) < 4000
    assert picture.headers["Cache-Control"] == "no-store"


def test_one_tap_drops_a_photo_and_the_same_tap_again_drops_no_other(app, citizen):
    send_photo(citizen, KEY)
    paper = Paper.get()
    address = f"{BEGIN}giay-{paper.id}"
    done = citizen.send(address, {"remove": "1"}, "Xoá")

    assert "Đã bỏ giấy." in citizen.get(done.location).words
    assert not Paper.select().exists() and paper.stored_name not in stored(app)
    assert citizen.get(address).status == 404
    send_photo(citizen, KEY, photo("red"))
    assert citizen.post(address, {"remove": "1", "mark": mark_of(paper)}).location.startswith(PAPERS)
    assert Paper.select().count() == 1, "the next photo may have got the number of the first"


def test_another_photo_takes_the_place_of_the_first(app, citizen):
    send_photo(citizen, KEY, photo("red"))
    first = Paper.get()
    done = replace(citizen, first, photo("blue"))

    assert done.location.startswith(PAPERS)
    assert Paper.get().filename == "moi.png" and first.stored_name not in stored(app)


def test_replacing_again_after_a_lost_answer_changes_nothing_more(citizen):
    send_photo(citizen, KEY, photo("red"))
    first = Paper.get()
    replace(citizen, first, photo("blue"))
    second = Paper.get()

    assert replace(citizen, first, photo("blue")).location.startswith(PAPERS)
    assert Paper.get() == second


def test_a_photo_replaced_by_one_that_is_there_already_is_gone(citizen):
    send_photo(citizen, KEY, photo("red"))
    send_photo(citizen, KEY, photo("blue"))
    red, blue = Paper.select().order_by(Paper.id)
    replace(citizen, red, photo("blue"))

    assert list(Paper.select()) == [blue]


def test_a_photo_replaced_by_itself_stays(app, citizen):
    send_photo(citizen, KEY, photo("red"))
    red = Paper.get()
    replace(citizen, red, photo("red"))

    assert Paper.get() == red and red.stored_name in stored(app)


def test_what_is_no_photo_replaces_nothing(citizen):
    send_photo(citizen, KEY, photo("red"))
    red = Paper.get()
    page = replace(citizen, red, b"MZ", name="virus.exe")

    assert page.status == 422 and "không phải ảnh" in page.errors
    assert Paper.get() == red


@pytest.mark.parametrize("way", ["", "/nho"])
def test_a_neighbour_does_not_see_my_paper(citizen, neighbour, way):
    send_photo(citizen, KEY)
    neighbour.post(f"{BEGIN}chu-ho-so", {"owner": "self"})

    assert neighbour.get(f"{BEGIN}giay-{Paper.get().id}{way}").status == 404


def test_a_neighbour_can_neither_drop_nor_replace_my_paper(citizen, neighbour):
    send_photo(citizen, KEY)
    mine = Paper.get()
    neighbour.post(f"{BEGIN}giay-{mine.id}", {"remove": "1", "mark": mark_of(mine)})
    replace(neighbour, mine, photo("red"))

    assert mine in list(Paper.select()) and Paper.select().where(Paper.draft == mine.draft).count() == 1


# --- several ---------------------------------------------------------------------------------------------------------


def test_several_photos_of_one_paper_are_sent_one_by_one(citizen):
    send_photo(citizen, KEY, photo("red"), name="mat truoc.jpg")
    page = citizen.get(PAPERS)
    assert not page.tree.xpath(f"//form[.//input[@value='{KEY}']]"), "the form is not there twice"

    page = citizen.get(PAPERS + page.links["Gửi thêm ảnh"])
    assert page.tree.xpath(f"//form[.//input[@value='{KEY}']]//input[@type='file']")
    send_photo(citizen, KEY, photo("blue"), name="mat sau.jpg")
    words = citizen.get(PAPERS).words
    assert "mat truoc" in words and "mat sau" in words


def test_the_eleventh_photo_is_refused_and_the_ten_stay(citizen):
    for colour in COLOURS[:MOST_PAPERS]:
        assert send_photo(citizen, KEY, photo(colour)).status == 303
    page = send_photo(citizen, KEY, photo(COLOURS[MOST_PAPERS]))

    assert page.status == 422 and "nhiều nhất 10 ảnh" in page.errors
    assert Paper.select().count() == MOST_PAPERS
    assert replace(citizen, Paper.get(), photo(COLOURS[MOST_PAPERS])).status == 303, "in place of another it is taken"


def test_a_photo_of_ten_megabytes_is_answered_with_what_to_do_and_nothing_is_lost(citizen):
    send_photo(citizen, "giay_to_tuy_than", photo("red"))
    page = send_photo(citizen, KEY, photo() + b"\0" * 10_000_000)

    assert page.status == 422
    assert "Mỗi giấy tối đa 5 MB" in page.errors and "cỡ ảnh nhỏ hơn" in page.errors and "Một cửa" in page.errors
    assert Paper.get().document_key == "giay_to_tuy_than"


def test_what_is_larger_than_any_form_is_answered_too(citizen):
    page = send_photo(citizen, KEY, b"\xff\xd8\xff" + b"\0" * 53 * 1024 * 1024)

    assert page.status == 413 and "Mỗi giấy tối đa 5 MB" in page.words


# --- brought later ---------------------------------------------------------------------------------------------------


def test_a_paper_is_promised_for_later_and_the_way_goes_on(citizen, may_come_later):
    send_photo(citizen, "giay_to_tuy_than")
    done = citizen.send(PAPERS, {"later": "1"}, "Giấy này mang đến sau")

    page = citizen.get(done.location)
    assert "Mang đến sau – trong 5 ngày làm việc sau khi nộp" in page.words
    assert citizen.send(PAPERS, {}, GO_ON).location == CHECK


def test_promising_twice_is_promising_once_and_it_can_be_taken_back(citizen, may_come_later):
    citizen.post(PAPERS, {"document": KEY, "later": "1"})
    assert citizen.post(PAPERS, {"document": KEY, "later": "1"}).status == 303
    assert LaterPaper.select().count() == 1

    citizen.send(PAPERS, {"not_later": "1"}, "Không, gửi ảnh")
    assert not LaterPaper.select().exists()


def test_a_photo_sent_after_all_takes_the_promise_back(citizen, may_come_later):
    citizen.post(PAPERS, {"document": KEY, "later": "1"})
    send_photo(citizen, KEY)

    assert not LaterPaper.select().exists() and "Mang đến sau" not in citizen.get(PAPERS).words


def test_what_the_procedure_needs_at_once_is_not_promised(citizen, paper_of_birth, monkeypatch):
    monkeypatch.setitem(paper_of_birth, "may_come_later", False)
    page = citizen.post(PAPERS, {"document": KEY, "later": "1"})

    assert page.status == 422 and not LaterPaper.select().exists()
    form = citizen.get(PAPERS).tree.xpath(f"//form[.//input[@value='{KEY}']]")[0]
    assert "mang đến sau" not in form.text_content()


def test_of_a_paper_already_sent_nothing_is_promised(citizen, may_come_later):
    send_photo(citizen, KEY)
    citizen.post(PAPERS, {"document": KEY, "later": "1"})

    assert not LaterPaper.select().exists()


# --- in pieces -------------------------------------------------------------------------------------------------------


class Client:
    """A tus client as small as can be."""

    def __init__(self, visitor, place: str = BEGIN):
        self.visitor, self.place = visitor, place
        self.token = visitor.token()

    def ask(self, method: str, path: str, data: bytes = b"", **headers):
        sent = {"Tus-Resumable": "1.0.0", "X-CSRFToken": self.token} | {n.replace("_", "-"): v for n, v in headers.items()}
        return self.visitor.client.open(path, method=method, data=data, headers={n: v for n, v in sent.items() if v is not None})

    def begin(self, length, key=KEY, filename="anh.jpg", checksum="", **more):
        said = {"filename": filename, "document": key, "checksum": checksum}
        pairs = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in said.items())
        return self.ask("POST", f"{self.place}tai-len", **{"Upload-Length": str(length), "Upload-Metadata": pairs} | more)

    def send(self, address, offset, data, **more):
        headers = {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"} | more
        return self.ask("PATCH", address, data, **headers)


@pytest.fixture
def client(citizen):
    return Client(citizen)


def test_a_photo_sent_in_pieces_is_a_paper(app, citizen, client):
    data, offset = photo("red"), 0
    begun = client.begin(len(data))
    assert begun.status_code == 201 and begun.headers["Location"].startswith("http://localhost/nop-ho-so/")
    while offset < len(data):
        answer = client.send(begun.location, offset, data[offset : offset + 1000])
        offset = min(len(data), offset + 1000)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(offset))

    assert "Đã nhận: anh." in citizen.get(PAPERS).words
    assert stored(app) >= {Paper.get().stored_name} and not UploadPiece.select().exists()
    head = client.ask("HEAD", begun.location)
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (str(len(data)),) * 2
    assert head.headers["Cache-Control"] == "no-store"


def test_the_pieces_leave_no_file_behind(app, client):
    before, data = stored(app), photo("red")
    begun = client.begin(len(data))
    client.send(begun.location, 0, data[:999])
    client.send(begun.location, 999, data[999:])

    assert stored(app) - before == {Paper.get().stored_name}


def test_the_same_photo_chosen_again_goes_on_where_it_stopped(citizen, client):
    data = photo("red")
    first = client.begin(len(data), checksum="a1")
    client.send(first.location, 0, data[:500])
    page = citizen.get(PAPERS)
    assert "Gửi dở: anh.jpg, 500 byte" in page.words

    again = Client(citizen).begin(len(data), checksum="a1")
    assert (again.status_code, again.location, again.headers["Upload-Offset"]) == (201, first.location, "500")


@pytest.mark.parametrize("other", [{"length": 4000}, {"checksum": "b2"}, {"key": "giay_to_tuy_than"}])
def test_another_photo_begins_anew(client, other):
    data = photo("red")
    first = client.begin(len(data), checksum="a1")
    client.send(first.location, 0, data[:500])
    again = client.begin(**{"length": len(data), "checksum": "a1"} | other)

    assert again.location != first.location and again.headers["Upload-Offset"] == "0"


def test_of_two_photos_without_a_checksum_none_goes_on_with_the_others_bytes(client):
    assert client.begin(500).location != client.begin(500).location


def test_a_photo_that_arrived_while_its_answer_was_lost_is_not_sent_again(client):
    data = photo("red")
    first = client.begin(len(data), checksum="a1")
    client.send(first.location, 0, data)
    again = client.begin(len(data), checksum="a1")

    assert again.headers["Upload-Offset"] == str(len(data))
    Paper.get().delete_instance()
    assert client.begin(len(data), checksum="a1").headers["Upload-Offset"] == "0", "dropped, it can be sent anew"


@pytest.mark.parametrize("offset", ["0", "1", "499", "501", "100000", "-1", "", "x", "5e2", "٥٠٠", "9" * 30])
def test_only_the_bytes_that_are_awaited_are_taken(client, offset):
    begun = client.begin(1000)
    client.send(begun.location, 0, b"a" * 500)
    answer = client.send(begun.location, offset, b"b" * 100)

    assert answer.status_code in (400, 409)
    assert Upload.get().received == 500


@pytest.mark.parametrize("length", ["", "0", "-1", "x", "1e3", "00x", "٥", "9" * 30, str(MAX_BYTES + 1)])
def test_an_upload_of_a_wrong_length_does_not_begin(client, length):
    answer = client.begin(length)

    assert answer.status_code in (400, 413)
    assert answer.headers["Tus-Resumable"] == "1.0.0" and not Upload.select().exists()


def test_more_bytes_than_announced_are_not_kept(app, client):
    begun = client.begin(1000)
    before = stored(app)
    answer = client.send(begun.location, 0, b"a" * 1001)

    assert answer.status_code == 413 and Upload.get().received == 0 and stored(app) == before


HOSTILE_METADATA = [
    "filename", "filename !!!", "document " + "A" * 9, "\u00e9 \u00e9", ",,,",
    "document " + base64.b64encode(b"\xff\xfe").decode(),
    "document " + base64.b64encode(b"khong-co").decode(), "document " + base64.b64encode(b"../x").decode(),
    "checksum " + base64.b64encode(b"a" * 65).decode() + ",document " + base64.b64encode(KEY.encode()).decode(),
]  # fmt: skip


@pytest.mark.parametrize("said", HOSTILE_METADATA)
def test_no_metadata_breaks_the_site(client, said):
    answer = client.begin(100, **{"Upload-Metadata": said})

    assert answer.status_code in (400, 404) and not Upload.select().exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.jpg", "a\r\nX: y.jpg", "\x00.jpg", "ảnh\u202egpj.exe.jpg", "a" * 400 + ".jpg", "🐘"]
)
def test_a_name_in_the_metadata_is_only_words(client, citizen, name):
    data = photo("red")
    client.send(client.begin(len(data), filename=name).location, 0, data)

    kept = Upload.get().filename
    assert "/" not in kept and len(kept) <= 200 and kept.isprintable()
    assert citizen.get(PAPERS).status == 200


def test_a_neighbour_finds_no_upload_of_mine(client, neighbour):
    begun = client.begin(1000)
    other = Client(neighbour)
    other.begin(100)

    assert other.ask("HEAD", begun.location).status_code == 404
    assert other.send(begun.location, 0, b"x").status_code == 404
    assert other.ask("HEAD", f"{BEGIN}tai-len/khong-co").status_code == 404
    assert Upload.get(Upload.length == 1000).received == 0


def test_who_is_not_logged_in_sends_nothing(client, new_visitor):
    begun = client.begin(1000)
    stranger = Client(new_visitor())

    assert stranger.begin(100).status_code == 303 and stranger.send(begun.location, 0, b"x").status_code == 303
    assert Upload.get().received == 0


@pytest.mark.parametrize("token", [None, "", "A" * 22])
def test_a_client_without_the_form_token_changes_nothing(client, token):
    begun = client.begin(1000)

    assert client.begin(100, **{"X-CSRFToken": token}).status_code == 403
    assert client.send(begun.location, 0, b"x", **{"X-CSRFToken": token}).status_code == 403
    assert Upload.get().received == 0


def test_another_version_of_the_protocol_is_refused_with_ours_named(client):
    begun = client.begin(1000)
    for answer in (
        client.begin(100, **{"Tus-Resumable": "0.2.2"}),
        client.send(begun.location, 0, b"x", **{"Tus-Resumable": None}),
    ):
        assert answer.status_code == 412 and answer.headers["Tus-Version"] == "1.0.0"


def test_a_piece_of_another_type_is_refused(client):
    begun = client.begin(1000)

    assert client.send(begun.location, 0, b"x", **{"Content-Type": "image/jpeg"}).status_code == 415


def test_what_the_server_speaks_can_be_asked(client):
    answer = client.ask("OPTIONS", f"{BEGIN}tai-len")

    assert answer.status_code == 204
    assert [answer.headers[f"Tus-{name}"] for name in ("Resumable", "Version", "Extension")] == ["1.0.0", "1.0.0", "creation"]
    assert answer.headers["Tus-Max-Size"] == str(MAX_BYTES)


def test_a_day_later_an_upload_is_gone(client):
    begun = client.begin(1000, checksum="a1")
    assert Upload.get().expires_at - Upload.get().created_at == timedelta(hours=24)
    Upload.update(expires_at=utc_now() - timedelta(seconds=1)).execute()

    assert client.ask("HEAD", begun.location).status_code == 410
    assert client.send(begun.location, 0, b"x").status_code == 410
    assert client.begin(1000, checksum="a1").location != begun.location


def test_nothing_slips_in_after_submitting(client, citizen, make_draft, account):
    make_draft(account)
    data = photo("red")
    begun = client.begin(len(data))
    client.send(begun.location, 0, data[:100])
    form = citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"}
    assert "/da-nop/" in citizen.post(CHECK, form).location
    before = Paper.select().count()

    assert client.send(begun.location, 100, data[100:]).status_code == 404
    assert Paper.select().count() == before


def test_a_page_left_open_says_that_it_is_submitted_and_begins_nothing(client, citizen, make_draft, account):
    make_draft(account)
    data = photo("red")
    begun = client.begin(len(data))
    client.send(begun.location, 0, data)
    form = citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"}
    citizen.post(CHECK, form)
    before, dossier = Paper.select().count(), Dossier.get()

    late = [
        send_photo(citizen, KEY, photo("blue")),
        citizen.post(PAPERS, {"document": KEY, "upload": begun.location}),
        citizen.post(f"{BEGIN}giay-{Paper.get().id}", {"document": KEY, "mark": mark_of(Paper.get()), "remove": "1"}),
        citizen.post(PAPERS, {"document": KEY, "later": "1"}),
    ]
    for page in late:
        assert page.status == 409 and page.heading == "Hồ sơ đã nộp" and dossier.code in page.words
        assert f"/ca-nhan/ho-so/{dossier.code}" in page.text
    assert client.begin(2000).status_code == 410
    assert Paper.select().count() == before and Draft.select().count() == 1


def test_who_begins_the_same_procedure_again_sends_photos_as_before(citizen, make_draft, account):
    make_draft(account)
    citizen.post(CHECK, citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"})
    citizen.send(f"{BEGIN}chu-ho-so", {"owner": "self"}, GO_ON)

    assert send_photo(citizen, KEY, photo("blue")).status == 303
    assert Draft.select().count() == 2


def test_days_later_a_photo_begins_anew(citizen, make_draft, account):
    make_draft(account)
    citizen.post(CHECK, citizen.get(CHECK).fields("Nộp hồ sơ") | {"declared": "1"})
    Dossier.update(submitted_at=utc_now() - timedelta(days=2)).execute()

    assert send_photo(citizen, KEY, photo("blue")).status == 303


# --- what the form says after the pieces -----------------------------------------------------------------------------


def test_the_form_after_the_pieces_leads_on(client, citizen):
    data = photo("red")
    begun = client.begin(len(data))
    client.send(begun.location, 0, data)
    page = citizen.post(PAPERS, {"document": KEY, "upload": begun.location})

    assert page.location == f"{PAPERS}?da=gui-giay" and Paper.select().count() == 1


@pytest.mark.parametrize("named", ["", "x", "../..", "0" * 12, "\x00", "🐘"])
def test_a_form_that_names_no_upload_says_what_to_do(citizen, named):
    page = citizen.post(PAPERS, {"document": KEY, "upload": named})

    assert page.status == 422 and "Chọn lại ảnh" in page.errors


def test_a_refused_file_is_said_beside_its_document_until_another_comes(client, citizen):
    begun = client.begin(2000)
    assert client.send(begun.location, 0, b"MZ" + b"x" * 1998).status_code == 204
    assert "không phải ảnh" in citizen.post(PAPERS, {"document": KEY, "upload": begun.location}).errors
    assert "không phải ảnh" in citizen.get(PAPERS).words
    assert "không phải ảnh" in citizen.send(PAPERS, {}, GO_ON).errors

    send_photo(citizen, KEY)
    assert "không phải ảnh" not in citizen.get(PAPERS).words


def test_pieces_that_stand_in_the_place_of_a_photo_replace_it(client, citizen):
    send_photo(citizen, KEY, photo("blue"))
    old, data = Paper.get(), photo("red")
    begun = client.begin(len(data))
    client.send(begun.location, 0, data)
    citizen.post(f"{BEGIN}giay-{old.id}", {"document": KEY, "mark": mark_of(old), "upload": begun.location})

    assert Paper.get().id != old.id and Paper.select().count() == 1


def test_of_ten_photos_one_is_replaced_in_pieces_and_an_eleventh_is_not_added(app, client, citizen):
    before = stored(app)
    for colour in COLOURS[:MOST_PAPERS]:
        send_photo(citizen, KEY, photo(colour))
    old, data = Paper.get(), photo(COLOURS[MOST_PAPERS])
    begun = client.begin(len(data))
    assert client.send(begun.location, 0, data).status_code == 204
    replaced = citizen.post(f"{BEGIN}giay-{old.id}", {"document": KEY, "mark": mark_of(old), "upload": begun.location})

    assert replaced.status == 303 and Paper.select().count() == MOST_PAPERS
    assert not Paper.select().where(Paper.stored_name == old.stored_name).exists()
    assert stored(app) - before == {paper.stored_name for paper in Paper.select()}
    one_more = photo("navy")
    begun = client.begin(len(one_more))
    client.send(begun.location, 0, one_more)
    refused = citizen.post(PAPERS, {"document": KEY, "upload": begun.location})
    assert refused.status == 422 and f"nhiều nhất {MOST_PAPERS} ảnh" in refused.errors
    assert Paper.select().count() == MOST_PAPERS


@pytest.mark.parametrize("how", ["an empty piece", "the page", "the minute"])
def test_what_arrived_whole_while_the_program_fell_is_finished(app, client, citizen, monkeypatch, how):
    data = photo("red")
    begun = client.begin(len(data))
    with monkeypatch.context() as fall:
        fall.setattr(uploads, "finish", lambda *whatever: None)
        client.send(begun.location, 0, data)
    assert not Paper.select().exists() and Upload.get().received == len(data)

    if how == "an empty piece":
        assert client.send(begun.location, len(data), b"").status_code == 204
    elif how == "the page":
        citizen.post(PAPERS)
    else:
        uploads.finish_waiting(app.extensions["files"], utc_now() + timedelta(minutes=2))
    uploads.finish_waiting(app.extensions["files"], utc_now() + timedelta(minutes=2))

    assert Paper.select().count() == 1 and Upload.get().finished_at
    assert stored(app) >= {Paper.get().stored_name}


def test_twenty_uploads_may_be_open_and_the_oldest_is_given_up(client):
    addresses = [client.begin(1000).location for _ in range(21)]

    assert Upload.select().count() == uploads.MOST_OPEN
    assert client.ask("HEAD", addresses[0]).status_code == 404 and client.ask("HEAD", addresses[1]).status_code == 200


def test_a_photo_lying_on_its_side_arrives_upright_and_says_nothing_of_its_place(app, client):
    picture, file = Image.new("RGB", (3000, 2000), "red"), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(file, "JPEG", exif=exif)
    client.send(client.begin(file.tell()).location, 0, file.getvalue())

    kept = Image.open(io.BytesIO(app.extensions["files"].read(Paper.get().stored_name)))
    assert kept.size == (1067, 1600) and not kept.getexif()


# --- somebody of the commune -----------------------------------------------------------------------------------------


def test_staff_send_nothing_where_a_citizen_types(visit_as, client):
    begun = client.begin(1000)
    officer = Client(visit_as(make_staff("officer")))

    assert officer.begin(100).status_code == 404 and officer.send(begun.location, 0, b"x").status_code == 404
    assert Draft.select().count() == 1 and Upload.get().received == 0


def test_the_first_script_knows_the_address_of_the_one_that_sends_photos(visitor):
    gate = visitor.client.get(re.search(r'src="([^"]*gate\.js)"', visitor.get("/").text)[1]).text
    script = visitor.client.get(re.search(r"'(/static/[^']*upload\.js)'", gate)[1])

    assert "Tus-Resumable" in script.text and "immutable" in script.headers["Cache-Control"]
    assert "/*" not in gate + script.text, "comments stay here"
