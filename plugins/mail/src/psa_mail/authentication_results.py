"""What our own mail server found out about a sender: Authentication-Results of a trusted server (RFC 8601)."""

import re
from collections.abc import Collection, Sequence
from typing import Literal

Result = Literal["pass", "fail", "none"]
_COMMENT = re.compile(r"\([^()]*\)")
_DMARC = re.compile(r"^dmarc\s*=\s*([a-z]+)", re.IGNORECASE)


def dmarc(headers: Sequence[str], trusted: Collection[str]) -> Result:
    """Return DMARC's result in the first header of a trusted server; anybody can write the others.

    Example:
        >>> dmarc(["mx.example.com; spf=pass; dmarc=fail (p=none) header.from=example.org"], ["mx.example.com"])
        'fail'
        >>> dmarc(["mx.evil.example; dmarc=pass"], ["mx.example.com"])
        'none'
    """
    known = {name.strip().lower() for name in trusted}
    for header in headers:
        plain = _COMMENT.sub("", " ".join(header.split()))
        server, *results = plain.split(";")
        words = server.split()
        if not words or words[0].lower() not in known:
            continue
        for result in results:
            found = _DMARC.match(result.strip())
            if found is not None:
                word = found[1].lower()
                return "pass" if word in {"pass", "bestguesspass"} else "fail" if word == "fail" else "none"
        return "none"
    return "none"
