# A training step beside its matrix products and PyTorch's CPU build; skipped where that is missing.
EXTRA_PROGRAMS += train_step
train_step_SOURCES = tests/bench/train_step.c
train_step_LDADD = $(engine_libs)
bench-train: train_step$(EXEEXT)
	python3 $(srcdir)/tests/bench/train.py ./train_step $(srcdir)/models/capitals/recipe.yaml; \
	    status=$$?; test $$status -eq 77 || exit $$status
.PHONY: bench-train
EXTRA_DIST += %D%/HISTORY.md %D%/train.py
