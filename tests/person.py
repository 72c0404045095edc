"""Somebody with nothing but the printed letter: who she is, what she answers, the photos on her phone."""

import io
import itertools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

PASSWORD = "chieu gui ngo rang"
PROCEDURE = "Đăng ký khai sinh"
LETTER_CHOICE = "Tài khoản cấp bởi dịch vụ công tỉnh Gia Lai"
LETTER_LEVEL = "Xác minh mức độ trung bình (IAL2)"
GO_ON = "Lưu và đi tiếp"

# What she answers, by the label on the screen. What the account knows already stands there, what is optional she leaves.
BIRTH = {
    "Quan hệ với trẻ": "Mẹ",
    "Họ của trẻ": "Ksor",
    "Tên của trẻ": "H'Mai",
    "Giới tính": "Nữ",
    "Dân tộc": "Jrai",
    "Ngày, tháng, năm sinh": "5/7/2026",
    "Sinh ở đâu": "Cơ sở y tế",
    "Nơi sinh (tên cơ sở": "Trạm y tế xã Ia Băng",
    "Quê quán": "Ia Băng, Gia Lai",
    "Họ, chữ đệm, tên mẹ": "Ksor H'Bia",
    "Ngày sinh mẹ": "12/3/1998",
    "Dân tộc mẹ": "Jrai",
    "Nơi cư trú mẹ": "Thôn 6, xã Ia Băng",
    "Cha mẹ đã đăng ký kết hôn chưa": "Không",
    "Có khai cha không": "Không",
    "Xin cấp thêm bản sao": "Không",
}
PAPERS = ("Giấy chứng sinh", "Giấy tờ tùy thân")

_numbers = itertools.count(52_198_000_001)


@dataclass(frozen=True)
class Person:
    full_name: str
    id_number: str
    email: str

    @property
    def details(self) -> dict[str, str]:
        """What the page of password and information asks, by its labels."""
        return {
            "Mật khẩu": PASSWORD,
            "Gõ lại mật khẩu": PASSWORD,
            "Họ và tên": self.full_name,
            "Ngày sinh": "12/3/1998",
            "Thôn, làng": "Thôn 6",
            "Số điện thoại": "0912345678",
            "E-mail": self.email,
        }


def new_person(full_name: str = "Ksor H'Bia") -> Person:
    number = f"{next(_numbers):012}"
    return Person(full_name, number, f"hbia{number}@example.vn")


def noisy_photo(path: Path, size: tuple[int, int] = (1000, 1300)) -> Path:
    """A JPEG of about a megabyte, as an old phone takes it: noise does not compress."""
    file = io.BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(file, "JPEG", quality=75)
    path.write_bytes(file.getvalue())
    return path


def receipt_code_in(text: str) -> str:
    """The code in groups of four, as it stands on the screen."""
    return re.search(r"\b[0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4} [0-9A-HJKMNP-TV-Z]{4}\b", text)[0]


def dossier_code_in(text: str) -> str:
    return re.search(r"H\d\d\.\d+-\d{6}-\d{4}", text)[0]


def as_typed_by_hand(receipt_code: str) -> str:
    """Lower case, with a space too many: as somebody types from paper."""
    return f" {receipt_code.lower()} "
