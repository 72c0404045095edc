"""Reads one PDF of a result in a process of its own, and changes nothing in it: a digital signature must survive.

The PDF on standard input; on standard output four bytes (the length of the header), and the header as JSON.
"""

import json
import struct
import sys
from io import BytesIO
from pathlib import Path

if not __package__:  # run by its path, not imported
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gateways.papers_child import FORBIDDEN, Refused, limit_myself  # noqa: E402

MAX_PAGES = 100
MOST_SIGNERS = 10
LONGEST_NAME = 100
TIME_STAMP = "/DocTimeStamp"
# What sends something out or fetches another file when pressed; a plain link to a page may stay.
FORBIDDEN_HERE = FORBIDDEN | {"/SubmitForm", "/ImportData", "/GoToR", "/GoToE"}
HARMLESS_BY_ITSELF = {"/GoTo", "/Named"}


def main():
    limit_myself()
    import pikepdf  # noqa: F401, outside of try: a missing library is not the paper's fault

    data = sys.stdin.buffer.read()
    try:
        header = read(data)
    except Refused as refusal:
        header = {"refused": str(refusal)}
    except MemoryError:
        header = {"refused": "heavy"}
    except Exception:  # whatever a decoder says of a hostile file
        header = {"refused": "broken pdf"}
    text = json.dumps(header).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(text)) + text)


def read(data):
    """How many pages, whether somebody signed it digitally, and who, as the file says. Raises Refused."""
    import pikepdf

    if b"%%EOF" not in data[-1024:]:
        raise Refused("broken pdf")  # cut off
    try:
        pdf = pikepdf.open(BytesIO(data), suppress_warnings=True)
    except pikepdf.PasswordError:
        raise Refused("locked pdf") from None
    if pdf.is_encrypted:
        raise Refused("locked pdf")
    if not len(pdf.pages):
        raise Refused("broken pdf")
    if len(pdf.pages) > MAX_PAGES:
        raise Refused("pages")
    for part in dictionaries_of(pdf):
        kinds = {str(part.get(key)) for key in ("/S", "/Type", "/Subtype") if isinstance(part.get(key), pikepdf.Name)}
        if FORBIDDEN_HERE & (kinds | set(part.keys())) or any(map(acts_by_itself, unasked(part))):
            raise Refused("active pdf")
    signatures = list(signatures_of(pdf))
    names = dict.fromkeys(name for signature in signatures if (name := signer_of(signature)))
    return {"pages": len(pdf.pages), "is_signed": bool(signatures), "signers": list(names)[:MOST_SIGNERS]}


def dictionaries_of(pdf):
    """Every dictionary of the file, those written inside others too."""
    import pikepdf

    for part in (pdf.trailer, *pdf.objects):
        waiting = [part]
        while waiting:
            part = waiting.pop()
            if isinstance(part, pikepdf.Array):
                inside = list(part)
            elif isinstance(part, (pikepdf.Dictionary, pikepdf.Stream)):
                yield part
                inside = [value for _, value in part.items()]
            else:
                continue
            waiting += [one for one in inside if isinstance(one, (pikepdf.Array, pikepdf.Dictionary)) and not one.is_indirect]


def unasked(part):
    """The actions that a reader program takes without being asked: on opening the file, a page or a field."""
    import pikepdf

    if "/OpenAction" in part:
        yield part["/OpenAction"]
    triggers = part.get("/AA")
    yield from (action for _, action in triggers.items()) if isinstance(triggers, pikepdf.Dictionary) else ()


def acts_by_itself(action):
    """Whether it does more than show another place of the same file; an array is such a place."""
    import pikepdf

    return isinstance(action, pikepdf.Dictionary) and (str(action.get("/S")) not in HARMLESS_BY_ITSELF or "/Next" in action)


def signatures_of(pdf):
    """The values of signed fields (ISO 32000-1, 12.8): that which has a range of bytes and a signature over them."""
    import pikepdf

    form = pdf.Root.get("/AcroForm")
    waiting = list(form.get("/Fields", ())) if isinstance(form, pikepdf.Dictionary) else []
    seen = 0
    while waiting and seen < 10_000:
        field, seen = waiting.pop(0), seen + 1
        if not isinstance(field, pikepdf.Dictionary):
            continue
        waiting += list(field.get("/Kids", ()))
        value = field.get("/V")
        is_signature = isinstance(value, pikepdf.Dictionary) and "/ByteRange" in value and "/Contents" in value
        if is_signature and str(value.get("/Type")) != TIME_STAMP:
            yield value


def signer_of(signature):
    """The name in the signer's certificate, else the one the file states; "" when neither can be read."""
    stated = str(signature.get("/Name", ""))
    found = name_in_certificate(bytes(signature.Contents)) or stated
    return " ".join("".join(sign if sign.isprintable() else " " for sign in found).split())[:LONGEST_NAME]


def name_in_certificate(contents):
    """The common name of the certificate that signed: of those in the signature, the one that issued none of the others."""
    try:
        from cryptography.hazmat.primitives.serialization.pkcs7 import load_der_pkcs7_certificates
        from cryptography.x509.oid import NameOID

        certificates = load_der_pkcs7_certificates(without_padding(contents))
        issuers = {one.issuer for one in certificates if one.issuer != one.subject}
        last = next((one for one in certificates if one.subject not in issuers), certificates[0])
        return last.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    except Exception:  # another kind of signature, or none that this library reads: the file's own word stands
        return ""


def without_padding(der):
    """The room kept for a signature is filled up with zeros; its first bytes say how long it is."""
    if der[1] < 0x80:
        return der[: 2 + der[1]]
    count = der[1] & 0x7F
    return der[: 2 + count + int.from_bytes(der[2 : 2 + count])]


if __name__ == "__main__":
    main()
