# Recorded screens.
check_SCRIPTS += %D%/monkey.sh %D%/run.sh
EXTRA_DIST += %D%

# Screens of ctrace-tui: `make screens` compares them, `make screens UPDATE=1` records them anew.
screens: ctrace-tui$(EXEEXT) random_model$(EXEEXT)
	@srcdir='$(srcdir)' CTRACE_TUI='$(abs_builddir)/ctrace-tui' UPDATE='$(UPDATE)' \
		RANDOM_MODEL='$(abs_builddir)/random_model' \
		$(SHELL) $(srcdir)/tests/screens/run.sh $(NAMES)
.PHONY: screens
