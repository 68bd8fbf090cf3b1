"""Choose what is behind a model's name: its transport, address, key, prices and limits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from thresher.schemas.errors import InputProblem, SetupProblem
from thresher.schemas.nearest_name import suggestion
from thresher.schemas.policy import Policy
from thresher.schemas.question import DialectName
from thresher.service.llm.model_catalog import facts_of, may_truncate_prompts, provider_of, schema_mode_of, tariff_of
from thresher.service.llm.prices import Tariff
from thresher.service.llm.providers.embedded.embedded_transport import EmbeddedTransport, facts, identity, known_setup
from thresher.service.llm.providers.embedded.model_weights import KNOWN
from thresher.service.llm.stack import Endpoint
from thresher.service.settings import Provider, Settings

if TYPE_CHECKING:
    from thresher.service.llm.providers.remote import Remote

FREE_TARIFF = Tariff(prompt=0.0, answer=0.0)
DEFAULT_MODEL = "embedded"
NO_KEY = "none"  # sent to a server that needs no key, so that no other server's key is
# What of JSON Schema a provider takes when it constrains an answer; others take it as it is.
DIALECTS: dict[str, DialectName] = {
    "openai": "openai_strict",
    "azure": "openai_strict",
    "gemini": "gemini",
    "vertex_ai": "gemini",
    "anthropic": "anthropic",
    "bedrock": "anthropic",
}
# The same models, offered by other providers.
DIALECT_BY_FAMILY: dict[str, DialectName] = {"claude": "anthropic", "gemini": "gemini"}
LOCAL_WINDOW_TOKENS = 16_384  # tokens of prompt and answer for a GGUF file of the user's own
RESERVED_OPTIONS = frozenset(  # arguments of litellm that a Policy may not set
    [
        "model",
        "messages",
        "response_format",
        "tools",
        "tool_choice",
        "api_base",
        "base_url",
        "api_key",
        "stream",
        "n",
        "max_tokens",
        "max_completion_tokens",
        "num_retries",
        "max_retries",
        "timeout",
        "mock_response",
        "callbacks",
    ]
)
EMBEDDED_MODELS = {"embedded": "smollm2", **{f"embedded/{name}": name for name in KNOWN}}


def model_name(policy: Policy, settings: Settings) -> str:
    """Return the Policy's model, else the environment's, else the embedded one."""
    return policy.model or settings.model or DEFAULT_MODEL


def endpoint_of(name: str, policy: Policy, settings: Settings) -> Endpoint:
    """Return the Endpoint of a model, by its name. Nothing is loaded or imported before the first question."""
    if name in EMBEDDED_MODELS:
        weights = KNOWN[EMBEDDED_MODELS[name]]
        setup = partial(known_setup, weights.name, weights_folder(settings))
        return Endpoint(
            name=name, wire=EmbeddedTransport(setup), identity=identity(weights), facts=facts(), tariff=FREE_TARIFF
        )
    if name.startswith("local:"):
        return _local(name, settings)
    if name.startswith("scripted:"):
        return _scripted(name, policy)
    return _remote(name, policy, settings)


def _local(name: str, settings: Settings) -> Endpoint:
    from thresher.service.llm.providers.embedded.engine import Setup  # noqa: PLC0415 - only for local models

    path = _local_path(name.removeprefix("local:"), settings)
    wire = EmbeddedTransport(lambda: Setup(weights=path, window=LOCAL_WINDOW_TOKENS))
    free = replace(facts(LOCAL_WINDOW_TOKENS), style="free", dialect="llama")  # a model of the user's own may write
    return Endpoint(name=name, wire=wire, identity=identity(path), facts=free, tariff=FREE_TARIFF)


def _local_path(given: str, settings: Settings) -> Path:
    """Return the file that was pulled under a name, else the one at a path. Raises InputProblem(file_not_found)."""
    from thresher.service.llm.providers.embedded.hub_weights import path_of  # noqa: PLC0415 - only for local models

    pulled, path = path_of(given, weights_folder(settings)), Path(given).expanduser()
    found = next((p for p in (pulled, path) if p is not None and p.is_file()), None)
    if found is None:
        raise InputProblem(
            "file_not_found", f"no weights at {path}" + (f", nor pulled as hf:{given}" if pulled else "")
        )
    return found


def _scripted(name: str, policy: Policy) -> Endpoint:
    from thresher.service.llm.providers.scripted import FACTS, ScriptedTransport, load_script, script_identity  # noqa: PLC0415 - only for tests

    path = Path(name.removeprefix("scripted:"))
    table, latency = load_script(path)
    tariff = Tariff.of(policy.prices) if policy.prices else FREE_TARIFF
    return Endpoint(
        name=name, wire=ScriptedTransport(table, latency), identity=script_identity(path), facts=FACTS, tariff=tariff
    )


def _remote(name: str, policy: Policy, settings: Settings) -> Endpoint:
    from thresher.service.llm.providers.hosted import transport_to  # noqa: PLC0415 - only for hosted models

    remote = remote_of(name, policy, settings)
    tariff = Tariff.of(policy.prices) if policy.prices else tariff_of(remote.model)
    wire = transport_to(remote)
    return Endpoint(
        name=name,
        wire=wire,
        identity=remote.identity,
        facts=replace(facts_of(remote.model), dialect=_dialect_of(remote.model)),
        tariff=tariff,
        cuts=may_truncate_prompts(remote.model, remote.api_base),
    )


def _dialect_of(name: str) -> DialectName:
    """Return the dialect of a model's family, whoever offers it, else that of its provider."""
    by_family = (dialect for family, dialect in DIALECT_BY_FAMILY.items() if family in name)
    return next(by_family, DIALECTS.get(provider_of(name), "plain"))


def remote_of(name: str, policy: Policy, settings: Settings) -> Remote:
    """Return how a hosted model is reached. Raises InputProblem(policy_invalid), SetupProblem."""
    from thresher.service.llm.providers.remote import Remote  # noqa: PLC0415 - only for hosted models

    taken = sorted(RESERVED_OPTIONS & policy.model_options.keys())
    if taken:
        raise InputProblem("policy_invalid", f"model_options: {', '.join(taken)} is not for a policy to say")
    model, address, key = address_of(name, settings)
    if address and not address.startswith(("http://", "https://")):
        about = f"the model's address (base_url, THRESHER_API_BASE) begins with http:// or https://, not as {address!r}"
        raise SetupProblem("setting_invalid", about)
    return Remote(
        model=model,
        mode=schema_mode_of(model),
        api_base=address,
        api_key=key,
        timeout=policy.timeout,
        options=policy.model_options,
    )


def address_of(name: str, settings: Settings) -> tuple[str, str | None, str | None]:
    """Return a model as litellm names it, with address and key, of the server that is named or of all others.

    Raises InputProblem(policy_invalid) for a model that its server does not have, SetupProblem(key_missing).
    """
    provider, model = _provider_of(name, settings)
    if provider is None:
        return name, settings.api_base, settings.api_key
    if provider.models and model not in provider.models:
        some = f"one of {', '.join(provider.models)}{suggestion(model, provider.models)}"
        raise InputProblem("policy_invalid", f"model: {provider.name} has no {model}, {some}")
    key = settings.api_key or provider.key  # one that is given in Python is for the model that is named there
    if provider.key_variable and not key:
        raise SetupProblem("key_missing", f"{name}: set {provider.key_variable}")
    return f"{provider.protocol}/{model}", provider.base_url, key or NO_KEY


def _provider_of(name: str, settings: Settings) -> tuple[Provider | None, str]:
    """Return the named provider of a model, None where none is named so, and what follows its name."""
    first, _, model = name.partition("/")
    return next((p for p in settings.providers if p.name == first and model), None), model


def weights_folder(settings: Settings) -> Path:
    """Return the folder of weights."""
    return settings.home / "models"


def check_weights(name: str, settings: Settings) -> None:
    """Check that an embedded model's weights are here. Raises SetupProblem(weights_missing)."""
    if name in EMBEDDED_MODELS:
        weights = KNOWN[EMBEDDED_MODELS[name]]
        path = weights_folder(settings) / weights.file
        if not path.is_file():
            raise SetupProblem("weights_missing", f"{weights.name} ({path})")


def missing_keys(name: str, settings: Settings) -> tuple[str, ...]:
    """Return variables for a hosted model's key, if none of them is set. Other ways exist, as a role of the machine.

    A server of one's own (THRESHER_API_BASE) needs no key. Blocks for 2 to 3 seconds, once a process, for other providers
    than OpenAI.
    """
    if name in EMBEDDED_MODELS or name.startswith(("local:", "scripted:")):
        return ()
    provider, _ = _provider_of(name, settings)
    if provider is not None:
        return (provider.key_variable,) if provider.key_variable and not provider.key else ()
    if settings.api_base:
        return ()
    from thresher.service.llm.providers.hosted import missing_keys  # noqa: PLC0415 - only for hosted models

    return missing_keys(name)
