"""The pages of the app. A package, so that no other `pages` on the search path is imported instead."""

import os
import sys

# Streamlit puts the folder of its script into sys.path for each run, and takes it out again. An import in
# another thread then skips an entry of sys.path and finds a library missing. Where the folder is there
# already, Streamlit leaves sys.path alone.
_FOLDER = os.path.dirname(os.path.abspath(__file__))
if _FOLDER not in sys.path:
    sys.path.append(_FOLDER)
