"""Makes those files of `samples/inbox` that are not other people's: scans, photos and mails.

    python samples/make_inbox.py samples/inbox

Needs what the demo needs. The scanned invoice is page 1 of `invoice-discounts.pdf` sent through a bad scanner; the
receipt is of an invented shop; the mails are between roles of invented companies. The same call makes the same bytes.
"""

from __future__ import annotations

import argparse
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pypdfium2
from degrade import PHOTO, SCAN, degrade, draw, receipt
from PIL.Image import Image

QUOTED = """\
On Mon, 4 Mar 2024 at 09:12, Purchasing <purchasing@northwind-sample.example> wrote:
> Dear Sales,
>
> please confirm delivery of purchase order PO-4711 by 15 March 2024.
> We need all 40 desk lamps before the move on 18 March 2024.
>
> On Fri, 1 Mar 2024 at 16:40, Sales <sales@lamp-works-sample.example> wrote:
>> Thank you for purchase order PO-4711 over EUR 1,960.00.
>> The lamps will leave our works in Lyon next week.
"""


def page_image(pdf: Path, dpi: int) -> Image:
    """Page 1 of a PDF as pixels."""
    document = pypdfium2.PdfDocument(pdf)
    return document[0].render(scale=dpi / 72).to_pil().convert("RGB")


def scanned(inbox: Path) -> None:
    """An invoice as a PDF without a text layer."""
    image = degrade(page_image(inbox / "invoice-discounts.pdf", 200), SCAN, seed=3)
    image.save(inbox / "invoice-scanned.pdf", "PDF", resolution=200.0, quality=SCAN.jpeg)


def photographed(inbox: Path) -> None:
    """A receipt on a table."""
    degrade(draw(receipt(7)), PHOTO, seed=7).save(inbox / "receipt-photo.jpg", quality=PHOTO.jpeg)


def with_attachment(inbox: Path) -> None:
    """A mail that brings an invoice as a PDF."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Accounts <accounts@azure-interior.example>"
    mail["To"] = "Invoices <invoices@northwind-sample.example>"
    mail["Subject"] = "Your invoice"
    mail["Date"] = "Tue, 05 Mar 2024 08:30:00 +0100"
    mail["Message-ID"] = "<20240305.1@azure-interior.example>"
    mail.set_content("Dear customer,\n\nplease find our invoice attached.\n\n-- \nAccounts\n")
    pdf = (inbox / "invoice-azure.pdf").read_bytes()
    mail.add_attachment(pdf, maintype="application", subtype="pdf", filename="invoice.pdf")
    mail.set_boundary("sample-boundary-1")
    (inbox / "mail-with-invoice.eml").write_bytes(mail.as_bytes())


def thread(inbox: Path) -> None:
    """An answer with two older mails quoted below it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Sales <sales@lamp-works-sample.example>"
    mail["To"] = "Purchasing <purchasing@northwind-sample.example>"
    mail["Cc"] = "Logistics <logistics@lamp-works-sample.example>"
    mail["Subject"] = "Re: Delivery of PO-4711"
    mail["Date"] = "Mon, 04 Mar 2024 14:05:00 +0100"
    mail["Message-ID"] = "<20240304.7@lamp-works-sample.example>"
    body = "Dear Purchasing,\n\nconfirmed: all 40 desk lamps arrive on 14 March 2024.\nPlease have the ramp free at 10:00.\n"
    mail.set_content(f"{body}\nRegards\nSales\n\n{QUOTED}")
    (inbox / "mail-thread.eml").write_bytes(mail.as_bytes())


def main() -> None:
    """Answer the command line."""
    parser = argparse.ArgumentParser(description="Makes the invented part of the sample inbox.")
    parser.add_argument("inbox", type=Path)
    inbox = parser.parse_args().inbox
    for make in (scanned, photographed, with_attachment, thread):
        make(inbox)


if __name__ == "__main__":
    main()
