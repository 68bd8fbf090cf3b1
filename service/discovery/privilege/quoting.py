"""Find the replies in which a mail stands whole, by the passages that are kept of every mail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from thresher.service.discovery.mail_passages import HASH_BYTES
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.threads.inclusive import occurs


class QuotingReplies:
    """The replies of one Matter, by the mail that each answers, directly or not."""

    def __init__(self, matter: Matter) -> None:
        """Look through the threads of an open Matter."""
        self._matter = matter
        self._replies = defaultdict[str, list[str]](list)
        for document in matter.store.documents():
            if document.thread_parent:
                self._replies[document.thread_parent].append(document.id)

    def __call__(self, mail: str) -> Iterator[str]:
        """Yield the replies to a mail, and the replies to these, in which all its passages occur in order."""
        whole = self._passages(mail)
        waiting, seen = list(self._replies.get(mail, ())), {mail}
        while whole and waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += self._replies.get(one, ())
                if occurs(whole, self._passages(one)):
                    yield one

    def _passages(self, mail: str) -> tuple[bytes, ...]:
        text = self._matter.store.mail_text(mail)
        joined = text[1] if text else b""
        return tuple(joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES))
