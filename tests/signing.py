"""PDFs for the tests: plain ones, and ones that carry a digital signature as signing programs leave it."""

import re
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

ROOM = 6000  # bytes kept for a signature, filled up with zeros


def pdf(pages: int = 1, change=None, **settings) -> bytes:
    document = pikepdf.new()
    for _ in range(pages):
        document.add_blank_page()
    if change:
        change(document)
    file = BytesIO()
    document.save(file, **settings)
    return file.getvalue()


@cache
def signer(name: str):
    """A key and a certificate of `name`, issued by a made-up authority, whose own certificate comes along."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate("Tổ chức chứng thực thử", authority, "Tổ chức chứng thực thử", authority)
    return key, certificate(name, key, "Tổ chức chứng thực thử", authority), root


def certificate(subject: str, key, issuer: str, issuer_key):
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (subject, issuer)]
    began = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(began)
    return builder.not_valid_after(began + timedelta(days=365)).sign(issuer_key, hashes.SHA256())


def signed_pdf(name: str = "UBND xã Ia Băng", stated: str = "", has_certificate: bool = True) -> bytes:
    """A PDF signed over all its bytes but the signature's own place."""

    def add_field(document):
        value = pikepdf.Dictionary(
            Type=pikepdf.Name.Sig,
            Filter=pikepdf.Name("/Adobe.PPKLite"),
            SubFilter=pikepdf.Name("/adbe.pkcs7.detached"),
            ByteRange=pikepdf.Array([0, 1234567890, 1234567890, 1234567890]),
            Contents=pikepdf.String(b"\xab" * ROOM),
        )
        if stated:
            value.Name = pikepdf.String(stated)
        field = document.make_indirect(
            pikepdf.Dictionary(FT=pikepdf.Name.Sig, T=pikepdf.String("Ky1"), V=document.make_indirect(value))
        )
        document.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array([field]))

    data = pdf(change=add_field, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    place = re.search(rb"<(?:ab){%d}>" % ROOM, data)
    ranges = b"[ 0 %d %d %d ]" % (place.start(), place.end(), len(data) - place.end())
    data = data.replace(b"[ 0 1234567890 1234567890 1234567890 ]", ranges.ljust(38), 1)
    signed = data[: place.start()] + data[place.end() :]
    signature = sign(signed, name) if has_certificate else b"\x30\x03abc"
    return data[: place.start()] + b"<" + signature.ljust(ROOM, b"\0").hex().encode() + b">" + data[place.end() :]


def sign(data: bytes, name: str) -> bytes:
    key, own, root = signer(name)
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(own, key, hashes.SHA256()).add_certificate(root)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])
