"""Do what follows every import: find copies, thread the mails, reconcile the counts."""

from __future__ import annotations

from thresher.service.discovery.duplicates.deduplication import chosen_grouping, deduplicate
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reconciliation.equations import Reconciliation
from thresher.service.discovery.reconciliation.reconciling import reconcile_and_keep
from thresher.service.discovery.threads.thread_run import thread_matter


def settle(matter: Matter, scope: str | None = None) -> Reconciliation:
    """Group copies within `scope`, or as the matter does, thread, and return whether all equations hold. May be repeated."""
    deduplicate(matter, chosen_grouping(matter, scope))
    thread_matter(matter)
    return reconcile_and_keep(matter)
