"""Threads: linked by what mails state, whole, without loops, and the same in any order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from thresher.service.discovery.threads.base_subject import base_subject
from thresher.service.discovery.threads.thread_mails import ThreadMail, ThreadPlace
from thresher.service.discovery.threads.thread_places import thread_places

_HEAD = "01d046c6fc06c85c39b2c024428381b13c0c5c3fdeb4"
_OTHER = "01d046c6fc06" + 16 * "ab"


def _mail(number: int, **facts: object) -> ThreadMail:
    day = facts.pop("day", number)
    return ThreadMail(id=f"d{number}", message_id=f"<{number}@x>", sent=f"2001-01-{day:02d}T08:00:00Z", **facts)  # type: ignore[arg-type]


def _trees(*mails: ThreadMail) -> dict[str, tuple[str, str | None, int]]:
    return {name: (p.thread_id, p.parent, p.depth) for name, p in thread_places(mails).items()}


def test_mails_are_linked_by_references() -> None:
    """The last reference is the parent, also where the reply came first; In-Reply-To counts where there is none."""
    mails = (
        _mail(1),
        _mail(2, references=("<1@x>",)),
        _mail(3, references=("<1@x>", "<2@x>"), replies_to=("<1@x>",)),
        _mail(4, replies_to=("<2@x>",)),
    )
    whole = {"d1": ("d1", None, 0), "d2": ("d1", "d1", 1), "d3": ("d1", "d2", 2), "d4": ("d1", "d2", 2)}
    assert _trees(*reversed(mails)) == whole
    assert [thread_places(mails)[f"d{n}"].position for n in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_mails_that_are_not_here_are_pruned() -> None:
    """One branch below a missing root is a thread without it; two branches are held together by it."""
    assert _trees(_mail(2, references=("<1@x>",))) == {"d2": ("d2", None, 0)}
    two = _trees(_mail(2, references=("<1@x>",)), _mail(3, references=("<1@x>",)))
    assert two == {"d2": ("d2", None, 1), "d3": ("d2", None, 1)}
    inner = _trees(_mail(1), _mail(3, references=("<1@x>", "<2@x>")), _mail(4, references=("<1@x>", "<2@x>")))
    assert inner["d3"] == inner["d4"] == ("d1", "d1", 1)


def test_loops_and_self_references_are_harmless() -> None:
    """Mails that name each other, or themselves, are one thread each with one root."""
    found = _trees(_mail(1, references=("<2@x>",)), _mail(2, references=("<1@x>",)), _mail(3, replies_to=("<3@x>",)))
    assert {name: place[0] for name, place in found.items()} == {"d1": "d1", "d2": "d1", "d3": "d3"}
    assert sum(parent is None for _, parent, _ in found.values()) == 2


def test_long_chain_is_linked_in_time() -> None:
    """A chain of many mails, given backwards, has no recursion and no quadratic search."""
    chain = [_mail(1)] + [
        ThreadMail(id=f"d{n}", message_id=f"<{n}@x>", sent=f"2001-01-01T08:00:00Z{n:06d}", references=(f"<{n - 1}@x>",))
        for n in range(2, 3000)
    ]
    assert thread_places(reversed(chain))["d2999"].depth == 2998


def test_two_mails_with_one_id_stand_together_unless_their_subjects_differ() -> None:
    """The sender's copy and the recipient's share a node; a machine that gives all mails one id joins nothing."""
    first = ThreadMail(id="a", message_id="<1@x>", sent="2001-01-01", base="budget")
    second = ThreadMail(id="b", message_id="<1@x>", sent="2001-01-01", base="budget")
    third = ThreadMail(id="c", message_id="<1@x>", sent="2001-01-02", base="lunch")
    places = _trees(first, second, third, _mail(4, references=("<1@x>",)))
    assert places == {"a": ("a", None, 0), "b": ("a", None, 0), "c": ("c", None, 0), "d4": ("a", "a", 1)}


def test_conversation_index_joins_what_states_no_references() -> None:
    """An index names its ancestors; a missing one is replaced by the conversation; References are never overridden."""
    mails = (
        _mail(1, index=_HEAD),
        _mail(2, index=_HEAD + 5 * "01"),
        _mail(3, index=_HEAD + 5 * "01" + 5 * "02"),
        _mail(4, index=_HEAD + 5 * "07" + 5 * "03"),
        _mail(5, index=_HEAD + 5 * "04", references=("<6@x>",)),
        _mail(6, index=_OTHER),
    )
    found = thread_places(mails)
    assert [(found[f"d{n}"].parent, found[f"d{n}"].evidence) for n in (1, 2, 3, 4)] == [
        (None, None),
        ("d1", "conversation_index"),
        ("d2", "conversation_index"),
        ("d1", "conversation_index"),
    ]
    assert (found["d5"].thread_id, found["d5"].parent, found["d1"].thread_id) == ("d5", "d6", "d1")


def test_conversation_that_references_split_is_not_joined() -> None:
    """Where mails of one conversation are in two threads by their References, the index says nothing more."""
    found = _trees(
        _mail(1),
        _mail(2),
        _mail(3, index=_HEAD + 5 * "01", references=("<1@x>",)),
        _mail(4, index=_HEAD + 5 * "02", references=("<2@x>",)),
        _mail(5, index=_HEAD + 5 * "03"),
    )
    assert found["d5"] == ("d5", None, 0)


def test_subject_joins_a_reply_that_states_nothing() -> None:
    """Within 30 days, with a person in common, and only among mails without thread headers."""
    ann, bob = ("ann@x", "bob@x"), ("bob@x",)
    assert _trees(_mail(1, base="budget", people=ann), _mail(9, base="budget", answers=True, people=bob))["d9"] == (
        "d1",
        "d1",
        1,
    )
    apart = (
        _mail(9, base="budget", answers=True, people=("eve@x",)),
        _mail(9, base="budget", people=bob),
        _mail(9, base="other", answers=True, people=bob),
        _mail(9, base="budget", answers=True, people=bob, index=_HEAD),
        ThreadMail(id="d9", sent="2001-02-01T08:00:00Z", base="budget", answers=True, people=bob),
        ThreadMail(id="d9", base="budget", answers=True, people=bob),
    )
    for reply in apart:
        assert _trees(_mail(1, base="budget", people=ann), reply)["d9"] == ("d9", None, 0)


def test_header_backed_threads_of_one_subject_stay_apart() -> None:
    """A reply without headers joins no thread that References hold together."""
    found = _trees(
        _mail(1, base="budget", people=("a@x",)),
        _mail(2, base="budget", answers=True, references=("<1@x>",)),
        _mail(3, base="budget", answers=True, people=("a@x",)),
    )
    assert found["d3"] == ("d3", None, 0)


def test_copies_stand_where_their_originals_stand() -> None:
    """A duplicate has the place of the mail that it is a copy of, and never names a thread."""
    copy = ThreadMail(id="a", message_id="<1@x>", sent="2001-01-01T08:00:00Z", dup_of="d1")
    assert _trees(copy, _mail(1), _mail(2, references=("<1@x>",)))["a"] == ("d1", None, 0)


def test_base_subject_of_many_languages() -> None:
    """RFC 5256, with localised prefixes; a blob in brackets stays where nothing else is left."""
    for subject in ("AW: WG: SV: VS: TR: RIF: ENC: Odp: x", "Re: [a] Fwd: x", "[Fwd: x (fwd)]", "RE[2]:X", "回复：x"):
        assert base_subject(subject) == ("x", True), subject
    assert base_subject("[list] ") == ("[list]", False)
    assert base_subject("Regarding: x") == ("regarding: x", False)


_ids = st.integers(0, 11).map(lambda n: f"<{n}@x>")
_index = st.sampled_from([None, _HEAD, _HEAD + 5 * "01", _HEAD + 5 * "01" + 5 * "02", _OTHER, _OTHER + 5 * "03"])


@st.composite
def _mails(draw: st.DrawFn) -> list[ThreadMail]:
    made = []
    for number in range(draw(st.integers(1, 12))):
        own = draw(_ids)
        made.append(
            ThreadMail(
                id=f"d{number:02d}",
                message_id=draw(st.sampled_from([own, None])),
                sent=draw(
                    st.sampled_from(["", "2001-01-01T08:00:00Z", "2001-01-02T08:00:00Z", "2001-03-01T08:00:00Z"])
                ),
                references=tuple(name for name in dict.fromkeys(draw(st.lists(_ids, max_size=3))) if name != own),
                replies_to=tuple(draw(st.lists(_ids.filter(lambda n: n != own), max_size=1))),  # noqa: B023
                index=draw(_index),
                base=draw(st.sampled_from(["", "x", "y"])),
                answers=draw(st.booleans()),
                people=tuple(draw(st.lists(st.sampled_from(["a@x", "b@x"]), max_size=2, unique=True))),
            )
        )
    return made


@given(_mails(), st.randoms(use_true_random=False))
def test_threads_hold_for_all_mails_in_any_order(mails: list[ThreadMail], random: object) -> None:
    """Every mail is in one thread, named by its earliest mail; parents lead to a root; the order given is nothing."""
    places = thread_places(mails)
    assert set(places) == {mail.id for mail in mails}
    threads: dict[str, list[ThreadMail]] = {}
    for mail in mails:
        threads.setdefault(places[mail.id].thread_id, []).append(mail)
        _climb(places, mail.id)
    for thread_id, members in threads.items():
        assert thread_id == min(members, key=lambda m: m.order).id
        assert sorted(places[m.id].position for m in members) == list(range(len(members)))
    shuffled = list(mails)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert thread_places(shuffled) == places


def _climb(places: dict[str, ThreadPlace], name: str) -> None:
    """Climb from a mail to its root, through mails of one thread, each a step nearer."""
    while (parent := places[name].parent) is not None:
        assert places[parent].thread_id == places[name].thread_id
        assert places[parent].depth == places[name].depth - 1
        name = parent
    assert places[name].depth in {0, 1}
