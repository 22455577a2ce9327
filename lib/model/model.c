/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "model.h"

#include "str.h"

static const struct kind_info kinds[] = {
	[KIND_REALM] = { "Realm", "realm", "realms", &realm_doc_type, true },
	[KIND_SPACE] = { "Space", "space", "spaces", &space_doc_type, true },
	[KIND_STACK] = { "Stack", "stack", "stacks", &stack_doc_type, true },
	[KIND_CELL] = { "Cell", "cell", "cells", &cell_doc_type, true },
	[KIND_CONTAINER] = { "Container", "container", "containers", &container_doc_type, true },
	[KIND_CELL_PROFILE] = { "CellProfile", "cellprofile", "cellprofiles", &profile_doc_type,
				false },
	[KIND_SERVER_CONFIGURATION] = { "ServerConfiguration", "serverconfiguration",
					"serverconfigurations", &server_doc_type, false },
	[KIND_CLIENT_CONFIGURATION] = { "ClientConfiguration", "clientconfiguration",
					"clientconfigurations", &client_doc_type, false },
};

_Static_assert(ARRAY_SIZE(kinds) == _KIND_MAX, "a kind without its row");

const struct kind_info *kind_info(enum kind k)
{
	return k > KIND_INVALID && k < _KIND_MAX ? &kinds[k] : NULL;
}

enum kind kind_from_name(const char *name)
{
	enum kind k;

	for (k = KIND_REALM; k < _KIND_MAX; k++)
		if (streq_null(kinds[k].name, name))
			return k;
	return KIND_INVALID;
}

enum kind kind_from_word(const char *word)
{
	enum kind k;

	if (!word)
		return KIND_INVALID;
	for (k = KIND_REALM; k < _KIND_MAX; k++)
		if (str_case_eq(kinds[k].word, word) || str_case_eq(kinds[k].plural, word))
			return k;
	return KIND_INVALID;
}
