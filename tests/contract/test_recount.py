"""What an import says of mails is what a recount finds that shares no code with it, and what was made."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from email.message import EmailMessage
from pathlib import Path

import pytest

from bench.recount import Counts, differences, recounted, reported
from tests.collection_imports import imported
from tests.simulation.discovery.broken_items import mail
from tests.simulation.discovery.mailboxes import Mailboxes
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.reconciliation.reconciling import reconcile
from thresher.service.discovery.reports.writing import write_reports
from thresher.service.discovery.settling import settle


def _imported(folder: Path, matter: Path) -> Counts:
    """Import a folder, and count what the reports say."""
    imported(matter, [folder])
    with Matter(matter) as opened:
        settle(opened)
        write_reports(opened, reconcile(opened), matter / "reports")
    return reported(matter / "reports")


def test_generated_mailboxes_are_counted_alike_three_times(tmp_path: Path) -> None:
    """By the import, by the recount, and by the list of what was made: mails, attachments, copies and threads."""
    made = tmp_path / "boxes"
    Mailboxes(50, seed=3, attached_bytes=200, quoted=True).write(made)
    truths = [json.loads(line) for line in (made / "truth.jsonl").read_text().splitlines()]
    (made / "truth.jsonl").unlink()
    ours = recounted(made)
    assert differences(ours, _imported(made, tmp_path / "m")) == []
    assert len(ours.families) == sum(len(t["owners"]) for t in truths)
    assert sum(files for files, _ in ours.families.values()) == sum(
        len(t["attachments"]) * len(t["owners"]) for t in truths
    )
    assert sum(len(group) - 1 for group in ours.copies) == sum(len(t["owners"]) - 1 for t in truths)
    threads = defaultdict[int, int](int)
    for truth in truths:
        threads[truth["root"]] += len(truth["owners"])
    assert sorted(map(len, ours.threads)) == sorted(threads.values())


def test_mails_of_many_forms_are_counted_alike(tmp_path: Path) -> None:
    """Attached mails with files, alternatives, shown images, copies in other zones and folding, mails that say little."""
    folder = tmp_path / "mails"
    folder.mkdir()
    inner = mail(2, {"a.bin": b"a", "b.bin": b"b"})
    page = EmailMessage()
    page["From"], page["To"], page["Subject"] = "Zoë <z@x.example>", "b@x.example, c@x.example", "Grüße an  alle"
    page["Date"], page["Message-ID"], page["In-Reply-To"] = "Mon, 21 May 2001 15:48:00 +0200", "<p@x>", "<1@x.example>"
    page.set_content("Hello\n")
    page.add_alternative('<p>Hello <img src="cid:i@x"></p>', subtype="html")
    page.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", cid="<i@x>")
    for name, message in {"1": mail(1, {"x.bin": b"x"}, inner), "2": inner, "page": page}.items():
        (folder / f"{name}.eml").write_bytes(bytes(message))
    other = bytes(page).replace(b"15:48:00 +0200", b"07:48:00 -0600").replace(b"Hello\n", b" Hello \r\n\r\n", 1)
    (folder / "copy.eml").write_bytes(b"Received: from x by y; Mon, 21 May 2001 15:50:00 +0200\n" + other)
    for number in (1, 2):
        (folder / f"little{number}.eml").write_bytes(b"X-N: %d\n\nThe same text.\n" % number)
    ours = recounted(folder)
    assert differences(ours, _imported(folder, tmp_path / "m")) == []
    assert (len(ours.families), ours.families["1.eml"], ours.families["page.eml"]) == (6, (3, 1), (0, 0))
    assert ours.copies == {frozenset(("copy.eml", "page.eml"))}
    assert frozenset(("1.eml", "copy.eml", "page.eml")) in ours.threads


@pytest.mark.parametrize("lost", ["box#3", "box#7"])
def test_a_recount_sees_what_is_lost(tmp_path: Path, lost: str) -> None:
    """A mail that an import did not have shows, by its place."""
    boxes = Mailboxes(12, seed=2, custodians=1, attached_bytes=50)
    boxes.write(tmp_path / "boxes")
    box = tmp_path / "boxes" / "custodian0" / "box000.mbox"
    (tmp_path / "all").mkdir()
    shutil.copy(box, tmp_path / "all" / "box")
    ours = recounted(tmp_path / "all")
    theirs = Counts({place: n for place, n in ours.families.items() if place != lost}, ours.copies, ours.threads)
    assert [line.split(":")[0] for line in differences(ours, theirs)] == [f"family of {lost}"]
