"""Content files as texts: read from a folder, from YAML to plain values and back."""

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

# What stands in the place of a text that is not there, or cannot be read.
MISSING = FileNotFoundError("tệp: không có tệp này")
Texts = Mapping[str, str | Exception]  # by the file's name, as site.yaml or guides/4-nop-ho-so.yaml

ROOM_NAMES = ("guides", "procedures", "announcements")


def texts_in(folder: Path) -> dict[str, str | Exception]:
    """Every content file of a folder by its name; where one cannot be read, why."""
    paths = [*folder.glob("*.yaml"), *(path for room in ROOM_NAMES for path in sorted((folder / room).glob("*.yaml")))]
    return {path.relative_to(folder).as_posix(): _text_of(path) for path in paths}


def _text_of(path: Path) -> str | Exception:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        return ValueError("tệp: phải lưu bằng mã UTF-8")
    except OSError:
        return OSError("tệp: không mở được")


def read_yaml(text: str | Exception, faults: list[str]):
    """Every scalar as the string it is: `no`, `12:30` and 001077012345 keep their meaning. None when nothing can be read."""
    if isinstance(text, Exception):
        faults.append(str(text))
        return None
    import yaml  # only who loads or edits content needs it

    try:
        # Some phones and Macs type letters and accents apart; the site compares them composed.
        text = unicodedata.normalize("NFC", text)
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        if fault := _fault_of_shape(yaml.parse(text, Loader=loader)):
            faults.append(fault)
            return None
        return plain(yaml.compose(text, Loader=loader), faults)
    except yaml.YAMLError as error:
        faults.append(syntax_fault(error))


DEEPEST = 40  # nothing of ours is half as deep; a few thousand levels crash the C library that composes them


def _fault_of_shape(events) -> str:
    """What forbids composing the text at all."""
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            return "tệp: không dùng dấu * để nhắc lại chỗ khác; hãy chép ra"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return "tệp: lồng vào nhau quá sâu"
    return ""


def syntax_fault(error) -> str:
    mark = getattr(error, "problem_mark", None)
    line = f"dòng {mark.line + 1}" if mark else "tệp"
    return f"{line}: không đọc được YAML ({getattr(error, 'problem', None) or error})"


# What nobody sees and browsers obey: NUL and the like, and signs that turn the text after them round.
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
HIDDEN_SIGN = "có ký tự ẩn; xóa chữ ở dòng này rồi gõ lại"


def plain(node, faults: list[str]):
    """What BaseLoader would make of a node; a key written twice is a fault, not a silent loss."""
    if node is None:
        return {}
    if node.id == "sequence":
        return [plain(item, faults) for item in node.value]
    if node.id == "mapping":
        return plain_mapping(node, faults)
    if HIDDEN.search(node.value):
        faults.append(f"dòng {node.start_mark.line + 1}: {HIDDEN_SIGN}")
    return node.value


def plain_mapping(node, faults: list[str]) -> dict:
    said = {}
    for key, value in node.value:
        if key.id != "scalar":
            faults.append(f"dòng {key.start_mark.line + 1}: tên mục phải là chữ; chữ có dấu [ hoặc {{ thì đặt trong ngoặc kép")
            continue
        name = plain(key, faults)
        if name in said:
            faults.append(f"dòng {key.start_mark.line + 1}: “{name}” viết hai lần")
        said[name] = plain(value, faults)
    return said


def as_text(raw, head: str = "") -> str:
    """Plain values (texts, lists, mappings) as YAML that reads back the same, below the comment `head`."""
    import yaml

    return head + yaml.dump(raw, Dumper=_dumper(), allow_unicode=True, sort_keys=False, width=120)


def head_of(text: str) -> str:
    """The comment a file begins with: it tells people what the file is for, and outlives every rewriting."""
    lines = text.splitlines(keepends=True)
    end = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith("#")), len(lines))
    return "".join(lines[:end])


def _dumper():
    from yaml.emitter import Emitter
    from yaml.representer import SafeRepresenter
    from yaml.resolver import BaseResolver
    from yaml.serializer import Serializer

    class PlainDumper(Emitter, Serializer, SafeRepresenter, BaseResolver):
        """Writes texts unquoted wherever BaseLoader reads them back as they are: days, numbers, true."""

        def __init__(
            self,
            stream,
            default_style=None,
            default_flow_style=False,
            canonical=None,
            indent=None,
            width=None,
            allow_unicode=None,
            line_break=None,
            encoding=None,
            explicit_start=None,
            explicit_end=None,
            version=None,
            tags=None,
            sort_keys=True,
        ):
            Emitter.__init__(self, stream, canonical=canonical, indent=indent, width=width, allow_unicode=allow_unicode)
            Serializer.__init__(self, encoding=encoding, explicit_start=explicit_start, explicit_end=explicit_end)
            SafeRepresenter.__init__(self, default_style=default_style, default_flow_style=False, sort_keys=sort_keys)
            BaseResolver.__init__(self)

        def ignore_aliases(self, data):
            return True

        def increase_indent(self, flow=False, indentless=False):
            return super().increase_indent(flow, False)  # items of a list stand to the right of its name

    PlainDumper.add_representer(str, _represent_text)
    return PlainDumper


def _represent_text(dumper, text: str):
    style = "|" if "\n" in text.strip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)
