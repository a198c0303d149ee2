# Under valgrind, which also sees what is read before it is written: the unit tests, and both programs in the
# tests of the command line, in parts of at most some eight minutes of CPU time, and so of less than ten
# minutes on an idle machine. Whatever takes long is named here; all else, and with it a new test, is in the
# first part of its kind.
VALGRIND_3 = test_attribution test_damage
VALGRIND_4 = test_build test_clamped test_corpus test_generate test_heads
VALGRIND_5 = test_memory test_nfc test_operands test_qk test_train_text
VALGRIND_6 = tests/cli/export.sh tests/cli/features.sh tests/cli/help.sh tests/cli/hostile.sh \
	tests/cli/session.sh
VALGRIND_7 = tests/cli/lesson.sh tests/cli/weights.sh
VALGRIND_8 = tests/cli/batch.sh tests/cli/full.sh tests/cli/own.sh tests/cli/settings.sh tests/cli/steer.sh \
	tests/cli/trace.sh
VALGRIND_9 = test_pattern

# Fuzzers go on under ASan, which is faster. Tests on a pseudo-terminal wait for the program against the
# clock, and both tests of trainings kill them at moments that the clock says, until one ends. figures.sh
# measures whole models, for which eval.sh has a small one, and examples.sh runs the manuals' commands on
# them: each command has a script with a small model. man.sh runs no program of ours.
VALGRIND_NOT = $(fuzz_names) test_monkey test_restore test_saving test_terminal test_traffic \
	tests/cli/train.sh tests/cli/train_own.sh tests/cli/figures.sh tests/cli/examples.sh \
	tests/cli/man.sh

# Those of $tests that no list names.
valgrind_named = $(VALGRIND_3) $(VALGRIND_4) $(VALGRIND_5) $(VALGRIND_6) $(VALGRIND_7) $(VALGRIND_8) \
	$(VALGRIND_9) $(VALGRIND_NOT)
valgrind_rest = for t in $$tests; do \
	case " $(valgrind_named) " in \
	*" $$t "*) continue ;; \
	esac; \
	case $$t in test_* | tests/cli/*) echo "$$t" ;; esac; \
	done
# All registers are kept exact: a file that shrinks while it is mapped raises SIGBUS, and the handler returns
# to the instruction that failed.
valgrind = valgrind -q --vex-iropt-register-updates=allregs-at-mem-access \
	--suppressions=$(abs_top_srcdir)/tests/valgrind/valgrind.supp --error-exitcode=9 \
	--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite \
	--log-file=$(abs_builddir)/valgrind/log.%p

# Both programs under their names, for the scripts.
valgrind/ctrace valgrind/ctrace-tui: Makefile
	@$(MKDIR_P) valgrind
	@printf '#!/bin/sh\nexec %s %s "$$@"\n' '$(valgrind)' '$(abs_builddir)/$(@F)' >$@ && chmod +x $@

# Runs $tests; $CTRACE_VALGRIND tells them that all is slow. What valgrind says is in files, since a script
# may look at a program's output, or expect that it fails. OpenBLAS would start threads that have nothing to
# do but wait, at valgrind's pace.
valgrind_run = rm -f valgrind/log.*; failed=0; \
	OPENBLAS_NUM_THREADS=1 $(MAKE) $(AM_MAKEFLAGS) check TESTS="$$tests" LOG_COMPILER='$(valgrind)' \
	TESTS_ENVIRONMENT='CTRACE=$(abs_builddir)/valgrind/ctrace \
	CTRACE_TUI=$(abs_builddir)/valgrind/ctrace-tui CTRACE_VALGRIND=yes' || failed=1; \
	for log in valgrind/log.*; do test ! -s "$$log" || { cat "$$log"; failed=1; }; done; \
	exit $$failed

valgrind_parts = check-valgrind-1 check-valgrind-2 check-valgrind-3 check-valgrind-4 check-valgrind-5 \
	check-valgrind-6 check-valgrind-7 check-valgrind-8 check-valgrind-9
$(valgrind_parts): valgrind/ctrace valgrind/ctrace-tui
	+@case $@ in \
	*-1) tests=$$(tests='$(check_PROGRAMS)'; $(valgrind_rest)) ;; \
	*-2) tests=$$(tests='$(check_SCRIPTS)'; $(valgrind_rest)) ;; \
	*-3) tests='$(VALGRIND_3)' ;; \
	*-4) tests='$(VALGRIND_4)' ;; \
	*-5) tests='$(VALGRIND_5)' ;; \
	*-6) tests='$(VALGRIND_6)' ;; \
	*-7) tests='$(VALGRIND_7)' ;; \
	*-8) tests='$(VALGRIND_8)' ;; \
	*-9) tests='$(VALGRIND_9)' ;; \
	esac; \
	$(valgrind_run)
check-valgrind:
	+@failed=; for part in $(valgrind_parts); do \
		$(MAKE) $(AM_MAKEFLAGS) $$part || failed="$$failed $$part"; \
	done; \
	test -z "$$failed" || { echo "failed under valgrind:$$failed"; exit 1; }
EXTRA_DIST += %D%/valgrind.supp
.PHONY: check-valgrind $(valgrind_parts)
