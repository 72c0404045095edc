"""In which order the desk is offered the moves that are open: what a dossier most likely needs first, the rare ones apart."""

from models import Dossier
from rules.workflow import Move

# By the move's name, the likeliest first. What is not named here is rarer or graver, and stands apart.
LIKELY = (
    "sign",
    "refuse_signature",
    "grant_withdrawal",
    "refuse_withdrawal",
    "paid",
    "end_verifying",
    "come_back",
    "accept",
    "begin",
    "ask_signature",
    "finish",
    "give_result",
    "hand_to_post",
    "give_papers_back",
    "reopen",
)


def in_order(moves: list[Move], dossier: Dossier, lacks_papers: bool) -> tuple[list[Move], list[Move]]:
    """The open moves in two rows: what comes next, the most needed first, and the rest as the table has it.

    `lacks_papers`: a check found a paper lacking. Then to ask for it comes before all else: accepting starts the clock, and
    asking afterwards costs the office's own time. Nothing is left out of both rows.
    """
    first = list(LIKELY)
    if dossier.delivery == "post":
        first.insert(first.index("give_result"), "hand_to_post")
    if lacks_papers:
        first.insert(0, "ask_supplement")
    likely = sorted((move for move in moves if move.name in first), key=lambda move: first.index(move.name))
    return likely, [move for move in moves if move.name not in first]
