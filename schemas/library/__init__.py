"""Ready-made targets: copy one and change it, or subclass it. Each module's main class is the target."""

from __future__ import annotations

LIBRARY = {
    "bank_statement": "thresher.schemas.library.bank_statement:BankStatement",
    "contract": "thresher.schemas.library.contract:Contract",
    "invoice": "thresher.schemas.library.invoice:Invoice",
    "mail": "thresher.schemas.library.mail:Mail",
    "meeting_notes": "thresher.schemas.library.meeting_notes:MeetingNotes",
    "nda": "thresher.schemas.library.nda:NonDisclosureAgreement",
    "purchase_order": "thresher.schemas.library.purchase_order:PurchaseOrder",
    "receipt": "thresher.schemas.library.receipt:Receipt",
    "resume": "thresher.schemas.library.resume:Resume",
}


def library_names() -> tuple[str, ...]:
    """Return the names of the ready-made targets, in order.

    >>> library_names()[:3]
    ('bank_statement', 'contract', 'invoice')
    """
    return tuple(LIBRARY)
