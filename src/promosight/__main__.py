"""`python -m promosight` is the same program as `promosight`, where scripts are not on the path."""

import sys

from promosight.cli.main import main

sys.exit(main())
