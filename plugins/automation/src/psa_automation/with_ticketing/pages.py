"""How recurring tickets and close gates look in the console."""

from psa_sdk.ui import Ui

UI = Ui()
