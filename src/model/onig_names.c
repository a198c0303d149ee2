/*
 * onig_names: the names of character properties that patterns may use, and what newer versions of Unicode
 * added to them.
 */
#include "model/onig_reader.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "model/onig.h"

enum { MAX_CATEGORIES = 5 };

/*
 * What Unicode 15.0 to 16.0 assigned, since PCRE2's tables may be older. If they are not, adding it changes
 * nothing.
 */
static const struct fresh {
	unsigned first, last;
	char category[3];
} fresh[] = {
	{ 0x897, 0x897, "Mn" }, { 0xCF3, 0xCF3, "Mc" }, { 0xECE, 0xECE, "Mn" }, { 0x1B4E, 0x1B4F, "Po" },
	{ 0x1B7F, 0x1B7F, "Po" }, { 0x1C89, 0x1C89, "Lu" }, { 0x1C8A, 0x1C8A, "Ll" },
	{ 0x2427, 0x2429, "So" }, { 0x2FFC, 0x2FFF, "So" }, { 0x31E4, 0x31E5, "So" },
	{ 0x31EF, 0x31EF, "So" }, { 0xA7CB, 0xA7CC, "Lu" }, { 0xA7CD, 0xA7CD, "Ll" },
	{ 0xA7DA, 0xA7DA, "Lu" }, { 0xA7DB, 0xA7DB, "Ll" }, { 0xA7DC, 0xA7DC, "Lu" },
	{ 0x105C0, 0x105F3, "Lo" }, { 0x10D40, 0x10D49, "Nd" }, { 0x10D4A, 0x10D4D, "Lo" },
	{ 0x10D4E, 0x10D4E, "Lm" }, { 0x10D4F, 0x10D4F, "Lo" }, { 0x10D50, 0x10D65, "Lu" },
	{ 0x10D69, 0x10D6D, "Mn" }, { 0x10D6E, 0x10D6E, "Pd" }, { 0x10D6F, 0x10D6F, "Lm" },
	{ 0x10D70, 0x10D85, "Ll" }, { 0x10D8E, 0x10D8F, "Sm" }, { 0x10EC2, 0x10EC4, "Lo" },
	{ 0x10EFC, 0x10EFF, "Mn" }, { 0x1123F, 0x11240, "Lo" }, { 0x11241, 0x11241, "Mn" },
	{ 0x11380, 0x11389, "Lo" }, { 0x1138B, 0x1138B, "Lo" }, { 0x1138E, 0x1138E, "Lo" },
	{ 0x11390, 0x113B5, "Lo" }, { 0x113B7, 0x113B7, "Lo" }, { 0x113B8, 0x113BA, "Mc" },
	{ 0x113BB, 0x113C0, "Mn" }, { 0x113C2, 0x113C2, "Mc" }, { 0x113C5, 0x113C5, "Mc" },
	{ 0x113C7, 0x113CA, "Mc" }, { 0x113CC, 0x113CD, "Mc" }, { 0x113CE, 0x113CE, "Mn" },
	{ 0x113CF, 0x113CF, "Mc" }, { 0x113D0, 0x113D0, "Mn" }, { 0x113D1, 0x113D1, "Lo" },
	{ 0x113D2, 0x113D2, "Mn" }, { 0x113D3, 0x113D3, "Lo" }, { 0x113D4, 0x113D5, "Po" },
	{ 0x113D7, 0x113D8, "Po" }, { 0x113E1, 0x113E2, "Mn" }, { 0x116D0, 0x116E3, "Nd" },
	{ 0x1171E, 0x1171E, "Mc" }, { 0x11B00, 0x11B09, "Po" }, { 0x11BC0, 0x11BE0, "Lo" },
	{ 0x11BE1, 0x11BE1, "Po" }, { 0x11BF0, 0x11BF9, "Nd" }, { 0x11F00, 0x11F01, "Mn" },
	{ 0x11F02, 0x11F02, "Lo" }, { 0x11F03, 0x11F03, "Mc" }, { 0x11F04, 0x11F10, "Lo" },
	{ 0x11F12, 0x11F33, "Lo" }, { 0x11F34, 0x11F35, "Mc" }, { 0x11F36, 0x11F3A, "Mn" },
	{ 0x11F3E, 0x11F3F, "Mc" }, { 0x11F40, 0x11F40, "Mn" }, { 0x11F41, 0x11F41, "Mc" },
	{ 0x11F42, 0x11F42, "Mn" }, { 0x11F43, 0x11F4F, "Po" }, { 0x11F50, 0x11F59, "Nd" },
	{ 0x11F5A, 0x11F5A, "Mn" }, { 0x1342F, 0x1342F, "Lo" }, { 0x13439, 0x1343F, "Cf" },
	{ 0x13440, 0x13440, "Mn" }, { 0x13441, 0x13446, "Lo" }, { 0x13447, 0x13455, "Mn" },
	{ 0x13460, 0x143FA, "Lo" }, { 0x16100, 0x1611D, "Lo" }, { 0x1611E, 0x16129, "Mn" },
	{ 0x1612A, 0x1612C, "Mc" }, { 0x1612D, 0x1612F, "Mn" }, { 0x16130, 0x16139, "Nd" },
	{ 0x16D40, 0x16D42, "Lm" }, { 0x16D43, 0x16D6A, "Lo" }, { 0x16D6B, 0x16D6C, "Lm" },
	{ 0x16D6D, 0x16D6F, "Po" }, { 0x16D70, 0x16D79, "Nd" }, { 0x18CFF, 0x18CFF, "Lo" },
	{ 0x1B132, 0x1B132, "Lo" }, { 0x1B155, 0x1B155, "Lo" }, { 0x1CC00, 0x1CCEF, "So" },
	{ 0x1CCF0, 0x1CCF9, "Nd" }, { 0x1CD00, 0x1CEB3, "So" }, { 0x1D2C0, 0x1D2D3, "No" },
	{ 0x1DF25, 0x1DF2A, "Ll" }, { 0x1E030, 0x1E06D, "Lm" }, { 0x1E08F, 0x1E08F, "Mn" },
	{ 0x1E4D0, 0x1E4EA, "Lo" }, { 0x1E4EB, 0x1E4EB, "Lm" }, { 0x1E4EC, 0x1E4EF, "Mn" },
	{ 0x1E4F0, 0x1E4F9, "Nd" }, { 0x1E5D0, 0x1E5ED, "Lo" }, { 0x1E5EE, 0x1E5EF, "Mn" },
	{ 0x1E5F0, 0x1E5F0, "Lo" }, { 0x1E5F1, 0x1E5FA, "Nd" }, { 0x1E5FF, 0x1E5FF, "Po" },
	{ 0x1F6DC, 0x1F6DC, "So" }, { 0x1F774, 0x1F776, "So" }, { 0x1F77B, 0x1F77F, "So" },
	{ 0x1F7D9, 0x1F7D9, "So" }, { 0x1F8B2, 0x1F8BB, "So" }, { 0x1F8C0, 0x1F8C1, "So" },
	{ 0x1FA75, 0x1FA77, "So" }, { 0x1FA87, 0x1FA89, "So" }, { 0x1FA8F, 0x1FA8F, "So" },
	{ 0x1FAAD, 0x1FAAF, "So" }, { 0x1FABB, 0x1FABF, "So" }, { 0x1FAC6, 0x1FAC6, "So" },
	{ 0x1FACE, 0x1FACF, "So" }, { 0x1FADA, 0x1FADC, "So" }, { 0x1FADF, 0x1FADF, "So" },
	{ 0x1FAE8, 0x1FAE9, "So" }, { 0x1FAF7, 0x1FAF8, "So" }, { 0x1FBCB, 0x1FBEF, "So" },
	{ 0x2B739, 0x2B739, "Lo" }, { 0x2EBF0, 0x2EE5D, "Lo" }, { 0x31350, 0x323AF, "Lo" },
};

/* Oniguruma knows categories by both names, whatever their case, blanks, '-' and '_'. */
static const struct {
	const char *name, *longer;
} categories[] = {
	{ "L", "letter" }, { "Lu", "uppercaseletter" }, { "Ll", "lowercaseletter" }, { "Lt",
	    "titlecaseletter" },
	{ "Lm", "modifierletter" }, { "Lo", "otherletter" }, { "M", "mark" }, { "Mn", "nonspacingmark" },
	{ "Mc", "spacingmark" }, { "Me", "enclosingmark" }, { "N", "number" }, { "Nd", "decimalnumber" },
	{ "Nl", "letternumber" }, { "No", "othernumber" }, { "P", "punctuation" }, { "Pc",
	    "connectorpunctuation" },
	{ "Pd", "dashpunctuation" }, { "Ps", "openpunctuation" }, { "Pe", "closepunctuation" },
	{ "Pi", "initialpunctuation" }, { "Pf", "finalpunctuation" }, { "Po", "otherpunctuation" }, { "S",
	    "symbol" },
	{ "Sm", "mathsymbol" }, { "Sc", "currencysymbol" }, { "Sk", "modifiersymbol" }, { "So",
	    "othersymbol" },
	{ "Z", "separator" }, { "Zs", "spaceseparator" }, { "Zl", "lineseparator" }, { "Zp",
	    "paragraphseparator" },
	{ "Cc", "control" }, { "Cf", "format" },
};

/* Names in [[:...:]] and in \p{...} that are not categories; the members of a class. */
static const struct {
	/* categories: their new members belong to it */
	const char *name, *members, *categories[MAX_CATEGORIES + 1];
} posix[] = {
	{ "digit", "\\p{Nd}", { "Nd" } },
	{ "space", "\\p{White_Space}", { NULL } },
	{ "whitespace", "\\p{White_Space}", { NULL } },
	{ "cntrl", "\\p{Cc}", { NULL } },
	{ "blank", "\\t\\p{Zs}", { NULL } },
	{ "xdigit", "0-9A-Fa-f", { NULL } },
	{ "punct", "\\p{P}\\p{S}", { "P", "S" } },
	{ "word", "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}", { "L", "M", "Nd", "Nl", "Pc" } },
	{ "upper", "\\p{Uppercase}", { "Lu" } },
	{ "any", "\\x{0}-\\x{10FFFF}", { NULL } },
};

/* Scripts that Oniguruma and PCRE2 call by the same name. */
static const char *const scripts[] = {
	"Arabic", "Armenian", "Bengali", "Bopomofo", "Cyrillic", "Devanagari", "Ethiopic", "Georgian",
	    "Greek", "Gujarati",
	"Gurmukhi", "Han", "Hangul", "Hebrew", "Hiragana", "Kannada", "Katakana", "Khmer", "Lao", "Latin",
	    "Malayalam",
	"Mongolian", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thai", "Tibetan", "Common",
	    "Inherited",
};

static const char han_new[] = "\\x{2B739}\\x{2EBF0}-\\x{2EE5D}\\x{31350}-\\x{323AF}";

void
ct_onig_put_code(struct ct_buffer *b, unsigned cp)
{
	ct_buffer_printf(b, "\\x{%X}", cp);
}

/* Adds the new members of a category or, for a single letter, of all categories that begin with it. */
static void
put_fresh(struct ct_buffer *b, const char *category)
{
	for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++) {
		if (strncmp(fresh[i].category, category, strlen(category)) != 0)
			continue;
		ct_onig_put_code(b, fresh[i].first);
		if (fresh[i].last > fresh[i].first) {
			ct_buffer_puts(b, "-");
			ct_onig_put_code(b, fresh[i].last);
		}
	}
}

/*
 * Members of a named class into b; false when the name is not known. `name` is in lower case without blanks.
 */
bool
ct_onig_put_named(struct ct_buffer *b, const char *name, bool *newer)
{
	for (size_t i = 0; i < sizeof categories / sizeof *categories; i++)
		if (strcasecmp(categories[i].name, name) == 0 || strcmp(categories[i].longer, name) == 0) {
			ct_buffer_printf(b, "\\p{%s}", categories[i].name);
			put_fresh(b, categories[i].name);
			return true;
		}
	for (size_t i = 0; i < sizeof posix / sizeof *posix; i++)
		if (strcmp(posix[i].name, name) == 0) {
			ct_buffer_puts(b, posix[i].members);
			for (size_t k = 0; k < MAX_CATEGORIES && posix[i].categories[k]; k++)
				put_fresh(b, posix[i].categories[k]);
			return true;
		}
	for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
		if (strcasecmp(scripts[i], name) == 0) {
			ct_buffer_printf(b, "\\p{sc:%s}", scripts[i]);
			if (strcmp(scripts[i], "Han") == 0)
				ct_buffer_puts(b, han_new);
			else
				*newer = true;
			return true;
		}
	return false;
}

/*
 * Case folding in classes has rules of its own, so only sets without letters are supported when case is
 * ignored.
 */
bool
ct_onig_has_cases(const char *name)
{
	static const char *const without[] = { "N", "P", "Z", "digit", "space", "whitespace", "cntrl",
	    "blank", "xdigit",
		"number", "punctuation", "separator" };

	for (size_t i = 0; i < sizeof without / sizeof *without; i++)
		if (strcasecmp(without[i], name) == 0 || (strlen(without[i]) == 1 && strlen(name) == 2 &&
		    toupper((unsigned char)*name) == *without[i]))
			return false;
	return true;
}

bool
ct_is_new(unsigned cp)
{
	for (size_t i = 0; i < sizeof fresh / sizeof *fresh; i++)
		if (cp >= fresh[i].first && cp <= fresh[i].last)
			return true;
	return false;
}
