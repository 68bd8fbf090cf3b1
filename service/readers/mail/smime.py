"""Open S/MIME envelopes: return a signed mail's content, and recognise an encrypted one."""

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
_EXPANDED_MAX_BYTES = 1 << 28  # of a compressed mail


@dataclass(frozen=True, slots=True)
class OpenedEnvelope:
    """The kind of a CMS envelope, and the mail inside it where it can be read."""

    kind: Kind
    content: bytes | None = None
    cut: bool = False  # the content goes on, and was not unpacked to its end


def open_envelope(data: bytes) -> OpenedEnvelope:
    """Open the envelope of an `application/pkcs7-mime` part, DER or BER."""
    from asn1crypto import cms  # noqa: PLC0415 - loads slowly, and few mails need it

    try:
        info = cms.ContentInfo.load(data)
        kind = _KINDS.get(info["content_type"].native, "unreadable")
        if kind == "signed":
            content = info["content"]["encap_content_info"]["content"].native
            return OpenedEnvelope(kind, content) if isinstance(content, bytes) else OpenedEnvelope("certificates")
        if kind == "compressed":
            packed = info["content"]["encap_content_info"]["content"].native
            stream = zlib.decompressobj()
            return OpenedEnvelope(kind, stream.decompress(packed, _EXPANDED_MAX_BYTES), not stream.eof)
    except Exception:  # noqa: BLE001 - the library raises ValueError, TypeError, KeyError and more
        return OpenedEnvelope("unreadable")
    return OpenedEnvelope(kind)
