"""A person's hand on a run that goes on in another process: pause, stop, hand over, drive, answer.

The run listens on a socket of its own, and whoever watches it connects and leaves as he likes.
"""

from flyball.steering.helm import Helm
from flyball.steering.orders import Order, Standing, helm_folder, socket_of

__all__ = ["Helm", "Order", "Standing", "helm_folder", "socket_of"]
