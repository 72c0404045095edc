"""The file of a result: a PDF stays as it came, its signers are named, and what is locked or active is refused."""

import io

import pikepdf
import pytest
from PIL import Image
from signing import pdf, signed_pdf

from gateways import signatures
from gateways.papers import CleanerBroken, PaperRefused
from gateways.signatures import MOST_BYTES, read_result
from gateways.signatures_child import without_padding


def with_action(kind):
    def change(document):
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name(kind), JS=pikepdf.String("app.alert(1)"))

    return change


def with_attachment(document):
    document.attachments["x.exe"] = b"MZ"


def with_deep_script(document):
    document.pages[0].obj.X = pikepdf.Array([pikepdf.Dictionary(Y=pikepdf.Array([pikepdf.Dictionary(JavaScript=1)]))])


def refusal_of(data, filename="ket-qua.pdf") -> str:
    with pytest.raises(PaperRefused) as refused:
        read_result(data, filename)
    return str(refused.value)


def test_a_pdf_stays_as_it_came_to_the_last_byte():
    data = pdf(3)
    paper = read_result(data, "Trích lục.pdf")

    assert (paper.data, paper.media_type, paper.filename) == (data, "application/pdf", "Trích lục.pdf")
    assert (paper.is_signed, paper.signers) == (False, ())


def test_the_signers_are_named_by_their_certificates():
    data = signed_pdf("UBND xã Ia Băng", stated="Một tên khác")
    paper = read_result(data, "a.pdf")

    assert paper.data == data
    assert (paper.is_signed, paper.signers) == (True, ("UBND xã Ia Băng",))


def test_where_no_certificate_can_be_read_the_files_own_word_stands():
    paper = read_result(signed_pdf(stated="Nguyễn\x00 Văn\nA", has_certificate=False))

    assert (paper.is_signed, paper.signers) == (True, ("Nguyễn Văn A",))


def test_a_signature_without_any_name_is_a_signature_all_the_same():
    paper = read_result(signed_pdf(has_certificate=False))

    assert (paper.is_signed, paper.signers) == (True, ())


def test_an_empty_field_for_a_signature_is_none():
    def add_field(document):
        field = document.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("Ky1")))
        document.Root.AcroForm = pikepdf.Dictionary(SigFlags=1, Fields=pikepdf.Array([field]))

    assert not read_result(pdf(change=add_field)).is_signed


def test_fields_that_go_in_a_circle_come_to_an_end():
    def add_circle(document):
        field = document.make_indirect(pikepdf.Dictionary(T=pikepdf.String("x")))
        field.Kids = pikepdf.Array([field])
        document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))

    assert not read_result(pdf(change=add_circle)).is_signed


def test_the_padding_of_a_signature_is_cut_off():
    assert without_padding(b"\x30\x02ab\0\0\0") == b"\x30\x02ab"
    assert without_padding(b"\x30\x82\x01\x00" + b"a" * 256 + b"\0" * 9) == b"\x30\x82\x01\x00" + b"a" * 256


def with_button(kind):
    """A button on the page that sends, fetches or links when it is pressed."""

    def change(document):
        action = pikepdf.Dictionary(S=pikepdf.Name(kind), URI=pikepdf.String("https://example.org/"))
        button = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
        document.pages[0].obj.Annots = pikepdf.Array([button])

    return change


def with_page_action(document):
    opening = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://example.org/"))
    document.pages[0].obj.AA = pikepdf.Dictionary(O=opening)


def with_two_actions(document):
    after = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://example.org/"))
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=[document.pages[0].obj, pikepdf.Name.Fit], Next=after)


def with_first_page(document):
    document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])


ACTIVE = [with_action("/JavaScript"), with_action("/Launch"), with_action("/URI"), with_attachment, with_deep_script,
          with_button("/SubmitForm"), with_button("/GoToR"), with_button("/ImportData"), with_page_action,
          with_two_actions]  # fmt: skip


@pytest.mark.parametrize("change", ACTIVE)
def test_what_is_active_is_refused(change):
    assert "có chương trình hoặc tệp khác" in refusal_of(pdf(change=change))


@pytest.mark.parametrize("change", [with_button("/URI"), with_first_page])
def test_a_link_and_the_page_to_begin_with_are_no_harm(change):
    assert read_result(pdf(change=change)).media_type == "application/pdf"


@pytest.mark.parametrize("password", ["", "mat-khau"])
def test_what_is_locked_is_refused(password):
    locked = pdf(encryption=pikepdf.Encryption(user=password, owner="chu"))

    assert "bị khóa" in refusal_of(locked)


def test_what_is_cut_or_broken_is_refused():
    assert "bị hỏng" in refusal_of(pdf(2)[:-200])
    assert "bị hỏng" in refusal_of(b"%PDF-1.7\n" + b"x" * 900 + b"%%EOF")
    assert "rỗng" in refusal_of(b"")


def test_what_is_none_of_the_three_kinds_is_refused():
    assert "không phải PDF" in refusal_of(b"MZ" + bytes(100), "ket-qua.exe")
    assert "có đuôi .jpg" in refusal_of(pdf(), "ket-qua.jpg")


def test_ten_megabytes_are_taken_and_more_is_not():
    blank = pdf()
    head = b"%PDF-1.7\n% " + b"x" * (MOST_BYTES - len(blank) - 12) + b"\n"
    assert "nhiều nhất 10 MB" in refusal_of(head + bytes(100) + blank)

    def add_stream(document):
        document.pages[0].obj.X = document.make_stream(bytes(9_900_000), Filter=pikepdf.Name.LZWDecode)

    large = pdf(change=add_stream, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert 9_900_000 < len(large) <= MOST_BYTES and read_result(large).data == large


def test_too_many_pages_are_refused():
    assert "quá 100 trang" in refusal_of(pdf(101))


def test_a_picture_is_cleaned_as_every_picture():
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = "Bí mật"
    Image.new("RGB", (60, 80), "white").save(file, "JPEG", exif=exif)
    paper = read_result(file.getvalue(), "ket-qua.jpg")

    assert paper.media_type in ("image/jpeg", "image/png") and b"Exif" not in paper.data and not paper.is_signed


def test_a_reader_that_does_not_work_is_no_fault_of_the_file(monkeypatch, tmp_path):
    broken = tmp_path / "child.py"
    broken.write_text("raise SystemExit('no library')")
    monkeypatch.setattr(signatures, "CHILD", str(broken))

    with pytest.raises(CleanerBroken):
        read_result(pdf())
