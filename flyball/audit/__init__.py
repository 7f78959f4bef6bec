"""What runs took, with how sure each figure is: per success first, with shares and intervals."""

from flyball.audit.differences import Difference, diff
from flyball.audit.figures import RunFigure, figures
from flyball.audit.page import make_page
from flyball.audit.replay import Saving, replay
from flyball.audit.report import Report, ReportRow, report
from flyball.audit.rows import flat_rows, report_csv, report_json, write_parquet
from flyball.audit.wording import cells, headline, where_it_went

__all__ = [
    "Difference",
    "Report",
    "ReportRow",
    "RunFigure",
    "Saving",
    "cells",
    "diff",
    "figures",
    "flat_rows",
    "headline",
    "make_page",
    "replay",
    "report",
    "report_csv",
    "report_json",
    "where_it_went",
    "write_parquet",
]
