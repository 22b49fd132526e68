"""Payment gateways among the settings of the console, and notices to the staff who look after money."""
