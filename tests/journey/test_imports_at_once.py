"""A run that goes on reads kept answers while it asks for others: two big imports at once, in two threads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BOTH = """
import sys, threading, time
from thresher.service.llm.base import Message, Question
from thresher.service.llm.structured_output import read
from thresher.service.llm.providers.litellm_transport import ready

wrong = []
def first():
    try:
        ready("openai/gpt-4o-mini")
    except BaseException as error:
        wrong.append(error)

thread = threading.Thread(target=first)
thread.start()
while "openai.types" not in sys.modules and thread.is_alive():
    time.sleep(0.001)
asked = Question(
    prompt="p", fingerprint="f", messages=(Message(role="user", content="x"),), schema={"type": "object"}, answer_tokens=9
)
call = {"id": "1", "type": "function", "function": {"name": "answer", "arguments": '{"a": 1}'}}
message = {"role": "assistant", "content": None, "tool_calls": [call]}
whole = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
said = read("tools", whole, asked)
thread.join()
assert not wrong, wrong
assert said == '{"a": 1}', said
"""


@pytest.mark.slow
def test_two_threads_import_at_once() -> None:
    """Neither sees half a package: the call is made, and the kept answer is read as it was the first time."""
    done = subprocess.run(
        [sys.executable, "-c", BOTH], check=False, cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
