"""What a core does: one folder per core kind, found by the name that a chip descriptor gives."""

from neurosim.cores.kind import CoreKind, core_kind, vocabulary_of

__all__ = ["CoreKind", "core_kind", "vocabulary_of"]
