# Fuzzers. In an ordinary build each is a test that replays its corpus (tests/fuzz/corpus) with a few hundred
# changes; for more:
#   ../configure CC=clang --enable-fuzzing --enable-sanitizers && make fuzz [FUZZ_SECONDS=N] [FUZZERS="..."]
fuzz_names = fuzz_cards fuzz_command fuzz_config fuzz_graph_json fuzz_lesson fuzz_names fuzz_nfc fuzz_npz \
	fuzz_pattern fuzz_recipe fuzz_safetensors fuzz_session fuzz_settings fuzz_small fuzz_text \
	fuzz_tokenizer fuzz_transcoder fuzz_yaml
EXTRA_DIST += %D%/run.sh %D%/corpus %D%/dict %D%/seeds
EXTRA_LIBRARIES = libfuzz.a
libfuzz_a_SOURCES = %D%/fuzz.c %D%/fuzz.h %D%/fuzz_app.c %D%/fuzz_app.h
fuzz_libs = libfuzz.a libtui.a $(engine_libs) $(NCURSES_LIBS) $(FUZZER_LIBS)

if FUZZING
EXTRA_PROGRAMS += $(fuzz_names)
CLEANFILES += $(fuzz_names)
fuzz_main =
else
check_PROGRAMS += $(fuzz_names)
fuzz_main = %D%/replay.c
endif
fuzz_cards_SOURCES = %D%/fuzz_cards.c $(fuzz_main)
fuzz_cards_LDADD = $(fuzz_libs)
fuzz_command_SOURCES = %D%/fuzz_command.c $(fuzz_main)
fuzz_command_LDADD = $(fuzz_libs)
fuzz_config_SOURCES = %D%/fuzz_config.c $(fuzz_main)
fuzz_config_LDADD = $(fuzz_libs)
fuzz_graph_json_SOURCES = %D%/fuzz_graph_json.c $(fuzz_main)
fuzz_graph_json_LDADD = $(fuzz_libs)
fuzz_lesson_SOURCES = %D%/fuzz_lesson.c $(fuzz_main)
fuzz_lesson_LDADD = $(fuzz_libs)
fuzz_names_SOURCES = %D%/fuzz_names.c $(fuzz_main)
fuzz_names_LDADD = $(fuzz_libs)
fuzz_nfc_SOURCES = %D%/fuzz_nfc.c $(fuzz_main)
fuzz_nfc_LDADD = $(fuzz_libs)
fuzz_npz_SOURCES = %D%/fuzz_npz.c $(fuzz_main)
fuzz_npz_LDADD = $(fuzz_libs)
fuzz_pattern_SOURCES = %D%/fuzz_pattern.c $(fuzz_main)
fuzz_pattern_LDADD = $(fuzz_libs)
fuzz_recipe_SOURCES = %D%/fuzz_recipe.c $(fuzz_main)
fuzz_recipe_LDADD = $(fuzz_libs)
fuzz_safetensors_SOURCES = %D%/fuzz_safetensors.c $(fuzz_main)
fuzz_safetensors_LDADD = $(fuzz_libs)
fuzz_session_SOURCES = %D%/fuzz_session.c $(fuzz_main)
fuzz_session_LDADD = $(fuzz_libs)
fuzz_settings_SOURCES = %D%/fuzz_settings.c $(fuzz_main)
fuzz_settings_LDADD = $(fuzz_libs)
fuzz_small_SOURCES = %D%/fuzz_small.c $(fuzz_main)
fuzz_small_LDADD = $(fuzz_libs)
fuzz_text_SOURCES = %D%/fuzz_text.c $(fuzz_main)
fuzz_text_LDADD = $(fuzz_libs)
fuzz_tokenizer_SOURCES = %D%/fuzz_tokenizer.c $(fuzz_main)
fuzz_tokenizer_LDADD = $(fuzz_libs)
fuzz_transcoder_SOURCES = %D%/fuzz_transcoder.c $(fuzz_main)
fuzz_transcoder_LDADD = $(fuzz_libs)
fuzz_yaml_SOURCES = %D%/fuzz_yaml.c $(fuzz_main)
fuzz_yaml_LDADD = $(fuzz_libs)
if FUZZING
FUZZERS = $(fuzz_names)
fuzz: $(FUZZERS)
	@$(SHELL) $(srcdir)/tests/fuzz/run.sh $(srcdir)/tests "$(FUZZ_SECONDS)" $(FUZZERS)
else
fuzz:
	@echo "make fuzz needs a build of its own: configure CC=clang --enable-fuzzing --enable-sanitizers"; \
	exit 1
endif
.PHONY: fuzz
