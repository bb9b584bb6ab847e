"""Clients that move files and list paths, each in a process of its own: what it took, in wall time, CPU and memory.

    python -m benchmarks.peers.movers CLIENT DEED ENDPOINT FOLDER

`FOLDER` holds `large`, a file, and `many`, a folder; what is downloaded goes to `FOLDER/back`. What is imported and made
ready beforehand is not counted; plans, lists, checksums and journals are.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.peers.account import ACCOUNT, CONTAINER, KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import AzureStore

    Deed = Callable[[], object]

AT_ONCE = 8
RANGE_BYTES = 8 << 20
OPTIONS: Any = {"allow_http": True, "allow_invalid_certificates": True, "timeout": "600s"}


def _lakeport(deed: str, endpoint: str, folder: Path) -> Deed:
    os.environ |= {"LAKEPORT_ENDPOINT": endpoint, "AZURE_STORAGE_ACCOUNT": ACCOUNT, "AZURE_STORAGE_KEY": KEY}
    os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    from lakeport import FileSystem, LakeUrl, profile, transfer  # noqa: PLC0415

    def whole(decided: transfer.Transfer) -> None:
        outcome = decided.run()
        if outcome.failures or outcome.files != len(decided.plan.items):
            raise RuntimeError(str(outcome))

    def at(path: str) -> LakeUrl:
        return LakeUrl(CONTAINER, path, ACCOUNT)

    lake = FileSystem(profile(), ACCOUNT, CONTAINER)
    return {
        "up": lambda: whole(transfer.copy(folder / "large", at("large"))),
        "down": lambda: whole(transfer.copy(at("large"), folder / "back" / "large")),
        "many_up": lambda: whole(transfer.copy(folder / "many", at("many"), recursive=True)),
        "many_down": lambda: whole(transfer.copy(at("many"), folder / "back", recursive=True)),
        "list": lambda: sum(1 for _ in lake.entries("listed", recursive=True)),
        "list_same": lambda: sum(1 for _ in lake.entries("same", recursive=True)),
        "sync": lambda: whole(transfer.sync(folder / "same", at("same"))),
        "killed": lambda: _killed(folder),
    }[deed]


def _killed(folder: Path) -> float:
    """Kill an upload half-way, go on with it, and return which part of it was sent twice at most."""
    from lakeport import transfer  # noqa: PLC0415
    from lakeport.transfer import journal  # noqa: PLC0415
    from lakeport.transfer.run import MEMORY_BYTES  # noqa: PLC0415

    size, part = (folder / "large").stat().st_size, 4 << 20
    place = f"abfss://{CONTAINER}@{ACCOUNT}.dfs.core.windows.net/killed"
    begun = set(journal.listed())
    child = subprocess.Popen([sys.executable, "-m", "lakeport", "cp", str(folder / "large"), place])
    while child.poll() is None and _noted(begun) < size // part // 2:
        time.sleep(0.01)
    child.kill()
    child.wait()
    (name,) = set(journal.listed()) - begun
    noted = len(journal.read(name)[2].parts[0])
    sent = noted * part + MEMORY_BYTES + transfer.resume(name).run().size_bytes  # what was under way is counted whole
    return (sent - size) / size


def _noted(begun: set[str]) -> int:
    from lakeport.transfer import journal  # noqa: PLC0415

    folder = journal.folder_of_transfers()
    return sum((folder / f"{name}.jsonl").read_text().count('"part"') for name in set(journal.listed()) - begun)


def _obstore(deed: str, endpoint: str, folder: Path) -> Deed:
    import obstore  # noqa: PLC0415

    store = _store(endpoint)

    def down(path: str, target: Path) -> None:
        with target.open("wb") as file:
            file.writelines(obstore.get(store, path).stream(min_chunk_size=RANGE_BYTES))

    def many_up(file: Path) -> None:
        obstore.put(store, f"many/{file.name}", file, use_multipart=False)

    return {
        "up": lambda: obstore.put(store, "large", folder / "large"),
        "down": lambda: down("large", folder / "back" / "large"),
        "many_up": lambda: _threads(many_up, (folder / "many").iterdir()),
        "many_down": lambda: _threads(lambda name: down(f"many/{name}", folder / "back" / name), _names(store)),
        "list": lambda: sum(len(page) for page in obstore.list(store, "listed", chunk_size=5000)),
    }[deed]


def _obstore_async(deed: str, endpoint: str, folder: Path) -> Deed:
    import obstore  # noqa: PLC0415

    store = _store(endpoint)

    async def down() -> None:
        size, gate = int((await obstore.head_async(store, "large"))["size"]), asyncio.Semaphore(AT_ONCE)
        descriptor = os.open(folder / "back" / "large", os.O_WRONLY | os.O_CREAT)

        async def part(start: int) -> None:
            async with gate:
                data = await obstore.get_range_async(store, "large", start=start, end=min(start + RANGE_BYTES, size))
                os.pwrite(descriptor, data, start)

        await asyncio.gather(*(part(start) for start in range(0, size, RANGE_BYTES)))
        os.close(descriptor)

    async def many_up(file: Path) -> None:
        await obstore.put_async(store, f"many/{file.name}", file, use_multipart=False)

    async def many_down(name: str) -> None:
        found = await obstore.get_async(store, f"many/{name}")
        (folder / "back" / name).write_bytes(await found.bytes_async())

    async def each(one: Callable[[Any], Any], things: list[Any]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def gated(thing: Any) -> None:
            async with gate:
                await one(thing)

        await asyncio.gather(*map(gated, things))

    async def up() -> None:
        await obstore.put_async(store, "large", folder / "large")

    return {
        "up": lambda: asyncio.run(up()),
        "down": lambda: asyncio.run(down()),
        "many_up": lambda: asyncio.run(each(many_up, list((folder / "many").iterdir()))),
        "many_down": lambda: asyncio.run(each(many_down, _names(store))),
    }[deed]


def _store(endpoint: str) -> AzureStore:
    from obstore.store import AzureStore  # noqa: PLC0415

    given: Any = {"account_name": ACCOUNT, "account_key": KEY, "endpoint": endpoint, "client_options": OPTIONS}
    return AzureStore(container_name=CONTAINER, **given)


def _names(store: AzureStore) -> list[str]:
    import obstore  # noqa: PLC0415

    return [Path(one["path"]).name for page in obstore.list(store, "many", chunk_size=5000) for one in page]


def _blob_sdk(deed: str, endpoint: str, folder: Path) -> Deed:
    from azure.storage.blob import ContainerClient  # noqa: PLC0415

    container = ContainerClient(endpoint, CONTAINER, credential=KEY, connection_verify=False)

    def up(file: Path, name: str) -> None:
        with file.open("rb") as source:
            container.upload_blob(name, source, overwrite=True, max_concurrency=AT_ONCE)

    def down(name: str, target: Path) -> None:
        with target.open("wb") as file:
            container.download_blob(name, max_concurrency=AT_ONCE).readinto(file)

    return {
        "up": lambda: up(folder / "large", "large"),
        "down": lambda: down("large", folder / "back" / "large"),
        "many_up": lambda: _threads(lambda file: up(file, f"many/{file.name}"), (folder / "many").iterdir()),
        "many_down": lambda: _threads(
            lambda name: down(name, folder / "back" / Path(name).name),
            container.list_blob_names(name_starts_with="many"),
        ),
        "list": lambda: sum(1 for _ in container.list_blobs(name_starts_with="listed")),
    }[deed]


def _adlfs(deed: str, endpoint: str, folder: Path) -> Deed:
    from adlfs import AzureBlobFileSystem  # noqa: PLC0415

    text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};"
    files: Any = AzureBlobFileSystem(connection_string=text)
    return {
        "up": lambda: files.put(str(folder / "large"), f"{CONTAINER}/large"),
        "down": lambda: files.get(f"{CONTAINER}/large", str(folder / "back" / "large")),
        "many_up": lambda: files.put(f"{folder}/many/", f"{CONTAINER}/many/", recursive=True),
        "many_down": lambda: files.get(f"{CONTAINER}/many/", f"{folder}/back/", recursive=True),
        "list": lambda: len(files.find(f"{CONTAINER}/listed")),
    }[deed]


def _rclone(deed: str, endpoint: str, folder: Path) -> Deed:
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas  # noqa: PLC0415
    from benchmarks.peers.tools import debian  # noqa: PLC0415

    every = ContainerSasPermissions(read=True, write=True, delete=True, list=True, create=True, add=True)
    sas = generate_container_sas(ACCOUNT, CONTAINER, account_key=KEY, permission=every, expiry="2099-01-01T00:00:00Z")
    (folder / "rclone.conf").write_text(f"[lake]\ntype = azureblob\nsas_url = {endpoint}/{CONTAINER}?{sas}\n")
    program = [debian("rclone", "rclone"), "--config", str(folder / "rclone.conf"), "--transfers", str(AT_ONCE)]
    ways = {
        "up": ["copyto", f"{folder}/large", f"lake:{CONTAINER}/large", "--ignore-times"],
        "down": ["copyto", f"lake:{CONTAINER}/large", f"{folder}/back/large"],
        "many_up": ["copy", f"{folder}/many", f"lake:{CONTAINER}/many", "--ignore-times"],
        "many_down": ["copy", f"lake:{CONTAINER}/many", f"{folder}/back"],
    }
    return lambda: subprocess.run([*program, *ways[deed]], check=True, capture_output=True)


def _threads(deed: Callable[[Any], None], things: Any) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(deed, things))


CLIENTS = {
    "lakeport": _lakeport,
    "obstore": _obstore,
    "obstore async": _obstore_async,
    "blob SDK": _blob_sdk,
    "adlfs": _adlfs,
    "rclone": _rclone,
}


def _cpu_s() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def main(client: str, deed: str, endpoint: str, folder: str) -> None:
    """Do it, and print what it took."""
    do = CLIENTS[client](deed, endpoint, Path(folder))
    cpu_s, begun = _cpu_s(), time.perf_counter()
    given = do()
    took, used = time.perf_counter() - begun, _cpu_s() - cpu_s
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    again = given if isinstance(given, float) else 0.0
    print(json.dumps({"seconds": took, "cpu_s": used, "peak_mib": peak / 1024, "again": again}), flush=True)
    os._exit(0)  # obstore's threads abort a process that ends while they do


if __name__ == "__main__":
    main(*sys.argv[1:])
