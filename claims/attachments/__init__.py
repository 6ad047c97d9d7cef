"""Files that belong to a claim or an allowance: checked by content, kept by content, handed out safely.

Knows a subject only as its number. Who may add or read is decided by the door of that subject.
"""
