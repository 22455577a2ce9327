/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "errkind.h"

#include "str.h"

struct err_kind_row {
	const char *name;
	const char *text;
};

#define ERR_KIND_ROW_(constant, wire, sentinel) [constant] = { wire, sentinel },
static const struct err_kind_row err_kind_rows[] = { ERR_KINDS(ERR_KIND_ROW_) };

_Static_assert(ARRAY_SIZE(err_kind_rows) == _ERR_KIND_MAX, "a class without its row");

const char *err_kind_name(int kind)
{
	return kind > 0 && kind < _ERR_KIND_MAX ? err_kind_rows[kind].name : "Unknown";
}

const char *err_kind_text(int kind)
{
	return kind > 0 && kind < _ERR_KIND_MAX ? err_kind_rows[kind].text : "";
}

int err_kind_from_name(const char *name)
{
	for (int i = 1; i < _ERR_KIND_MAX; i++)
		if (streq_null(err_kind_rows[i].name, name))
			return i;
	return ERR_UNKNOWN;
}
