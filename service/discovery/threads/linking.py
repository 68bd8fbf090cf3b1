"""Link mails by what they state: References and In-Reply-To (J. Zawinski's algorithm), conversation index, subject.

    mails in a fixed order -> nodes, one a Message-ID -> own references -> references of others -> conversation index
    -> subject, for mails that state nothing

Better evidence comes first and is never overridden. The order in which mails are given does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from thresher.service.discovery.threads.conversation_index import ConversationIndex, conversation_index
from thresher.service.discovery.threads.forest import Forest
from thresher.service.discovery.threads.thread_mails import LinkEvidence, ThreadMail

_SUBJECT_DAYS = 30  # between two mails that only their subject joins


class MailForest:
    """Nodes of mails, and of mails that are named but are not here, linked into trees."""

    def __init__(self, mails: Iterable[ThreadMail]) -> None:
        """Link mails. Copies (`dup_of`) are left out by the caller."""
        self.forest = Forest()
        self.mails: list[list[ThreadMail]] = []  # of each node; none for a mail that is not here, several for one id
        self.evidence: dict[int, LinkEvidence] = {}  # of the link from a node to its parent
        self._named: dict[str, int] = {}
        self._node_of: list[tuple[ThreadMail, int]] = []
        for mail in sorted(mails, key=lambda mail: mail.order):
            self._place(mail)
        self._link_own()
        self._link_chains()
        self._link_indexes()
        self._link_subjects()

    # --- nodes

    def _add(self, *mails: ThreadMail) -> int:
        self.mails.append(list(mails))
        return self.forest.add()

    def _place(self, mail: ThreadMail) -> None:
        """Put a mail on the node of its Message-ID; on one of its own where another mail took that with another subject."""
        node = self._named.get(mail.message_id or "")
        if node is None or mail.message_id is None:
            node = self._add(mail)
            if mail.message_id:
                self._named[mail.message_id] = node
        elif self.mails[node][0].base == mail.base:
            self.mails[node].append(mail)
        else:
            node = self._add(mail)
        self._node_of.append((mail, node))

    def _node(self, message_id: str) -> int:
        """Return the node of a Message-ID, made where no mail has it."""
        node = self._named.get(message_id)
        if node is None:
            node = self._named[message_id] = self._add()
        return node

    def _link(self, child: int, parent: int, evidence: LinkEvidence) -> bool:
        done = self.forest.link(child, parent)
        if done:
            self.evidence[child] = evidence
        return done

    # --- headers

    def _link_own(self) -> None:
        """Link each mail to what it says it answers."""
        for mail, node in self._node_of:
            if mail.references:
                self._link(node, self._node(mail.references[-1]), "references")
            elif mail.replies_to:
                self._link(node, self._node(mail.replies_to[0]), "in_reply_to")

    def _link_chains(self) -> None:
        """Link the mails that others name, in the order in which they name them."""
        for mail, _ in self._node_of:
            for parent, child in pairwise(mail.references):
                self._link(self._node(child), self._node(parent), "references")

    # --- conversation index

    def _link_indexes(self) -> None:
        """Link roots that state no References by their conversation index."""
        known = [(m, n, i) for m, n in self._node_of if (i := conversation_index(m.index))]
        by_index: dict[bytes, int] = {}
        for _, node, index in known:
            by_index.setdefault(index.data, node)
        trees = self._agreeing_trees(known)
        first: dict[str, int] = {}
        for mail, node, index in known:
            if mail.references or mail.replies_to or self.forest.parents[node] >= 0:
                continue
            if not any(self._link(node, by_index[a], "conversation_index") for a in index.ancestors() if a in by_index):
                self._link_conversation(node, trees.get(index.conversation, []), index.conversation, first)

    def _agreeing_trees(self, known: list[tuple[ThreadMail, int, ConversationIndex]]) -> dict[str, list[int]]:
        """Return for each conversation the trees made by References whose mails all state that conversation or none."""
        stated: dict[int, set[str]] = {}
        referring = {self.forest.root(node) for mail, node, _ in known if mail.references or mail.replies_to}
        for _, node, index in known:
            stated.setdefault(self.forest.root(node), set()).add(index.conversation)
        found: dict[str, list[int]] = {}
        for root in sorted(referring):
            if len(stated[root]) == 1:
                found.setdefault(next(iter(stated[root])), []).append(root)
        return found

    def _link_conversation(self, node: int, trees: list[int], conversation: str, first: dict[str, int]) -> None:
        """Link a mail whose ancestors are not here to its conversation; not where References split that in two."""
        if len(trees) > 1:
            return
        if conversation not in first:
            first[conversation] = self._add()
            for root in trees:
                self._link(root, first[conversation], "conversation_index")
        self._link(node, first[conversation], "conversation_index")

    # --- subject

    def _link_subjects(self) -> None:
        """Link a reply that states nothing to the latest earlier mail of its subject with a person in common."""
        latest: dict[tuple[str, str], tuple[datetime, int, int]] = {}  # by subject and person: when, rank, node
        linked = {parent for parent in self.forest.parents if parent >= 0}
        for rank, (mail, node) in enumerate(self._node_of):
            alone = node not in linked and self.forest.parents[node] < 0
            if not mail.base or not mail.sent or mail.has_headers or not alone:
                continue
            sent = datetime.fromisoformat(mail.sent)
            found = [latest[key] for person in mail.people if (key := (mail.base, person)) in latest]
            nearest = max(found, key=lambda one: one[1], default=None)
            if mail.answers and nearest and sent - nearest[0] <= timedelta(days=_SUBJECT_DAYS):
                self._link(node, nearest[2], "subject")
            latest.update(((mail.base, person), (sent, rank, node)) for person in mail.people)
