"""Jobs: background work sent with the commit, run by Dramatiq workers, and schedules without a leader."""
