# Do the tests notice wrong code? MUTANTS changes of one token each, under ASan and UBSan; see the script.
MUTANTS = 200
MUTATION_SEED = 1
check-mutations:
	python3 $(srcdir)/tests/mutate/mutate.py $(srcdir) --count $(MUTANTS) --seed $(MUTATION_SEED)
.PHONY: check-mutations
EXTRA_DIST += tests/mutate/mutate.py
