"""S/MIME: a signed mail taken out of its envelope, an encrypted one told from it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

Kind = Literal["signed", "encrypted", "compressed", "certificates", "unreadable"]
_KINDS: dict[str, Kind] = {
    "signed_data": "signed",
    "enveloped_data": "encrypted",
    "authenticated_enveloped_data": "encrypted",
    "encrypted_data": "encrypted",
    "compressed_data": "compressed",
}
_MOST_EXPANDED = 1 << 28  # bytes of a compressed mail


@dataclass(frozen=True, slots=True)
class Opened:
    """What a CMS envelope is, and the mail inside it where it can be had."""

    kind: Kind
    content: bytes | None = None


def open_envelope(data: bytes) -> Opened:
    """The envelope of an `application/pkcs7-mime` part, DER or BER."""
    from asn1crypto import cms  # noqa: PLC0415 - loads slowly, and few mails need it

    try:
        info = cms.ContentInfo.load(data)
        kind = _KINDS.get(info["content_type"].native, "unreadable")
        if kind == "signed":
            content = info["content"]["encap_content_info"]["content"].native
            return Opened(kind, content) if isinstance(content, bytes) else Opened("certificates")
        if kind == "compressed":
            packed = info["content"]["encap_content_info"]["content"].native
            return Opened(kind, zlib.decompressobj().decompress(packed, _MOST_EXPANDED))
    except Exception:  # noqa: BLE001 - the library lets out ValueError, TypeError, KeyError and more
        return Opened("unreadable")
    return Opened(kind)
