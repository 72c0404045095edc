"""The life of a dossier as a picture, drawn from the table of moves: states on the diagonal, and in each row where they lead."""

from html import escape

from models import State
from rules.workflow import CLOCK_STANDS, ENDED, MOVES, STATE_NAMES, STEPS

ROLE_SIGNS = {"citizen": "D", "officer": "C", "specialist": "S", "leader": "L", "system": "H"}
ROLE_WORDS = "D người dân · C cán bộ Một cửa · S chuyên viên · L lãnh đạo · H hệ thống"
CLOCKS = {"": "đồng hồ chạy", "stands": "đồng hồ dừng", "ended": "đã xong", "before": "chưa tính giờ"}
WIDTH, LINE, MARGIN = 168, 15, 8
MOST_SIGNS = 27  # of a line within a cell


def draw() -> str:
    """An SVG: read a row from its box to the side, and from there up or down to the box it leads to."""
    cells = {(row, column): _lines(row, column) for row in State for column in State}
    heights = {row: max(len(cells[row, column]) for column in State) * LINE + 2 * MARGIN for row in State}
    tops, top = {}, 60
    for row in State:
        tops[row], top = top, top + heights[row] + MARGIN
    width = len(State) * (WIDTH + MARGIN) + MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top + 10}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{top + 10}" fill="#fff"/>',
        _text(MARGIN, 22, "Mười trạng thái của hồ sơ và các bước chuyển", ' font-size="17" font-weight="bold"'),
        _text(MARGIN, 42, f"Đọc theo hàng: từ ô đậm sang ngang, rồi lên hoặc xuống ô đậm cùng cột. {ROLE_WORDS}."),
    ]
    for (row, column), lines in cells.items():
        if lines:
            parts.append(_cell(row, column, lines, tops[row], heights[row]))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _cell(row: State, column: State, lines: list[str], top: int, height: int) -> str:
    left, is_box = MARGIN + (column - 1) * (WIDTH + MARGIN), row is column
    frame = 'stroke-width="2.5"' if is_box else 'stroke-width=".7" stroke-dasharray="3 2"'
    found = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{height}" rx="4" fill="none" stroke="#000" {frame}/>']
    for place, line in enumerate(lines):
        bold = ' font-weight="bold"' if is_box and place < _lines_of_name(row) else ""
        found.append(_text(left + MARGIN, top + MARGIN + 11 + place * LINE, line, bold))
    return "\n".join(found)


def _lines(row: State, column: State) -> list[str]:
    """What stands in a cell: of a box the state, its clock and the steps within; of any other the moves that lead there."""
    moves: dict[str, set[str]] = {}
    for move in MOVES:
        if (move.source, move.target) == (row, column):
            moves.setdefault(move.label, set()).add(ROLE_SIGNS[move.role])
    said = [line for label, roles in moves.items() for line in _wrapped(f"{label} ({', '.join(sorted(roles))})")]
    if row is not column:
        return said
    steps = [line for name, state in STEPS.values() if state is row for line in _wrapped(f"– {name}")]
    return [*_name(row), CLOCKS[_clock(row)], *steps, *(["Bên trong:", *said] if said else [])]


def _name(state: State) -> list[str]:
    return _wrapped(f"{int(state)} {STATE_NAMES[state][0]}")


def _lines_of_name(state: State) -> int:
    return len(_name(state))


def _clock(state: State) -> str:
    if state is State.SUBMITTED:
        return "before"
    return "ended" if state in ENDED else "stands" if state in CLOCK_STANDS else ""


def _wrapped(text: str) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > MOST_SIGNS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(left: int, top: int, text: str, more: str = "") -> str:
    return f'<text x="{left}" y="{top}"{more}>{escape(text)}</text>'
