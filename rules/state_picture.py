"""The life of a dossier from its table of moves: as a picture, states on the diagonal, arrows between; and as a plain table."""

from html import escape

from models import State
from rules.workflow import CLOCK_STANDS, CLOCK_STANDS_AT, ENDED, LEAD_BACK, MOVES, STATE_NAMES, STEPS, Move

ROLE_SIGNS = {"citizen": "D", "officer": "C", "specialist": "S", "leader": "L", "system": "H"}
ROLE_NAMES = {"citizen": "người dân", "officer": "cán bộ Một cửa", "specialist": "chuyên viên", "leader": "lãnh đạo",
              "system": "hệ thống"}  # fmt: skip
ROLE_WORDS = " · ".join(f"{sign} {ROLE_NAMES[role]}" for role, sign in ROLE_SIGNS.items())
CLOCKS = {"": "đồng hồ chạy", "stands": "đồng hồ dừng", "ended": "đã xong", "before": "chưa tính giờ"}
WIDTH, LINE, MARGIN, GAP = 168, 15, 8, 18
MOST_SIGNS = 27  # of a line within a cell


def draw() -> str:
    """An SVG: from a box its arrow runs sideways through what may be done there, and up or down to the box it leads to."""
    cells = {(row, column): _lines(row, column) for row in State for column in State}
    heights = {row: max(len(cells[row, column]) for column in State) * LINE + 2 * MARGIN for row in State}
    tops, top = {}, 60
    for row in State:
        tops[row], top = top, top + heights[row] + GAP
    width = len(State) * (WIDTH + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" font-family="sans-serif" font-size="11">',
        '<marker id="to" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L8 4L0 8z"/></marker>',
        f'<rect width="{width}" height="{top}" fill="#fff"/>',
        _text(GAP, 22, "Mười trạng thái của hồ sơ và các bước chuyển", ' font-size="17" font-weight="bold"'),
        _text(GAP, 42, f"Từ ô đậm theo mũi tên sang ngang, qua việc được làm, rồi lên hoặc xuống ô đậm mới. {ROLE_WORDS}."),
    ]
    filled = [place for place, lines in cells.items() if lines]
    parts += [_arrow(row, column, tops, heights) for row, column in filled if row is not column]
    # The cells lie over the arrows of their own row and column.
    parts += [_cell(row, column, cells[row, column], tops[row], heights[row]) for row, column in filled]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _left(column: State) -> int:
    return GAP + (column - 1) * (WIDTH + GAP)


def _arrow(row: State, column: State, tops: dict[State, int], heights: dict[State, int]) -> str:
    """From the box of `row` to the cell in `column`, and on to that column's box."""
    forth, middle = column > row, tops[row] + LINE + 3
    begins = _left(row) + (WIDTH if forth else 0)
    ends = tops[column] if forth else tops[column] + heights[column]
    # Down and up stand apart, where both reach the same box.
    to = _left(column) + (WIDTH // 2 if forth else WIDTH // 2 + GAP)
    return f'<path d="M{begins} {middle}H{to}V{ends}" fill="none" stroke="#000" stroke-width=".7" marker-end="url(#to)"/>'


def _cell(row: State, column: State, lines: list[str], top: int, height: int) -> str:
    left, is_box = _left(column), row is column
    high = height if is_box else len(lines) * LINE + 2 * MARGIN
    frame = 'stroke="#000" stroke-width="2.5"' if is_box else 'stroke="#000" stroke-width=".7" stroke-dasharray="3 2"'
    found = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{high}" rx="4" fill="#fff" {frame}/>']
    for place, line in enumerate(lines):
        bold = ' font-weight="bold"' if is_box and place < _lines_of_name(row) else ""
        found.append(_text(left + MARGIN, top + MARGIN + 11 + place * LINE, line, bold))
    return "\n".join(found)


def _lines(row: State, column: State) -> list[str]:
    """What stands in a cell: of a box the state, its clock and the steps within; of any other the moves that lead there."""
    moves: dict[str, set[str]] = {}
    for move in MOVES:
        if (move.source, move.target) == (row, column):
            where = f" → {STEPS[move.then][0].lower() if move.then else 'làm tiếp'}" if row is column else ""
            moves.setdefault(move.label + where, set()).add(ROLE_SIGNS[move.role])
    said = [line for label, roles in moves.items() for line in _wrapped(f"{label} ({', '.join(sorted(roles))})")]
    if row is not column:
        return said
    steps = [line for name, state in STEPS.values() if state is row for line in _wrapped(f"– {name}")]
    return [*_name(row), CLOCKS[_clock(row)], *steps, *(["Bên trong:", *said] if said else [])]


def _name(state: State) -> list[str]:
    return _wrapped(_state(state))


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


# --- the same as a table ---------------------------------------------------------------------------------------------

HEAD = """# The life of a dossier

Made by `flask --app app states --table` from the table in `rules/workflow.py`; drawn in [images/states.svg](images/states.svg).

| Từ | Việc | Ai | Đến | Lý do | Hoàn tác |
| --- | --- | --- | --- | --- | --- |
"""
STEPS_HEAD = """
Bước bên trong, và trạng thái quốc gia mà nó thuộc về:

| Bước | Trạng thái | Đồng hồ |
| --- | --- | --- |
"""


def tabulate() -> str:
    """Markdown: each move once, with all who may make it; then the steps within states."""
    roles: dict[tuple, list[str]] = {}
    for move in sorted(MOVES, key=lambda move: move.source):
        roles.setdefault(_cells_of(move), []).append(ROLE_NAMES[move.role])
    rows = [[*cells[:2], ", ".join(who), *cells[2:]] for cells, who in roles.items()]
    steps = [[name, _state(state), CLOCKS["stands" if step in CLOCK_STANDS_AT else _clock(state)]]
             for step, (name, state) in STEPS.items()]  # fmt: skip
    return HEAD + "".join(map(_row, rows)) + STEPS_HEAD + "".join(map(_row, steps))


def _cells_of(move: Move) -> tuple[str, str, str, str, str]:
    source = _state(move.source) + _from_steps(move)
    target = _state(move.target) + (f": {STEPS[move.then][0].lower()}" if move.then else "")
    target += " (về chỗ cũ)" if move.name in LEAD_BACK else ""
    return source, move.label, target, "phải ghi" if move.needs_note else "", "30 phút" if move.may_be_undone else ""


def _from_steps(move: Move) -> str:
    within = [step for step, (_, state) in STEPS.items() if state is move.source]
    if set(within) <= set(move.at):
        return ": ở bước nào cũng được" if within else ""
    named = [STEPS[step][0].lower() for step in within if step in move.at]
    return f": {'; '.join(['chưa vào bước nào'] * ('' in move.at) + named)}" if named else ""


def _state(state: State) -> str:
    return f"{int(state)} {STATE_NAMES[state][0]}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
