"""`dataclass`, for values that are made by the dozen in each request.

To the type checker it is the standard one, and a frozen class stays unchangeable. The interpreter
would look after that field by field while a value is made, which takes three times as long: here it
only compares and hashes frozen values by their fields.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool = False, slots: bool = False) -> Any:
        """Make a dataclass; who changes a frozen one is told by the type checker, not here."""
        return partial(dataclasses.dataclass, slots=slots, unsafe_hash=frozen)


__all__ = ["dataclass"]
