"""The two regular reports as they are printed: their columns under their headings, and the sums that must hold."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.reports import Counts
from rules.vietnamese import show_number


@dataclass(frozen=True)
class Column:
    name: str
    number: str  # the attribute of Counts that stands in it


@dataclass(frozen=True)
class Group:
    name: str
    parts: tuple  # of columns and groups


@dataclass(frozen=True)
class Head:
    """A cell of a table's head, at a row and a column, both from 0."""

    row: int
    column: int
    rows: int
    columns: int
    name: str


@dataclass(frozen=True)
class Sum:
    """A column, and the columns that must add up to it."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Checked:
    """A sum of one row as it came out."""

    words: str  # “3 = 4 + 5 + 6”
    numbers: str  # “1.234 = 600 + 500 + 134”
    holds: bool
    row: str = ""


@dataclass(frozen=True)
class Form:
    """A report. `first` are the headings of its two leftmost columns, `numbered_from` the number of the third, if any."""

    key: str
    sign: str
    title: str
    first: tuple[str, str]
    parts: tuple
    sums: tuple[Sum, ...]
    numbered_from: int = 0

    @property
    def columns(self) -> list[Column]:
        return list(_columns(self.parts))

    @property
    def depth(self) -> int:
        """How many rows the head has, without that of the numbers."""
        return max(map(_depth, self.parts))

    def name_of(self, number: str) -> str:
        """What a column is called in a sum: its number, or its heading."""
        place = [column.number for column in self.columns].index(number)
        return str(self.numbered_from + place) if self.numbered_from else self.columns[place].name

    def heads(self) -> list[Head]:
        """The cells of the head, row by row, each with the rows and columns it spans."""
        found = [Head(0, place, self.depth, 1, name) for place, name in enumerate(self.first)]
        found += _heads(self.parts, 0, len(self.first), self.depth)
        return sorted(found, key=lambda head: (head.row, head.column))

    def head_rows(self) -> list[list[Head]]:
        heads = self.heads()
        return [[head for head in heads if head.row == row] for row in range(self.depth)]

    def values(self, row: Counts) -> list[int]:
        return [getattr(row, column.number) for column in self.columns]

    def checks(self, row: Counts) -> list[Checked]:
        """Each sum of this row, as it came out."""
        return [self._check(one, row) for one in self.sums]

    def _check(self, one: Sum, row: Counts) -> Checked:
        whole, parts = getattr(row, one.whole), [getattr(row, part) for part in one.parts]
        words = f"{self.name_of(one.whole)} = {' + '.join(map(self.name_of, one.parts))}"
        numbers = f"{show_number(whole)} = {' + '.join(map(show_number, parts))}"
        return Checked(words, numbers, whole == sum(parts), row.name)

    def faults(self, rows: list[Counts]) -> list[Checked]:
        """The sums that do not hold, of whichever row. Never left out: a report with one is not to be sent."""
        return [check for row in rows for check in self.checks(row) if not check.holds]


def _columns(parts) -> Iterator[Column]:
    for part in parts:
        yield from _columns(part.parts) if isinstance(part, Group) else (part,)


def _depth(part) -> int:
    return 1 + max(map(_depth, part.parts)) if isinstance(part, Group) else 1


def _heads(parts, row: int, column: int, depth: int) -> Iterator[Head]:
    for part in parts:
        width = len(list(_columns([part])))
        yield Head(row, column, 1 if isinstance(part, Group) else depth - row, width, part.name)
        if isinstance(part, Group):
            yield from _heads(part.parts, row + 1, column, depth)
        column += width


# Columns as printed (one-stop mechanism, regular reports). II.06a counts what is paused as pending.
II06A = Form(
    key="ii06a",
    sign="Biểu số II.06a/VPCP/KSTT",
    title="Tình hình, kết quả giải quyết thủ tục hành chính",
    first=("TT", "Lĩnh vực"),
    parts=(
        Group(
            "Số hồ sơ tiếp nhận",
            (
                Column("Tổng số", "received"),
                Group("Trong kỳ", (Column("Trực tuyến", "online"), Column("Trực tiếp, bưu chính", "offline"))),
                Column("Từ kỳ trước", "carried"),
            ),
        ),
        Group(
            "Số hồ sơ đã giải quyết",
            (
                Column("Tổng số", "solved"),
                Column("Trước hạn", "early"),
                Column("Đúng hạn", "on_time"),
                Column("Quá hạn", "late"),
            ),
        ),
        Group(
            "Số hồ sơ đang giải quyết",
            (Column("Tổng số", "pending"), Column("Trong hạn", "pending_in_time"), Column("Quá hạn", "pending_late")),
        ),
    ),
    sums=(
        Sum("received", ("online", "offline", "carried")),
        Sum("solved", ("early", "on_time", "late")),
        Sum("pending", ("pending_in_time", "pending_late")),
        Sum("received", ("solved", "pending")),
    ),
    numbered_from=3,
)
QD766 = Form(
    key="tien-do",
    sign="Quyết định 766/QĐ-TTg",
    title="Tiến độ giải quyết hồ sơ",
    first=("STT", "Đơn vị, lĩnh vực"),
    parts=(
        Group(
            "Tiếp nhận",
            (
                Column("Tổng số", "received"),
                Column("Kỳ trước chuyển sang", "carried"),
                Group(
                    "Trong kỳ",
                    (
                        Column("Tổng số", "arrived"),
                        Column("Trực tuyến", "online"),
                        Column("Trực tiếp", "at_desk"),
                        Column("BCCI", "by_post"),
                    ),
                ),
            ),
        ),
        Group(
            "Đã xử lý",
            (
                Column("Tổng số", "solved"),
                Column("Trước hạn", "early"),
                Column("Trong hạn", "on_time"),
                Column("Quá hạn", "late"),
            ),
        ),
        Group(
            "Đang xử lý",
            (Column("Tổng số", "running"), Column("Trong hạn", "running_in_time"), Column("Quá hạn", "running_late")),
        ),
        Group(
            "Tạm dừng xử lý",
            (Column("Tổng số", "paused"), Column("Trong hạn", "paused_in_time"), Column("Quá hạn", "paused_late")),
        ),
    ),
    sums=(
        Sum("received", ("carried", "arrived")),
        Sum("arrived", ("online", "at_desk", "by_post")),
        Sum("solved", ("early", "on_time", "late")),
        Sum("running", ("running_in_time", "running_late")),
        Sum("paused", ("paused_in_time", "paused_late")),
        Sum("received", ("solved", "running", "paused")),
    ),
    numbered_from=3,
)
FORMS = (II06A, QD766)
