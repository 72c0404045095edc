"""The content folder: what ships is sound, and every fault of every file is named in one run."""

import re
import shutil
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from rules.content import LETTER_STEPS, ContentWrong, Procedure, Question, check_content, read_content

SHIPPED = Path(__file__).parents[2] / "content"
GUIDE = "guides/5-tra-cuu-ho-so.yaml"
BIRTH = "procedures/dang-ky-khai-sinh.yaml"
COPIES = "procedures/chung-thuc-ban-sao-tu-ban-chinh.yaml"
RATES = "amount: 8000\n  rates:\n    - {{valid_from: {}, valid_to: {!r}, amount: 1}}\n    - {{valid_from: {}, amount: 2}}"


@pytest.fixture(scope="module")
def content():
    return read_content(SHIPPED)


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped content that a test may spoil; two procedures are enough, and quicker."""
    others = [path.name for path in SHIPPED.glob("procedures/*") if path.stem not in ("dang-ky-khai-sinh", "dang-ky-khai-tu")]
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "content", ignore=shutil.ignore_patterns(*others)))
    site = copy / "site.yaml"
    site.write_text(re.sub(r"(?m)^  - (?!dang-ky-khai-(sinh|tu)$)[a-z-]+\n", "", site.read_text("utf-8")), "utf-8")
    return copy


@pytest.fixture
def spoil(folder):
    """Replace a piece of one file, once."""

    def replace(name, old, new):
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), "utf-8")

    return replace


def questions_of(procedure):
    return [question for page in procedure.eform.pages for question in page.questions]


# What ships


def test_the_shipped_content_has_no_faults():
    assert check_content(SHIPPED) == []


def test_the_guides_are_those_of_the_letter(content):
    assert {guide.number: len(guide.steps) for guide in content.guides} == LETTER_STEPS
    assert list(LETTER_STEPS.values()) == [7, 4, 6, 4, 2, 2, 7, 2]


@pytest.mark.parametrize(
    "slug, number, labels",
    [
        ("dang-ky-tai-khoan", 2, ["Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"]),
        ("dang-ky-tai-khoan", 4, ["Công dân", "Doanh nghiệp", "Xác minh mức độ trung bình (IAL2)"]),
        ("dang-ky-tai-khoan", 5, ["CMND", "Tiến hành đăng ký"]),
        ("quen-mat-khau", 3, ["Mật khẩu"]),
        ("nop-ho-so", 1, ["Dịch vụ công"]),
        ("tra-cuu-ho-so", 2, ["Mã số hồ sơ/ Mã biên nhận", "Tra cứu"]),
        ("tai-lieu-ca-nhan", 2, ["Quản lý tài liệu", "Lưu"]),
        ("thanh-toan", 4, ["Thanh toán trực tuyến qua cổng DVCQG"]),
        ("lich-su-giao-dich", 2, ["Lịch sử giao dịch", "Tìm kiếm"]),
    ],
)
def test_a_step_names_the_letters_labels(content, slug, number, labels):
    guide = next(guide for guide in content.guides if guide.slug == slug)

    assert re.findall(r"\{(.+?)\}", guide.steps[number - 1].do) == labels


def test_a_step_is_short_enough_for_its_page(content):
    long = [
        (guide.slug, step.title)
        for guide in content.guides
        for step in guide.steps
        if len(step.title + step.do + step.where + step.see + step.trouble) > 320
    ]
    assert long == []


def test_there_are_51_procedures_eleven_of_them_popular(content):
    assert len(content.procedures) == 51
    assert sum(procedure.popular for procedure in content.procedures) == 11


def test_every_procedure_is_found_by_other_words_than_its_name(content):
    assert [procedure.slug for procedure in content.procedures if not procedure.also] == []


def test_every_popular_procedure_has_an_eform_of_its_own(content):
    assert [procedure.slug for procedure in content.procedures if procedure.popular and not procedure.eform] == []


def test_a_fee_set_by_the_province_waits_for_confirmation(content):
    provincial = [procedure.fee for procedure in content.procedures if procedure.fee.set_by == "HĐND tỉnh"]

    assert provincial
    assert all(fee.to_confirm for fee in provincial)


def test_what_the_engine_asks_itself_is_asked_by_no_eform(content):
    asked = Counter(q.key for procedure in content.procedures if procedure.eform for q in questions_of(procedure))

    assert not {"cach_nhan_ket_qua", "dia_chi_nhan", "cam_doan"} & set(asked)


def test_the_general_eform_fills_itself_from_the_account(content):
    filled = {question.prefill for page in content.general_eform.pages for question in page.questions} - {None}

    assert filled == {"name", "id_number", "birth_date", "phone", "email", "address", "village"}


def test_the_culture_day_of_2026_is_off(content):
    assert "2026-11-24" in {str(entry.day) for entry in content.calendar.off}


def test_a_year_not_fully_announced_says_so(content):
    assert [entry.year for entry in content.calendar.incomplete_years] == [2027]


def test_codes_and_old_codes_stay_text(content):
    procedure = next(p for p in content.procedures if p.slug == "tro-cap-xa-hoi-hang-thang")

    assert (procedure.code, procedure.replaces.code) == ("1.116909", "1.001776")
    assert content.site.codes.unit == "23710"


def test_a_procedure_may_ask_that_the_paper_was_seen(folder, spoil):
    spoil("procedures/dang-ky-khai-tu.yaml", "status: active", "status: active\nneeds_ial2: true")
    procedures = {procedure.slug: procedure for procedure in read_content(folder).procedures}

    assert procedures["dang-ky-khai-tu"].needs_ial2 and not procedures["dang-ky-khai-sinh"].needs_ial2


def test_an_empty_value_is_as_good_as_absent(content):
    assert (content.site.phone, content.site.letter.number) == ("", "")


# The traps of YAML


@pytest.mark.parametrize("written", ["001077012345", "no", "12:30:00", "1e3", "on", "~"])
def test_yaml_keeps_what_was_written(folder, spoil, written):
    spoil("site.yaml", 'phone: ""', f"phone: {written}")

    assert read_content(folder).site.phone == written


def test_a_file_of_notepad_and_a_mac_is_read(folder):
    path = folder / "sources.yaml"
    path.write_text("\ufeff" + unicodedata.normalize("NFD", path.read_text("utf-8")), "utf-8")

    assert read_content(folder).sources["public"].startswith("Tài liệu")


def test_a_yaml_error_is_named_with_its_line(folder):
    (folder / "site.yaml").write_text("name: xã Ia Băng\nphone: [1\n", "utf-8")

    (fault,) = [fault for fault in check_content(folder) if fault.startswith("site.yaml")]
    assert fault.startswith("site.yaml: dòng 3: không đọc được YAML")


def test_a_key_written_twice_is_a_fault_not_a_loss(folder, spoil):
    spoil("site.yaml", 'phone: ""', 'phone: ""\nphone: "0900000000"')

    (fault,) = check_content(folder)
    assert re.fullmatch(r"site.yaml: dòng \d+: “phone” viết hai lần", fault)


@pytest.mark.parametrize("sign", ["\\0", "\\u202e", "\\u2066", "\\x07"])
@pytest.mark.parametrize("line", ['phone: "09{}12"', '"ph{}one": "0912"'])
def test_a_sign_that_nobody_sees_is_a_fault(folder, spoil, sign, line):
    spoil("site.yaml", 'phone: ""', line.format(sign))

    assert re.fullmatch(r"site.yaml: dòng \d+: có ký tự ẩn; .*", check_content(folder)[0])


def test_a_sign_that_turns_text_round_is_found_as_typed_too(folder, spoil):
    spoil("site.yaml", 'phone: ""', "phone: 09\u202e12")

    assert [fault.partition("dòng")[0] for fault in check_content(folder)] == ["site.yaml: "]


@pytest.mark.parametrize("line", ["{phone: x}: 0912", "? [phone, fax]\n: 0912"])
def test_what_cannot_be_a_name_is_said_to_be_none(folder, spoil, line):
    spoil("site.yaml", 'phone: ""', line)

    (fault,) = check_content(folder)
    assert re.fullmatch(r"site.yaml: dòng \d+: tên mục phải là chữ; .*", fault)


@pytest.mark.parametrize("line", ['replaced_by: " "', 'old_slugs: [""]', 'old_slugs: ["  "]'])
def test_a_name_left_empty_is_said_to_be_empty(folder, spoil, line):
    spoil(BIRTH, "popular:", f"{line}\npopular:")

    (fault,) = check_content(folder)
    assert fault.endswith("”: không được để trống")


def test_a_file_that_is_not_utf8_is_named(folder):
    (folder / "site.yaml").write_bytes("name: xã Ia Băng".encode("utf-16"))

    assert "site.yaml: tệp: phải lưu bằng mã UTF-8" in check_content(folder)


@pytest.mark.parametrize(
    "name", ["site.yaml", "calendar.yaml", "consents.yaml", "sources.yaml", "eform-chung.yaml", "eform-vi-du.yaml"]
)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()

    assert check_content(folder) == [f"{name}: tệp: không có tệp này"]


# Every kind of fault, with file and place


@pytest.mark.parametrize(
    "name, old, new, fault",
    [
        ("consents.yaml", "key: notices", "key: letters", "purposes.2.key: “letters”: phải là một trong: account, notices"),
        ("consents.yaml", "key: notices", "key: account", "purposes: “account” có hai lần"),
        ("consents.yaml", "key: notices", "key: account", "purposes: thiếu việc “notices”"),
        ("consents.yaml", "is_required: true", "is_required: false", "chỉ việc “account” là bắt buộc"),
        ("consents.yaml", 'version: "1"', "version: bản một", "purposes.1.version: “bản một”: phiên bản phải như 1"),
        ("site.yaml", "up_to_g: 250", "up_to_g: 100", "post.postage.2.up_to_g: phải nặng hơn bậc trước (100 g)"),
        ("site.yaml", "fee_dong: 26500", "fee_dong: 100", "post.postage.2.fee_dong: không được rẻ hơn bậc trước (26000 đồng)"),
        ("site.yaml", "fee_dong: 26000", "fee_dong: -1", "post.postage.1.fee_dong: “-1”: phải là số nguyên, không âm"),
        ("site.yaml", 'bin: "970405"', 'bin: "97040"', "bank_account.bin: “97040”: mã BIN của ngân hàng phải có 6 số"),
        ("site.yaml", 'number: "1234567890123"', 'number: "1234 5678"', "bank_account.number: “1234 5678”: số tài khoản chỉ có"),
        ("site.yaml", "owner: UBND xã Ia Băng", "chu: UBND", "bank_account.owner: thiếu, hoặc để trống"),
        ("site.yaml", 'tracking_url: ""', "tracking_url: https://post.example/", "phải bắt đầu bằng https:// và có {so}"),
        (GUIDE, "title: Nhập mã", "title:", "steps.2.title: thiếu, hoặc để trống"),
        (GUIDE, "title: Nhập mã", "title: " + "a" * 41, "nhiều nhất 40 chữ"),
        (GUIDE, "checked_on: 2026-11-22", "checked_on: 2026-02-30", "checked_on: “2026-02-30”: phải là ngày có thật"),
        (GUIDE, "{Tra cứu}", "{Tra cứu", "steps.1.do: dấu { và } không thành cặp"),
        (GUIDE, "number: 5", "number: năm", "number: “năm”: phải là số nguyên"),
        (GUIDE, "number: 5", "number: 9", "number: thư chỉ có hướng dẫn 1 đến 8"),
        (GUIDE, "number: 5", "number: 4", "number: “4” đã dùng ở guides/4-nop-ho-so.yaml"),
        (GUIDE, "slug: tra-cuu-ho-so", "slug: nop-ho-so", "slug: “nop-ho-so” đã dùng ở guides/4-nop-ho-so.yaml"),
        (GUIDE, "slug: tra-cuu-ho-so", "slug: Tra cứu", "slug: “Tra cứu”: chỉ dùng chữ thường không dấu"),
        (GUIDE, "screen: home.home", "screen: trang chủ", "steps.1.screen: “trang chủ”: tên màn hình"),
        (GUIDE, "short:", "colour: red\nshort:", "colour: không có mục tên này"),
        (GUIDE, "steps:", "steps: []\nnote:", "steps: thư có 2 bước, ở đây có 0"),
        (BIRTH, "code: '1.001193'", "code: '1.000656'", "đã dùng ở procedures/dang-ky-khai-sinh.yaml"),
        (BIRTH, "code: '1.001193'", "code: 1001193", "code: “1001193”: mã thủ tục phải như 1.001193"),
        (BIRTH, "slug: dang-ky-khai-sinh", "slug: khai-sinh", "slug: tên tệp phải là procedures/khai-sinh.yaml"),
        (BIRTH, "popular: true", "popular: có", "popular: “có”: phải là true hoặc false"),
        (BIRTH, "amount: 8000", "amount: -1", "fee.amount: “-1”: phải là số nguyên, không âm"),
        (BIRTH, "amount: 8000", "amount: 1000000001", "fee.amount: “1000000001”: phải là số nguyên, không âm, nhiều nhất một tỷ"),
        (BIRTH, "amount: 8000", "amount: 8000,5", "fee.amount: “8000,5”: phải là số nguyên"),
        (BIRTH, "amount: 8000", "amount: 8000\n  online_amount: 9000", "fee.online_amount: nộp trực tuyến không được đắt hơn"),
        (BIRTH, "amount: 8000", "amount: 8000\n  by_channel: {fax: 1}", "fee.by_channel: không có cách nộp “fax”"),
        (BIRTH, "amount: 8000", "amount: 8000\n  by_channel: {post: -1}", "fee.by_channel.post: “-1”: phải là số nguyên"),
        (BIRTH, "amount: 8000", "amount: 8000\n  copies_from: so_ban", "fee.copies_from: tờ khai không có câu “so_ban”"),
        (BIRTH, "amount: 8000", "amount: 8000\n  copies_from: con_ngay_sinh", "“con_ngay_sinh” phải là kiểu number, có max"),
        (BIRTH, "question: con_ngay_sinh,", "question: con_sinh,", "within.question: tờ khai không có câu “con_sinh”"),
        (BIRTH, "question: con_ngay_sinh,", "question: nyc_email,", "within.question: câu “nyc_email” phải là kiểu date"),
        (BIRTH, "key: dung_han\n", "key: dung_han\n      within_days: 60\n", "exemptions.4"),
        (BIRTH, "fee:\n", "fee: 8000\nfee_before:\n", "fee: phải là các dòng"),
        (
            BIRTH,
            "amount: 8000",
            RATES.format("2027-01-01", "2027-06-30", "2027-06-30"),
            "đến 2027-06-30 chồng lên mức từ 2027-06-30",
        ),
        (BIRTH, "amount: 8000", RATES.format("2027-01-01", "2026-06-30", "2027-07-01"), "fee.rates.1.valid_to: trước valid_from"),
        (BIRTH, "amount: 8000", RATES.format("2027-01-01", "", "2027-01-01"), "fee.rates: “2027-01-01” có hai lần"),
        (
            BIRTH,
            "amount: 8000",
            RATES.format("sau này", "", "2027-01-01"),
            "fee.rates.1.valid_from: “sau này”: phải là ngày có thật",
        ),
        (BIRTH, "cutoff: '15:00'", "cutoff: '25:00'", "processing.cutoff: “25:00”: giờ phải như 07:30"),
        (BIRTH, "  - online\n", "  - fax\n", "channels.2: “fax”: phải là một trong: direct, online, postal"),
        (BIRTH, "key: giay_chung_sinh\n", "key: to_khai\n", "documents: “to_khai” có hai lần"),
        (BIRTH, "condition: Trẻ bị bỏ rơi", "condition:", "documents.3.condition: giấy tờ có điều kiện"),
        (BIRTH, "- seed-hotich", "- bao-cu", "source: sources.yaml không có “bao-cu”"),
        (BIRTH, "agency: UBND xã", "agency: UBND huyện", "agency: site.yaml không có cơ quan “UBND huyện”"),
        (BIRTH, "online_submission: here", "online_submission: không", "“không”: phải là một trong: here, guide_only, off"),
        (BIRTH, "online_submission: here", "online_submission: off", "where_handled: online_submission là off thì phải ghi nơi"),
        (BIRTH, "online_submission: here", "online_submission: guide_only", "where_handled: online_submission là guide_only"),
        (BIRTH, "  - online\n", "", "online_submission: nộp ở trang này (here) thì channels phải có online"),
        (BIRTH, "popular:", "where_handled: {name: Cổng, url: dvc}\npopular:", "where_handled.url: “dvc”: địa chỉ phải bắt đầu"),
        (BIRTH, "popular:", "where_handled: {name: Cổng, url: https://example.vn}\npopular:", "links của site.yaml không có"),
        (BIRTH, "popular:", "where_handled: {url: https://dichvucong.gov.vn}\npopular:", "where_handled.name: thiếu"),
        (BIRTH, "popular:", "valid_from: 2027-01-02\nvalid_to: 2027-01-01\npopular:", "valid_to: trước valid_from"),
        (BIRTH, "popular:", "replaced_by: dang-ky-khai-tu\npopular:", "valid_to: đã có replaced_by thì phải ghi ngày cuối"),
        (BIRTH, "popular:", "valid_to: 2027-01-01\nreplaced_by: ai-do\npopular:", "replaced_by: không có thủ tục “ai-do”"),
        (BIRTH, "popular:", "valid_to: 2027-01-01\nreplaced_by: dang-ky-khai-sinh\npopular:", "replaced_by: thay nhau"),
        (BIRTH, "popular:", "old_slugs: [dang-ky-khai-tu]\npopular:", "“dang-ky-khai-tu” đang dùng ở procedures/dang-ky-khai-tu"),
        (BIRTH, "popular:", "old_slugs: [cu, cu]\npopular:", "old_slugs: “cu” có hai lần"),
        (BIRTH, "popular:", "old_codes: ['1.000656']\npopular:", "“1.000656” đang dùng ở procedures/dang-ky-khai-tu.yaml"),
        (BIRTH, "popular:", "old_codes: ['1.001193']\npopular:", "old_codes: “1.001193” đang dùng ở"),
        (BIRTH, "popular:", "old_codes: ['1193']\npopular:", "old_codes.1: “1193”: mã thủ tục phải như"),
        (BIRTH, "type: village", "type: thon", "questions.4.type: “thon”: phải là một trong"),
        (BIRTH, "key: nyc_email", "key: nyc_dien_thoai", "eform.pages: “nyc_dien_thoai” có hai lần"),
        (BIRTH, "prefill: email", "prefill: thu", "prefill: “thu”: phải là một trong"),
        ("calendar.yaml", "day: 2024-05-04", "day: 2024-05-01", "work: 2024-05-01 vừa nghỉ vừa làm việc"),
        ("calendar.yaml", "day: 2026-11-24", "day: 2026-09-02", "off: “2026-09-02” có hai lần"),
        ("calendar.yaml", "day: 2026-11-24", "day: 24/11/2026", "off.38.day: “24/11/2026”: phải là ngày có thật"),
        ("calendar.yaml", '["07:30", "11:30"]', '["11:30"]', "working_hours.morning: phải có hai giờ"),
        ("site.yaml", "name: Thôn 2,", "name: Thôn 1,", "villages: “Thôn 1 (Ia Băng)” có hai lần"),
        ("site.yaml", "https://dichvucong.gov.vn", "dichvucong.gov.vn", "links.1.url: “dichvucong.gov.vn”: địa chỉ"),
        ("sources.yaml", "memory: Ghi theo hiểu biết, chưa đối chiếu", "memory: ''", "memory: “”: không được để trống"),
    ],
)
def test_a_fault_is_named_with_its_file_and_place(folder, spoil, name, old, new, fault):
    spoil(name, old, new)

    assert [line for line in check_content(folder) if fault in line and line.split(": ")[0].endswith(".yaml")]


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ("since: 1,", "since: 2,", "fee.steps: bậc đầu phải từ 1"),
        ("since: 3,", "since: 1,", "fee.steps: bậc đầu phải từ 1, bậc sau phải lớn hơn"),
        ("since: 3,", "since: ba,", "fee.steps.2.since: “ba”: phải là số nguyên"),
        ("{since: 1, amount: 2000}", "{since: 1, amount: 3000}", "fee.steps.1.amount: phải bằng amount (2000)"),
        ("most: 200000", "most: 1999", "fee.most: nhỏ hơn tiền của bậc đầu"),
        ("times_from: so_ban_sao", "times_from: so_ban", "fee.times_from: tờ khai không có câu “so_ban”"),
        ("copies_from: so_trang_ban_chinh", "copies_from:", "fee.times_from: câu “so_ban_sao” phải cùng trang"),
    ],
)
def test_a_fault_of_a_fee_by_the_page_is_named(folder, spoil, old, new, fault):
    shutil.copy(SHIPPED / COPIES, folder / COPIES)
    assert not [line for line in check_content(folder) if line.startswith(COPIES)]
    spoil(COPIES, old, new)

    assert [line for line in check_content(folder) if line.startswith(COPIES) and fault in line]


EFORM = """
pages:
  - title: Một
    group: Nhóm
    questions:
      - {key: mau, label: Màu, type: choice, required: true, choices: [Đỏ, Xanh]}
      - {key: co, label: Có không, type: yes_no, required: true}
      - {key: ten, label: Tên, type: text, required: false}
  - title: Hai
    group: Nhóm
    questions:
      - {key: sau, label: Sau, type: text, required: false, show_if: {mau: Đỏ}}
      - QUESTION
"""


@pytest.mark.parametrize(
    "question, fault",
    [
        ("{key: q, label: Q, type: text, required: true, show_if: {khac: Đỏ}}", "show_if: không có câu “khac”"),
        ("{key: q, label: Q, type: text, required: true, show_if: {sau: ''}}", "show_if: câu “sau” phải ở một trang trước"),
        ("{key: q, label: Q, type: text, required: true, show_if: {mau: Tím}}", "“Tím” không phải câu trả lời của “mau”"),
        ("{key: q, label: Q, type: text, required: true, show_if: {mau: [Đỏ, Tím]}}", "“Tím” không phải câu trả lời"),
        ("{key: q, label: Q, type: text, required: true, show_if: {co: có}}", "“có” không phải câu trả lời của “co”"),
        ("{key: q, label: Q, type: text, required: true, show_if: {ten: An}}", "“An” không phải câu trả lời của “ten”"),
        ("{key: q, label: Q, type: choice, required: true}", "choices: câu chọn phải có các lựa chọn"),
        ("{key: q, label: Q, type: choice, required: true, choices: [A, A]}", "choices: “A” có hai lần"),
        ("{key: q, label: Q, type: text, required: true, choices: [A]}", "choices: chỉ câu kiểu choice"),
        ("{key: q, label: Q, type: text, required: true, rule: not_future}", "rule: chỉ câu kiểu date"),
        ("{key: q, label: Q, type: number, required: true, min: 5, max: 1}", "max: nhỏ hơn min"),
        ("{key: q, label: '', type: text, required: true}", "label: thiếu, hoặc để trống"),
        ("chữ", "phải là các dòng “tên: giá trị”"),
    ],
)
def test_a_fault_of_a_question_is_named_with_its_place(folder, question, fault):
    (folder / "eform-chung.yaml").write_text(EFORM.replace("QUESTION", question), "utf-8")

    (line,) = check_content(folder)
    assert line.startswith("eform-chung.yaml: pages.2.questions.2")
    assert fault in line


@pytest.mark.parametrize("condition", ["{mau: Đỏ}", "{mau: [Đỏ, Xanh]}", "{co: true}", "{co: false}", "{ten: ''}"])
def test_a_condition_may_wait_for_a_choice_a_yes_or_an_empty_answer(folder, condition):
    question = f"{{key: q, label: Q, type: text, required: false, show_if: {condition}}}"
    (folder / "eform-chung.yaml").write_text(EFORM.replace("QUESTION", question), "utf-8")

    assert check_content(folder) == []


def test_a_page_of_eight_questions_is_too_long(folder):
    more = "".join(f"\n      - {{key: q{n}, label: Q, type: text, required: false}}" for n in range(7))
    (folder / "eform-chung.yaml").write_text(EFORM.replace("\n      - QUESTION", more), "utf-8")

    assert check_content(folder) == ["eform-chung.yaml: pages.2: một trang có từ 1 đến 7 câu, ở đây có 8"]


def test_a_guide_of_the_letter_may_not_be_missing(folder):
    (folder / GUIDE).unlink()

    assert check_content(folder) == ["guides: thiếu hướng dẫn số 5: thư có 8"]


# All faults of all files in one run


def test_a_most_used_procedure_that_is_not_there_is_named(folder, spoil):
    spoil("site.yaml", "  - dang-ky-khai-sinh\n", "  - dang-ky-khai-sinh-moi\n")

    assert check_content(folder) == ["site.yaml: most_used[1]: không có thủ tục dang-ky-khai-sinh-moi"]


def test_two_faults_in_one_file_and_two_files_with_faults_are_all_named(folder, spoil):
    spoil(GUIDE, "title: Nhập mã", "title:")
    spoil(GUIDE, "short:", "shrt:")
    spoil(BIRTH, "popular: true", "popular: có")

    assert check_content(folder) == [
        f"{GUIDE}: shrt: không có mục tên này",
        f"{GUIDE}: short: thiếu, hoặc để trống",
        f"{GUIDE}: steps.2.title: thiếu, hoặc để trống",
        f"{BIRTH}: popular: “có”: phải là true hoặc false",
    ]


def test_a_fault_of_kind_does_not_hide_one_of_meaning(folder, spoil):
    spoil(GUIDE, "checked_on: 2026-11-22", "checked_on: hôm nay")
    spoil(GUIDE, "{Tra cứu}", "Tra cứu}")

    assert [fault.split(": ")[1] for fault in check_content(folder)] == ["checked_on", "steps.1.do"]


def test_a_file_full_of_nonsense_breaks_nothing(folder):
    for path in folder.rglob("*.yaml"):
        path.write_text("- chữ\n- {a: [1, {b: c}]}\n", "utf-8")

    assert {fault.split(": ")[0] for fault in check_content(folder)} >= {"site.yaml", GUIDE, BIRTH}


@pytest.mark.parametrize("kind", [Procedure, Question])
def test_a_part_with_nothing_in_it_names_all_it_lacks(folder, kind):
    (folder / BIRTH).write_text("{}" if kind is Procedure else "eform: {pages: [{questions: [{}]}]}", "utf-8")

    lacking = {fault.split(": ")[1] for fault in check_content(folder) if fault.startswith(BIRTH)}
    assert lacking >= {"code", "slug", "fee", "postal"}
    assert kind is Procedure or "eform.pages.1.questions.1.key" in lacking


def test_reading_a_folder_with_faults_raises_them_all(folder, spoil):
    spoil(GUIDE, "title: Nhập mã", "title:")
    spoil(BIRTH, "popular: true", "popular: có")

    with pytest.raises(ContentWrong) as wrong:
        read_content(folder)
    assert wrong.value.faults == check_content(folder)


# What an e-form may say between its questions

FAMILY = """
checks:
  - CHECK
pages:
  - title: Một
    group: Nhóm
    questions:
      - {key: ngay, label: Ngày, type: date, required: true}
      - {key: ngay_sau, label: Ngày sau, type: date, required: true}
      - {key: tong, label: Tổng, type: number, required: true}
      - {key: ten, label: Tên, type: text, required: true}
      - {key: gioi, label: Giới tính, type: choice, required: true, choices: [Nam, Nữ]}
  - title: Con
    group: Nhóm
    repeat: {key: con, of: người con, most: 8}
    questions:
      - {key: con_ten, label: Tên con, type: text, required: true}
      - {key: con_sinh, label: Ngày sinh con, type: date, required: true}
      - {key: con_tien, label: Tiền, type: number, required: true}
  - title: Cháu
    group: Nhóm
    repeat: {key: chau, of: người cháu, most: 8}
    questions:
      - {key: chau_sinh, label: Ngày sinh cháu, type: date, required: true}
"""
GOOD_CHECK = "{kind: before, first: ngay, then: ngay_sau, message: Xem lại hai ngày}"


def faults_of_form(folder, text):
    (folder / "eform-chung.yaml").write_text(text, "utf-8")
    return check_content(folder)


@pytest.mark.parametrize(
    "check",
    [
        GOOD_CHECK,
        "{kind: before, first: ngay, then: con_sinh, message: Xem lại}",
        "{kind: age, birth: ngay, least: 18, message: Xem lại}",
        "{kind: age, birth: con_sinh, on: ngay, most: 16, message: Xem lại}",
        "{kind: age, birth: ngay, on: today, least: 0, most: 120, when: {gioi: Nữ}, message: Xem lại}",
        "{kind: sum, parts: [con_tien], total: tong, message: Xem lại}",
        "{kind: differ, keys: [ten, con_ten], message: Xem lại}",
    ],
)
def test_a_sound_check_has_no_faults(folder, check):
    assert faults_of_form(folder, FAMILY.replace("CHECK", check)) == []


@pytest.mark.parametrize(
    "check, fault",
    [
        ("{kind: after, first: ngay, then: ngay_sau, message: Xem}", "kind: “after”: phải là một trong: before, age, sum"),
        ("{kind: before, first: ngay, then: ngay_sau}", "message: thiếu, hoặc để trống"),
        ("{kind: before, first: ngay, message: Xem}", "then: thiếu, hoặc để trống"),
        ("{kind: before, first: ngay, then: khac, message: Xem}", "then: không có câu “khac”"),
        ("{kind: before, first: ngay, then: ten, message: Xem}", "then: câu “ten” phải là kiểu date"),
        ("{kind: before, first: ngay, then: ngay_sau, total: tong, message: Xem}", "total: kiểu before không có mục này"),
        ("{kind: before, first: ngay, then: ngay_sau, colour: red, message: Xem}", "colour: không có mục tên này"),
        ("{kind: age, birth: ten, least: 18, message: Xem}", "birth: câu “ten” phải là kiểu date"),
        ("{kind: age, birth: ngay, on: mai, least: 18, message: Xem}", "on: không có câu “mai”"),
        ("{kind: age, birth: ngay, message: Xem}", "least: phải có least hoặc most"),
        ("{kind: age, birth: ngay, least: 18, most: 16, message: Xem}", "most: nhỏ hơn least"),
        ("{kind: age, birth: ngay, least: 16, most: mười, message: Xem}", "most: “mười”: phải là số nguyên"),
        ("{kind: age, birth: ngay, least: 18, when: {gioi: Khác}, message: Xem}", "when: “Khác” không phải câu trả lời"),
        ("{kind: age, birth: ngay, least: 18, when: {khac: Nữ}, message: Xem}", "when: không có câu “khac”"),
        ("{kind: sum, parts: [ten], total: tong, message: Xem}", "parts: câu “ten” phải là kiểu number"),
        ("{kind: sum, parts: [con_tien, con_tien], total: tong, message: Xem}", "parts: “con_tien” có hai lần"),
        ("{kind: sum, parts: [con_tien], message: Xem}", "total: thiếu, hoặc để trống"),
        ("{kind: differ, keys: [ten], message: Xem}", "keys: phải có đúng hai câu, ở đây có 1"),
        ("{kind: differ, keys: [ten, ten], message: Xem}", "keys: “ten” có hai lần"),
        ("{kind: before, first: con_sinh, then: chau_sinh, message: Xem}", "kind: các câu đứng ở hai trang lặp khác nhau"),
        ("chữ", "phải là các dòng “tên: giá trị”"),
    ],
)
def test_a_fault_of_a_check_is_named_with_its_place(folder, check, fault):
    (line,) = faults_of_form(folder, FAMILY.replace("CHECK", check))

    assert line.startswith("eform-chung.yaml: checks.1")
    assert fault in line


@pytest.mark.parametrize(
    "old, new, fault",
    [
        ("most: 8", "most: 1", "pages.2.repeat.most: “1”: phải là số từ 2 đến 20"),
        ("most: 8", "most: 21", "pages.2.repeat.most: “21”: phải là số từ 2 đến 20"),
        ("of: người con, ", "", "pages.2.repeat.of: thiếu, hoặc để trống"),
        ("of: người con", "of: " + "a" * 31, "nhiều nhất 30 chữ"),
        ("key: chau, of", "key: con, of", "pages: “con” có hai lần"),
        ("title: Con\n", "title: Con\n    show_if: {gioi: Khác}\n", "pages.2.show_if: “Khác” không phải câu trả lời"),
        ("title: Con\n", "title: Con\n    show_if: {con_ten: ''}\n", "pages.2.show_if: câu “con_ten” phải ở một trang trước"),
        ("title: Cháu\n", "title: Cháu\n    show_if: {con_ten: ''}\n", "pages.3.show_if: câu “con_ten” ở trang lặp"),
        ("type: date, required: true}\n", "type: date, required: true, show_if: {chau_sinh: ''}}\n", "phải ở một trang trước"),
        ("label: Tên con,", "label: Tên con, prefill: name,", "pages.2.questions.1.prefill: tài khoản chỉ biết một người"),
        ("label: Tên,", f"label: Tên, example: {'a' * 81},", "pages.1.questions.4.example"),
        ("label: Tên,", "label: Tên, from_earlier: có,", "from_earlier: “có”: phải là true hoặc false"),
    ],
)
def test_a_fault_of_a_page_is_named_with_its_place(folder, old, new, fault):
    assert old in FAMILY
    (line,) = faults_of_form(folder, FAMILY.replace("CHECK", GOOD_CHECK).replace(old, new, 1))

    assert fault in line


@pytest.mark.parametrize(
    "more", ["example: Rơ Châm H’Lan", "example: " + "a" * 80, "from_earlier: true", "from_earlier: true, prefill: name"]
)
def test_an_example_and_an_earlier_answer_go_with_any_question(folder, more):
    assert faults_of_form(folder, FAMILY.replace("CHECK", GOOD_CHECK).replace("label: Tên,", f"label: Tên, {more},")) == []


def test_a_page_may_wait_for_an_answer_of_an_earlier_page(folder):
    page = "title: Con\n    show_if: {gioi: [Nam, Nữ]}\n"

    assert faults_of_form(folder, FAMILY.replace("CHECK", GOOD_CHECK).replace("title: Con\n", page)) == []


# Procedures that follow one another


DEATH = "procedures/dang-ky-khai-tu.yaml"


def test_two_procedures_may_not_replace_each_other(folder, spoil):
    spoil(BIRTH, "popular:", "valid_to: 2027-01-01\nreplaced_by: dang-ky-khai-tu\npopular:")
    assert check_content(folder) == []
    spoil(DEATH, "popular:", "valid_to: 2027-01-01\nreplaced_by: dang-ky-khai-sinh\npopular:")

    assert [fault.split(" vòng: ")[1] for fault in check_content(folder)] == [
        "dang-ky-khai-sinh → dang-ky-khai-tu → dang-ky-khai-sinh",
        "dang-ky-khai-tu → dang-ky-khai-sinh → dang-ky-khai-tu",
    ]


def test_an_old_address_leads_to_one_procedure_and_an_old_code_may_have_become_two(folder, spoil):
    for name in (BIRTH, DEATH):
        spoil(name, "popular:", "old_codes: ['1.000001']\nold_slugs: [khai-bao]\npopular:")

    assert check_content(folder) == [f"{DEATH}: old_slugs: “khai-bao” đã dùng ở {BIRTH}"]


def test_off_is_a_word_and_not_a_no(folder, spoil):
    spoil(BIRTH, "online_submission: here", "online_submission: off\nwhere_handled: {name: Bộ phận Một cửa}")

    (birth,) = (p for p in read_content(folder).procedures if p.slug == "dang-ky-khai-sinh")
    assert (birth.online_submission, birth.where_handled.name) == ("off", "Bộ phận Một cửa")


def test_a_paper_brought_later_has_a_working_week_unless_the_commune_says_otherwise(content, folder, spoil):
    assert content.site.bring_papers_within_days == 5
    spoil("site.yaml", "bring_papers_within_days: 5", "bring_papers_within_days: 10")

    assert read_content(folder).site.bring_papers_within_days == 10
