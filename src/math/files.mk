# The sources of src/math, headers among them.
math_files = \
	%D%/blas.c \
	%D%/blas.h \
	%D%/kernels.c \
	%D%/kernels.h \
	%D%/solve.c \
	%D%/solve.h
