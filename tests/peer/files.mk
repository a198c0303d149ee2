# Against Hugging Face's Python packages, where they are: MODELS="DIR ..." make check-peer; the shipped models
# if none are named.
EXTRA_PROGRAMS += peer_logits peer_tokens
peer_logits_SOURCES = tests/peer/logits.c
peer_logits_LDADD = $(engine_libs)
peer_tokens_SOURCES = tests/peer/tokens.c
peer_tokens_LDADD = $(engine_libs)
EXTRA_DIST += %D%/check.py %D%/config_check.py %D%/layouts.py %D%/nfc_tables.py %D%/own.py %D%/reference.py \
	%D%/reference_families.py %D%/relp.py %D%/rope.py %D%/tokenizers_check.py
CLEANFILES += peer_logits peer_tokens
peer_models = $${MODELS:-$$(dirname $(srcdir)/models/*/config.json)}
check-peer: peer_logits peer_tokens
	@python3 $(srcdir)/tests/peer/tokenizers_check.py ./peer_tokens; \
	status=$$?; test $$status -eq 77 || test $$status -eq 0 || exit $$status
	@python3 $(srcdir)/tests/peer/config_check.py ./peer_logits; \
	status=$$?; test $$status -eq 77 || test $$status -eq 0 || exit $$status
	@python3 $(srcdir)/tests/peer/check.py ./peer_logits $(peer_models); \
	status=$$?; test $$status -eq 77 || exit $$status
# The whole graph of the demo prompt, and its time, against the Python reference, with each transcoder; graphs
# of neurons against PyTorch's gradients.
check-reference: ctrace
	@python3 $(srcdir)/tests/peer/reference.py ./ctrace $(peer_models); \
	status=$$?; test $$status -eq 77 || test $$status -eq 0 || exit $$status
	@python3 $(srcdir)/tests/peer/reference_families.py ./ctrace; \
	status=$$?; test $$status -eq 77 || test $$status -eq 0 || exit $$status
	@python3 $(srcdir)/tests/peer/relp.py ./ctrace; \
	status=$$?; test $$status -eq 77 || exit $$status
# Transcoders in the layouts that people publish, as circuit-tracer's own loaders read them.
check-layouts:
	@python3 $(srcdir)/tests/peer/layouts.py --check $(srcdir)/tests/layouts; status=$$?; \
	test $$status -eq 77 || exit $$status
# Transcoders that ctrace trains for models which Python trained: its report against PyTorch, its graphs
# against circuit-tracer.
check-own: ctrace
	@python3 $(srcdir)/tests/peer/own.py ./ctrace; status=$$?; test $$status -eq 77 || exit $$status
.PHONY: check-own check-peer check-reference check-layouts
