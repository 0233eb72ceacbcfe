"""Proposals that meld does not read, and the sentence that it refuses each with.

A module that needs one of them is valid for `wasm-tools validate --features all` and not for meld; that is known, and
counted apart from differences in what is valid.
"""

UNREAD = {
    "unknown composite type 0x4c": "custom descriptors",  # describes
    "unknown composite type 0x4d": "custom descriptors",  # descriptor
    "unknown instruction 0xfb 0x20": "custom descriptors",  # struct.new_desc
    "unknown instruction 0xfb 0x21": "custom descriptors",  # struct.new_default_desc
    "unknown kind of export 0x20": "custom descriptors",  # an exact export
    "unknown kind of import 0x7e": "compact import section",
    "unknown kind of import 0x7f": "compact import section",
}


def unread_proposal(verdict):
    """The proposal that is the reason for a verdict of check_wasm, or None."""
    return next((proposal for sentence, proposal in UNREAD.items() if verdict.endswith(sentence)), None)
