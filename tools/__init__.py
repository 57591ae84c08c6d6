"""Development tools, standard library only: `./dev` uses them before anything is installed."""
