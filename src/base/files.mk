# The sources of src/base, headers among them.
base_files = \
	%D%/arena.c \
	%D%/arena.h \
	%D%/best.c \
	%D%/best.h \
	%D%/buffer.c \
	%D%/buffer.h \
	%D%/clock.c \
	%D%/clock.h \
	%D%/error.c \
	%D%/error.h \
	%D%/file.c \
	%D%/file.h \
	%D%/job.h \
	%D%/label.c \
	%D%/label.h \
	%D%/map.c \
	%D%/map.h \
	%D%/memory.c \
	%D%/memory.h \
	%D%/notes.c \
	%D%/notes.h \
	%D%/parallel.c \
	%D%/parallel.h \
	%D%/pool.c \
	%D%/pool.h \
	%D%/progress.h \
	%D%/random.c \
	%D%/random.h \
	%D%/sort.c \
	%D%/sort.h \
	%D%/system.c \
	%D%/system.h \
	%D%/text.c \
	%D%/text.h \
	%D%/vector.h \
	%D%/width.c
