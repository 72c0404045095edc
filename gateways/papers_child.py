"""Decodes one uploaded paper in a process of its own: the paper on standard input, the answer on standard output.

The answer is four bytes (the length of the header), the header as JSON, and the clean paper.
"""

import json
import re
import resource
import struct
import sys
from io import BytesIO
from math import ceil

KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"%PDF-": "application/pdf"}
MAX_BYTES = 5 * 1024 * 1024
MAX_PIXELS = 30_000_000
MAX_PROGRESSIVE_PIXELS = 20_000_000  # above, one without colour subsampling does not fit into the memory below
MAX_PAGES = 30
MAX_EDGE = 1600
BAND_ROWS = 64

MEMORY_BYTES = 200 * 1024 * 1024
CPU_SECONDS = 2

ORIENTATION = 0x0112
TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
GRAY_MODES = {"1", "L", "LA", "I", "I;16", "I;16B", "I;16L"}

FORBIDDEN = {"/JavaScript", "/JS", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/XFA", "/RichMedia"}
ACTIONS = {
    "/URI",
    "/SubmitForm",
    "/ImportData",
    "/ResetForm",
    "/GoToR",
    "/GoToE",
    "/GoTo",
    "/Thread",
    "/Named",
    "/Hide",
    "/Sound",
    "/Movie",
    "/Rendition",
    "/Trans",
    "/SetOCGState",
    "/GoTo3DView",
}
ROOT_PARTS = ("/OpenAction", "/AA", "/Names", "/Dests", "/Outlines", "/URI", "/Collection", "/AF", "/PieceInfo", "/Metadata")
PAGE_PARTS = ("/AA", "/AF", "/PieceInfo", "/Metadata", "/Thumb", "/LastModified")
PERSONAL_PARTS = ("/Metadata", "/PieceInfo", "/LastModified")
DRAWN_NOTES = {
    "/Widget",
    "/FreeText",
    "/Highlight",
    "/Underline",
    "/StrikeOut",
    "/Squiggly",
    "/Ink",
    "/Stamp",
    "/Line",
    "/Square",
    "/Circle",
    "/Polygon",
    "/PolyLine",
    "/Caret",
}
NOTE_PARTS = ("/A", "/AA", "/PA", "/Popup", "/M", "/NM", "/RC", "/CreationDate")

PERSONAL_SEGMENTS = {0xE1, 0xED, 0xFE}  # EXIF and XMP, Photoshop's, the comment
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


class Refused(Exception):
    """The argument is a key of the messages in papers.py."""


def main(media_type):
    limit_myself()
    read = read_pdf if media_type == "application/pdf" else read_picture
    load_decoders(media_type)  # outside of try: a missing library is not the paper's fault
    data = sys.stdin.buffer.read()
    try:
        header, clean = read(data)
        if len(clean) > MAX_BYTES:
            raise Refused("heavy")
    except Refused as refusal:
        header, clean = {"refused": str(refusal)}, b""
    except MemoryError:
        header, clean = {"refused": "heavy"}, b""
    except Exception:  # whatever a decoder says of a hostile file
        header, clean = {"refused": "broken pdf" if read is read_pdf else "broken picture"}, b""
    text = json.dumps(header).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(text)) + text + clean)


def limit_myself():
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (most, most))


def load_decoders(media_type):
    if media_type == "application/pdf":
        import pikepdf  # noqa: F401
    else:
        import PIL.JpegImagePlugin
        import PIL.MpoImagePlugin
        import PIL.PngImagePlugin  # noqa: F401


# Pictures


def read_picture(data):
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # ours is checked here, before anything is decoded
    with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as source:
        if source.width * source.height > MAX_PIXELS:
            raise Refused("pixels")
        is_heavy = "progressive" in source.info and source.width * source.height > MAX_PROGRESSIVE_PIXELS
        share = min(1, MAX_EDGE / max(source.size))
        # A JPEG is then decoded at a half, a quarter or an eighth: four times cheaper and more.
        source.draft(None, (max(1, int(source.width * share)), max(1, int(source.height * share))))
        try:
            picture = shrunk(source)
        except OSError:
            raise Refused("heavy" if is_heavy else "broken picture") from None
        orientation = orientation_of(source)
    if picture.width > MAX_EDGE or picture.height > MAX_EDGE:
        picture.thumbnail((MAX_EDGE, MAX_EDGE), Image.Resampling.LANCZOS)
    if orientation in TURNS:
        picture = picture.transpose(Image.Transpose[TURNS[orientation]])
    media_type, clean = smallest_file(picture)
    return {"media_type": media_type, "width": picture.width, "height": picture.height}, clean


def shrunk(source):
    """A new picture from the pixels alone, made band by band: a second full copy of 30 Mpixel would be 120 MB."""
    from PIL import Image

    mode = "L" if source.mode in GRAY_MODES else "RGB"
    factor = ceil(max(source.size) / (2 * MAX_EDGE))  # the rest of the way is thumbnail's, which is finer
    width, height = ceil(source.width / factor), ceil(source.height / factor)
    picture = Image.new(mode, (width, height))
    source.load()
    for top in range(0, source.height, BAND_ROWS * factor):
        band = source.crop((0, top, source.width, min(source.height, top + BAND_ROWS * factor)))
        picture.paste(on_white(band, mode).reduce(factor), (0, top // factor))
    return picture


def on_white(band, mode):
    from PIL import Image

    if band.mode.startswith("I"):
        return band.point(lambda value: value * (1 / 256)).convert("L")  # convert alone cuts off at 255
    if not band.has_transparency_data:
        return band.convert(mode)
    band = band.convert("RGBA")
    white = Image.new("RGB", band.size, "white")
    white.paste(band, mask=band.getchannel("A"))
    return white.convert(mode)


def orientation_of(source):
    try:
        return source.getexif().get(ORIENTATION)
    except Exception:  # a broken EXIF part must not cost the citizen a good photo
        return None


def smallest_file(picture):
    """JPEG, unless the few colours of a scan or a screenshot make a smaller PNG."""
    photo = BytesIO()
    picture.save(photo, "JPEG", quality=75, optimize=True)
    clean = {"image/jpeg": photo.getvalue()}
    if picture.getcolors(256):
        scan = BytesIO()
        few = picture if picture.mode == "L" else picture.quantize(256)
        few.save(scan, "PNG", optimize=True)
        clean["image/png"] = scan.getvalue()
    return min(clean.items(), key=lambda item: len(item[1]))


# PDF


def read_pdf(data):
    import pikepdf

    if b"%%EOF" not in data[-1024:]:
        raise Refused("broken pdf")  # cut off: mended, it would be short of pages
    try:
        pdf = pikepdf.open(BytesIO(data), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refused("locked pdf") from None
    if pdf.is_encrypted:
        raise Refused("locked pdf")
    pages = len(pdf.pages)
    if not pages:
        raise Refused("broken pdf")
    if pages > MAX_PAGES:
        raise Refused("pages")
    for part in pdf.objects:
        clean_part(part)
    remove(pdf.trailer, ("/Info",))
    remove(pdf.Root, ROOT_PARTS)
    for page in pdf.pages:
        clean_page(page.obj)
    clean = BytesIO()
    pdf.save(clean, stream_decode_level=pikepdf.StreamDecodeLevel.none, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return {"media_type": "application/pdf", "pages": pages}, clean.getvalue()


def clean_part(part):
    """One numbered object with all that is written inside it; what it only points to has its own turn."""
    import pikepdf

    waiting = [part]
    while waiting:
        part = waiting.pop()
        if isinstance(part, pikepdf.Array):
            inside = list(part)
        elif isinstance(part, (pikepdf.Dictionary, pikepdf.Stream)):
            inside = [value for _, value in part.items()]
            clean_dictionary(part)
        else:
            continue
        waiting += [value for value in inside if isinstance(value, (pikepdf.Array, pikepdf.Dictionary)) and not value.is_indirect]


def clean_dictionary(part):
    import pikepdf

    kinds = {str(part.get(key)) for key in ("/S", "/Type", "/Subtype") if isinstance(part.get(key), pikepdf.Name)}
    if FORBIDDEN & (kinds | set(part.keys())):
        raise Refused("active pdf")
    if ACTIONS & kinds and "/S" in part:
        remove(part, list(part.keys()))
    remove(part, PERSONAL_PARTS)
    if isinstance(part, pikepdf.Stream) and is_jpeg(part):
        part.write(
            without_personal_segments(part.read_raw_bytes()), filter=pikepdf.Name.DCTDecode, decode_parms=part.get("/DecodeParms")
        )


def is_jpeg(stream):
    """Whether the stream, as it is written, is a JPEG file and nothing around it."""
    import pikepdf

    return stream.get("/Filter") in (pikepdf.Name.DCTDecode, pikepdf.Array([pikepdf.Name.DCTDecode]))


def clean_page(page):
    import pikepdf

    remove(page, PAGE_PARTS)
    if "/Annots" not in page:
        return
    notes = [note for note in page.Annots if isinstance(note, pikepdf.Dictionary) and str(note.get("/Subtype")) in DRAWN_NOTES]
    for note in notes:
        remove(note, NOTE_PARTS if note.Subtype == "/Widget" else (*NOTE_PARTS, "/T"))
    page.Annots = pikepdf.Array(notes)


def remove(part, keys):
    for key in keys:
        if key in part:
            del part[key]


def without_personal_segments(data):
    """A JPEG as scanners put it into a PDF: its pixels stay as they are, EXIF and what follows the picture go."""
    kept, at = [data[:2]], 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        marker, end = data[at + 1], at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == END_OF_IMAGE:
            break
        if marker == 0xFF:  # padding
            end = at + 1
        if marker == START_OF_SCAN:
            following = NEXT_MARKER.search(data, end)
            end = following.start() if following else len(data)
        if marker not in PERSONAL_SEGMENTS:
            kept.append(data[at:end])
        at = end
    return b"".join(kept) + b"\xff\xd9"


if __name__ == "__main__":
    main(sys.argv[1])
