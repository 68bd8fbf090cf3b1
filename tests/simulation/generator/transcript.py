"""Transcripts of hearings: utterances of one word or many lines, most of the short ones said again and again."""

from __future__ import annotations

from datetime import date
from random import Random

from tests.simulation.generator.nouns import Column, Fact, Item, Note, Row, Story, Value
from tests.simulation.generator.targets import Transcript
from tests.simulation.generator.words import LAST, SAID, person

REMARKS = ("(A recess was taken.)", "(The witness was shown the exhibit.)", "(Off the record.)", "(Inaudible.)")


class TranscriptKind:
    """A transcript."""

    name = "transcript"
    rows = "utterances"
    model = Transcript
    wrapped, key, optional = "words", "speaker", "time"
    columns = (
        Column(name="time", kind="code", titles=("Time",), width=8, pattern=r"\d\d:\d\d:\d\d"),
        Column(name="speaker", kind="text", titles=("Speaker",), width=14),
        Column(name="words", kind="text", titles=("Words",), width=0),
    )
    facts = (
        Fact(name="court", kind="text", labels=("Court", "Before", "Gericht")),
        Fact(name="case_number", kind="text", labels=("Case number", "Case no.", "Aktenzeichen")),
        Fact(name="witness", kind="text", labels=("Witness", "Testimony of", "Zeuge")),
        Fact(name="hearing_date", kind="date", labels=("Date of hearing", "Heard on", "Verhandlungstag")),
    )
    prose = ""

    def draw(self, random: Random, rows: int) -> Story:
        """See Kind."""
        items: list[Item] = []
        seconds = random.randrange(9 * 3_600, 10 * 3_600)
        speakers = [
            "THE COURT",
            "THE WITNESS",
            f"MR. {random.choice(LAST).upper()}",
            f"MS. {random.choice(LAST).upper()}",
        ]
        for index in range(rows):
            seconds = (seconds + random.choice((0, 2, 5, 9))) % 86_400
            shown = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
            words = " ".join(_said(random) for _ in range(random.choice((1, 1, 1, 2, 4))))
            items.append(Row(index, {"time": shown, "speaker": random.choice(speakers), "words": words}))
            if random.random() < 1 / 40:
                items.append(Note(random.choice(REMARKS)))
        facts: dict[str, Value] = {
            "court": "County Court of Lincoln",
            "case_number": f"HC-{random.randrange(10**4, 10**5)}",
        }
        facts |= {"witness": person(random), "hearing_date": date(2023, random.randrange(1, 13), 14)}
        corrected: dict[str, Value] = {"witness": person(random)}
        return Story(title="TRANSCRIPT OF PROCEEDINGS", facts=facts, items=items, corrected=corrected)


def _said(random: Random) -> str:
    return random.choice(SAID).format(n=random.randrange(1, 40))
