"""Taking in what is reported: `report` is the transaction; beside it what was refused, found again and replayed."""
