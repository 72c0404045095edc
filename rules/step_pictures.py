"""The picture of each guide step, as `make pictures` took them: static/steps/ and what its list says of each."""

import re
from base64 import b64encode
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from rules.content import Guide, Step

FOLDER = Path(__file__).resolve().parent.parent / "static" / "steps"
LIST = FOLDER / "pictures.json"


class StepPicture(Struct, frozen=True, forbid_unknown_fields=True):
    guide: int
    step: int
    screen: str
    labels: list[str]  # that the step named when the picture was taken
    heading: str  # of the screen
    ringed: str
    alt: str
    width: int
    height: int
    size_bytes: int
    text_hash: str  # of the words in the picture

    @property
    def path(self) -> str:
        """Within static/."""
        return f"steps/{self.guide}-{self.step}.png"

    @property
    def paper_path(self) -> str:
        """The same in black and white."""
        return f"steps/{self.guide}-{self.step}-in.png"

    @property
    def paper_data(self) -> str:
        """The black and white picture itself as a data: address, for a document that fetches nothing."""
        return "data:image/png;base64," + b64encode((FOLDER.parent / self.paper_path).read_bytes()).decode()

    def is_of(self, step: Step) -> bool:
        """Not any more, once the commune has written another label or screen into its guide."""
        return (self.screen, self.labels) == (step.screen, labels_of(step))


def labels_of(step: Step) -> list[str]:
    """What stands in {braces}: the step's words for buttons and fields."""
    return re.findall(r"{([^}]+)}", step.do)


def picture_of(guide: Guide, number: int) -> StepPicture | None:
    picture = _pictures().get((guide.number, number))
    return picture if picture and picture.is_of(guide.steps[number - 1]) else None


@cache
def _pictures() -> dict[tuple[int, int], StepPicture]:
    return {(picture.guide, picture.step): picture for picture in read_list()}


def read_list() -> list[StepPicture]:
    return msgspec.json.decode(LIST.read_bytes(), type=list[StepPicture])
