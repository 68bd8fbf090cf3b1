"""Ready-made targets: copy one and change it, or subclass it. Each module's main class is the target."""

from __future__ import annotations

LIBRARY = {
    "bank_statement": "schemas.library.bank_statement:BankStatement",
    "contract": "schemas.library.contract:Contract",
    "invoice": "schemas.library.invoice:Invoice",
    "mail": "schemas.library.mail:Mail",
    "meeting_notes": "schemas.library.meeting_notes:MeetingNotes",
    "nda": "schemas.library.nda:NonDisclosureAgreement",
    "purchase_order": "schemas.library.purchase_order:PurchaseOrder",
    "receipt": "schemas.library.receipt:Receipt",
    "resume": "schemas.library.resume:Resume",
}


def library_names() -> tuple[str, ...]:
    """Names of the ready-made targets, in order.

    >>> library_names()[:3]
    ('bank_statement', 'contract', 'invoice')
    """
    return tuple(LIBRARY)
