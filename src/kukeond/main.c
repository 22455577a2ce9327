/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "kukeond.h"
#include "methods.h"
#include "program.h"
#include "str.h"

int main(int argc, char **argv)
{
	program_begin();
	if (argc > 1 && streq(argv[1], RPC_PRIVATE_COMMAND))
		return private_main(argc, argv);
	return program_end(kukeond_main(argc, argv));
}
