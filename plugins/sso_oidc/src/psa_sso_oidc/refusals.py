"""Why a log-in by an identity provider is refused: a code for the audit log, nothing for strangers."""


class Refused(Exception):
    """What the provider or the browser brought can't be believed; `reason` goes to the audit log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        """Name the reason as a code."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)
