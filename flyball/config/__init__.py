"""`flyball.toml`: what runs are made of where the call does not say.

Read are the project's file and the user's; what is nearer goes first, key by key, and
`[models.NAME]` and `[monitors.NAME]` whole. Relative paths are taken from the directory
of the file that they stand in.
"""

from flyball.config.config import Config, load_config
from flyball.config.files import FILE_NAME, find_files, user_file

__all__ = ["FILE_NAME", "Config", "find_files", "load_config", "user_file"]
