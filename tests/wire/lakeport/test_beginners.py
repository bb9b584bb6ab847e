"""Whatever somebody types, they are told in one clear line what is wrong, and programs in one object."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.azure import LocalAzure
    from tests.wire.lakeport.conftest import Lakeport

LAKE = "local:provider:share-data"
NAMES = ("pro%20 cent.txt", "ha#sh+&.txt", "-quest?ion.txt", "ümläut-日本.txt")
MISTAKES: tuple[tuple[tuple[str, ...], int, str], ...] = (
    (("ls",), 2, "Missing argument 'URL...'. Next: lakeport ls --help"),
    (("ls", "--nosuch", LAKE), 2, "No such option '--nosuch'. Next: lakeport ls --help"),
    (("sl",), 2, "No such command 'sl'"),
    (("ls", "nosuch:raw"), 5, "there is no profile 'nosuch'"),
    (("ls", "local:nobody:raw"), 5, "no principal 'nobody'"),
    (("ls", "local:provider:nofs"), 5, "there is no file system nofs in sourcestorage"),
    (("ls", f"{LAKE}/none"), 5, "there is no share-data/none in sourcestorage"),
    (("tree", f"{LAKE}/none"), 5, "there is no share-data/none in sourcestorage"),
    (("stat", f"{LAKE}/none"), 5, "there is no share-data/none in sourcestorage"),
    (("cp", f"{LAKE}/none", "here"), 5, "there is no share-data/none in sourcestorage"),
    (("sync", f"{LAKE}/none", "here"), 5, "there is no share-data/none in sourcestorage"),
    (("acl", "get", f"{LAKE}/none"), 5, "there is no share-data/none in sourcestorage"),
    (("ls", ""), 2, "a place that is named is empty"),
    (("rm", "-r", "  "), 2, "a place that is named is empty"),
    (("rm", "-r", ".", "--dry-run"), 2, ". is the folder you are in, or one above it"),
    (("rm", "-r", "..", "--dry-run"), 2, ".. is the folder you are in, or one above it"),
    (("rm", LAKE), 2, "is a whole file system"),
    (("rm", f"{LAKE}/strange"), 2, "strange is a directory. Next: add -r"),
    (("cat", f"{LAKE}/strange"), 2, "is a directory. Next: lakeport ls"),
    (("cp", "nofile", LAKE), 5, "there is no file nofile"),
    (("cp", ".", LAKE), 2, "is a folder. Next: add -r"),
    (("cp", "a", "b"), 2, "both sides are on this machine, where nothing has to be transferred. Next: cp -r SOURCE TARGET"),
    (("sync", "a", "b", "--delete"), 2, "Next: rsync -a --delete SOURCE TARGET"),
    (("mv", f"{LAKE}/strange/a b.txt", f"{LAKE}/no such/x"), 5, f"Next: lakeport mkdir '{LAKE}/no such'"),
    (("transfer", "show", "none"), 5, "there is no transfer 'none'. Next: lakeport transfer list"),
    (("profile", "show", "none"), 5, "there is no profile 'none'"),
    (("profile", "add", "mine", "client_secret=hunter2"), 2, "client_secret is a secret, and arguments are seen by others"),
    (("profile", "add", "mine", "credential=magic"), 2, "credential 'magic' is unknown"),
    (("profile", "add", "a:b", "tenant_id=t"), 2, "'a:b' is no name that NAME:PATH could begin with"),
    (("share", "plan"), 2, "cannot read share.yaml: No such file or directory"),
    (("table", "head", f"{LAKE}/none.csv"), 5, "none.csv"),
    (("certificate", "thumbprint", "none.pem"), 2, "none.pem"),
    (("ls", "s3://bucket/key"), 2, "s3://bucket/key names no lake"),
)  # fmt: skip


def test_every_mistake_is_one_line_that_names_the_thing_and_an_object_for_programs(
    running: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    (here / "a b.txt").write_text("x")
    assert lakeport("cp", "a b.txt", f"{LAKE}/strange/").status == 0
    for number, (words, status, said) in enumerate(MISTAKES):
        told = lakeport(*words, "--json")
        assert (told.status, told.err.count("\n"), said in told.err) == (status, 1, True), (words, told)
        assert told.err.startswith("lakeport: "), (words, told.err)
        assert told.err.count("lakeport: ") == 1, (words, told.err)
        (last,) = told.rows
        assert (last["summary"], last["status"], last["exit_status"]) == (True, "failed", status), words
        assert str(last["message"]) in told.err, (words, last)
        assert "hunter2" not in told.err + told.out
        if number % 4 == 0:
            plain = lakeport(*words)
            assert (plain.status, plain.out, said in plain.err) == (status, "", True), (words, plain)


def test_a_file_goes_into_a_folder_that_is_there_or_that_a_slash_names_and_never_over_it(
    running: LocalAzure, here: Path, lakeport: Lakeport
) -> None:
    (here / "files").mkdir()
    for name in NAMES:
        (here / "files" / name).write_text(name)
    assert lakeport("cp", "-r", "files", f"{LAKE}/into").status == 0
    for name in NAMES:
        for source, target in (
            (f"{LAKE}/into/{name}", "new/"),
            (f"files/{name}", f"{LAKE}/into"),
            (f"{LAKE}/into/{name}", f"{LAKE}/other/"),
            (f"{LAKE}/into/{name}", f"{LAKE}/other"),
        ):
            done = lakeport("cp", source, target)
            assert done.status == 0, (source, target, done)
        assert lakeport("cat", f"{LAKE}/other/{name}").out == name
        assert lakeport("mv", f"{LAKE}/other/{name}", f"{LAKE}/into/sub {name}").status == 0
        assert lakeport("rm", f"{LAKE}/into/sub {name}").status == 0
    assert sorted(path.name for path in (here / "new").iterdir()) == sorted(NAMES)
    listed = lakeport("ls", f"{LAKE}/into", "--json").rows[:-1]
    assert sorted(str(row["path"]) for row in listed) == sorted(f"into/{name}" for name in NAMES)


def test_names_that_the_terminal_or_the_lake_cannot_say_are_shown_or_refused(here: Path, lakeport: Lakeport) -> None:
    (here / "日本.txt").write_text("x")
    Path(os.fsdecode(b"bad\xff.txt")).write_text("x")
    for encoding, shown in (("ascii", rb"\u65e5\u672c.txt"), ("utf-8", "日本.txt".encode())):
        ended = subprocess.run(
            [sys.executable, "-m", "lakeport", "ls", "."],
            env={**os.environ, "PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr, shown in ended.stdout) == (0, b"", True), ended
    refused = lakeport("cp", "-r", ".", "abfss://fs@account.dfs.core.windows.net/x")
    assert refused.status == 2, refused
    assert "bad?.txt: the name is not UTF-8" in refused.err
