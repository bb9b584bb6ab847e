"""Who may see what: consumers and their folders as groups, lists and roles; told, explained, audited.

`files` reads what is wished, `plan` decides, `bringing` does it; `posix` is the rule of lists, `explaining` applies it.
`people` asks the directory, `lists` the lake, `roles` the control plane.
"""

from __future__ import annotations
