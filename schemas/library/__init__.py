"""Ready-made targets: copy one and change it, or subclass it. Each module's main class is the target."""

from __future__ import annotations

LIBRARY = {
    "agreement": "thresher.schemas.library.agreement:Agreement",
    "bank_statement": "thresher.schemas.library.bank_statement:BankStatement",
    "chronology": "thresher.schemas.library.chronology:Chronology",
    "contract": "thresher.schemas.library.contract:Contract",
    "correspondence": "thresher.schemas.library.correspondence:Correspondence",
    "invoice": "thresher.schemas.library.invoice:Invoice",
    "mail": "thresher.schemas.library.mail:Mail",
    "meeting_notes": "thresher.schemas.library.meeting_notes:MeetingNotes",
    "nda": "thresher.schemas.library.nda:NonDisclosureAgreement",
    "purchase_order": "thresher.schemas.library.purchase_order:PurchaseOrder",
    "receipt": "thresher.schemas.library.receipt:Receipt",
    "relevance": "thresher.schemas.library.relevance:Relevance",
    "resume": "thresher.schemas.library.resume:Resume",
}


def library_names() -> tuple[str, ...]:
    """Return the names of the ready-made targets, in order.

    >>> library_names()[:3]
    ('agreement', 'bank_statement', 'chronology')
    """
    return tuple(LIBRARY)
