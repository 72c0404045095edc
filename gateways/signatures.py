"""Takes in the file of a result: a PDF as it came, byte for byte, with the names in its digital signatures; a picture cleaned."""

import json
import subprocess
import sys
from dataclasses import dataclass

from gateways.papers import (
    EXTENSIONS,
    MEDIA_NAMES,
    MEGABYTE,
    MESSAGES,
    WAIT_SECONDS,
    CleanerBroken,
    PaperRefused,
    clean_filename,
    in_a_child,
    kind_of,
    megabytes,
    split_extension,
    turns,
    verdict_on_death,
    with_extension_of,
)
from gateways.signatures_child import MAX_PAGES
from gateways.signatures_child import __file__ as CHILD

MOST_BYTES = 10 * MEGABYTE
PDF = "application/pdf"
# Those of a citizen's paper tell people to photograph it: at the desk other things help.
OFFICE_MESSAGES = MESSAGES | {
    "empty": "Tệp rỗng (0 byte). Chọn lại tệp kết quả.",
    "kind": "Tệp này không phải PDF hay ảnh JPG, PNG. Chọn tệp kết quả dạng PDF, hoặc ảnh quét.",
    "broken pdf": "Tệp PDF bị hỏng hoặc chưa gửi hết. Chọn lại tệp.",
    "locked pdf": "Tệp PDF có mật khẩu hoặc bị khóa. Xuất lại tệp không khóa rồi chọn lại.",
    "active pdf": "Tệp PDF có chương trình hoặc tệp khác bên trong nên không nhận. Xuất lại tệp PDF thường rồi ký số.",
    "pages": f"Tệp PDF dài quá {MAX_PAGES} trang. Tách ra rồi chọn lại.",
    "slow": "Đọc tệp này quá lâu. Xuất lại tệp nhẹ hơn rồi chọn lại.",
    "heavy": "Tệp này cần quá nhiều bộ nhớ để đọc. Xuất lại tệp nhẹ hơn rồi chọn lại.",
}


@dataclass(frozen=True)
class ResultPaper:
    """A result fit to be kept. `signers` are the names its signatures state: nobody has checked that they are good."""

    data: bytes
    media_type: str
    filename: str
    is_signed: bool = False
    signers: tuple[str, ...] = ()


def read_result(data: bytes, filename: str = "") -> ResultPaper:
    """The result in an uploaded file. A PDF stays as it is; a picture is written anew, as every picture (SECURITY §9).

    Raises PaperRefused, saying what to do, for what is larger than MOST_BYTES, locked, broken or active.
    """
    filename, media_type = clean_filename(filename), kind_of(data)
    _check_outside(data, filename, media_type)
    if media_type == PDF:
        found = _read_pdf(data)
        _refuse(found)
        return ResultPaper(data, PDF, with_extension_of(PDF, filename), found["is_signed"], tuple(found["signers"]))
    found, clean = in_a_child(media_type, data)
    _refuse(found)
    return ResultPaper(clean, found["media_type"], with_extension_of(found["media_type"], filename))


def _check_outside(data: bytes, filename: str, media_type: str | None) -> None:
    if not data:
        raise PaperRefused(OFFICE_MESSAGES["empty"])
    if len(data) > MOST_BYTES:
        most, size = megabytes(MOST_BYTES), megabytes(len(data))
        raise PaperRefused(f"Tệp nặng {size} MB, nhiều nhất {most} MB. Xuất lại tệp nhẹ hơn rồi chọn lại.")
    if media_type is None:
        raise PaperRefused(OFFICE_MESSAGES["kind"])
    extension = split_extension(filename)[1]
    if extension and extension.lower() not in EXTENSIONS[media_type]:
        raise PaperRefused(
            f"Bên trong tệp này là {MEDIA_NAMES[media_type]} nhưng tên tệp có đuôi {extension}. "
            f"Đổi đuôi tên tệp thành {EXTENSIONS[media_type][0]} rồi chọn lại."
        )


def _refuse(found: dict) -> None:
    if "refused" in found:
        raise PaperRefused(OFFICE_MESSAGES[found["refused"]])


def _read_pdf(data: bytes) -> dict:
    """What the child found: decoders are where hostile files strike, the office's own files too."""
    command = [sys.executable, "-I", "-B", CHILD]
    with turns:
        try:
            child = subprocess.run(command, input=data, capture_output=True, timeout=WAIT_SECONDS, env={}, cwd="/")
        except subprocess.TimeoutExpired:
            return {"refused": "slow"}
    if child.returncode > 0:
        raise CleanerBroken(child.stderr.decode("utf-8", "replace")[-500:])
    return {"refused": verdict_on_death(-child.returncode, PDF)} if child.returncode else json.loads(child.stdout[4:])
