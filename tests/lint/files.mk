# What the sources must not do.
check_SCRIPTS += %D%/binary.sh %D%/floors.sh %D%/planted.sh %D%/sources.sh

# What cppcheck and clang-tidy find, where they are installed; FILES="src/session/engine.c ...": in these
# only.
lint-static:
	@FILES='$(FILES)' $(SHELL) $(srcdir)/tests/lint/static.sh $(srcdir) . $(DEFS) $(AM_CPPFLAGS)
EXTRA_DIST += %D%/exceptions %D%/includes.awk %D%/sizes.awk %D%/static.sh %D%/cppcheck.supp \
	%D%/clang-tidy.supp
.PHONY: lint-static
