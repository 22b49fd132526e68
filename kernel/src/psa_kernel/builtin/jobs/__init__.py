"""Jobs as a built-in plugin: the history of background work and the schedules."""
