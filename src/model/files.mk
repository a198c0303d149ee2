# The sources of src/model, headers among them.
model_files = \
	%D%/bpe.c \
	%D%/bpe.h \
	%D%/config.c \
	%D%/config.h \
	%D%/derive.c \
	%D%/family.c \
	%D%/family.h \
	%D%/gpt2.c \
	%D%/keys.c \
	%D%/keys.h \
	%D%/lexicon.c \
	%D%/linear.c \
	%D%/linear.h \
	%D%/llama.c \
	%D%/model.c \
	%D%/model.h \
	%D%/nfc.c \
	%D%/nfc.h \
	%D%/rope.c \
	%D%/split.c \
	%D%/split.h \
	%D%/synthetic.c \
	%D%/synthetic.h \
	%D%/tokenizer.c \
	%D%/tokenizer.h \
	%D%/transcoder.c \
	%D%/transcoder.h \
	%D%/transformer.c \
	%D%/transformer.h \
	%D%/vocab.c \
	%D%/vocab.h
