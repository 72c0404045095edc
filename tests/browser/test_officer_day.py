"""A new officer's first day: twenty things done one after the other by the keyboard alone, a few of them without script."""

import re
from dataclasses import dataclass

import pytest
from phone import Phone
from serving import STAFF_PASSWORD, wait_until
from signing import signed_pdf

from database import utc_now
from rules.vietnamese import in_vietnam, show_day

QUEUE = "/mot-cua/"
BIRTH, SINGLE = "dang-ky-khai-sinh", "xac-nhan-tinh-trang-hon-nhan"
OF_TWO_PAPERS = "khai-sinh-ket-hop-nhan-cha-me-con"
CLEAR = "Ảnh mờ, không đọc được số."
OLD_CODE = "000.17.22.H56-210531-0001"
MOST_TABS = 250
ALT = 1  # as the browser is told which keys are held
# What has the focus: whether it is a field or something to press, its words, and whether anything shows that it has it.
FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at)
  if (at == document.body) return null
  const is_field = /^(SELECT|TEXTAREA)$/.test(at.tagName) || at.tagName == 'INPUT' && !/^(submit|button)$/.test(at.type)
  const label = at.getAttribute('aria-label') || (at.labels && at.labels[0] || at).innerText
  const words = label.replace(/\\s+/g, ' ').trim()
  return {is_field, words, is_seen: style.outlineStyle != 'none' && parseFloat(style.outlineWidth) > 0}
}"""
HAS_SCRIPTS = "!!window.htmx && performance.getEntriesByType('resource').some(one => one.name.includes('desk.js'))"
CHOSEN = "document.activeElement.selectedOptions[0].text"


# --- a desk and its keyboard -----------------------------------------------------------------------------------------


class Desk(Phone):
    """A computer at the desk whose mouse is broken."""

    def press_key(self, keys: str) -> None:
        if keys.startswith("Alt+"):
            self._press_access_key(keys[-1])
        else:
            self.page.keyboard.press(keys)

    def _press_access_key(self, key: str) -> None:
        """Playwright leaves out the letter of a key held with Alt, and by the letter Chromium knows an access key."""
        session = self.page.context.new_cdp_session(self.page)
        known = {"modifiers": ALT, "key": key, "unmodifiedText": key, "windowsVirtualKeyCode": ord(key.upper())}
        for kind in ("keyDown", "keyUp"):
            session.send("Input.dispatchKeyEvent", known | {"type": kind})
        session.detach()

    def go_to(self, words: str) -> None:
        """Tab until what reads `words` has the focus, and that can be seen; “…” at their end stands for more."""
        self._tab_to(lambda at: not at["is_field"] and is_called(at["words"], words), words)

    def go_to_field(self, label: str) -> None:
        self._tab_to(lambda at: at["is_field"] and at["words"].startswith(label), label)

    def _tab_to(self, is_it, words: str) -> None:
        passed = []
        for _ in range(MOST_TABS):
            at = self.page.evaluate(FOCUSED)
            if at and is_it(at):
                assert at["is_seen"], f"nobody sees that “{words}” has the focus ({self.path})"
                return
            passed.append(at and at["words"])
            self.press_key("Tab")
        raise AssertionError(f"Tab never reaches “{words}” on {self.path}: {passed}")

    def open_part(self, words: str) -> None:
        """Unfold what stands folded on this page."""
        self.go_to(words)
        self.press_key("Enter")
        assert self.page.evaluate("document.activeElement.closest('details').open")

    def fill_in(self, label: str, text: str) -> None:
        self.go_to_field(label)
        self.press_key("Control+a")
        self.page.keyboard.type(text)

    def pick(self, label: str, option: str) -> None:
        """Go down a list to the option that begins so."""
        self.go_to_field(label)
        for _ in range(self.page.evaluate("document.activeElement.options.length")):
            if self.page.evaluate(CHOSEN).strip().startswith(option):
                return
            self.press_key("ArrowDown")
        raise AssertionError(f"“{label}” offers no “{option}”")

    def enter(self, words: str) -> None:
        """Tab to a link or button, and press it."""
        self.go_to(words)
        self.leads_on("Enter")

    def leads_on(self, keys: str) -> None:
        """Press, and wait for the page this leads to."""
        self.is_ready()
        old_main = self.page.locator("main > *").first.element_handle()
        self.press_key(keys)
        wait_until(lambda: self._is_gone(old_main), lambda: f"{keys} on {self.path} led nowhere")
        self.is_ready()

    def is_ready(self) -> None:
        """The page has come, with its scripts."""
        self.is_whole()
        if self.has_script:
            wait_until(lambda: self._says(HAS_SCRIPTS), f"no scripts on {self.path}", every=0.01)

    def reads(self, *sentences: str) -> None:
        for sentence in sentences:
            assert sentence in self.words, f"“{sentence}” does not stand on {self.path}: {self.words[:3000]}"

    def lists(self, code: str) -> bool:
        return self.page.locator(".rows tr", has_text=code).count() > 0

    def start_the_day(self, address: str = QUEUE) -> None:
        self.open(f"{self.address}{address}")
        self.is_ready()

    def count_of(self, queue: str) -> int:
        """The number beside a queue's name."""
        return int(re.search(rf"{queue} (\d+)", " ".join(self.page.locator(".queues").inner_text().split()))[1])


def is_called(seen: str, words: str) -> bool:
    return seen.startswith(words[:-1]) if words.endswith("…") else seen == words


def go_home(desk: Desk) -> None:
    """Back to the list: by one key, or by the first of the rooms."""
    if desk.has_script:
        desk.press_key("Escape")
        if desk.page.evaluate("/^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)"):
            desk.press_key("Tab")
        desk.leads_on("g")
    else:
        desk.enter("Hồ sơ")
    desk.reads("Hồ sơ: cần tôi làm")


def open_dossier(desk: Desk, code: str) -> None:
    """From the list of what is new and of what needs me."""
    go_home(desk)
    desk.enter(code)
    desk.reads(code, "Đã qua")


@dataclass
class Day:
    """What there is to do, by whose dossier it is."""

    desk: Desk
    leader: Desk | None
    dossiers: dict[str, dict]
    result: str = ""

    def code(self, name: str) -> str:
        return self.dossiers[name]["code"]


# --- the twenty things -----------------------------------------------------------------------------------------------


def log_in(day: Day) -> None:
    desk = day.desk
    desk.start_the_day()  # whoever is not logged in is asked to, and led on
    desk.reads("cán bộ đăng nhập")
    desk.fill_in("Tên đăng nhập", "motcua")
    desk.fill_in("Mật khẩu", STAFF_PASSWORD)
    desk.leads_on("Enter")
    desk.reads("Nguyễn Văn Một", "Hồ sơ: cần tôi làm")


def see_what_needs_me_first(day: Day) -> None:
    desk, codes = day.desk, [known["code"] for known in day.dossiers.values()]
    shown = [code for code in desk.page.locator(".rows td:first-child a").all_inner_texts() if code in codes]
    assert shown == codes  # who has waited longest stands first
    assert desk.count_of("Cần tôi làm") >= len(codes)
    desk.leads_on("Alt+5")
    desk.reads("Hồ sơ: mới nộp")
    desk.leads_on("Alt+1")
    desk.reads("Hồ sơ: cần tôi làm")


def take_the_first_new_one(day: Day) -> None:
    desk, code = day.desk, day.code("Siu Ánh")
    if desk.has_script:
        desk.press_key("j")
        assert desk.page.evaluate("document.activeElement.textContent") == code
        desk.leads_on("t")
    else:
        desk.go_to(code)
        desk.enter(f"Nhận {code}")
    desk.reads("Đã nhận. Hồ sơ bạn giữ đứng đầu mục “Cần tôi làm”.")
    assert "Tôi" in desk.page.locator(".rows tr", has_text=code).inner_text()


def check_its_papers(day: Day) -> None:
    desk = day.desk
    desk.enter(day.code("Siu Ánh"))
    desk.reads("Giấy tờ: đạt 0/2", "Giấy bắt buộc chưa kiểm tra")
    desk.leads_on("Alt+k")
    desk.press_key("Alt+1")
    desk.leads_on("Alt+l")
    desk.reads("Đã ghi.")
    desk.press_key("Alt+2")
    desk.pick("Lý do: câu có sẵn", CLEAR)
    desk.leads_on("Alt+l")
    desk.reads("Đã ghi. Không còn giấy nào chưa kiểm tra.", "Giấy tờ: đạt 1/2", "Cần bổ sung", CLEAR)


def ask_for_all_that_is_lacking(day: Day) -> None:
    desk = day.desk
    desk.leads_on("Alt+1")
    desk.reads("Yêu cầu bổ sung")
    assert desk.page.locator("[name=ask]:checked").count() == 1  # what was found lacking stands there already
    assert (
        CLEAR in desk.page.locator("fieldset", has=desk.page.locator("[name=ask]:checked")).locator("[name^=why]").input_value()
    )
    desk.fill_in("Giấy khác, hoặc chỗ cần sửa", "Sổ hộ khẩu cũ")
    desk.fill_in("Lý do", "Để đối chiếu tên làng.")
    desk.enter("Gửi yêu cầu")
    desk.reads(
        "Đã yêu cầu bổ sung. Đồng hồ dừng đến khi đủ giấy.", "Yêu cầu bổ sung lần 1", "Sổ hộ khẩu cũ: Để đối chiếu tên làng."
    )


def accept_another(day: Day) -> None:
    desk = day.desk
    open_dossier(desk, day.code("Ksor Bình"))
    desk.leads_on("Alt+1")
    desk.reads("Đã tiếp nhận hồ sơ.", "Được tiếp nhận", "hạn trả")


def undo_the_slip(day: Day) -> None:
    day.desk.enter("Hoàn tác “Tiếp nhận”…")
    day.desk.reads("Đã hoàn tác. Hồ sơ trở lại bước trước.", "Mới đăng ký")


def accept_again_and_print(day: Day) -> None:
    desk = day.desk
    desk.leads_on("Alt+1")
    desk.reads("Đã tiếp nhận hồ sơ.")
    desk.enter("In giấy hẹn")
    number = re.search(r"Số: (\d\d/TNHS)", desk.words)[1]
    assert "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ" in desk.words.upper()
    desk.reads(day.code("Ksor Bình"), "Ksor Bình", f"Số {number} · lập", "in 1 lần")
    desk.page.emulate_media(media="print")
    assert not desk.page.locator(".rooms").is_visible()  # the paper is the citizen's: nothing of the desk stands on it
    desk.page.emulate_media(media="screen")
    desk.enter(day.code("Ksor Bình"))
    desk.reads(f"Số {number[:2]}, ", "in 1 lần")


def begin(day: Day) -> None:
    day.desk.leads_on("Alt+1")
    day.desk.reads("Đã ghi.", "Đang xử lý")


def ask_for_the_signature(day: Day) -> None:
    day.desk.leads_on("Alt+1")
    day.desk.reads("Đã ghi.", "chờ lãnh đạo ký")


def sign_it(day: Day) -> None:
    leader, code = day.leader, day.code("Ksor Bình")
    leader.start_the_day()
    leader.press_key("j")
    leader.leads_on("Enter")
    leader.reads(code, "chờ lãnh đạo ký")
    leader.leads_on("Alt+1")
    leader.reads("Đã ghi.", "đã ký, chờ phát hành")


def put_up_the_result(day: Day) -> None:
    desk = day.desk
    open_dossier(desk, day.code("Ksor Bình"))
    desk.reads("đã ký, chờ phát hành")
    desk.enter("Đưa kết quả lên")
    desk.go_to_field("Tệp kết quả")
    desk.page.locator("[name=file]").set_input_files(day.result)  # what the system's own window would hand back
    desk.enter("Đưa kết quả lên")
    desk.reads("Đã đưa kết quả lên.", "Trich luc.pdf", "Có chữ ký số", "UBND xã Ia Băng")
    desk.leads_on("Alt+1")
    desk.reads("Đã ghi.", "Đã xử lý xong")


def return_it_at_the_counter(day: Day) -> None:
    desk = day.desk
    desk.leads_on("Alt+1")
    desk.reads("Trả kết quả", "Chủ hồ sơ: Ksor Bình")
    desk.fill_in("Người nhận", "Ksor Nhận Thay")
    desk.leads_on("Enter")  # somebody else, and without a paper that shows it: told so, and nothing typed is lost
    assert desk.page.locator("[name=receiver]").input_value() == "Ksor Nhận Thay"
    desk.reads("Cần sửa 1 chỗ")
    assert "422" in desk.complaints.pop()
    desk.fill_in("Giấy đã xem", "Giấy ủy quyền số 12/2026")
    desk.leads_on("Enter")
    desk.reads("Đã trả kết quả. Hồ sơ khép lại.", "tại quầy: Ksor Nhận Thay, nhận thay (Giấy ủy quyền số 12/2026)")


def refuse_one_and_print(day: Day) -> None:
    desk, code = day.desk, day.code("Rah Lan Chi")
    open_dossier(desk, code)
    desk.open_part("Việc khác…")
    desk.enter("Từ chối")
    desk.pick("Lý do: câu có sẵn", "Bạn đã nộp một hồ sơ khác cho cùng việc này.")
    desk.fill_in("Viết thêm, hoặc viết lý do khác", "Hồ sơ kia nộp tuần trước.")
    desk.enter("Từ chối")
    desk.reads("Đã từ chối hồ sơ.", "Không được tiếp nhận", "Xã giải quyết hồ sơ đó. Hồ sơ kia nộp tuần trước.")
    desk.enter("In phiếu từ chối")
    desk.fill_in("Căn cứ pháp lý", "Điều 17 Nghị định 61/2018/NĐ-CP")
    desk.fill_in("Người dân làm tiếp thế nào", "Chờ kết quả của hồ sơ đã nộp.")
    desk.enter("In phiếu từ chối")
    assert re.search(r"Số: \d\d/TCHS", desk.words)
    desk.reads(code, "Rah Lan Chi", "Điều 17 Nghị định 61/2018/NĐ-CP", "Chờ kết quả của hồ sơ đã nộp.")


def hand_over_to_a_colleague(day: Day) -> None:
    desk = day.desk
    open_dossier(desk, day.code("Nay Dung"))
    desk.press_key("Alt+c")
    desk.pick("Chuyển cho", "Cán bộ officer")
    desk.fill_in("Dặn người nhận", "Nhà xa, gọi trước khi hẹn.")
    desk.enter("Chuyển")
    desk.reads("Đã ghi.", "Cán bộ officer giữ", "Nhà xa, gọi trước khi hẹn.")
    go_home(desk)
    assert not desk.lists(day.code("Nay Dung"))


def hand_over_to_another_commune(day: Day) -> None:
    desk = day.desk
    open_dossier(desk, day.code("Đinh Thị Hạnh"))
    desk.leads_on("Alt+1")  # what nobody has accepted is nobody's to send out
    desk.open_part("Việc khác…")
    desk.enter("Chuyển cơ quan khác")
    desk.pick("Chuyển đến", "UBND xã Kon Gang")
    desk.fill_in("Lý do chuyển", "Cháu thường trú ở xã Kon Gang.")
    desk.enter("Chuyển hồ sơ")
    desk.reads("Đã chuyển hồ sơ.", "ở cơ quan khác", "UBND xã Kon Gang (H21.162): Cháu thường trú ở xã Kon Gang.")
    desk.open_part("Ghi mã ở cơ quan khác")
    desk.fill_in("Mã hồ sơ ở đó", OLD_CODE)
    desk.enter("Ghi mã")
    desk.reads(f"Mã ở nơi khác: {OLD_CODE}")


def find_in_three_ways(day: Day) -> None:
    desk, hanh = day.desk, day.dossiers["Đinh Thị Hạnh"]
    for words in ("dinh thi hanh", hanh["id_number"]):
        look_for(desk, words)
        desk.reads("hồ sơ, mới nhất đứng đầu", "Đinh Thị Hạnh")
        assert desk.lists(hanh["code"])
    look_for(desk, OLD_CODE)
    desk.reads("Mã ở nơi khác")
    assert desk.path.split("?")[0].endswith(hanh["code"])  # its own code leads to it at once


def look_for(desk: Desk, words: str) -> None:
    go_home(desk)
    desk.press_key("/" if desk.has_script else "Alt+t")
    desk.page.keyboard.type(words)
    desk.leads_on("Enter")


def mark_a_text_as_sent(day: Day) -> None:
    desk = day.desk
    go_home(desk)
    desk.enter("Tin nhắn")
    waiting = int(re.search(r"\((\d+)\)", desk.heading)[1])
    desk.go_to_field(f"Tin nhắn {day.code('Ksor Bình')}")
    desk.enter("Đã gửi")
    desk.reads("Đã ghi: tin đã gửi.", f"Tin nhắn chờ gửi ({waiting - 1})")


def narrow_and_clear(day: Day) -> None:
    desk = day.desk
    single = next(known for known in day.dossiers.values() if known["name"] == "Kpă Mới")
    go_home(desk)
    desk.leads_on("Alt+5")
    everything = desk.count_of("Mới nộp")
    desk.press_key("Alt+l")
    desk.pick("Thủ tục", single["procedure"])
    desk.enter("Lọc")
    desk.reads(f"{single['procedure']} × bỏ")
    rows = desk.page.locator(".rows tr td:nth-child(2)").all_inner_texts()
    assert set(rows) == {single["procedure"]} and len(rows) < everything and desk.lists(single["code"])
    desk.enter(f"{single['procedure']} × bỏ")
    assert desk.count_of("Mới nộp") == everything


def compare_the_report_with_the_queue(day: Day) -> None:
    desk = day.desk
    go_home(desk)
    at_work, returned, to_return = map(desk.count_of, ("Đang giải quyết", "Đã trả", "Chờ trả"))
    today = show_day(in_vietnam(utc_now()).date())
    desk.enter("Báo cáo")
    desk.fill_in("hoặc từ ngày", today)
    desk.fill_in("đến ngày", today)
    desk.leads_on("Enter")
    desk.reads("Tình hình, kết quả giải quyết thủ tục hành chính", today, "Khớp ở mọi dòng.")
    _, _, received, _, _, carried, solved, _, _, late, pending, *_ = desk.page.locator(".sum td").all_inner_texts()
    assert (int(pending), int(solved)) == (at_work, returned + to_return)
    assert (int(received), int(carried), int(late)) == (at_work + returned + to_return, 0, 0)


# --- the day ---------------------------------------------------------------------------------------------------------

WHOLE_DAY = (
    ("log in", log_in),
    ("see what needs me first", see_what_needs_me_first),
    ("take the first new dossier", take_the_first_new_one),
    ("check its papers one by one", check_its_papers),
    ("ask for everything that is lacking at once", ask_for_all_that_is_lacking),
    ("accept another one", accept_another),
    ("undo that", undo_the_slip),
    ("accept it again and print the receipt", accept_again_and_print),
    ("begin", begin),
    ("ask for the leader's signature", ask_for_the_signature),
    ("sign, as the leader", sign_it),
    ("put up the result and finish", put_up_the_result),
    ("return it at the counter", return_it_at_the_counter),
    ("refuse one and print the refusal", refuse_one_and_print),
    ("hand one over to a colleague", hand_over_to_a_colleague),
    ("hand one over to another commune", hand_over_to_another_commune),
    ("find by name, by number and by another program's code", find_in_three_ways),
    ("mark a text as sent", mark_a_text_as_sent),
    ("narrow the queue and clear it", narrow_and_clear),
    ("see today's numbers in the report", compare_the_report_with_the_queue),
)
DAY_WITHOUT_SCRIPT = (*WHOLE_DAY[:10], *WHOLE_DAY[17:19])
PEOPLE = {
    "Siu Ánh": OF_TWO_PAPERS, "Ksor Bình": BIRTH, "Rah Lan Chi": BIRTH,
    "Nay Dung": BIRTH, "Đinh Thị Hạnh": BIRTH, "Kpă Mới": SINGLE,
}  # fmt: skip


@pytest.fixture
def sit_down(chromium, site):
    """Another computer at the desk; with the cookie of somebody who has logged in, or without."""
    contexts = []

    def sit(has_script: bool = True, cookie: dict | None = None) -> Desk:
        context = chromium.new_context(java_script_enabled=has_script, viewport={"width": 1366, "height": 768})
        context.set_default_timeout(15_000)
        if cookie:
            context.add_cookies([cookie | {"url": site.address}])
        contexts.append(context)
        return Desk(context.new_page(), site.address, has_script)

    yield sit
    for context in contexts:
        context.close()


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "Trich luc.pdf"
    path.write_bytes(signed_pdf("UBND xã Ia Băng"))
    return str(path)


def prepare(site) -> dict:
    prepared = site.python(f"import prepared; prepared.print_day({list(PEOPLE)}, {list(PEOPLE.values())})")
    return prepared | {"dossiers": {known["name"]: known for known in prepared["dossiers"]}}


def work_through(cases, day: Day) -> None:
    for name, do in cases:
        try:
            do(day)
        except Exception as fault:
            fault.add_note(f"while about to {name}, at {day.desk.path}")
            raise


def ends_of(site, dossiers: dict[str, dict]) -> dict[str, dict]:
    """How each dossier stands in the database, by its owner's name."""
    ends = site.python(f"import prepared; prepared.print_ends({[known['code'] for known in dossiers.values()]})")
    return {name: ends[known["code"]] for name, known in dossiers.items()}


ACCEPTED_AFTER_A_SLIP = ["submit", "accept", "undone", "accept"]


def test_a_whole_day_by_the_keyboard(site, sit_down, result):
    prepared = prepare(site)
    day = Day(sit_down(), sit_down(cookie=prepared["leader"]), prepared["dossiers"], result)

    work_through(WHOLE_DAY, day)

    ends = ends_of(site, day.dossiers)
    asked, returned, refused, given, sent, untouched = ends.values()
    assert (asked["state"], asked["holder"], asked["checks"]) == ("AWAITING_SUPPLEMENT", "motcua", ["good", "lacking"])
    assert asked["events"] == ["submit", "taken", "ask_supplement"]
    assert returned["events"] == [
        *ACCEPTED_AFTER_A_SLIP, "begin", "ask_signature", "sign", "result_added", "finish", "give_result",
    ]  # fmt: skip
    assert (returned["state"], returned["receiver"], returned["results"]) == ("RETURNED", "Ksor Nhận Thay", ["Trich luc.pdf"])
    assert [form for form, _ in returned["forms"]] == ["receipt"]
    assert (refused["state"], [form for form, _ in refused["forms"]]) == ("REFUSED", ["refusal"])
    assert (given["state"], given["holder"]) == ("SUBMITTED", "dong-nghiep")
    assert (sent["state"], sent["step"], sent["went_to"]) == ("IN_PROGRESS", "elsewhere", ["H21.162"])
    assert sent["other_codes"] == [OLD_CODE]
    assert (untouched["state"], untouched["events"]) == ("SUBMITTED", ["submit"])
    assert sum(end["texts_sent"] for end in ends.values()) == 1
    assert day.desk.complaints + day.leader.complaints == []


def test_half_a_day_without_script(site, sit_down):
    prepared = prepare(site)
    day = Day(sit_down(has_script=False), None, prepared["dossiers"])

    work_through(DAY_WITHOUT_SCRIPT, day)

    ends = ends_of(site, day.dossiers)
    assert (ends["Siu Ánh"]["state"], ends["Siu Ánh"]["checks"]) == ("AWAITING_SUPPLEMENT", ["good", "lacking"])
    assert (ends["Ksor Bình"]["state"], ends["Ksor Bình"]["step"]) == ("IN_PROGRESS", "signing")
    assert ends["Ksor Bình"]["events"] == [*ACCEPTED_AFTER_A_SLIP, "begin", "ask_signature"]
    assert [form for form, _ in ends["Ksor Bình"]["forms"]] == ["receipt"]
    assert sum(end["texts_sent"] for end in ends.values()) == 1
