"""How results are shown: a table on the screen, and a run folder with tables, figures and report.html."""

from neurosim.report.folder import check_writable, report

__all__ = ["check_writable", "report"]
