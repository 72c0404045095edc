"""Dữ liệu của tôi: consent given and taken back, everything taken home, the account deleted; each only one's own."""

import io
import json
import re
import secrets
import zipfile
from datetime import timedelta

import pytest
from lxml import html
from msgspec.structs import replace as with_other
from signing import signed_pdf
from stage import PASSWORD, make_account

import chores
from database import db, is_sqlite, utc_now
from gateways.papers import CleanPaper
from gateways.signatures import read_result
from models import Account, AccountEvent, Consent, DeletionRequest, DocumentFile, Dossier, Login, Paper, PersonalDocument
from rules import businesses, consents, data_export, documents, logins, results, submission, workflow
from rules.content import PURPOSES

HERE = "/ca-nhan/du-lieu"
TAKE, DELETE = f"{HERE}/tai-ve", f"{HERE}/xoa-tai-khoan"
NOW = utc_now()
DAY = timedelta(days=1)
DETAILS = {
    "name": "Căn cước của H'Lan",
    "number": "064090888001",
    "issued_on": "2020-07-05",
    "place": "Gia Lai",
    "expires_on": "",
}


@pytest.fixture
def citizen(visit_as, account):
    return visit_as(account)


@pytest.fixture
def files(app):
    """The store, empty."""
    store = app.extensions["files"]
    for name, _ in list(store.names()):
        store.remove(name)
    return store


@pytest.fixture
def keep(files):
    """Keep a document of an account, with as many files."""

    def make(account: Account, count: int = 1) -> PersonalDocument:
        kept = [
            documents.keep_file(CleanPaper(secrets.token_bytes(200), "image/jpeg", f"anh {n}.jpg"), files) for n in range(count)
        ]
        return documents.save_document(account, secrets.token_hex(8), "can_cuoc", DETAILS, kept, files, 10**9, NOW)[0]

    return make


def log_of(account: Account) -> list[str]:
    return [event.name for event in AccountEvent.select().where(AccountEvent.account == account.id).order_by(AccountEvent.id)]


# --- consent ---------------------------------------------------------------------------------------------------------


def test_each_purpose_stands_there_with_its_words_its_version_and_its_time(citizen, library):
    page = citizen.get(f"{HERE}/")

    for text in library.consents.values():
        assert text.title in page.words and text.text in page.words
    assert page.words.count("(bản 1)") == len(library.consents)
    assert page.buttons == ["Rút đồng ý"] * (len(library.consents) - 1), "the account itself is not withdrawn but deleted"
    assert page.links["Xin xoá tài khoản"] == DELETE


def test_a_consent_read_aloud_names_who_read_it(citizen, account, officer):
    Consent.update(read_by=officer).where(Consent.purpose == "account").execute()

    assert f"nghe {officer.full_name} đọc" in citizen.get(f"{HERE}/").words


def test_a_consent_is_taken_back_and_given_again(citizen, account):
    page = citizen.send(f"{HERE}/", {"purpose": "notices"}, button="Rút đồng ý")
    assert page.location == f"{HERE}/?da=rut-dong-y"
    assert not consents.has(account, "notices")

    assert "Bạn đã rút đồng ý lúc" in citizen.get(f"{HERE}/").words
    page = citizen.send(f"{HERE}/", {}, button="Đồng ý lại")
    assert page.location == f"{HERE}/?da=dong-y"
    assert consents.has(account, "notices")
    assert log_of(account) == ["consent withdrawn", "consent given"]


def test_the_same_button_again_changes_nothing(citizen, account):
    for _ in range(2):
        citizen.post(f"{HERE}/rut", {"purpose": "notices", "version": "1"})

    assert log_of(account) == ["consent withdrawn"]


def test_who_never_agreed_is_asked_plainly(citizen, account):
    Consent.delete().where(Consent.purpose == "documents").execute()

    assert "Đồng ý" in citizen.get(f"{HERE}/").buttons


def test_without_the_account_there_is_none_and_the_page_says_what_to_do(citizen, account):
    page = citizen.post(f"{HERE}/rut", {"purpose": "account", "version": "1"})

    assert page.status == 422 and "hãy xin xoá tài khoản" in page.errors
    assert consents.has(account, "account")


@pytest.mark.parametrize("sent", [{}, {"purpose": "quang-cao", "version": "1"}, {"purpose": "notices", "version": "2"}])
@pytest.mark.parametrize("door", ["dong-y", "rut"])
def test_words_that_are_not_on_the_page_are_agreed_to_by_nobody(citizen, account, sent, door):
    before = list(Consent.select().dicts())
    page = citizen.post(f"{HERE}/{door}", sent)

    assert page.status == 422 and "Đọc lại bên dưới" in page.errors
    assert list(Consent.select().dicts()) == before


def test_new_words_are_shown_and_can_be_agreed_to(citizen, account, library, monkeypatch):
    monkeypatch.setitem(library.consents, "account", with_other(library.consents["account"], version="2", text="Lời mới của xã."))
    page = citizen.get(f"{HERE}/")
    assert "Lời mới của xã." in page.words and "Nay lời đã viết lại như trên (bản 2)" in page.words

    citizen.send(f"{HERE}/", {}, button="Đồng ý lại")
    assert consents.current(account)["account"].version == "2"


def test_without_consent_to_documents_those_kept_can_all_be_deleted(citizen, account, keep, files):
    keep(account, 2)
    keep(make_account("Siu Blĕo"))
    assert "Xoá hết giấy tờ đang cất" not in citizen.get(f"{HERE}/").links

    citizen.post(f"{HERE}/rut", {"purpose": "documents", "version": "1"})
    page = citizen.get(f"{HERE}/")
    assert "Bạn đang cất 1 giấy tờ" in page.words
    assert "Có 1 giấy tờ" in citizen.get(page.links["Xoá hết giấy tờ đang cất"]).words
    done = citizen.send(f"{HERE}/xoa-giay-to", {}, button="Xoá hết giấy tờ")

    assert done.location == f"{HERE}/?da=xoa-het-giay"
    assert [document.account.full_name for document in PersonalDocument.select()] == ["Siu Blĕo"]
    assert len(list(files.names())) == 1


def test_registering_agrees_to_the_words_on_its_page(visitor, library, letters):
    started = visitor.post("/tai-khoan/dang-ky/thong-tin", {"kind": "cong-dan", "id_number": "064090123456"})
    for purpose in ("account", "notices"):
        assert library.consents[purpose].text in started.words
    details = {"password": "rua bien xanh lam", "password_again": "rua bien xanh lam", "full_name": "Siu Black"}
    details |= {"kind": "cong-dan", "id_number": "064090123456", "birth_date": "5/7/1990", "email": "siu@example.vn"}
    visitor.post("/tai-khoan/dang-ky/thong-tin", details)
    (link,) = re.findall(r"/tai-khoan/xac-nhan/\S+", letters()[-1].get_content())
    visitor.send(link, {}, button="Xác nhận")

    account = Account.get(Account.full_name == "Siu Black")
    assert {key: consent.version for key, consent in consents.current(account).items()} == {"account": "1", "notices": "1"}


# --- taking everything home ------------------------------------------------------------------------------------------


def take(visitor, password=PASSWORD) -> zipfile.ZipFile:
    answer = visitor.post(TAKE, {"password": password})
    assert answer.status == 200, answer.errors
    assert answer.headers["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.data))


@pytest.fixture
def wealthy(account, files, keep, submit, make_draft, officer):
    """Somebody with one of everything."""
    submit(account, "dang-ky-khai-tu")
    make_draft(account)
    document = keep(account, 2)
    old = document.files.order_by(DocumentFile.id).get()
    new = documents.keep_file(CleanPaper(b"new version", "application/pdf", "moi.pdf"), files)
    documents.replace_file(account, old, new, files, 10**9, NOW)
    logins.begin_login(account, "Nokia 3310", NOW)
    return account


def test_all_files_of_a_person_are_in_it_and_every_one_is_whole(citizen, wealthy, files):
    rows = [*Paper.select(), *DocumentFile.select()]

    with take(citizen) as archive:
        assert archive.testzip() is None
        inside = {archive.read(name) for name in archive.namelist() if "/" in name}
        assert inside == {files.read(row.stored_name) for row in rows}
        assert len(archive.namelist()) == len(rows) + 2 == len(set(archive.namelist()))


def test_names_are_plain_and_say_what_they_are(citizen, wealthy):
    with take(citizen) as archive:
        names = archive.namelist()
    assert names[:2] == ["index.html", "du-lieu.json"]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]*", name) and ".." not in name for name in names)
    assert {name.split("/")[0] for name in names[2:]} == {"giay-to", "ho-so", "ban-nhap"}
    assert [name for name in names if re.search(r"-cu-\d{4}-\d\d-\d\d\.jpg$", name)], "the old version, with its date"


def test_the_page_opens_by_itself_and_leads_to_every_file(citizen, wealthy):
    with take(citizen) as archive:
        page = html.fromstring(archive.read("index.html").decode())
        links = {link.get("href") for link in page.iter("a")}
        assert links == set(archive.namelist()) - {"index.html"}
    assert not page.xpath("//script|//img|//link|//iframe") and b"http" not in html.tostring(page)
    words = " ".join(page.text_content().split())
    for text in (wealthy.full_name, wealthy.id_number, wealthy.email, "Căn cước của H'Lan", "Nokia 3310", "Tải tất cả dữ liệu"):
        assert text in words, text


def test_the_same_is_there_for_a_program(citizen, wealthy, library):
    with take(citizen) as archive:
        data = json.loads(archive.read("du-lieu.json"))
    dossier, draft, document = data["Hồ sơ đã nộp"][0], data["Bản nháp"][0], data["Giấy tờ bạn cất"][0]

    assert (data["Tài khoản"]["Họ và tên"], data["Tài khoản"]["Ngày sinh"]) == (wealthy.full_name, "1990-07-05")
    assert [row["Số"] for row in data["Số giấy tờ của bạn"]] == [wealthy.id_number]
    assert len(data["Điều bạn đồng ý"]) == len(PURPOSES) and len(data["Lần đăng nhập"]) == 2
    assert dossier["Mã số hồ sơ"].startswith("H21.129-") and dossier["Đã qua"] and dossier["Giấy tờ"]
    asked = {
        question["label"] for page in library.definitions["dang-ky-khai-tu"]["eform"]["pages"] for question in page["questions"]
    }
    assert asked <= {answer["Câu hỏi"] for answer in dossier["Trả lời"]}
    assert draft["Trả lời"] and draft["Giấy tờ"]
    assert document["Nơi cấp"] == "Gia Lai" and len(document["Tệp"]) == 3
    assert [letter["Thư"] for letter in data["Thư đã gửi cho bạn"]] == [f"Đã nộp hồ sơ {dossier['Mã số hồ sơ']}"]
    assert "data taken" in log_of(wealthy) and "Tải tất cả dữ liệu" in str(data["Ai đã xem, ai đã đổi"])


def test_a_result_is_in_it_once_it_was_returned_and_as_it_came(citizen, account, dossier, officer, files, library):
    data, now = signed_pdf(), utc_now()
    for name in ("accept", "finish"):
        workflow.make_move(dossier, name, officer, now, library.calendar)
    results.add(dossier, read_result(data, "ket-qua.pdf"), files, officer, now, "a")
    assert not [name for name in take(citizen).namelist() if "ket-qua" in name]
    results.give(dossier, "desk", account.full_name, "", officer, now, library.calendar, "b")

    packed = take(citizen)
    (name,) = [name for name in packed.namelist() if "ket-qua" in name]
    assert packed.read(name) == data


def test_no_password_no_token_and_no_code_is_in_it(citizen, wealthy):
    token = citizen.client.get_cookie("v", domain="localhost").value
    with take(citizen) as archive:
        everything = b"".join(archive.read(name) for name in ("index.html", "du-lieu.json")).decode()
    for secret in (wealthy.password_hash, "$argon2", token, logins.token_hash(token)):
        assert secret not in everything


def test_an_answer_that_looks_like_a_page_is_only_text(citizen, account, make_draft):
    draft = make_draft(account)
    submission.save_page(draft, "page-1", {"nyc_ho_ten": "<script>alert(1)</script>", "la": "\ud800"}, NOW)

    with take(citizen) as archive:
        assert b"<script>" not in archive.read("index.html")
        assert json.loads(archive.read("du-lieu.json"))


def test_nothing_of_anybody_else_is_in_it(visit_as, account, wealthy, keep):
    other = make_account("Siu Blĕo", email="bleo@example.vn")
    keep(other)
    with take(visit_as(other)) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
        assert len([name for name in archive.namelist() if "/" in name]) == 1
    for theirs in (account.id_number, account.email, "Rơ Châm H'Lan", "Nokia", "H21.129-"):
        assert theirs not in everything


def test_who_shares_an_address_does_not_get_the_other_ones_letters(visit_as, account, submit):
    submit(account)
    other = make_account("Siu Blĕo", email=account.email.upper())

    for person in (account, other):
        with take(visit_as(person)) as archive:
            assert json.loads(archive.read("du-lieu.json"))["Thư đã gửi cho bạn"] == []


def test_a_dossier_of_a_business_is_with_whoever_submitted_it(visit_as, account, dossier, officer):
    business = businesses.add(account, "Cà phê Ia Băng", "0100109106", NOW)
    colleague = make_account("Siu Blĕo", email="")
    businesses.appoint(business, colleague, officer, NOW)
    Dossier.update(business=business).execute()

    with take(visit_as(account)) as archive:
        assert len(json.loads(archive.read("du-lieu.json"))["Hồ sơ đã nộp"]) == 1
    with take(visit_as(colleague)) as archive:
        assert json.loads(archive.read("du-lieu.json"))["Hồ sơ đã nộp"] == []


@pytest.mark.parametrize("password, message", [("", "Nhập mật khẩu"), ("sai mat khau", "chưa đúng")])
def test_without_the_password_nothing_is_given(citizen, account, password, message):
    page = citizen.post(TAKE, {"password": password})

    assert page.status == 422 and message in page.errors
    assert log_of(account) == []


def test_a_form_without_its_token_gives_nothing(citizen, account):
    answer = citizen.client.post(TAKE, data={"password": PASSWORD})

    assert answer.status_code == 422 and answer.mimetype == "text/html"
    assert log_of(account) == []


def test_the_password_cannot_be_guessed_here_either(citizen, account):
    pages = [citizen.post(TAKE, {"password": f"sai {n}"}) for n in range(11)]

    assert "Chờ" in pages[-1].errors
    assert citizen.post(TAKE, {"password": PASSWORD}).status == 422


def test_it_is_written_in_both_logs(app, citizen, account):
    take(citizen).close()

    assert log_of(account) == ["data taken"]
    last = app.extensions["security_log"].path.read_text().splitlines()[-1]
    assert '"event":"data taken"' in last and f'"account":{account.id}' in last


def test_no_cache_and_no_browser_keeps_it(citizen):
    answer = citizen.post(TAKE, {"password": PASSWORD})

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"] == "attachment; filename=du-lieu-cua-toi.zip"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_a_file_gone_from_the_store_does_not_keep_the_others(citizen, account, keep, files):
    first, second = keep(account), keep(account)
    files.remove(first.files.get().stored_name)

    with take(citizen) as archive:
        assert archive.testzip() is None
        assert archive.read("giay-to/001-can-cuoc/01.jpg").decode().startswith("Tệp này hỏng trong kho")
        assert archive.read("giay-to/002-can-cuoc/01.jpg") == files.read(second.files.get().stored_name)


# --- while it is sent ------------------------------------------------------------------------------------------------


@pytest.fixture
def begin(app, visit_as):
    """Send the form and read nothing of the answer yet."""
    begun = []

    def send(account):
        visitor = visit_as(account)
        token = visitor.token()
        answer = visitor.client.post(TAKE, data={"password": PASSWORD, "csrf_token": token}, buffered=False)
        begun.append(answer)
        return answer

    yield send
    for answer in begun:
        answer.close()
    assert not data_export.takers._accounts


def test_two_may_take_theirs_at_once_and_a_third_is_told_to_wait(begin, account, app):
    second, third = make_account("Siu Blĕo"), make_account("Nay Khác")
    first_answer, second_answer = begin(account), begin(second)

    refused = begin(third)
    assert refused.status_code == 503 and "Đang có người khác tải" in refused.get_data(as_text=True)
    assert log_of(third) == []
    first_answer.close()
    assert begin(third).status_code == 200
    assert second_answer.status_code == 200


def test_sent_twice_the_second_waits_for_the_first(begin, account, app):
    first, again = begin(account), begin(account)

    assert (first.status_code, again.status_code) == (200, 503)
    assert "Bạn đang tải một bản" in again.get_data(as_text=True)
    assert zipfile.ZipFile(io.BytesIO(first.data)).testzip() is None
    first.close()
    assert begin(account).status_code == 200


def test_a_turn_that_comes_to_nothing_is_free_again(app, citizen, account, monkeypatch, begin):
    with monkeypatch.context() as broken:
        broken.setattr(data_export, "gather", lambda *args: 1 / 0)
        assert citizen.post(TAKE, {"password": PASSWORD}).status == 500

    assert begin(account).status_code == 200


def test_while_it_is_sent_the_database_is_asked_nothing(begin, account, keep, monkeypatch):
    """On PostgreSQL the connection has gone back to the pool, and another request may have it."""
    keep(account)
    answer = begin(account)
    assert is_sqlite() or db.is_closed()

    monkeypatch.setattr(type(db.obj), "execute_sql", lambda *args, **options: 1 / 0)
    assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
    monkeypatch.undo()
    db.connect(reuse_if_open=True)


# --- deletion --------------------------------------------------------------------------------------------------------


def ask(visitor, password=PASSWORD):
    return visitor.send(DELETE, {"password": password}, button="Xin xoá tài khoản")


def test_the_page_says_what_goes_and_what_the_law_keeps(citizen, account, dossier, keep):
    keep(account)
    page = citizen.get(DELETE)

    assert "1 giấy tờ đang cất, 0 bản nháp" in page.words
    assert "Luật Lưu trữ 33/2024/QH15" in page.words and "1 hồ sơ đang giải quyết vẫn làm tiếp" in page.words
    assert "Sổ ai đã xem: 2 năm" in page.words


def test_who_has_submitted_nothing_hears_that_nothing_stays(citizen):
    page = citizen.get(DELETE)

    assert "Không còn gì của tài khoản" in page.words and "Luật Lưu trữ" not in page.words


def test_asked_for_it_waits_seven_days_and_is_told_on_trang_ca_nhan(citizen, account, letters):
    page = ask(citizen)
    request = DeletionRequest.get()

    assert page.location == DELETE
    assert request.due_at - request.asked_at == 7 * DAY
    assert "Tài khoản sắp bị xoá" in citizen.get("/ca-nhan/").words
    assert "Tài khoản sẽ bị xoá lúc" in citizen.get(f"{HERE}/").words
    assert citizen.get(DELETE).heading == "Tài khoản sắp bị xoá"
    assert [letter["Subject"] for letter in letters()] == ["Tài khoản của bạn sắp bị xoá"]


@pytest.mark.parametrize("password", ["", "sai mat khau"])
def test_without_the_password_nothing_is_deleted(citizen, password):
    page = ask(citizen, password)

    assert page.status == 422 and page.errors
    assert DeletionRequest.select().count() == 0


def test_sent_twice_it_is_asked_once(citizen, account):
    token = citizen.token()
    for _ in range(2):
        citizen.post(DELETE, {"password": PASSWORD, "csrf_token": token})

    assert DeletionRequest.select().count() == 1
    assert log_of(account) == ["deletion asked"]


@pytest.mark.parametrize("page", [f"{HERE}/", DELETE])
def test_it_is_cancelled_with_one_button_and_swept_into_nothing(citizen, visit_as, account, files, page):
    ask(citizen)
    done = citizen.send(page, {}, button="Thôi, không xoá")
    chores.sweep(files, utc_now() + 8 * DAY)

    assert done.location == f"{HERE}/?da=thoi-xoa"
    assert Account.get().may_log_in and Account.get().phone
    assert "sắp bị xoá" not in visit_as(account).get("/ca-nhan/").words


def test_nobody_cancels_or_hastens_anothers(visit_as, account):
    ask(visit_as(account))
    neighbour = visit_as(make_account("Siu Blĕo"))
    neighbour.post(f"{HERE}/thoi-xoa")

    assert "sắp bị xoá" not in neighbour.get("/ca-nhan/").words
    assert DeletionRequest.get().cancelled_at is None


def test_once_deleted_the_login_opens_nothing(citizen, account, dossier, files):
    ask(citizen)
    chores.sweep(files, utc_now() + 8 * DAY)

    page = citizen.get(f"{HERE}/")
    assert page.location.startswith("/tai-khoan/dang-nhap")
    assert citizen.post(TAKE, {"password": PASSWORD}).status != 200


def test_the_deletion_is_in_the_security_log(app, citizen, account, files):
    ask(citizen)
    chores.sweep(files, utc_now() + 8 * DAY, app.extensions["security_log"].write)

    lines = app.extensions["security_log"].path.read_text().splitlines()
    assert '"event":"deletion asked"' in lines[-2] and '"event":"account deleted"' in lines[-1]


# --- who may not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/tai-ve", "/xoa-tai-khoan", "/xoa-giay-to"])
def test_a_stranger_logs_in_first_and_an_officer_finds_nothing(new_visitor, visit_as, officer, path):
    assert new_visitor().get(HERE + path).location.startswith("/tai-khoan/dang-nhap")
    assert visit_as(officer).get(HERE + path).status == 404


@pytest.mark.parametrize("path", ["/dong-y", "/rut", "/tai-ve", "/xoa-tai-khoan", "/xoa-giay-to", "/thoi-xoa"])
def test_a_login_that_ran_out_changes_nothing_here(citizen, account, path):
    token = citizen.token()
    Login.update(seen_at=NOW - DAY).execute()
    page = citizen.post(HERE + path, {"csrf_token": token, "purpose": "notices", "version": "1", "password": PASSWORD})

    assert page.location.startswith("/tai-khoan/dang-nhap")
    assert log_of(account) == [] and consents.has(account, "notices")
