"""A Chromium that a policy can read and act on. The only room that knows Playwright."""

from flyball.tools.browser.chromium import find_chromium
from flyball.tools.browser.hosts import folders_of
from flyball.tools.browser.options import BrowserOptions
from flyball.tools.browser.session import Browser

__all__ = ["Browser", "BrowserOptions", "find_chromium", "folders_of"]
