/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "unpack_proto.h"

void unpack_limits_default(struct unpack_limits *ret)
{
#define DEFAULT_(name, value) .name = (value),
	*ret = (struct unpack_limits){ UNPACK_LIMITS(DEFAULT_) };
#undef DEFAULT_
}
