"""Whether a guide, its screens and its pictures still say the same."""

from pictures.camera import Look
from pictures.walk import Sight
from rules.content import Guide
from rules.step_pictures import StepPicture, labels_of


def faults_of_step(guide: Guide, number: int, seen: Look) -> list[str]:
    """What the step says that its screen does not."""
    step, address = guide.steps[number - 1], f"/huong-dan/{guide.slug}/{number}"
    faults = [f"“{label}” is not on the screen “{seen.heading}”" for label in labels_of(step) if label not in seen.labels]
    if step.screen != "home.home" and address not in seen.steps:
        faults.append(f"the screen “{seen.heading}” does not say that this step happens on it: it is not {step.screen}")
    return faults


def faults_of_picture(picture: StepPicture | None, sight: Sight, seen: Look) -> list[str]:
    """What the picture shows otherwise than the screen."""
    if picture is None:
        return ["the step has no picture as it is written now"]
    then, now = (picture.heading, picture.ringed), (seen.heading, sight.label)
    faults = [f"pictured is “{old}”, the screen says “{new}”" for old, new in zip(then, now, strict=True) if old != new]
    if picture.text_hash != seen.text_hash:
        faults.append(f"what is pictured reads otherwise now: “{seen.text}”")
    return faults
