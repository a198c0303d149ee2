# Tests of the command line, and of both programs by their output.
check_SCRIPTS += \
	%D%/aggregate.sh \
	%D%/batch.sh \
	%D%/bos.sh \
	%D%/compare.sh \
	%D%/completion.sh \
	%D%/eval.sh \
	%D%/examples.sh \
	%D%/export.sh \
	%D%/features.sh \
	%D%/figures.sh \
	%D%/full.sh \
	%D%/gallery.sh \
	%D%/errors.sh \
	%D%/heads.sh \
	%D%/help.sh \
	%D%/hostile.sh \
	%D%/inactive.sh \
	%D%/judge.sh \
	%D%/lesson.sh \
	%D%/man.sh \
	%D%/mechanisms.sh \
	%D%/models.sh \
	%D%/own.sh \
	%D%/qk.sh \
	%D%/schema.sh \
	%D%/screen.sh \
	%D%/search.sh \
	%D%/session.sh \
	%D%/settings.sh \
	%D%/steer.sh \
	%D%/survey.sh \
	%D%/swap.sh \
	%D%/trace.sh \
	%D%/train.sh \
	%D%/weights.sh \
	%D%/train_own.sh
EXTRA_DIST += %D%/lib.sh
