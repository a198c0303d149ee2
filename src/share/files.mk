# The sources of src/share, headers among them.
share_files = \
	%D%/aggregate.c \
	%D%/aggregate.h \
	%D%/content.c \
	%D%/content.h \
	%D%/export.h \
	%D%/formats.c \
	%D%/formats.h \
	%D%/graph_again.c \
	%D%/graph_again.h \
	%D%/graph_file.c \
	%D%/graph_file.h \
	%D%/graph_folder.c \
	%D%/graph_folder.h \
	%D%/graph_id.c \
	%D%/graph_id.h \
	%D%/graph_json.c \
	%D%/graph_json.h \
	%D%/graph_line.c \
	%D%/graph_line.h \
	%D%/graph_place.c \
	%D%/graph_raw.c \
	%D%/graph_raw.h \
	%D%/graph_reader.h \
	%D%/graph_words.c \
	%D%/picture.c \
	%D%/picture.h \
	%D%/picture_graph.h \
	%D%/picture_svg.c
