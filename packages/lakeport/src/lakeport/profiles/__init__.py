"""Named connections: where the values of one come from, and who else is known on this machine.

Holds references to secrets, never secrets. Knows nothing of services; asks a running local Azure as a process.
"""

from __future__ import annotations

from lakeport.profiles.model import KEYS, Key, Profile, Value
from lakeport.profiles.resolution import names, profile_files, resolve
from lakeport.profiles.secrets import Secret

__all__ = ["KEYS", "Key", "Profile", "Secret", "Value", "names", "profile_files", "resolve"]
