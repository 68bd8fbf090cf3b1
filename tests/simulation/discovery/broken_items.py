"""Make a folder of items that collections hold and that can not simply be read, each with the code that it must get."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

PASSWORD = "open sesame"
_PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def zip_of(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2001, 5, 21, 15, 48, 0)), data, compress_type=method)
    return kept.getvalue()


def mail(number: int, attached: dict[str, bytes] | None = None, inner: EmailMessage | None = None) -> EmailMessage:
    """Return a mail with attachments, or with another mail attached."""
    message = EmailMessage()
    message["From"], message["To"] = f"Ann <ann{number}@x.example>", "bob@y.example"
    message["Subject"], message["Message-ID"] = f"Mail {number}", f"<{number}@x.example>"
    message["Date"] = "Mon, 21 May 2001 15:48:00 +0200"
    message.set_content(f"This is the text of mail {number}.\n")
    for name, data in (attached or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    if inner is not None:
        message.add_attachment(inner)
    return message


def encrypted_mail() -> bytes:
    """Return a mail encrypted with S/MIME: an envelope of CMS without anything in it."""
    envelope = bytes.fromhex("300f06092a864886f70d010703a0023000")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "ann@x.example", "bob@y.example", "Secret"
    message["Date"] = "Mon, 21 May 2001 15:48:00 +0200"
    message.set_content(envelope, maintype="application", subtype="pkcs7-mime", filename="smime.p7m")
    return bytes(message)


def nested_mail(depth: int) -> bytes:
    """Return a mail in a mail in a mail."""
    text = b"From: a@x.example\r\nSubject: the innermost\r\nMessage-ID: <i@x>\r\n\r\ntext\r\n"
    for level in range(depth):
        head = f"From: a@x.example\r\nSubject: level {level}\r\nMessage-ID: <{level}@x>\r\nMIME-Version: 1.0\r\n"
        mark = f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\nContent-Type: message/rfc822\r\n\r\n'
        text = (head + mark).encode() + text + f"\r\n--b{level}--\r\n".encode()
    return text


def nested_zip(depth: int) -> bytes:
    """Return a ZIP in a ZIP in a ZIP."""
    data = b"the innermost\n"
    for level in range(depth):
        data = zip_of({"inner.txt" if not level else "inner.zip": data})
    return data


def seven_zip(members: dict[str, bytes], password: str | None = None) -> bytes:
    """Return a 7z, encrypted where there is a password."""
    import py7zr

    kept = io.BytesIO()
    with py7zr.SevenZipFile(kept, "w", password=password) as archive:
        for name, data in members.items():
            archive.writestr(data, name)
    return kept.getvalue()


def tar_gz(members: dict[str, bytes]) -> bytes:
    """Return a compressed TAR, with a link at its end."""
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 990_000_000
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return kept.getvalue()


def tar_of(members: dict[str, bytes]) -> bytes:
    """Return a TAR."""
    kept = io.BytesIO()
    with tarfile.open(fileobj=kept, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return kept.getvalue()


def cut_zip() -> bytes:
    """Return a ZIP that ends in the middle of its third member, without its directory."""
    whole = zip_of({f"{n}.txt": bytes([65 + n]) * 5000 for n in range(3)}, zipfile.ZIP_STORED)
    return whole[: whole.find(b"2.txt") + 1000]


def write_broken(folder: Path) -> dict[str, set[str]]:
    """Write the items; return for each the codes of the exceptions that it must give."""
    slack = {"channels.json": b"[]", "users.json": b"[]", "general/2024-01-01.json": b"[]"}
    attached = {"bad.zip": zip_of({"a.txt": b"a", "b/c.txt": b"c"}), "gone.bin": b""}
    items: dict[str, tuple[bytes, set[str]]] = {
        "empty.txt": (b"", {"zero_byte"}),
        "cut.zip": (cut_zip(), {"corrupt", "corrupt_partial"}),
        "bomb.zip": (zip_of({"zeros.bin": bytes(8 << 20), "after.txt": b"after"}), {"expansion_limit"}),
        "not-a-message.msg": (_PNG, {"type_mismatch"}),
        "wrong.pdf": (b"A text, whatever its name says.\n", {"type_mismatch"}),
        "locked.7z": (seven_zip({"secret.txt": b"secret"}, PASSWORD), {"password_protected"}),
        "open.7z": (seven_zip({"one.txt": b"one", "sub/two.eml": bytes(mail(1))}), set()),
        "damaged.7z": (seven_zip({"one.txt": b"one"})[:40], {"corrupt"}),
        "secret.eml": (encrypted_mail(), {"encrypted_smime"}),
        "chats.rar": (b"Rar!\x1a\x07\x01\x00" + bytes(40), {"unsupported_type"}),
        "slack.zip": (zip_of(slack), {"unsupported_type"}),
        "teams.tar": (
            tar_of({"endpoints.json": b"{}", "media/1.png": _PNG, "messages.json": b"{}"}),
            {"unsupported_type"},
        ),
        "teams.tar.gz": (
            tar_gz({"media/1.png": _PNG, "messages.json": b"{}", "endpoints.json": b"{}"}),
            {"unsupported_type"},
        ),
        "chat.rsmf": (b"X-RSMF-Version: 2.0\r\nFrom: a@x\r\nMIME-Version: 1.0\r\n\r\n", {"unsupported_type"}),
        "new.ost": (b"!BDN" + bytes(4) + b"SO" + struct.pack("<H", 36) + bytes(600), {"unsupported_type"}),
        "bad.pst": (b"!BDN" + bytes(4) + b"SM" + struct.pack("<H", 23) + bytes(2000), {"corrupt"}),
        "deep.zip": (nested_zip(24), {"depth_limit"}),
        "deep.eml": (nested_mail(30), {"depth_limit"}),
        "backup.tar.gz": (
            tar_gz({"a/letter.eml": bytes(mail(2)), "../up.txt": b"up"}),
            {"linked_not_collected", "unsafe_path"},
        ),
        "family.eml": (bytes(mail(3, attached, mail(4, {"x.txt": b"x"}))), {"zero_byte"}),
        "apple.emlx": (_emlx(bytes(mail(5))), set()),
        f"{'long name ' * 24}.txt": (b"a long name\n", set()),
        "undated.eml": (
            b"From: a@x.example\nTo: b@x.example\nDate: Mon, 21 May 2001 15:48:00\nSubject: no zone\n\nx\n",
            set(),
        ),
    }
    for name, (data, _) in items.items():
        (folder / name).write_bytes(data)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt")).write_bytes(b"a name that is not UTF-8\n")
    (folder / "link.txt").symlink_to("/etc/hostname")
    return {name: codes for name, (_, codes) in items.items()} | {
        "link.txt": {"linked_not_collected"},
        "caf\\xe9.txt": set(),
    }


def _emlx(data: bytes) -> bytes:
    return f"{len(data)}\n".encode() + data + b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>\n'


def write_truth(folder: Path, truth: dict[str, set[str]]) -> None:
    """Write the codes beside the folder."""
    folder.with_suffix(".json").write_text(json.dumps({name: sorted(codes) for name, codes in truth.items()}, indent=1))
