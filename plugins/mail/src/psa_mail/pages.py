"""Mail in the console: generated pages, settings, and what mail knows on a ticket's page."""

from psa_sdk.ui import Ui

UI = Ui()
