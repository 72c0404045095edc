"""Cleans the papers citizens upload: what is kept is written anew, with nothing hidden, personal or active in it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import unicodedata
from dataclasses import dataclass
from math import ceil

from gateways.papers_child import KINDS, MAX_BYTES, MAX_PAGES, MAX_PIXELS
from gateways.papers_child import __file__ as CHILD

MAX_NAME = 80
LONGEST_READ = 1000
WAIT_SECONDS = 8
MEGABYTE = 1024 * 1024

EXTENSIONS = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "image/png": (".png",),
    "application/pdf": (".pdf",),
}
EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}")  # the ".3" of "ngày 12.3" is not one
MEDIA_NAMES = {"image/jpeg": "ảnh JPG", "image/png": "ảnh PNG", "application/pdf": "tệp PDF"}

OR_BRING_IT = "hoặc mang giấy đến Bộ phận Một cửa"
MESSAGES = {
    "empty": "Tệp rỗng (0 byte). Chọn lại ảnh, hoặc chụp lại giấy rồi gửi.",
    "kind": "Tệp này không phải ảnh JPG, PNG hay tệp PDF. Chụp giấy bằng máy ảnh của điện thoại rồi gửi ảnh đó.",
    "broken picture": "Ảnh bị hỏng hoặc chưa gửi hết. Gửi lại, hoặc chụp lại giấy rồi gửi.",
    "pixels": f"Ảnh lớn quá {MAX_PIXELS // 10**6} triệu điểm ảnh. Chọn cỡ ảnh nhỏ hơn trong máy ảnh, chụp lại rồi gửi.",
    "heavy": f"Tệp này cần quá nhiều bộ nhớ để đọc. Chụp lại ảnh nhỏ hơn rồi gửi, {OR_BRING_IT}.",
    "slow": "Đọc tệp này quá lâu. Chụp lại ảnh nhỏ hơn rồi gửi.",
    "broken pdf": "Tệp PDF bị hỏng hoặc chưa gửi hết. Gửi lại, hoặc chụp ảnh giấy rồi gửi.",
    "locked pdf": "Tệp PDF có mật khẩu hoặc bị khóa. Bỏ khóa rồi gửi lại, hoặc chụp ảnh giấy rồi gửi.",
    "active pdf": "Tệp PDF có chương trình hoặc tệp khác bên trong nên không nhận. In ra, chụp ảnh rồi gửi ảnh đó.",
    "pages": f"Tệp PDF dài quá {MAX_PAGES} trang. Tách thành nhiều tệp ngắn hơn rồi gửi, {OR_BRING_IT}.",
}

# Each child may take a core and 200 MB: no more at once than this machine has cores.
turns = threading.BoundedSemaphore(os.cpu_count() or 1)


class PaperRefused(Exception):
    """Not kept; the message tells the citizen what to do."""


class CleanerBroken(Exception):
    """The cleaner itself does not work: no fault of the paper."""


@dataclass(frozen=True)
class CleanPaper:
    data: bytes
    media_type: str
    filename: str
    width: int | None = None
    height: int | None = None
    pages: int | None = None


def clean_paper(data: bytes, filename: str = "") -> CleanPaper:
    filename = clean_filename(filename)
    media_type = kind_of(data)
    check_outside(data, filename, media_type)
    found, clean = in_a_child(media_type, data)
    if "refused" in found:
        raise PaperRefused(MESSAGES[found["refused"]])
    return CleanPaper(clean, filename=with_extension_of(found["media_type"], filename), **found)


def kind_of(data: bytes) -> str | None:
    return next((kind for magic, kind in KINDS.items() if data.startswith(magic)), None)


def check_outside(data, filename, media_type):
    """What can be told without decoding."""
    if not data:
        raise PaperRefused(MESSAGES["empty"])
    if len(data) > MAX_BYTES:
        raise PaperRefused(
            f"{'Tệp' if media_type == 'application/pdf' else 'Ảnh'} nặng {megabytes(len(data))} MB. "
            f"Mỗi giấy tối đa {megabytes(MAX_BYTES)} MB. Chụp lại ở cỡ ảnh nhỏ hơn rồi gửi, {OR_BRING_IT}."
        )
    if media_type is None:
        raise PaperRefused(MESSAGES["kind"])
    extension = split_extension(filename)[1]
    if extension and extension.lower() not in EXTENSIONS[media_type]:
        raise PaperRefused(
            f"Bên trong tệp này là {MEDIA_NAMES[media_type]} nhưng tên tệp có đuôi {extension}. "
            f"Đổi đuôi tên tệp thành {EXTENSIONS[media_type][0]} rồi gửi lại, hoặc chụp ảnh giấy rồi gửi ảnh đó."
        )


def in_a_child(media_type: str, data: bytes) -> tuple[dict, bytes]:
    """Decoders are where hostile files strike: they run apart, with no secrets, little memory and little time."""
    with turns:
        try:
            child = subprocess.run(
                [sys.executable, "-I", "-B", CHILD, media_type],
                input=data,
                capture_output=True,
                timeout=WAIT_SECONDS,
                env={},
                cwd="/",
            )
        except subprocess.TimeoutExpired:
            return {"refused": "slow"}, b""
    if child.returncode == 0:
        header_end = 4 + int.from_bytes(child.stdout[:4])
        return json.loads(child.stdout[4:header_end]), child.stdout[header_end:]
    if child.returncode > 0:
        raise CleanerBroken(child.stderr.decode("utf-8", "replace")[-500:])
    return {"refused": verdict_on_death(-child.returncode, media_type)}, b""


def verdict_on_death(signal_number, media_type):
    if signal_number in (signal.SIGXCPU, signal.SIGKILL):
        return "slow"
    return "broken pdf" if media_type == "application/pdf" else "broken picture"


def megabytes(size: int) -> str:
    """Rounded up, so that what is refused never looks like what is allowed."""
    if size >= 10 * MEGABYTE or size % MEGABYTE == 0:
        return str(ceil(size / MEGABYTE))
    return f"{ceil(size / MEGABYTE * 10) / 10:.1f}".replace(".", ",").removesuffix(",0")


def clean_filename(text: str | None) -> str:
    """A name to show and to offer at download, never to open: some browsers send the whole path."""
    # Cut first: to normalise takes the square of the marks piled on one letter.
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", (text or "")[-LONGEST_READ:]))[-1]
    # C: controls, bidi marks, surrogates, unassigned; Z: every kind of space and line separator.
    name = "".join(" " if is_space(sign) else sign for sign in name if is_space(sign) or is_visible(sign))
    stem, extension = split_extension(" ".join(name.split()).strip(". "))
    stem = stem[: MAX_NAME - len(extension)].rstrip(". ") or "giay-to"
    return stem + extension


def is_space(sign):
    return unicodedata.category(sign).startswith("Z") or sign in "\t\r\n"


def is_visible(sign):
    return not unicodedata.category(sign).startswith("C")


def split_extension(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    return (stem, dot + extension) if EXTENSION.fullmatch(dot + extension) else (name, "")


def with_extension_of(media_type: str, name: str) -> str:
    stem, extension = split_extension(name)
    if extension.lower() in EXTENSIONS[media_type]:
        return name
    new = EXTENSIONS[media_type][0]
    return stem[: MAX_NAME - len(new)] + new
