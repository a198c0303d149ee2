# Unit tests: each is one file here, linked with what they share (libtest.a).
if HAVE_CMOCKA
check_LIBRARIES = libtest.a
libtest_a_SOURCES = \
	%D%/eval_world.c %D%/eval_world.h \
	%D%/finite.c %D%/finite.h \
	%D%/fixture.c %D%/fixture.h \
	%D%/graphs.c %D%/graphs.h \
	%D%/naive.c %D%/naive.h %D%/naive_neurons.c \
	%D%/scratch.c %D%/scratch.h \
	%D%/tokens.c %D%/tokens.h \
	%D%/world.c %D%/world.h \
	%D%/pty.c %D%/pty.h
LDADD = libtest.a libtui.a $(engine_libs) $(CMOCKA_LIBS) $(NCURSES_LIBS) $(UTIL_LIBS)

check_PROGRAMS += \
	test_added \
	test_alone \
	test_attribution \
	test_base \
	test_best \
	test_build \
	test_cancel \
	test_cards \
	test_cards_build \
	test_classes \
	test_clamp \
	test_clamped \
	test_compare \
	test_config \
	test_control \
	test_corpus \
	test_damage \
	test_direct \
	test_dtypes \
	test_effects \
	test_engine \
	test_eval \
	test_experiments \
	test_file \
	test_folder \
	test_generate \
	test_golden \
	test_graph \
	test_graph_again \
	test_graph_file \
	test_graph_json \
	test_group_swap \
	test_heads \
	test_hidden \
	test_holdout \
	test_hostile \
	test_inactive \
	test_neurons \
	test_opened \
	test_influence \
	test_inputs \
	test_json \
	test_judge \
	test_kernels \
	test_labels \
	test_layouts \
	test_layouts_bad \
	test_matrix \
	test_model \
	test_monkey \
	test_names \
	test_nfc \
	test_npz \
	test_number_codes \
	test_operand_form \
	test_operands \
	test_page \
	test_paths \
	test_pattern \
	test_picture \
	test_pieces \
	test_pins \
	test_planning \
	test_plot \
	test_qk \
	test_query \
	test_restore \
	test_safetensors \
	test_saving \
	test_session \
	test_sniff \
	test_groups \
	test_subgraph \
	test_survey \
	test_swap \
	test_tables \
	test_terminal \
	test_text \
	test_tokenizer \
	test_tokenizer_config \
	test_traffic \
	test_train_fit \
	test_dictionary \
	test_train_model \
	test_train_text \
	test_train_transcoder \
	test_transformer \
	test_verdict \
	test_weights \
	test_weights_here \
	test_work \
	test_written \
	test_yaml
# The linker's --wrap and glibc go together.
if HAVE_SHIM
check_PROGRAMS += test_memory
endif
test_added_SOURCES = %D%/test_added.c
test_alone_SOURCES = %D%/test_alone.c
test_attribution_SOURCES = %D%/test_attribution.c
test_base_SOURCES = %D%/test_base.c
test_best_SOURCES = %D%/test_best.c
test_build_SOURCES = %D%/test_build.c
test_cancel_SOURCES = %D%/test_cancel.c
test_cards_SOURCES = %D%/test_cards.c
test_cards_build_SOURCES = %D%/test_cards_build.c
test_classes_SOURCES = %D%/test_classes.c
test_clamp_SOURCES = %D%/test_clamp.c
test_clamped_SOURCES = %D%/test_clamped.c
test_compare_SOURCES = %D%/test_compare.c
test_config_SOURCES = %D%/test_config.c
test_control_SOURCES = %D%/test_control.c
test_corpus_SOURCES = %D%/test_corpus.c
test_damage_SOURCES = %D%/test_damage.c
test_direct_SOURCES = %D%/test_direct.c
test_dtypes_SOURCES = %D%/test_dtypes.c
test_effects_SOURCES = %D%/test_effects.c
test_engine_SOURCES = %D%/test_engine.c
test_eval_SOURCES = %D%/test_eval.c
test_experiments_SOURCES = %D%/test_experiments.c
test_file_SOURCES = %D%/test_file.c
test_folder_SOURCES = %D%/test_folder.c
test_generate_SOURCES = %D%/test_generate.c
test_golden_SOURCES = %D%/test_golden.c
test_graph_SOURCES = %D%/test_graph.c
test_graph_again_SOURCES = %D%/test_graph_again.c
test_graph_file_SOURCES = %D%/test_graph_file.c
test_graph_json_SOURCES = %D%/test_graph_json.c
test_group_swap_SOURCES = %D%/test_group_swap.c
test_heads_SOURCES = %D%/test_heads.c
test_hidden_SOURCES = %D%/test_hidden.c
test_holdout_SOURCES = %D%/test_holdout.c
test_hostile_SOURCES = %D%/test_hostile.c
test_inactive_SOURCES = %D%/test_inactive.c
test_neurons_SOURCES = %D%/test_neurons.c
test_opened_SOURCES = %D%/test_opened.c
test_influence_SOURCES = %D%/test_influence.c
test_inputs_SOURCES = %D%/test_inputs.c
test_json_SOURCES = %D%/test_json.c
test_judge_SOURCES = %D%/test_judge.c
test_kernels_SOURCES = %D%/test_kernels.c
test_labels_SOURCES = %D%/test_labels.c
test_layouts_SOURCES = %D%/test_layouts.c
test_layouts_bad_SOURCES = %D%/test_layouts_bad.c
test_matrix_SOURCES = %D%/test_matrix.c
test_memory_SOURCES = %D%/test_memory.c
test_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=ct_arena_alloc,--wrap=ct_arena_need,--wrap=ct_arena_strdup
test_model_SOURCES = %D%/test_model.c
test_monkey_SOURCES = %D%/test_monkey.c
test_names_SOURCES = %D%/test_names.c
test_nfc_SOURCES = %D%/test_nfc.c
test_npz_SOURCES = %D%/test_npz.c
test_number_codes_SOURCES = %D%/test_number_codes.c
test_operand_form_SOURCES = %D%/test_operand_form.c
test_operands_SOURCES = %D%/test_operands.c
test_page_SOURCES = %D%/test_page.c
test_paths_SOURCES = %D%/test_paths.c
test_pattern_SOURCES = %D%/test_pattern.c
test_picture_SOURCES = %D%/test_picture.c
test_pieces_SOURCES = %D%/test_pieces.c
test_pins_SOURCES = %D%/test_pins.c
test_planning_SOURCES = %D%/test_planning.c
test_plot_SOURCES = %D%/test_plot.c
test_qk_SOURCES = %D%/test_qk.c
test_query_SOURCES = %D%/test_query.c
test_restore_SOURCES = %D%/test_restore.c
test_safetensors_SOURCES = %D%/test_safetensors.c
test_saving_SOURCES = %D%/test_saving.c
test_session_SOURCES = %D%/test_session.c
test_sniff_SOURCES = %D%/test_sniff.c
test_groups_SOURCES = %D%/test_groups.c
test_subgraph_SOURCES = %D%/test_subgraph.c
test_survey_SOURCES = %D%/test_survey.c
test_swap_SOURCES = %D%/test_swap.c
test_tables_SOURCES = %D%/test_tables.c
test_terminal_SOURCES = %D%/test_terminal.c
test_text_SOURCES = %D%/test_text.c
test_tokenizer_SOURCES = %D%/test_tokenizer.c
test_tokenizer_config_SOURCES = %D%/test_tokenizer_config.c
test_traffic_SOURCES = %D%/test_traffic.c
test_train_fit_SOURCES = %D%/test_train_fit.c
test_dictionary_SOURCES = %D%/test_dictionary.c
test_train_text_SOURCES = %D%/test_train_text.c
test_train_model_SOURCES = %D%/test_train_model.c
test_train_transcoder_SOURCES = %D%/test_train_transcoder.c
test_transformer_SOURCES = %D%/test_transformer.c
test_verdict_SOURCES = %D%/test_verdict.c
test_work_SOURCES = %D%/test_work.c
test_weights_SOURCES = %D%/test_weights.c
test_weights_here_SOURCES = %D%/test_weights_here.c
test_written_SOURCES = %D%/test_written.c
test_yaml_SOURCES = %D%/test_yaml.c
endif

# Makes the models that some tests run on.
EXTRA_PROGRAMS += random_model
check_DATA += random_model$(EXEEXT)
CLEANFILES += random_model$(EXEEXT)
random_model_SOURCES = %D%/random_model.c
random_model_LDADD = $(engine_libs)

# The long forms of tests that `make check` runs briefly: a million events each, and a hundred runs of each
# way out.
monkey: ctrace-tui$(EXEEXT) test_monkey$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)'; export srcdir; \
	MONKEY_SEEDS="$$(seq 100)" MONKEY_KEYS=10000 $(SHELL) $(srcdir)/tests/screens/monkey.sh && \
	MONKEY_EVENTS=1000000 ./test_monkey$(EXEEXT)
restore: ctrace-tui$(EXEEXT) test_restore$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)' RESTORE_RUNS=100 ./test_restore$(EXEEXT)
saving: ctrace-tui$(EXEEXT) test_saving$(EXEEXT)
	@$(AM_TESTS_ENVIRONMENT) srcdir='$(srcdir)' SAVING_KILLS=1000 ./test_saving$(EXEEXT)
.PHONY: monkey restore saving
