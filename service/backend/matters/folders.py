"""Keep the matters of a service: a folder each, below a folder for each tenant. The folder is the whole truth of a matter.

    ROOT / first 32 digits of SHA-256(tenant) / ID / matter.json, matter.db, originals/, received/ ...

All machines of the service must reach ROOT at the same path, on a file system whose locks hold between them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from thresher.schemas.errors import InputProblem, JobProblem, SetupProblem
from thresher.service.base.disk_faults import disk_faults_as_problems
from thresher.service.base.file_lock import lock
from thresher.service.discovery.matter.folder import Matter
from thresher.service.discovery.matter.timezone import check_zone, matter_timezone
from thresher.service.jobs.job_rows import new_id

FACTS_FILE = "matter.json"
MATTERS_MAX = 10_000  # of one tenant: an empty one takes 100 kB of disk
_ID = re.compile(r"[0-9a-f]{32}")
_LEAVING = ".deleted-"  # begins the name of a folder that is being deleted


class MatterFacts(BaseModel):
    """What a matter was made with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str  # sorts by time of creation; cannot be guessed
    tenant: str
    name: str
    timezone: str  # IANA name, for dates that state no zone
    created: float  # seconds since 1970, UTC


@dataclass(frozen=True, slots=True)
class MatterFolders:
    """The folders of all matters of a service."""

    root: Path

    def create(self, tenant: str, name: str, timezone: str | None = None) -> MatterFacts:
        """Make a matter. Raises InputProblem(field_invalid, quota_exceeded), SetupProblem(storage_full, store_failed)."""
        check_zone(timezone)
        if sum(1 for _ in self._ids(tenant)) >= MATTERS_MAX:
            raise InputProblem("quota_exceeded", f"{MATTERS_MAX} matters; delete some of them")
        now = time.time()
        facts = MatterFacts(id=new_id(now), tenant=tenant, name=name, timezone=timezone or "UTC", created=now)
        folder = self._tenant_folder(tenant) / facts.id
        with disk_faults_as_problems(self.root):
            folder.mkdir(parents=True, mode=0o700)
            with Matter(folder, shared=True) as matter:
                matter_timezone(matter, facts.timezone)
            part = folder / f"{FACTS_FILE}.part"
            part.write_text(facts.model_dump_json(), encoding="utf-8")
            part.replace(folder / FACTS_FILE)
        return facts

    def folder(self, tenant: str, id: str) -> Path:  # noqa: A002 - the field's own name
        """Return the folder of a tenant's matter. Raises InputProblem(not_found)."""
        self.facts(tenant, id)
        return self._tenant_folder(tenant) / id

    def facts(self, tenant: str, id: str) -> MatterFacts:  # noqa: A002 - as above
        """Return what a tenant's matter was made with. Raises InputProblem(not_found), SetupProblem(store_failed)."""
        if not _ID.fullmatch(id):
            raise InputProblem("not_found", "no matter has that id")
        file = self._tenant_folder(tenant) / id / FACTS_FILE
        try:
            facts = MatterFacts.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            raise InputProblem("not_found", "no matter has that id") from None
        except (OSError, ValidationError) as error:
            raise SetupProblem("store_failed", f"{file} ({type(error).__name__})") from error
        if facts.tenant != tenant:
            raise InputProblem("not_found", "no matter has that id")
        return facts

    def listed(self, tenant: str, before: str | None, limit: int) -> list[MatterFacts]:
        """Return a tenant's matters, newest first; `before`: the id of the last one seen."""
        names = sorted((n for n in self._ids(tenant) if before is None or n < before), reverse=True)
        return [self.facts(tenant, name) for name in names[:limit]]

    def _ids(self, tenant: str) -> Iterator[str]:
        with disk_faults_as_problems(self.root):
            try:
                entries = list(os.scandir(self._tenant_folder(tenant)))
            except FileNotFoundError:
                return
        for entry in entries:
            if _ID.fullmatch(entry.name) and (Path(entry.path) / FACTS_FILE).exists():
                yield entry.name

    @contextmanager
    def kept_still(self, tenant: str, id: str) -> Iterator[Path]:  # noqa: A002 - as above
        """Give the folder of a matter while nobody else writes to it. Raises JobProblem(matter_busy)."""
        folder = self.folder(tenant, id)
        try:
            held = lock(folder / "matter.lock")
        except SetupProblem:
            raise JobProblem("matter_busy") from None
        try:
            yield folder
        finally:
            os.close(held)

    def delete(self, tenant: str, id: str) -> None:  # noqa: A002 - as above
        """Delete a matter with all its records and bytes. Raises InputProblem(not_found), JobProblem(matter_busy)."""
        tenant_folder = self._tenant_folder(tenant)
        with disk_faults_as_problems(self.root):
            with self.kept_still(tenant, id) as folder:
                folder.rename(tenant_folder / f"{_LEAVING}{id}")
            for left in tenant_folder.glob(f"{_LEAVING}*"):  # also what an earlier deletion was killed at
                shutil.rmtree(left, ignore_errors=True)

    def _tenant_folder(self, tenant: str) -> Path:
        return self.root / hashlib.sha256(tenant.encode()).hexdigest()[:32]
