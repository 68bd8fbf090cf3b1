"""Policy: one frozen object of choices, and the limits under which untrusted bytes are read."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thresher.schemas.choices import Chunker, Images, Ocr, ReaderName, Stance, Unit

__all__ = ["Limits", "Policy", "Prices", "ReadOptions", "Stance", "Unit"]
STRICT, LENIENT = 97.0, 80.0  # least similarity of a fuzzy match with the stance of precision, and of recall


class Limits(BaseModel):
    """What reading one Source may cost. Passing one gives a Problem with a code, never a crash."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = 300.0  # wall time of one reading, in its own process
    tree_seconds: float = 3600.0  # of all readings together of what one file holds, itself included
    memory: int = 4 * 2**30  # bytes of address space a reading process may add
    size: int = 2 * 2**30  # bytes of one Source
    pages: int = 20_000  # of one Document
    pixels: int = 100_000_000  # of one image or rendered page
    depth: int = 20  # containers inside containers, MIME nesting
    members: int = 10_000  # children of one container or mail
    expanded: int = 4 * 2**30  # bytes that one container may expand to
    ratio: float = 200.0  # expanded / packed bytes of one member, where it is over 1 MiB; of a whole file, over 64 MiB
    characters: int = 200_000_000  # of text in one Document


class ReadOptions(BaseModel):
    """What a reader needs to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ocr: Ocr = "auto"  # engine for pictures of text; auto: RapidOCR where it is installed, for pages that need it
    reader: ReaderName = "auto"  # auto: ours, and unstructured where none of ours reads a type
    passwords: tuple[str, ...] = Field(default=(), repr=False)  # tried in order on what is locked
    inline: Literal["auto", "all", "none"] = "auto"  # pictures set into a text; auto: those that may hold words
    models: str | None = None  # folder of OCR recognisers fetched with `thresher models pull`; set from the settings
    pictures: Literal["none", "weak", "all"] = "none"  # of pages, kept for a model that sees; set from Policy.images
    hidden_text: bool = False  # let text that is not visible on the page into the Document
    limits: Limits = Limits()  # see below


class Prices(BaseModel):
    """Dollars a million tokens, for models whose price is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: float  # dollars a million tokens that are sent
    answer: float  # dollars a million tokens that come back


class Policy(BaseModel):
    """All choices of a run.

    `stance` says which mistake is worse, and moves what lies on the edge:

    * "precision": a text that only resembles a value counts from a similarity of 97 (`fuzzy`, where that is higher). Where
      values disagree and `conflict` is the default, the field stays empty, with the reason `conflict`, unless the
      Document itself says which of them is right (rule "corrected").
    * "balanced": `fuzzy` and `conflict` as they stand.
    * "recall": a resemblance counts from a similarity of 80 (`fuzzy`, where that is lower).

    What stands nowhere in the text goes to an evaluator, whatever the stance; see `quotes` and `ungrounded`. With a model
    that only chooses, the stance also moves the score from which a span is taken.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str | None = None  # None: what THRESHER_MODEL says, else the embedded one
    unit: Unit = "family"  # what one Result answers for: a file with what it holds, each document alone, a folder
    split: str = Field(
        default="auto", pattern=r"^(auto|off|pages:[1-9][0-9]{0,4})$"
    )  # a file of several documents; auto: cut where they begin, off: kept whole, pages:N: cut every N pages
    stance: Stance = "balanced"  # which mistake is worse: a wrong value, or a missing one
    read: ReadOptions = ReadOptions()  # see below
    images: Images = "auto"  # pictures of pages in the question; auto: of pages whose text is weak
    chunker: Chunker = "auto"  # where a long text is cut; auto: by what the Document is
    chunk_tokens: int | None = Field(default=None, ge=1)  # budget of a Chunk; None: what the model's window allows
    overlap_tokens: int = Field(default=0, ge=0)  # that a Chunk repeats of the one before it
    ranking: Literal["bm25", "embeddings"] = "bm25"  # of the Chunks of a long Document; "embeddings": fused with BM25
    embedding_model: str | None = None  # as litellm names it: "openai/text-embedding-3-small"; for ranking "embeddings"
    embedding_price: float | None = Field(default=None, ge=0)  # dollars a million tokens, where its price is not known
    most_records: int = Field(default=96, ge=1)  # lines that look like records in one Chunk, where lists are wanted
    most_fields: int = Field(default=200, ge=1)  # that one question asks for; a wider target becomes several questions
    wave: int = Field(default=32, ge=1)  # Chunks of a list that are asked before it is known whether answers fall short
    answer_tokens: int | None = Field(default=None, ge=1)  # reserved for an answer; None: by the target
    instructions: str = Field(default="", max_length=20_000)  # of the user to the model, for every question of a run
    prompts: dict[str, str] = Field(
        default={}
    )  # versions to ask with, by name: {"extract": "extract.v1"}; else the newest
    model_options: dict[str, Any] = Field(
        default={}
    )  # for the model, as litellm names them: reasoning_effort, top_p, seed
    temperature: float = 0.0  # of the model; 0: the same question gives the same answer, as far as the model can
    repairs: int = Field(default=2, ge=0)  # times a model sees its own error on one question
    reasks: int = Field(
        default=2, ge=0
    )  # rounds of questions about lines that look like records and are in none; the same lines once
    splits: int = Field(default=8, ge=0)  # times a question may be halved after a length stop
    retries: int = Field(default=5, ge=0)  # transport retries of one call
    concurrency: int = Field(default=16, ge=1)  # calls in flight, of one worker
    shared_concurrency: int | None = Field(default=None, ge=1)  # of all workers of one database together
    requests_per_minute: int | None = None  # to one model; None: no limit
    tokens_per_minute: int | None = None  # to one model, both ways; None: no limit
    timeout: float = 120.0  # seconds one call may take
    batch: bool = False  # calls may wait up to a day for the provider's batches, at half the price
    batch_wait: float = (
        90_000.0  # seconds after which a batch is cancelled, and what it did not answer is asked at once
    )
    max_cost: float | None = None  # dollars, calls in flight counted
    prices: Prices | None = None  # where the model's price is not known; see below
    ungrounded: Literal["drop", "keep"] = (
        "drop"  # "keep": what nothing shows stays, with a reason; no evaluator is asked
    )
    quotes: bool = True  # an evaluator looks at what code did not find, before it leaves
    required: Literal["strict", "asked"] = "strict"  # "asked": a required field may be null, and that is no reason
    conflict: Literal["most_supported", "first", "last", "latest_date", "model", "error"] = (
        "most_supported"  # the rule that chooses among values that disagree
    )
    fuzzy: float = 90.0  # least similarity (0..100) of a fuzzy match

    def prompt(self, name: str) -> str:
        """Return the prompt to ask with, by name and version, or the name alone where the newest is wanted."""
        return self.prompts.get(name, name)

    @property
    def least_similarity(self) -> float:
        """Return the similarity (0..100) from which a text counts as a value's, by the stance."""
        if self.stance == "precision":
            return max(self.fuzzy, STRICT)
        return min(self.fuzzy, LENIENT) if self.stance == "recall" else self.fuzzy

    @property
    def rule(self) -> str:
        """Choose the rule for conflicting values by the stance: "corrected" decides only by the Document's own word."""
        return "corrected" if self.stance == "precision" and self.conflict == "most_supported" else self.conflict
