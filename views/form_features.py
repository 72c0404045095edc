"""All that an e-form may say, by example, for whoever writes the next one."""

from dataclasses import dataclass
from textwrap import dedent

import msgspec
from flask import Blueprint, g, render_template, request

from database import utc_now
from rules import eform
from rules.vietnamese import in_vietnam
from views.access import open_to

bp = Blueprint("form_features", __name__, url_prefix="/mot-cua")


@dataclass(frozen=True)
class Feature:
    """What one section explains: `names` as a file writes them, and the line of the example where they stand."""

    names: tuple[str, ...]
    about: str
    line: str
    nth: int = 0  # of several such lines
    until: str = ""  # the line before which the cut ends
    typed: tuple[str, ...] = ()  # answers shown, by the order of a check's questions

    @property
    def title(self) -> str:
        return ", ".join(self.names)


TYPES = (
    Feature(("type: text",), "Một dòng chữ.", "- key: ho_ten"),
    Feature(("type: textarea",), "Nhiều dòng chữ, tối đa 1.000 chữ nếu không ghi khác.", "- key: ghi_chu"),
    Feature(
        ("type: date",),
        "Ngày, hoặc tháng và năm, hoặc chỉ năm; người dân gõ 5/7/2026, 5-7-2026 hay 05072026 đều đọc được.",
        "- key: ngay_sinh",
    ),
    Feature(
        ("type: number",), "Số nguyên hoặc số tiền; 1.500.000, 1,5 triệu và 500 nghìn đều đọc được.", "- key: tien_trang_phuc"
    ),
    Feature(("type: choice",), "Chọn một; quá 5 lựa chọn thì thành ô bấm xổ xuống.", "- key: phan_thi"),
    Feature(("type: yes_no",), "Có hoặc Không; trong điều kiện ghi là true, false.", "- key: ca_nha_cung_di"),
    Feature(("type: id_number",), "Số căn cước 12 số; số ghi nhầm năm sinh được báo ngay.", "- key: so_dinh_danh"),
    Feature(("type: phone",), "Số điện thoại Việt Nam, di động hoặc máy bàn.", "- key: dien_thoai"),
    Feature(("type: address",), "Địa chỉ, một dòng.", "- key: dia_chi"),
    Feature(("type: village",), "Thôn, làng; điện thoại gợi ý các thôn của xã.", "- key: thon_lang"),
)
PARTS = (
    Feature(
        ("key", "label", "type", "required"),
        "Câu nào cũng có: tên trong tệp, chữ người dân đọc, kiểu, bắt buộc hay không.",
        "- key: thon_lang",
    ),
    Feature(("help",), "Một câu giải thích, đứng dưới câu hỏi.", "- key: so_dinh_danh"),
    Feature(("example",), "Ví dụ cách ghi, nhiều nhất 80 chữ.", "- key: ngay_sinh"),
    Feature(("choices",), "Các lựa chọn của câu kiểu choice.", "- key: phan_thi"),
    Feature(("max_length",), "Số chữ nhiều nhất.", "- key: dia_chi"),
    Feature(("min", "max"), "Số nhỏ nhất và lớn nhất.", "- key: so_lan_thi"),
    Feature(("rule",), "Của câu kiểu date: not_future là không sau hôm nay, not_past là từ hôm nay trở đi.", "- key: ngay_thi"),
    Feature(("old_number_too",), "Nhận cả số chứng minh nhân dân 9 số.", "- key: so_dinh_danh"),
    Feature(("default",), "Chữ ghi sẵn, người dân sửa được.", "- key: dan_toc"),
    Feature(("group",), "Nhóm của câu, khi khác nhóm của trang.", "- key: dan_toc"),
    Feature(("prefill",), "Điền từ tài khoản; tài khoản đã biết thì không hỏi lại, chỉ cho xem ở trang cuối.", "- key: ho_ten"),
    Feature(
        ("from_earlier",),
        "Điền từ hồ sơ gần nhất của cùng tài khoản có câu cùng key; luôn cho người dân xem lại.",
        "- key: dien_thoai",
    ),
    Feature(
        ("show_if",),
        "Chỉ hỏi khi câu ở trang trước được trả lời như vậy; nhiều câu trả lời thì ghi thành danh sách, để trống thì ghi ''.",
        "- key: ten_dung_cu",
    ),
)
PAGES = (
    Feature(("declaration",), "Lời cam đoan người dân đồng ý trước khi nộp.", "declaration: Tôi cam đoan lời khai là đúng."),
    Feature(("checks",), "Quy tắc giữa các câu; xem thẻ bên.", "checks:", until="- kind: age", typed=("5/7/1990", "1980")),
    Feature(("pages",), "Các trang, theo thứ tự hỏi.", "pages:", until="questions:"),
    Feature(("title", "group", "questions"), "Một trang có từ 1 đến 7 câu.", "- title: Bạn thi gì?", until="- key: ngay_vao_doi"),
    Feature(("page.show_if",), "Điều kiện của cả trang.", "- title: Người đi cùng"),
    Feature(
        ("repeat", "repeat.key", "repeat.of", "repeat.most"),
        "Trang hỏi lại cho từng người con, từng bản sao: key là tên trong tệp, of là cách gọi một người, "
        "most là nhiều nhất mấy người (2 đến 20).",
        "- title: Con đi cùng",
    ),
)
CHECKS = (
    Feature(
        ("kind: before", "first", "then", "message"),
        "Ngày first không được sau ngày then; chỉ báo khi chắc chắn.",
        "- kind: before",
        typed=("5/7/1990", "1980"),
    ),
    Feature(
        ("kind: age", "birth", "on", "least"),
        "Đủ tuổi vào một ngày; on là một câu kiểu date, hoặc today.",
        "- kind: age",
        typed=("2020", "5/7/2030"),
    ),
    Feature(
        ("most", "when"),
        "Không quá tuổi, và chỉ xét khi câu khác trả lời như ghi ở when; ở trang lặp thì xét từng người.",
        "- kind: age",
        nth=1,
        typed=("1990",),
    ),
    Feature(
        ("kind: sum", "parts", "total"),
        "Các số cộng lại phải bằng tổng; câu ở trang lặp thì cộng mọi người, câu để trống tính là 0.",
        "- kind: sum",
        typed=("1500000", "200000", "1600000"),
    ),
    Feature(
        ("kind: differ", "keys"),
        "Hai câu không được trả lời giống nhau.",
        "- kind: differ",
        typed=("064090001234", "064090001234"),
    ),
)
# name in the address: (label, features)
GROUPS = {
    "kieu": ("Kiểu câu hỏi", TYPES),
    "muc": ("Mục của câu hỏi", PARTS),
    "trang": ("Mẫu và trang", PAGES),
    "quy-tac": ("Quy tắc giữa các câu", CHECKS),
}
FIRST_GROUP = "kieu"


@bp.get("/mau-cau-hoi")
@open_to("culture", "administrator", "leader", "officer", "specialist")
def show_features():
    chosen = request.args.get("xem", "")
    chosen = chosen if chosen in GROUPS else FIRST_GROUP
    form = msgspec.to_builtins(g.library.example_eform)
    features = [(f, cut(g.library.example_text, f.line, f.nth, f.until), look_of(f, form)) for f in GROUPS[chosen][1]]
    return render_template(
        "desk/form_features.html", features=features, groups=GROUPS, chosen=chosen, form=form, villages=g.library.villages()
    )


def cut(text: str, line: str, nth: int = 0, until: str = "") -> str:
    """The block of the file that begins with this line, as it is written; it ends where the indentation does."""
    lines = text.splitlines()
    start = [number for number, written in enumerate(lines) if written.strip() == line][nth]
    depth = indentation(lines[start])
    end = start + 1
    while end < len(lines) and lines[end].strip() != (until or None) and indentation(lines[end]) > depth:
        end += 1
    return dedent("\n".join(lines[start:end]))


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def look_of(feature: Feature, form: dict) -> dict:
    """What a person's phone shows of it: a page with its title, or questions, as (question, typed, fault)."""
    head, _, name = feature.line.removeprefix("- ").partition(": ")
    if head in ("kind", "checks:"):
        checks = [check for check in form["checks"] if name in ("", check["kind"])]
        return look_of_check(checks[feature.nth], feature.typed, form)
    if head in ("title", "pages:"):
        page = next(page for page in form["pages"] if name in ("", page["title"]))
        return {"page": second_item(page) if page["repeat"] else page | {"item": None}}
    if head == "key":
        question = all_questions(form)[name]
        return {"asked": [(question, question["default"], "")]}
    return {"declaration": form["declaration"]}


def look_of_check(check: dict, typed: tuple[str, ...], form: dict) -> dict:
    """Its questions answered so that it is broken: the message is the one that the rules give."""
    questions = all_questions(form)
    keys = [key for part in eform.check_questions(check).values() for key in part]
    asked = [questions[key] | {"show_if": {}} for key in sorted(keys, key=list(questions).index)]
    answers = dict(zip(keys, typed, strict=True)) | dict.fromkeys(check["when"], "co")
    pages = [{"title": "", "questions": part} for part in ([questions[key] for key in check["when"]], asked)]
    faults = eform.check_faults({"pages": pages, "checks": [check]}, answers, in_vietnam(utc_now()).date())
    return {"asked": [(question, answers[question["key"]], faults.get(question["key"], "")) for question in asked]}


def all_questions(form: dict) -> dict[str, dict]:
    return {question["key"]: question for page in form["pages"] for question in page["questions"]}


def second_item(page: dict) -> dict:
    """A repeated page as it is asked for the second time."""
    return eform.asked_pages([page | {"show_if": {}}], eform.with_items(page, {}, 2))[1]
