import random
import struct
import subprocess
import sys
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps, PngImagePlugin

from gateways import papers
from gateways.papers import CleanerBroken, PaperRefused, clean_filename, clean_paper

SECRET = b"SECRET-OF-THE-CITIZEN"


def picture(mode="RGB", size=(60, 40)):
    """Dark on the left, light on the right."""
    drawn = Image.new("L", size, 230)
    drawn.paste(20, (0, 0, size[0] // 2, size[1]))
    return drawn.convert(mode)


def file_of(image, kind, **settings):
    file = BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def jpeg(size=(60, 40), **settings):
    return file_of(picture(size=size), "JPEG", **settings)


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_claiming(width, height):
    """A small file that says it unfolds to a huge picture."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def exif_with(orientation=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = SECRET.decode()
    exif[0x8825] = {1: "N", 2: (13.0, 54.0, 1.0), 3: "E", 4: (108.0, 1.0, 2.0), 29: SECRET.decode()}
    return exif


def opened(paper):
    return Image.open(BytesIO(paper.data))


def pdf(pages=1, change=None, **settings):
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    if change:
        change(document)
    file = BytesIO()
    document.save(file, **settings)
    return file.getvalue()


def refusal_of(data, filename=""):
    with pytest.raises(PaperRefused) as refused:
        clean_paper(data, filename)
    return str(refused.value)


def comes_out_clean_or_refused(data):
    try:
        return clean_paper(data).data
    except PaperRefused as refused:
        assert str(refused) in papers.MESSAGES.values()


# Pictures


@pytest.mark.parametrize("name", ["cccd.jpg", "CCCD.JPEG", "cccd", "image:1024", "ngày 12.3", ""])
def test_a_photo_of_a_paper_is_taken(name):
    paper = clean_paper(jpeg(), name)

    assert (paper.width, paper.height, paper.pages) == (60, 40, None)
    assert opened(paper).size == (60, 40)


@pytest.mark.parametrize(
    "mode, kind",
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("P", "PNG"),
        ("RGB", "PNG"),
        ("RGBA", "PNG"),
        ("I;16", "PNG"),
        ("L", "JPEG"),
        ("RGB", "JPEG"),
        ("CMYK", "JPEG"),
        ("YCbCr", "JPEG"),
    ],
)
def test_a_picture_of_any_mode_keeps_its_dark_and_light(mode, kind):
    drawn = picture(mode) if mode != "I;16" else picture("I").point(lambda value: value * 256).convert("I;16")

    seen = opened(clean_paper(file_of(drawn, kind))).convert("L")

    assert abs(seen.getpixel((5, 20)) - (0 if mode == "1" else 20)) < 12
    assert abs(seen.getpixel((55, 20)) - (255 if mode == "1" else 230)) < 12


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode):
    clear = Image.new("RGBA", (20, 20), (0, 0, 0, 0)).convert(mode)
    settings = {"transparency": clear.getpixel((0, 0))} if mode == "P" else {}

    seen = opened(clean_paper(file_of(clear, "PNG", **settings)))

    assert seen.convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize("size, clean_size", [((3000, 2000), (1600, 1067)), ((1000, 4000), (400, 1600)), ((5000, 1), (1600, 1))])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_picture_is_made_smaller(size, clean_size, kind):
    paper = clean_paper(file_of(picture(size=size), kind))

    assert opened(paper).size == (paper.width, paper.height) == pytest.approx(clean_size, abs=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_sideways_is_turned_upright(orientation):
    quarters = Image.new("RGB", (40, 24))
    for place, colour in {(0, 0): "red", (20, 0): "lime", (0, 12): "blue", (20, 12): "white"}.items():
        quarters.paste(colour, (*place, place[0] + 20, place[1] + 12))
    data = file_of(quarters, "JPEG", quality=95, exif=exif_with(orientation))

    seen, wanted = opened(clean_paper(data)).convert("RGB"), upright(data)

    assert seen.size == wanted.size
    for place in ((5, 5), (seen.width - 5, 5), (5, seen.height - 5)):
        assert seen.getpixel(place) == pytest.approx(wanted.getpixel(place), abs=40)


def upright(data):
    return ImageOps.exif_transpose(Image.open(BytesIO(data)))


def test_a_photo_keeps_no_place_no_comment_no_colour_profile():
    data = jpeg(exif=exif_with(), comment=SECRET, icc_profile=SECRET, xmp=SECRET)
    assert data.count(SECRET) == 5

    clean = clean_paper(data + SECRET).data

    assert SECRET not in clean
    assert b"Exif" not in clean and b"ICC" not in clean and b"\xff\xfe" not in clean


def test_a_png_keeps_no_text_no_place_no_colour_profile():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", SECRET.decode())
    notes.add_itxt("Comment", SECRET.decode())
    data = file_of(picture("P"), "PNG", pnginfo=notes, exif=exif_with(), icc_profile=SECRET)

    clean = clean_paper(data + SECRET).data

    assert SECRET not in clean
    assert not any(kind in clean for kind in (b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP"))


def test_a_photo_with_a_broken_exif_part_is_still_taken():
    data = jpeg(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40)

    assert clean_paper(data).width == 60


def test_a_scan_of_few_colours_stays_png_when_that_is_smaller():
    assert clean_paper(file_of(picture("1", (800, 600)), "PNG"), "scan.png").filename == "scan.png"


def test_a_photo_sent_as_png_is_kept_as_jpeg_and_named_so():
    paper = clean_paper(file_of(noise(200, 200), "PNG"), "ảnh.png")

    assert (paper.media_type, paper.filename, opened(paper).format) == ("image/jpeg", "ảnh.jpg", "JPEG")


def test_of_a_moving_picture_the_first_frame_is_kept():
    frames = file_of(picture(), "PNG", save_all=True, append_images=[Image.new("RGB", (60, 40), "red")])

    assert opened(clean_paper(frames)).convert("RGB").getpixel((55, 20)) == pytest.approx((230, 230, 230), abs=12)


def test_of_a_photo_with_a_second_one_behind_it_the_first_is_kept():
    both = file_of(picture(), "MPO", save_all=True, append_images=[picture(size=(20, 20))])

    assert clean_paper(both).width == 60


# Pictures that are refused


def test_an_empty_file_is_refused():
    assert "0 byte" in refusal_of(b"", "cccd.jpg")


def test_the_largest_photo_allowed_is_taken():
    paper = clean_paper(file_of(Image.new("RGB", (6000, 5000), "white"), "PNG"))

    assert (paper.width, paper.height) == (1600, 1333)


@pytest.mark.parametrize("size, named", [(20 * 10**6, "20 MB"), (20 * 1024**2, "20 MB"), (5 * 1024**2 + 1, "5,1 MB")])
def test_a_heavy_photo_is_refused_with_its_weight_and_the_limit(size, named):
    message = refusal_of(jpeg().ljust(size, b"\0"), "cccd.jpg")

    assert f"Ảnh nặng {named}. Mỗi giấy tối đa 5 MB." in message


@pytest.mark.parametrize(
    "data, name",
    [
        (b"<!doctype html><script>alert(1)</script>", "cccd.jpg"),
        (b"<svg onload='alert(1)'/>", "cccd.svg"),
        (file_of(picture("P"), "GIF"), "cccd.png"),
        (file_of(picture(), "TIFF"), "cccd.jpg"),
        (file_of(picture(), "WEBP"), ""),
        (b"MZ" + bytes(100), "cccd.jpg"),
        (b"PK\x03\x04", "don.docx"),
        (b"\0" * 100, ""),
        (b" %PDF-1.7", "don.pdf"),
        (b"GIF89a" + jpeg(), "cccd.jpg"),
    ],
)
def test_a_file_of_another_kind_is_refused(data, name):
    assert refusal_of(data, name) == papers.MESSAGES["kind"]


@pytest.mark.parametrize(
    "data, name, new",
    [
        (pdf(), "don.jpg", ".pdf"),
        (jpeg(), "cccd.pdf", ".jpg"),
        (jpeg(), "a.jpg.html", ".jpg"),
        (jpeg(), "cccd.PNG", ".jpg"),
        (file_of(picture(), "PNG"), "a.jpeg", ".png"),
    ],
)
def test_a_name_that_does_not_fit_is_refused_with_the_one_that_does(data, name, new):
    assert f"Đổi đuôi tên tệp thành {new}" in refusal_of(data, name)


@pytest.mark.parametrize("width, height", [(20_000, 20_000), (30_000_001, 1), (2**31 - 1, 2**31 - 1), (6000, 5001)])
def test_a_bomb_is_refused_before_it_unfolds(width, height):
    assert refusal_of(png_claiming(width, height)) in (papers.MESSAGES["pixels"], papers.MESSAGES["broken picture"])


def test_a_picture_short_of_its_promised_pixels_is_refused():
    assert refusal_of(png_claiming(5000, 5000)) == papers.MESSAGES["broken picture"]


@pytest.mark.parametrize("part", [0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
@pytest.mark.parametrize(
    "data",
    [file_of(noise(120, 90), "JPEG"), file_of(noise(120, 90), "JPEG", progressive=True), file_of(noise(120, 90), "PNG")],
    ids=["jpeg", "progressive", "png"],
)
def test_a_picture_cut_off_is_refused(data, part):
    assert refusal_of(data[: max(8, int(len(data) * part))]) == papers.MESSAGES["broken picture"]


def test_a_photo_too_big_for_the_memory_it_may_take_is_refused_so():
    data = file_of(Image.new("RGB", (6000, 5000)), "JPEG", progressive=True, subsampling=0)

    assert refusal_of(data) == papers.MESSAGES["heavy"]


def test_a_photo_that_takes_endless_passes_is_stopped():
    data = file_of(Image.new("L", (6000, 4900)), "JPEG", progressive=True)
    last_pass = data[data.rindex(b"\xff\xda") : -2]

    assert refusal_of(data[:-2] + last_pass * 3000 + b"\xff\xd9") == papers.MESSAGES["slow"]


def test_a_photo_that_is_also_an_archive_and_a_web_page_loses_both():
    archive = BytesIO()
    ZipFile(archive, "w").writestr("x.html", SECRET)

    clean = clean_paper(jpeg(comment=b"<script>alert(1)</script>") + b"<script>" + archive.getvalue(), "cccd.jpg").data

    assert not any(sign in clean for sign in (b"<script", b"PK", SECRET))


@pytest.mark.parametrize("magic", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n"])
def test_random_bytes_behind_a_good_beginning_are_refused(magic):
    refusal_of(magic + random.Random(2).randbytes(5000) + b"%%EOF")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "data", [file_of(noise(60, 40), "JPEG", exif=exif_with(6)), file_of(picture("P"), "PNG"), pdf(2)], ids=["jpeg", "png", "pdf"]
)
def test_damage_anywhere_is_refused_or_comes_out_clean(data, seed):
    chance = random.Random(seed)
    damaged = bytearray(data)
    for _ in range(10):
        damaged[chance.randrange(8, len(data))] = chance.randrange(256)

    clean = comes_out_clean_or_refused(bytes(damaged))

    assert clean is None or SECRET not in clean


# PDF


def test_a_short_pdf_is_taken():
    paper = clean_paper(pdf(30), "đơn.pdf")

    assert (paper.media_type, paper.pages, paper.filename) == ("application/pdf", 30, "đơn.pdf")
    assert len(pikepdf.open(BytesIO(paper.data)).pages) == 30


def test_a_long_pdf_is_refused():
    assert refusal_of(pdf(31)) == papers.MESSAGES["pages"]


@pytest.mark.parametrize("lock", [{"user": "a", "owner": "b"}, {"user": "", "owner": "b"}])
def test_a_locked_pdf_is_refused(lock):
    assert refusal_of(pdf(encryption=pikepdf.Encryption(**lock))) == papers.MESSAGES["locked pdf"]


def run_script(document):
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def run_script_when_a_page_opens(document):
    document.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)"))


def run_named_script(document):
    document.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=[]))


def run_script_from_a_link(document):
    action = pikepdf.Dictionary(S=pikepdf.Name.URI, Next=[pikepdf.Dictionary(JS=document.make_stream(b"app.alert(1)"))])
    document.pages[0].Annots = [pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=action)]


def launch_program(document):
    document.Root.OpenAction = document.make_indirect(pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe"))


def carry_file(document):
    document.attachments["x.exe"] = b"MZ"


def carry_stray_file(document):
    document.Root.Stray = document.make_stream(b"MZ", Type=pikepdf.Name.EmbeddedFile)


def carry_xfa(document):
    document.Root.AcroForm = pikepdf.Dictionary(Fields=[], XFA=document.make_stream(b"<xdp/>"))


@pytest.mark.parametrize(
    "change",
    [
        run_script,
        run_script_when_a_page_opens,
        run_named_script,
        run_script_from_a_link,
        launch_program,
        carry_file,
        carry_stray_file,
        carry_xfa,
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_pdf_that_does_things_or_carries_files_is_refused(change, packed):
    streams = pikepdf.ObjectStreamMode.generate if packed else pikepdf.ObjectStreamMode.disable

    assert refusal_of(pdf(change=change, object_stream_mode=streams)) == papers.MESSAGES["active pdf"]


def test_a_script_in_a_pdf_is_seen_through_another_spelling():
    data = pdf(change=run_script).replace(b"/JavaScript", b"/#4aavaScript").replace(b"/JS", b"/#4a#53")

    assert refusal_of(data) == papers.MESSAGES["active pdf"]


def test_a_pdf_keeps_no_author_no_links_no_trace_of_its_making():
    def sign(document):
        document.docinfo["/Author"] = SECRET.decode()
        document.Root.Metadata = document.make_stream(SECRET)
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=SECRET.decode())
        page = document.pages[0]
        page.PieceInfo = pikepdf.Dictionary(Maker=SECRET.decode())
        link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI=SECRET.decode())
        page.Annots = [
            pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=link),
            document.make_indirect(pikepdf.Dictionary(Subtype=pikepdf.Name.Ink, T=SECRET.decode(), A=link)),
        ]

    data = pdf(change=sign, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert data.count(SECRET) >= 6

    clean = everything_in(clean_paper(data + b"\n%" + SECRET + b"\n%%EOF").data)

    assert SECRET not in clean
    assert b"/Ink" in clean and b"/Link" not in clean


def test_a_photo_inside_a_pdf_keeps_its_pixels_but_no_place():
    photo = jpeg(exif=exif_with(), comment=SECRET)

    def place(document):
        document.pages[0].Resources = pikepdf.Dictionary(
            XObject=pikepdf.Dictionary(
                Im0=document.make_stream(photo + SECRET, Subtype=pikepdf.Name.Image, Filter=pikepdf.Name.DCTDecode)
            )
        )

    clean = clean_paper(pdf(change=place)).data

    document = pikepdf.open(BytesIO(clean))
    inside = document.pages[0].Resources.XObject.Im0.read_raw_bytes()
    assert SECRET not in clean
    assert Image.open(BytesIO(inside)).tobytes() == Image.open(BytesIO(photo)).tobytes()


def everything_in(data):
    """The file with nothing packed away."""
    plain = BytesIO()
    pikepdf.open(BytesIO(data)).save(plain, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False)
    return data + plain.getvalue()


@pytest.mark.parametrize("part", [0.02, 0.2, 0.4, 0.6, 0.8, 0.95, 0.99])
def test_a_pdf_cut_off_is_refused(part):
    data = pdf(3)

    assert refusal_of(data[: int(len(data) * part)]) in (papers.MESSAGES["broken pdf"], papers.MESSAGES["kind"])


def test_a_pdf_without_pages_is_refused():
    assert refusal_of(pdf(0)) == papers.MESSAGES["broken pdf"]


# The child process


def test_the_server_process_never_loads_a_decoder():
    code = "import gateways.papers, sys; print({'PIL', 'pikepdf'} & set(sys.modules))"
    root = Path(papers.__file__).parents[1]

    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=root) == "set()\n"


def test_the_child_gets_none_of_our_secrets(monkeypatch):
    seen = {}

    def look(command, **settings):
        seen.update(settings)
        return subprocess.CompletedProcess(command, 1, b"", b"")

    monkeypatch.setattr(papers.subprocess, "run", look)

    with pytest.raises(CleanerBroken):
        clean_paper(jpeg())
    assert seen["env"] == {}


def test_a_paper_that_waits_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(papers, "WAIT_SECONDS", 0.001)

    assert refusal_of(jpeg()) == papers.MESSAGES["slow"]


def test_a_cleaner_that_does_not_start_is_not_blamed_on_the_paper(monkeypatch):
    monkeypatch.setattr(papers, "CHILD", "/nowhere/papers_child.py")

    with pytest.raises(CleanerBroken, match="nowhere"):
        clean_paper(jpeg())


# Names


@pytest.mark.parametrize(
    "given_name, clean_name",
    [
        ("ảnh CCCD.jpg", "ảnh CCCD.jpg"),
        ("/home/dan/ảnh.jpg", "ảnh.jpg"),
        (r"C:\Users\Dân\ảnh.jpg", "ảnh.jpg"),
        ("a\u0309nh.jpg", "ảnh.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("a\r\nB: c.jpg", "a B: c.jpg"),
        ("a\0b\x1b[2J.png", "ab[2J.png"),
        ("../../etc/passwd", "passwd"),
        ("..", "giay-to"),
        ("", "giay-to"),
        (None, "giay-to"),
        (".jpg", "jpg"),
        (".htaccess", "htaccess"),
        ("ảnh/", "giay-to"),
        ("\u200b.\u200b", "giay-to"),
        ("ảnh .jpg ", "ảnh.jpg"),
        ("x" * 200 + ".jpeg", "x" * 75 + ".jpeg"),
        ("\udc80.pdf", "pdf"),
    ],
)
def test_a_file_name_is_made_fit_to_show(given_name, clean_name):
    assert clean_filename(given_name) == clean_name


@given(st.text())
def test_any_file_name_comes_out_short_visible_and_stable(text):
    name = clean_filename(text)

    assert 1 <= len(name) <= 80
    assert name.isprintable() and not set("/\\") & set(name)
    assert clean_filename(name) == name
