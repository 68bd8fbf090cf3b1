"""A target of which some values kill the process that judges them, as a fault in a library would: PO-6 once, PO-7 always."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from pydantic import BaseModel, field_validator


class Order(BaseModel):
    """An order."""

    number: str
    buyer: str | None

    @field_validator("number")
    @classmethod
    def _judged(cls, number: str) -> str:
        deaths = Path(__file__).with_name("deaths")  # one letter for each
        died = deaths.exists()
        if number == "PO-7" or (number == "PO-6" and not died):
            with deaths.open("ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), signal.SIGSEGV)
        return number
