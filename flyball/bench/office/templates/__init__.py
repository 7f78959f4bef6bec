"""The tasks of the office suite, by name."""

from collections.abc import Mapping

from flyball.bench.office.template import Template
from flyball.bench.office.templates import cancelling, customers, mail, orders, stock

TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for room in (cancelling, customers, mail, orders, stock)
    for template in room.TEMPLATES
}

__all__ = ["TEMPLATES"]
