"""Settings from variables and from a file, several servers of models, and the page that lists them all."""

from __future__ import annotations

import inspect
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.simulation.server import Said, Server
from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.policy import Policy
from thresher.schemas.question import Message, Question
from thresher.service import settings
from thresher.service.cli import settings as command
from thresher.service.cli.main import app
from thresher.service.settings import VARIABLES, Settings, command_defaults, load
from thresher.service.storage.answers.memory import MemoryStore
from thresher.service.wiring.endpoints import endpoint_of, missing_keys
from thresher.service.wiring.models import model_of

PAGE = Path(__file__).parents[2] / "docs/guides/settings.md"
OFFICE = {"base_url": "http://127.0.0.1:1/v1", "key_variable": "OFFICE_DOOR", "models": ["qwen3-8b"]}


def written(folder: Path, text: str) -> dict[str, str]:
    """Variables that name a file of this text."""
    file = folder / "given.toml"
    file.write_text(text)
    return {"THRESHER_CONFIG": str(file), "THRESHER_HOME": str(folder)}


def test_the_file_says_what_no_variable_says(tmp_path: Path) -> None:
    """Under the same names; a variable wins; lists and truths are read as variables are."""
    given = written(
        tmp_path,
        'model = "a"\nuploads = "/u"\nTHRESHER_LOG = "info"\nwebhook_ports = [8443, 9443]\nshared_answers = true\n',
    )
    found = load({**given, "THRESHER_MODEL": "b"})
    assert (found.model, found.uploads, found.log) == ("b", "/u", "info")
    assert (found.webhook_ports, found.shared_answers) == (frozenset({8443, 9443}), True)


def test_a_file_in_the_home_is_read_and_one_of_the_working_folder_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of documents comes from others: it must not say where documents are sent."""
    work, home = tmp_path / "work", tmp_path / "home"
    for folder, model in ((work, "evil"), (home, "mine")):
        folder.mkdir()
        (folder / "thresher.toml").write_text(f'model = "{model}"')
    monkeypatch.chdir(work)
    assert load({"THRESHER_HOME": str(home)}).model == "mine"
    assert load({"THRESHER_HOME": str(tmp_path)}).model is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('modle = "a"', "no setting is called modle; did you mean model?"),
        ('secrets = "/x"', "no setting is called secrets"),
        ("[serv]\nport = 1", "did you mean serve?"),
        ("model", "given.toml"),
        ("serve = 1", "a table \\[serve\\] is expected"),
        ("[model]\na = 1", "model: no table expected"),
        ('providers = "x"', "providers: tables expected"),
        ('keep_days = "soon"', "THRESHER_KEEP_DAYS"),
        ('[providers.office]\nbase_ulr = "http://x"', "no key is called base_ulr; did you mean base_url?"),
        ('[providers.office]\nbase_url = "file:///etc/passwd"', "http:// or https://"),
        ("[providers.office]\nkey_variable = 1", "texts are expected"),
        ('[providers.office]\nbase_url = "http://x"\nmodels = "a"', "texts are expected"),
        ('[providers."Off ice"]\nbase_url = "http://x"', "a name of a-z"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, told: str) -> None:
    """With the nearest known name, and never a value, which may be a secret."""
    with pytest.raises(SetupProblem, match=told) as caught:
        load(given := written(tmp_path, text)), command_defaults(given)
    assert caught.value.code == "setting_invalid"


def test_a_file_that_is_named_and_not_there_is_a_problem(tmp_path: Path) -> None:
    """Nothing is passed over in silence."""
    with pytest.raises(SetupProblem, match="setting_invalid"):
        load({"THRESHER_CONFIG": str(tmp_path / "none.toml")})


def test_a_named_server_is_asked_with_its_own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`NAME/MODEL` goes to its address; no other key is sent there; a server without a key gets none of ours."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-the-office")
    servers = {"office": OFFICE, "bare": {"base_url": "http://127.0.0.1:2", "protocol": "ollama_chat"}}
    here = load(
        {"THRESHER_HOME": str(tmp_path), "THRESHER_PROVIDERS": json.dumps(servers), "OFFICE_DOOR": "abc-secret"}
    )
    asked = [endpoint_of(n, Policy(), here) for n in ("office/qwen3-8b", "bare/qwen3:8b", "openai/gpt-4o-mini")]
    remotes = [getattr(end.wire, "_remote") for end in asked]  # noqa: B009 - of a protocol
    assert [(r.model, r.api_base, r.api_key) for r in remotes] == [
        ("openai/qwen3-8b", "http://127.0.0.1:1/v1", "abc-secret"),
        ("ollama_chat/qwen3:8b", "http://127.0.0.1:2", "none"),
        ("openai/gpt-4o-mini", None, None),
    ]
    assert "abc-secret" in here.secrets
    assert "abc-secret" not in repr(here) + "".join(end.identity for end in asked)


def test_a_model_or_a_key_that_a_named_server_lacks_is_told(tmp_path: Path) -> None:
    """The nearest model, and the variable of the key; before the first document."""
    here = load({"THRESHER_HOME": str(tmp_path), "THRESHER_PROVIDERS": json.dumps({"office": OFFICE})})
    assert missing_keys("office/qwen3-8b", here) == ("OFFICE_DOOR",)
    with pytest.raises(SetupProblem, match="set OFFICE_DOOR"):
        endpoint_of("office/qwen3-8b", Policy(), here)
    keyed = replace(here, providers=(replace(here.providers[0], key="k"),))
    assert missing_keys("office/qwen3-8b", keyed) == ()
    with pytest.raises(InputProblem, match="did you mean qwen3-8b"):
        endpoint_of("office/qwen3-9b", Policy(), keyed)


def test_the_page_of_settings_is_what_the_tables_say() -> None:
    """`thresher settings --format markdown > docs/guides/settings.md` mends it; its example is a right file."""
    assert PAGE.read_text() == command.page()


def test_every_variable_that_is_read_is_in_the_table_and_the_other_way_round() -> None:
    """A setting that is added to the code is added to the table."""
    code = inspect.getsource(settings).replace(inspect.getsource(settings).split("PROVIDER_KEYS")[0], "")
    read = set(re.findall(r"\"(THRESHER_[A-Z_]+)\"", code))
    assert read == {name for name in VARIABLES if name.startswith("THRESHER_")}


def test_the_example_of_the_page_is_right(tmp_path: Path) -> None:
    """It is read, and its options are options of the commands."""
    given = written(tmp_path, command.EXAMPLE)
    found: Settings = load(given)
    assert [p.name for p in found.providers] == ["office", "reading-room"]
    assert command_defaults(given)["serve"]["allow_model"] == ["office/qwen3-32b"]
    runner = CliRunner(env=given)
    assert runner.invoke(app, ["settings"]).exit_code == 0


def test_the_command_lists_settings_and_hides_secrets(tmp_path: Path) -> None:
    """Where each is set; a misspelt variable is named with the nearest one; lines fit 80 columns."""
    given = written(tmp_path, 'database = "postgresql://me:hush@db/x"\nmodel = "a"\n')
    runner = CliRunner(env={**given, "THRESHER_ENCRYPTION_KEY": "hush-hush", "THRESHER_UPLOAD": "/u"})
    told = runner.invoke(app, ["settings"])
    assert "THRESHER_MODEL: a (file)\n" in told.output
    assert "THRESHER_ENCRYPTION_KEY: *** (variable)\n" in told.output
    assert "hush" not in told.output
    assert "unknown: THRESHER_UPLOAD; did you mean THRESHER_UPLOADS?" in told.output
    assert told.exit_code == 1
    assert max(len(line) for line in told.output.splitlines() if str(tmp_path) not in line) <= 80


def test_the_file_gives_defaults_for_options_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line wins; an unknown option is refused with the nearest."""
    monkeypatch.delenv("THRESHER_CONFIG", raising=False)
    file = tmp_path / "t.toml"
    seen: list[object] = []
    monkeypatch.setattr(
        "thresher.service.cli.serve.main", lambda asked: seen.append((asked.port, asked.width, asked.models))
    )
    monkeypatch.setattr("thresher.service.cli.commands.service_commands.read_ahead", lambda: None)
    file.write_text('[serve]\nport = 9000\nwidth = 3\nallow-model = ["a", "b"]\n')
    assert CliRunner().invoke(app, ["--config", str(file), "serve", "--width", "5"]).exit_code == 0
    assert seen == [(9000, 5, ["a", "b"])]
    file.write_text("[serve]\nprot = 9000\n")
    told = CliRunner().invoke(app, ["--config", str(file), "serve"])
    assert (told.exit_code, "[serve] has no option prot; did you mean port?" in told.output) == (2, True)
    os.environ.pop("THRESHER_CONFIG", None)


def test_the_file_may_be_named_behind_the_command_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`thresher serve --config FILE --width 5` reads as people write it."""
    monkeypatch.setenv("THRESHER_CONFIG", "")
    seen: list[object] = []
    monkeypatch.setattr("thresher.service.cli.serve.main", lambda asked: seen.append((asked.port, asked.width)))
    monkeypatch.setattr("thresher.service.cli.commands.service_commands.read_ahead", lambda: None)
    (file := tmp_path / "t.toml").write_text("[serve]\nport = 9000\nwidth = 3\n")
    assert CliRunner().invoke(app, ["serve", "--width", "5", "--config", str(file)]).exit_code == 0
    assert seen == [(9000, 5)]


async def test_two_named_servers_are_asked_by_one_process(tmp_path: Path) -> None:
    """Over real HTTP: each model at its own address, under the name that its server knows."""
    question = Question(
        prompt="p", fingerprint="f", messages=(Message(role="user", content="x"),), schema=None, answer_tokens=9
    )
    async with Server(lambda _: Said(content="here")) as one, Server(lambda _: Said(content="there")) as two:
        servers = {"one": {"base_url": one.base}, "two": {"base_url": two.base}}
        here = load({"THRESHER_HOME": str(tmp_path), "THRESHER_PROVIDERS": json.dumps(servers)})
        for name, told in (("one/small", "here"), ("two/large", "there")):
            model = model_of(Policy(model=name), here, MemoryStore())
            assert (await model.ask(question)).text == told
            await model.aclose()
    assert [[r["model"] for r in server.requests] for server in (one, two)] == [["small"], ["large"]]
