"""What runs took, with how sure each figure is: per success first, with shares and intervals."""

from flyball.audit.differences import Difference, diff
from flyball.audit.figures import RunFigure, figures
from flyball.audit.page import make_page
from flyball.audit.replay import Saving, replay
from flyball.audit.report import Report, ReportRow, report
from flyball.audit.rows import flat_rows, write_parquet

__all__ = [
    "Difference",
    "Report",
    "ReportRow",
    "RunFigure",
    "Saving",
    "diff",
    "figures",
    "flat_rows",
    "make_page",
    "replay",
    "report",
    "write_parquet",
]
