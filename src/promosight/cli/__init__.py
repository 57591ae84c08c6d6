"""The command line: one module to a command, `main` the way in. A door like the HTTP API, to the same flows."""

from promosight.process import compute_alone

compute_alone()  # before any command loads linear algebra, which looks only then
