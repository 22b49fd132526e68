"""What automation asks other plugins."""

from psa_automation.api import Automatable
from psa_sdk import hookspec


@hookspec
def psa_automatable() -> Automatable:  # pyright: ignore[reportReturnType]
    """Return what rules can do with a resource of the plugin's own, or of a neighbour."""
