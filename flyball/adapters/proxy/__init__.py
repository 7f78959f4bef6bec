"""A server in front of any model, which supervises whoever asks it.

It tells runs apart by their conversations, judges each action that the model proposes before
the client sees it, and obeys: it passes the answer on, asks again, asks another model, holds the
answer until a person says so, or answers with a receipt. What is said is passed on as it comes;
calls of tools are held until they are judged.
"""

from flyball.adapters.proxy.app import Proxy, make_app, serve
from flyball.adapters.proxy.upstream import Upstream

__all__ = ["Proxy", "Upstream", "make_app", "serve"]
