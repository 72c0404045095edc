"""What stands on a screen, as words; and a picture of the part that matters: few colours, the control ringed."""

import hashlib
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from zlib import crc32

from phone import Phone
from PIL import Image, ImageDraw
from zopfli import png, zlib

from pictures.walk import SIZE, Sight, control

# On the wire, headers and all, a picture may weigh 2 kB (DESIGN, Budgets); the headers are 300.
MOST_BYTES = 1_700
MARGIN = 10
RED = (214, 0, 28)
# From white to ink: as many tones of grey as the bytes allow. Two tell ink from paper alone, but still read well.
TONES = ((255, 176, 88, 0), (255, 104, 0), (255, 40))
INK = 165  # with two tones, what is darker is ink: thin grey letters too

# A page is a column of parts. Those of the picture stay, the others are hidden while it is taken: the edges cut nothing.
FRAME = """(control, {above, below}) => {
  const kinds = 'header,h1,h2,legend,label,p,.list b,.list small,li,dt,dd,button,.code,.note,.done'
  const isList = part => part.matches('li') && part.querySelector('b,small')
  const all = [...document.querySelectorAll(kinds)].filter(part => part.getClientRects().length && !isList(part))
  const parts = all.filter(part => !all.some(other => other != part && other.contains(part)))
  const title = control.querySelector('b') || control
  const here = parts.findIndex(part => part.contains(title))
  const shown = parts.slice(Math.max(here - above, 0), here + below + 1)
  for (const part of parts) part.style.visibility = shown.includes(part) ? '' : 'hidden'
  // What the browser itself writes there is in the language of the machine that takes the picture.
  for (const input of document.querySelectorAll('input[type=file]'))
    Object.assign(input, {type: 'text', value: 'Chọn tệp', title: 'file'})
  scrollTo(0, 0)
  const boxes = shown.map(part => part.getBoundingClientRect())
  const top = Math.min(...boxes.map(box => box.top)), bottom = Math.max(...boxes.map(box => box.bottom))
  const whole = control.getBoundingClientRect()
  const box = whole.top >= top - 15 && whole.bottom <= bottom + 15 ? whole : title.getBoundingClientRect()
  return {top, bottom, ring: [box.left, box.top, box.right, box.bottom], text: shown.map(part => part.innerText).join(' ')}
}"""
SHOW_ALL = """() => {
  for (const part of document.querySelectorAll('[style]')) part.removeAttribute('style')
  for (const input of document.querySelectorAll('input[title=file]')) input.type = 'file'
}"""
# On buttons, links, fields, headings and, in a paragraph, before a colon.
LABELS = """() => [...document.querySelectorAll('button,a,a b,label,legend,h1,h2,dt,p')]
  .filter(part => part.getClientRects().length).flatMap(part => [part.innerText, (part.firstChild || part).textContent])"""
STEPS = "() => [...document.querySelectorAll('a[href*=\"/huong-dan/\"]')].map(a => a.getAttribute('href'))"


@dataclass(frozen=True)
class Look:
    """What stands on the screen at a step, as words: the same on every machine, whatever its fonts."""

    heading: str
    text: str  # of the part that is pictured
    labels: frozenset[str]  # on all of the screen
    steps: frozenset[str]  # addresses of the guides' steps that it says happen here
    frame: dict  # where that part lies, and the control to be ringed

    @property
    def text_hash(self) -> str:
        """Codes, days and amounts differ each time; so does whether a time has minutes."""
        text = self.text.replace("giờ, ngày", "giờ 00, ngày")
        return hashlib.sha256(re.sub(r"\d+", "0", text).encode()).hexdigest()[:16]


class PictureTooHeavy(Exception):
    """Not even the fewest tones make it light enough."""


@contextmanager
def looking(phone: Phone, sight: Sight) -> Iterator[Look]:
    """What is seen; meanwhile only the part that is to be pictured shows."""
    page = phone.page
    labels = frozenset(plain(text).removesuffix(":") for text in page.evaluate(LABELS))
    heading, steps = phone.heading, frozenset(page.evaluate(STEPS))
    frame = control(phone, sight.label).evaluate(FRAME, {"above": sight.above, "below": sight.below})
    yield Look(heading, plain(frame["text"]), labels, steps, frame)
    page.evaluate(SHOW_ALL)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def photograph(phone: Phone, frame: dict) -> bytes:
    """A PNG."""
    top, bottom = max(0, int(frame["top"]) - MARGIN), int(frame["bottom"]) + MARGIN
    clip = {"x": 0, "y": top, "width": SIZE["width"], "height": bottom - top}
    shot = Image.open(io.BytesIO(phone.page.screenshot(clip=clip, full_page=True))).convert("L")
    left, upper, right, lower = frame["ring"]
    ring = (left - 6, upper - top - 5, right + 5, lower - top + 4)
    for tones in TONES:
        packed = pack(draw(shot, ring, tones))
        if len(packed) <= MOST_BYTES:
            return packed
    raise PictureTooHeavy(f"{len(packed)} bytes, {MOST_BYTES} are allowed: show less above or below the control")


def draw(shot: Image.Image, ring: tuple[float, ...], tones: tuple[int, ...]) -> Image.Image:
    """`shot` in the tones nearest to its own, with a frame; the ring lies in white, so that it is seen in grey, on dark too."""
    nearest = [min(range(len(tones)), key=lambda index: abs(tones[index] - value)) for value in range(256)]
    if len(tones) == 2:
        nearest = [int(value < INK) for value in range(256)]
    picture = Image.frombytes("P", shot.size, bytes(nearest[value] for value in shot.tobytes()))
    picture.putpalette([part for tone in tones for part in (tone,) * 3] + list(RED))
    pen, right, bottom = ImageDraw.Draw(picture), shot.width - 1, shot.height - 1
    pen.rectangle((0, 0, right, bottom), outline=1, width=2)
    box = max(ring[0], 4), max(ring[1], 4), min(ring[2], right - 4), min(ring[3], bottom - 4)
    pen.rounded_rectangle((box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2), 9, outline=0, width=7)
    pen.rounded_rectangle(box, 8, outline=len(tones), width=3)
    return picture


def pack(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", bits=2 if picture.getextrema()[1] < 4 else 4)
    return png.optimize(file.getvalue(), num_iterations=10)


def for_paper(picture: bytes) -> bytes:
    """The same in black and white, as a PNG of one byte a dot: that is what a PDF takes over without unpacking it to colours."""
    shot = Image.open(io.BytesIO(picture)).convert("L")
    dots = bytes(255 if value >= INK else 0 for value in shot.tobytes())
    rows = (b"\0" + dots[start : start + shot.width] for start in range(0, len(dots), shot.width))
    head = struct.pack(">IIBBBBB", shot.width, shot.height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows), numiterations=15)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
