# The sources of src/io, headers among them.
io_files = \
	%D%/deflate.c \
	%D%/deflate.h \
	%D%/folder.c \
	%D%/folder.h \
	%D%/json.c \
	%D%/json.h \
	%D%/json_out.c \
	%D%/json_out.h \
	%D%/json_stream.c \
	%D%/json_stream.h \
	%D%/json_writer.c \
	%D%/json_writer.h \
	%D%/npy.c \
	%D%/npy.h \
	%D%/npz.c \
	%D%/npz.h \
	%D%/safetensors.c \
	%D%/safetensors.h \
	%D%/safetensors_write.c \
	%D%/sniff.c \
	%D%/sniff.h \
	%D%/tensor.c \
	%D%/yaml.c \
	%D%/yaml.h
