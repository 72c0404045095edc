"""`make pictures`: walks every guide on a site of made-up people, and takes the picture of each step anew."""

import io
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "tests")]

import msgspec  # noqa: E402
from phone import chromium_running  # noqa: E402
from PIL import Image  # noqa: E402
from serving import served  # noqa: E402

from pictures.agreement import faults_of_step  # noqa: E402
from pictures.camera import Look, PictureTooHeavy, for_paper, looking, photograph  # noqa: E402
from pictures.walk import LostTheWay, Sight, walk  # noqa: E402
from rules.content import Guide, read_content  # noqa: E402
from rules.step_pictures import FOLDER, LIST, StepPicture, labels_of  # noqa: E402


class Disagreement(Exception):
    """A step names what is not on its screen: that is not to be pictured, but mended."""


def take_all(into: Path) -> list[StepPicture]:
    guides = read_content(PROJECT / "content").guides
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "site") as site, chromium_running() as browser:
        return [picture for guide in guides for picture in take(guide, browser, site, into)]


def take(guide: Guide, browser, site, into: Path):
    for number, phone, sight in walk(guide, browser, site):
        with looking(phone, sight) as seen:
            png = photograph(phone, seen.frame)
        if faults := faults_of_step(guide, number, seen):
            raise Disagreement(f"guide {guide.number}, step {number}: {'; '.join(faults)}")
        picture = describe(guide, number, sight, seen, png)
        (into / Path(picture.path).name).write_bytes(png)
        (into / Path(picture.paper_path).name).write_bytes(for_paper(png))
        print(f"{picture.path:16} {picture.width} x {picture.height:3} {picture.size_bytes:5} bytes  {picture.alt}", flush=True)
        yield picture


def describe(guide: Guide, number: int, sight: Sight, seen: Look, png: bytes) -> StepPicture:
    step, (width, height) = guide.steps[number - 1], Image.open(io.BytesIO(png)).size
    return StepPicture(
        guide=guide.number,
        step=number,
        screen=step.screen or "",
        labels=labels_of(step),
        heading=seen.heading,
        ringed=sight.label,
        alt=f"Hình {sight.screen or f'màn hình “{seen.heading}”'}: {sight.called} “{sight.label}” được khoanh đỏ.",
        width=width,
        height=height,
        size_bytes=len(png),
        text_hash=seen.text_hash,
    )


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    # All or none: what was there stays until every new one is taken.
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        try:
            pictures = take_all(Path(folder))
        except (LostTheWay, PictureTooHeavy, Disagreement) as trouble:
            print(f"No picture was changed. {type(trouble).__name__}: {trouble}", file=sys.stderr)
            return 1
        for old in FOLDER.glob("*.png"):
            old.unlink()
        for new in Path(folder).iterdir():
            new.rename(FOLDER / new.name)
    LIST.write_bytes(msgspec.json.format(msgspec.json.encode(pictures), indent=1) + b"\n")
    print(f"{len(pictures)} pictures, {sum(picture.size_bytes for picture in pictures)} bytes in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
