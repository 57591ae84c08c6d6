"""One person: found, shown, forgotten after a while, erased."""
