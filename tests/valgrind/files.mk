# Under valgrind, which also sees what is read before it is written: the unit tests, and both programs in the tests of
# the command line, in parts that are meant to take under ten minutes each on an idle machine. What is slow is
# named here; the first part of each kind has all the others, so that a new test is in it.
VALGRIND_2 = test_heads test_inactive test_attribution test_cancel
VALGRIND_3 = test_clamp test_experiments test_generate test_golden test_operands test_survey
VALGRIND_4 = test_cards_build test_corpus test_damage test_eval test_hostile test_train_fit test_train_model \
	test_train_transcoder
VALGRIND_6 = tests/cli/aggregate.sh tests/cli/export.sh tests/cli/hostile.sh tests/cli/steer.sh

# They start other programs, or measure time; fuzzers go on under ASan, which is faster.
VALGRIND_NOT = $(fuzz_names) test_monkey test_restore test_saving test_terminal test_traffic \
	tests/cli/completion.sh tests/cli/eval.sh tests/cli/examples.sh tests/cli/features.sh \
	tests/cli/figures.sh tests/cli/full.sh tests/cli/gallery.sh tests/cli/help.sh tests/cli/lesson.sh \
	tests/cli/man.sh tests/cli/schema.sh tests/cli/session.sh tests/cli/train.sh tests/cli/train_own.sh

# Those of $tests that no list names.
valgrind_rest = for t in $$tests; do \
	case " $(VALGRIND_2) $(VALGRIND_3) $(VALGRIND_4) $(VALGRIND_6) $(VALGRIND_NOT) " in \
	*" $$t "*) continue ;; \
	esac; \
	case $$t in test_* | tests/cli/*) echo "$$t" ;; esac; \
	done
valgrind = valgrind -q --suppressions=$(abs_top_srcdir)/tests/valgrind/valgrind.supp --error-exitcode=9 \
	--leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
# OpenBLAS would start threads that have nothing to do but wait, at valgrind's pace.
valgrind_units = OPENBLAS_NUM_THREADS=1 $(MAKE) $(AM_MAKEFLAGS) check LOG_COMPILER='$(valgrind)'
valgrind_scripts = OPENBLAS_NUM_THREADS=1 $(MAKE) $(AM_MAKEFLAGS) check \
	TESTS_ENVIRONMENT='CTRACE=$(abs_builddir)/valgrind/ctrace CTRACE_TUI=$(abs_builddir)/valgrind/ctrace-tui'

# Both programs under their names, for the scripts.
valgrind/ctrace valgrind/ctrace-tui: Makefile
	@$(MKDIR_P) valgrind
	@printf '#!/bin/sh\nexec $(valgrind) %s "$$@"\n' '$(abs_builddir)/$(@F)' >$@ && chmod +x $@

check-valgrind-1:
	+@$(valgrind_units) TESTS="$$(tests='$(check_PROGRAMS)'; $(valgrind_rest))"
check-valgrind-2:
	+@$(valgrind_units) TESTS='$(VALGRIND_2)'
check-valgrind-3:
	+@$(valgrind_units) TESTS='$(VALGRIND_3)'
check-valgrind-4:
	+@$(valgrind_units) TESTS='$(VALGRIND_4)'
check-valgrind-5: valgrind/ctrace valgrind/ctrace-tui
	+@$(valgrind_scripts) TESTS="$$(tests='$(check_SCRIPTS)'; $(valgrind_rest))"
check-valgrind-6: valgrind/ctrace valgrind/ctrace-tui
	+@$(valgrind_scripts) TESTS='$(VALGRIND_6)'
check-valgrind:
	+@failed=; for part in 1 2 3 4 5 6; do \
		$(MAKE) $(AM_MAKEFLAGS) check-valgrind-$$part || failed="$$failed $$part"; \
	done; \
	test -z "$$failed" || { echo "failed under valgrind: check-valgrind-*, of$$failed"; exit 1; }
EXTRA_DIST += %D%/valgrind.supp
.PHONY: check-valgrind check-valgrind-1 check-valgrind-2 check-valgrind-3 check-valgrind-4 check-valgrind-5 \
	check-valgrind-6
