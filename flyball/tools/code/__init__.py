"""What a coding agent can do: read, search and edit a copy of a repository, and run things."""

from flyball.tools.code.exams import CommandExam, Exam, NoExam, Remembered, Report, find_exam
from flyball.tools.code.keeping import apply_diff, keep_branch, warnings_of
from flyball.tools.code.onefile import OneFile
from flyball.tools.code.specs import COMPACT, SPECS
from flyball.tools.code.tools import code_tools, overview
from flyball.tools.code.workspace import Workplace, Workspace, open_workspace

__all__ = [
    "COMPACT",
    "SPECS",
    "CommandExam",
    "Exam",
    "NoExam",
    "OneFile",
    "Remembered",
    "Report",
    "Workplace",
    "Workspace",
    "apply_diff",
    "code_tools",
    "find_exam",
    "keep_branch",
    "open_workspace",
    "overview",
    "warnings_of",
]
