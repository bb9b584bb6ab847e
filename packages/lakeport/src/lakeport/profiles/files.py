"""Profile files: the user's own and the project's, TOML, comments kept on write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from lakeport import clouds
from lakeport.errors import BadProfile, NotFound
from lakeport.profiles.kinds import KINDS
from lakeport.profiles.model import KEYS, Value
from lakeport.profiles.secrets import Secret, reference

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_FILE = "lakeport.toml"
TOP_KEYS = ("default_profile", "profiles")


def user_file() -> Path:
    """Return the path of the user's own profile file; it need not exist."""
    return platformdirs.user_config_path("lakeport") / "profiles.toml"


def project_file(start: Path) -> Path | None:
    """Return the nearest `lakeport.toml` at or above a folder."""
    for folder in (start, *start.parents):
        candidate = folder / PROJECT_FILE
        if candidate.is_file():
            return candidate
    return None


class ProfileFile:
    """One profile file, read and checked.

    Attributes:
        default_profile: The profile meant when none is named, or empty.
        profiles: The values of each profile, with the file as origin.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._document = _document(path)
        _refuse_unknown(self._document, TOP_KEYS, str(path))
        self.default_profile = str(self._document.get("default_profile", ""))
        tables = self._document.get("profiles", {})
        if not isinstance(tables, dict):
            raise BadProfile(f"{path}: profiles must be tables", hint="Next: write [profiles.NAME]")
        self.profiles = {str(name): self._values(str(name), table) for name, table in tables.items()}

    def _values(self, name: str, table: object) -> dict[str, Value]:
        where = f"{self.path}: [profiles.{name}]"
        if not isinstance(table, dict):
            raise BadProfile(f"{where} must be a table")
        _refuse_unknown(table, tuple(KEYS), where)
        return {key: Value(self._value(key, value, where), str(self.path)) for key, value in table.items()}

    def _value(self, key: str, value: object, where: str) -> str | Secret:
        if KEYS[key].secret:
            return reference(value, f"{where} {key}")
        if not isinstance(value, str) or not value:
            raise BadProfile(f"{where} {key} must be a text", hint=f"It is {KEYS[key].meaning}")
        if key == "credential" and value not in KINDS:
            raise BadProfile(f"{where} credential {value!r} is unknown", hint=f"Credentials: {', '.join(KINDS)}")
        if key == "cloud" and value not in clouds.NAMES:
            raise BadProfile(f"{where} cloud {value!r} is unknown", hint=f"Clouds: {', '.join(clouds.NAMES)}")
        if key == "endpoint":
            clouds.endpoint(value)
        if KEYS[key].is_path:
            return str(self.path.parent / Path(str(value)).expanduser())
        return str(value)

    def put(self, name: str, values: Mapping[str, str | Secret]) -> None:
        """Write one profile, replacing one of that name; the rest of the file, comments too, stays as it is.

        Raises:
            BadProfile: It could not be read again; nothing is written.
        """
        import tomlkit  # noqa: PLC0415  (only writing needs it; reading the command line does not)

        shown = {key: value.reference() if isinstance(value, Secret) else value for key, value in values.items()}
        self._values(name, shown)
        above, own, below = _around(self._text(), name)
        document = tomlkit.parse(own) if own else self._document
        if "profiles" not in document:
            document["profiles"] = tomlkit.table(is_super_table=True)
        tables: Any = document["profiles"]  # Any: tomlkit's
        if name not in tables:
            tables[name] = tomlkit.table()
        table = tables[name]
        for key in [key for key in table if key not in values]:
            del table[key]
        for key, value in values.items():
            if key not in table or table[key] != shown[key]:
                table[key] = _inline(value) if isinstance(value, Secret) else value
        if own:
            self._document = tomlkit.parse(above + tomlkit.dumps(document) + below)
        self._write()

    def remove(self, name: str) -> None:
        """Take one profile out.

        Raises:
            NotFound: The file has none of that name.
        """
        if name not in self.profiles:
            raise NotFound(f"there is no profile {name!r} in {self.path}")
        import tomlkit  # noqa: PLC0415

        above, own, below = _around(self._text(), name)
        if own:
            self._document = tomlkit.parse(above + below.lstrip("\n"))
        else:
            del self._document["profiles"][name]
        self._write()

    def _text(self) -> str:
        import tomlkit  # noqa: PLC0415

        return tomlkit.dumps(self._document)

    def _write(self) -> None:
        path = self.path.resolve()  # a link stays one
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(self._text(), encoding="utf-8")
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)


def _around(text: str, name: str) -> tuple[str, str, str]:
    """Return what stands above a profile's table, the table, and what stands below it, with the comments above the next one.

    All is above where the profile has no table with a heading of its own.
    """
    written = "|".join(re.escape(one) for one in (name, f'"{name}"', f"'{name}'"))
    heading = re.search(rf"^[ \t]*\[[ \t]*profiles[ \t]*\.[ \t]*(?:{written})[ \t]*\]", text, re.MULTILINE)
    if heading is None:
        return text, "", ""
    following = re.search(r"^[ \t]*\[", text[heading.end() :], re.MULTILINE)
    if following is None:
        return text[: heading.start()], text[heading.start() :], ""
    end = heading.end() + following.start()
    lines = text[heading.start() : end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        end -= len(lines.pop())
    return text[: heading.start()], text[heading.start() : end], text[end:]


def _document(path: Path) -> Any:
    import tomlkit  # noqa: PLC0415
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
    except TOMLKitError as error:
        raise BadProfile(f"{path} is not TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise BadProfile(f"cannot read {path}: {reason}") from error


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise BadProfile(f"{where}: unknown key {str(key)!r}", hint=f"Known keys: {', '.join(known)}")


def _inline(secret: Secret) -> Any:
    import tomlkit  # noqa: PLC0415

    table = tomlkit.inline_table()
    table.update(secret.reference())
    return table
