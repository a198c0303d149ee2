# Do the tests notice wrong code? MUTANTS changes of one token each; see the script. MUTATION_OPTIONS=--resume
# goes on.
MUTANTS = 200
MUTATION_SEED = 1
MUTATION_OPTIONS =
check-mutations:
	python3 $(srcdir)/tests/mutate/mutate.py $(srcdir) --count $(MUTANTS) --seed $(MUTATION_SEED) \
		$(MUTATION_OPTIONS)
.PHONY: check-mutations
EXTRA_DIST += %D%/mutate.py %D%/shop.py %D%/equivalent
