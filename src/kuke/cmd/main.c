/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "cmd.h"
#include "program.h"

int main(int argc, char **argv)
{
	program_begin();
	return program_end(cmd_main(&cmd_kuke, argc, argv));
}
