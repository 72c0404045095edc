"""Made-up people of the commune: Vietnamese, Jrai and Bahnar names, and numbers of the right shape that nobody has."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

# The first three digits name the place of birth; 999 is no province's and no country's, so that no number is somebody's.
NOBODYS_PLACE = "999"
# 030 was never given to a telephone company: a text sent by mistake reaches nobody.
NOBODYS_PREFIX = "+8430"
MAIL_HOST = "example.vn"
OLDEST, YOUNGEST = date(1946, 1, 1), date(2003, 12, 31)

KINH_FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
KINH_MIDDLES = {
    "male": ("Văn", "Hữu", "Đức", "Công", "Quang", "Minh", "Xuân", "Ngọc", "Thanh", "Quốc"),
    "female": ("Thị", "Thị Kim", "Thị Ngọc", "Thị Thu", "Thị Thanh", "Ngọc", "Thị Mỹ", "Thị Bích"),
}
KINH_NAMES = {
    "male": ("An", "Bình", "Cường", "Dũng", "Đạt", "Hải", "Hiếu", "Hùng", "Khoa", "Long", "Nam", "Phúc", "Sơn", "Tâm", "Tuấn"),
    "female": ("Anh", "Chi", "Dung", "Giang", "Hà", "Hoa", "Hương", "Lan", "Linh", "Mai", "Nga", "Oanh", "Phượng", "Thảo", "Yến"),
}
JRAI_FAMILIES = ("Rơ Châm", "Siu", "Kpă", "Rơ Mah", "Ksor", "Nay", "Rah Lan", "Puih", "Kpuih", "Rmah", "Rcom")
JRAI_NAMES = {
    "male": ("Blĕo", "Hyuk", "Thoan", "Blơi", "Djoan", "Klăh", "Phyơi", "Hlur", "Jưn", "Tơm", "Alơh", "Byơk", "Gyan", "Ngơn"),
    "female": ("H'Lan", "H'Blơm", "H'Nhiên", "H'Bluin", "H'Đơm", "H'Sương", "H'Phyô", "H'Yer", "H'Mlơi", "H'Rơi", "H'Điêm"),
}
BAHNAR_NAMES = {
    "male": ("Đinh Hmưnh", "Đinh Byưn", "Hyem", "Bơm", "Đinh Nglơm", "Anhưn", "Đinh Krơm", "Yŭk", "Đinh Plưm", "Hơch"),
    "female": ("Đinh Thị Blơch", "Đinh Hyơn", "Mlưih", "Đinh Nhưn", "Yơr", "Đinh Thị Hlim", "Amơi", "Đinh Brưn", "Hơnh"),
}
PEOPLES = ("Jrai", "Kinh", "Ba Na")
HOW_MANY = (45, 35, 20)  # of a hundred


@dataclass(frozen=True)
class MadeUp:
    full_name: str
    people: str
    sex: str  # male | female
    birth_date: date
    id_number: str


def made_up_name(rng: Random, people: str, sex: str) -> str:
    if people == "Kinh":
        return f"{rng.choice(KINH_FAMILIES)} {rng.choice(KINH_MIDDLES[sex])} {rng.choice(KINH_NAMES[sex])}"
    if people == "Jrai":
        return f"{rng.choice(JRAI_FAMILIES)} {rng.choice(JRAI_NAMES[sex])}"
    return rng.choice(BAHNAR_NAMES[sex])


def made_up_person(rng: Random, first: date = OLDEST, last: date = YOUNGEST, people: str = "", sex: str = "") -> MadeUp:
    """Somebody born between two days, with a number that says so (Nghị định 137/2015, Điều 13), of a place that is none."""
    people = people or rng.choices(PEOPLES, HOW_MANY)[0]
    sex = sex or rng.choice(("male", "female"))
    born = first + timedelta(days=rng.randrange((last - first).days + 1))
    century_and_sex = (born.year // 100 - 19) * 2 + (sex == "female")
    number = f"{NOBODYS_PLACE}{century_and_sex}{born:%y}{rng.randrange(10**6):06}"
    return MadeUp(made_up_name(rng, people, sex), people, sex, born, number)


def made_up_phone(rng: Random) -> str:
    return f"{NOBODYS_PREFIX}{rng.randrange(10**7):07}"


def made_up_mail(person: MadeUp, number: int) -> str:
    bare = unicodedata.normalize("NFKD", person.full_name.casefold().translate(str.maketrans("đƀ", "db")))
    words = "".join(sign for sign in bare if sign.isascii() and (sign.isalpha() or sign == " ")).split()
    return f"{'.'.join(words)}.{number}@{MAIL_HOST}"
