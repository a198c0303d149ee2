check_SCRIPTS += %D%/ceilings.sh %D%/run.sh

# Every n-th allocation and system call fails: a few in `make check`, all call sites in `make torture`.
tests/torture/shim.so: tests/torture/shim.c
	@$(MKDIR_P) tests/torture
	$(AM_V_CCLD)$(CC) -D_GNU_SOURCE -std=gnu11 -O2 -g -Wall -Wextra -shared -fPIC -o $@ \
	    $(srcdir)/tests/torture/shim.c
if HAVE_SHIM
check_DATA += tests/torture/shim.so
endif
EXTRA_DIST += tests/torture/shim.c
CLEANFILES += tests/torture/shim.so
POINTS = sites
torture: tests/torture/shim.so ctrace$(EXEEXT) ctrace-tui$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)' $(SHELL) $(srcdir)/tests/torture/run.sh $(POINTS)
.PHONY: torture
