"""`python -m diffdiff`: the command line."""

import sys

from .standalone.cli import main

sys.exit(main())
