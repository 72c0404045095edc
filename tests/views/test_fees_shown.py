"""What it costs, said before anything is typed, again before the last button, and to the desk."""

import pytest
from stage import BIRTH, make_account

from database import utc_now
from models import Dossier
from rules import fees, payment_requests, submission
from rules.vietnamese import in_vietnam, show_dong

COPY, EXTRACT, GUARDIAN, POOR = (
    "chung-thuc-ban-sao-tu-ban-chinh",
    "cap-ban-sao-trich-luc-ho-tich",
    "dang-ky-giam-ho",
    "cong-nhan-ho-ngheo-thuong-xuyen",
)


@pytest.mark.parametrize(("slug", "said"), [
    (COPY, "Trang 1–2: 2.000 đồng/trang. Từ trang 3: 1.000 đồng/trang. Nhiều nhất 200.000 đồng/bản. Căn cứ: Thông tư 226"),
    (EXTRACT, "8.000 đồng/bản. Căn cứ: Bộ Tài chính - Thông tư 281/2016/TT-BTC. Được miễn: gia đình có công"),
    (GUARDIAN, "Không thu. Căn cứ: Luật Hộ tịch"),
    (POOR, "Tiền phải nộp Không thu."),
    ("dang-ky-tam-tru", "15.000 đồng/người/lần; nộp trực tuyến 7.000 đồng. Căn cứ: Thông tư 75/2022/TT-BTC."),
    (BIRTH, "Chờ xác nhận. Mức do HĐND tỉnh quyết định; mức cũ: 8.000 đồng/việc. Được miễn:"),
])  # fmt: skip
def test_the_page_of_a_procedure_says_how_much_and_why(visitor, slug, said):
    assert said in visitor.get(f"/dich-vu/{slug}").words


def test_every_fee_is_said_on_its_page_and_none_is_invented(visitor, library):
    for slug, procedure in library.procedures.items():
        words = visitor.get(f"/dich-vu/{slug}").words
        assert ("Không thu." in words) == (procedure.fee.amount == 0 and not procedure.fee.to_confirm), slug
        assert not procedure.fee.amount or show_dong(procedure.fee.amount) in words, slug
        assert not procedure.fee.set_by or procedure.fee.set_by in words, slug


@pytest.mark.parametrize(("slug", "said"), [
    (EXTRACT, "Phí: 8.000 đồng/bản. Căn cứ: Bộ Tài chính - Thông tư 281/2016/TT-BTC."),
    (BIRTH, "Lệ phí: 8.000 đồng/việc, chờ xác nhận."),
    (GUARDIAN, "Lệ phí: Không thu. Căn cứ: Luật Hộ tịch"),
])  # fmt: skip
def test_the_first_page_of_submitting_says_it_before_anything_is_typed(visit_as, account, slug, said):
    assert said in visit_as(account).get(f"/nop-ho-so/{slug}/chu-ho-so").words


def test_where_nothing_is_taken_no_page_of_submitting_costs_a_byte_for_it(visit_as, account, make_draft):
    make_draft(account, POOR)
    for page in ("chu-ho-so", "xem-lai"):
        words = visit_as(account).get(f"/nop-ho-so/{POOR}/{page}").words
        assert "ệ phí" not in words and "Phí" not in words


def answer(draft, typed: dict) -> None:
    submission.save_page(draft, "page-9", typed, utc_now())


def test_the_last_page_adds_up_what_was_answered(visit_as, account, make_draft):
    draft = make_draft(account, EXTRACT)
    answer(draft, {"so_ban.1": "3"})
    citizen = visit_as(account)

    assert "Phí, lệ phí: 24.000 đồng. 3 bản × 8.000 đồng = 24.000 đồng." in citizen.get(f"/nop-ho-so/{EXTRACT}/xem-lai").words


def test_a_birth_registered_in_time_is_free_for_certain_and_says_why(visit_as, account, make_draft):
    draft, today = make_draft(account), in_vietnam(utc_now())
    citizen, check = visit_as(account), f"/nop-ho-so/{BIRTH}/xem-lai"
    assert "Phí, lệ phí: 8.000 đồng, chờ xác nhận." in citizen.get(check).words

    answer(draft, {"con_ngay_sinh": f"{today:%d/%m/%Y}"})
    free = "Không thu. Được miễn: khai sinh trong 60 ngày từ ngày sinh. Căn cứ: Luật Hộ tịch, Điều 11."
    assert free in citizen.get(check).words


def test_the_desk_reads_the_same_as_who_submitted(visit_as, officer, account, submit, library, make_draft):
    draft = make_draft(account, EXTRACT)
    answer(draft, {"so_ban.1": "2"})
    dossier = submission.submit(
        draft, submission.content_hash(draft), library.definitions[EXTRACT], "H21.129", library.calendar, utc_now(), str
    )
    words = visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}").words

    assert "16.000 đồng. 2 bản × 8.000 đồng = 16.000 đồng. Chưa yêu cầu nộp" in words
    assert payment_requests.proposal(dossier).amount_dong == 16_000
    assert payment_requests.proposal(dossier, 5).amount_dong == 40_000
    assert payment_requests.proposal(dossier, exemption="2").lines[0].startswith("Được miễn: hộ nghèo.")


def test_a_dossier_from_before_the_rules_costs_its_one_amount(visit_as, officer, dossier):
    kept = {"amount": 8000, "currency": "VND", "kind": "le_phi", "unit": "việc", "configurable": True, "exemptions": ["hộ nghèo"]}
    Dossier.update(procedure=dossier.procedure | {"fee": kept}).where(Dossier.id == dossier.id).execute()

    assert "8.000 đồng. Chưa yêu cầu nộp" in visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}").words
    assert payment_requests.proposal(Dossier.get_by_id(dossier.id)) == fees.Charge(8000, "Lệ phí: Đăng ký khai sinh", (), True)


@pytest.mark.parametrize("fee", [None, {}])
def test_a_dossier_that_knows_of_no_fee_is_still_shown(visit_as, officer, dossier, fee):
    Dossier.update(procedure=dossier.procedure | {"fee": fee}).where(Dossier.id == dossier.id).execute()

    assert "Không thu phí, lệ phí." in visit_as(officer).get(f"/mot-cua/ho-so/{dossier.code}").words


def test_a_correction_is_counted_by_the_rules_and_the_day_of_its_submission(visit_as, submit):
    account = make_account(email="")
    dossier = submit(account)
    before = dossier.procedure["fee"] | {"amount": 5000, "to_confirm": False}
    Dossier.update(procedure=dossier.procedure | {"fee": before}).where(Dossier.id == dossier.id).execute()
    citizen = visit_as(account)
    page = citizen.send(f"/ca-nhan/ho-so/{dossier.code}", {}, "Sửa hồ sơ")

    assert "Phí, lệ phí: 5.000 đồng." in citizen.get(page.location).words
