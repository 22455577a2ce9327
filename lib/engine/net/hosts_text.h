/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_HOSTS_TEXT_H
#define KUKEON_HOSTS_TEXT_H

#include "buf.h"
#include "ipnet.h"
#include "vec.h"

/*
 * The text of a hosts file from the cells of one or several networks: a pure function.
 *
 * A cell of the space has the names <cell> and <cell>.<stack>; one of another space that has
 * joined it has these and <cell>.<stack>.<space>; each has its aliases. Cells may share a
 * name, which then has several addresses, but only within the first of these groups that
 * has it: in the first network (in the order of sections) the cells of the space, then
 * those that have joined it, then aliases; then the same in the next network. So an alias
 * never takes a cell's name from it, nor a cell of another space one of the space's own.
 * What is no host name, or stands for the local host, gets no entry.
 */
struct hosts_cell {
	unsigned section; /* number of the network */
	uint32_t addr;
	struct ipnet addr6; /* no family: none; else a second line has it */
	char *cell, *stack;
	char *space; /* of a cell that has joined; NULL: a cell of the space itself */
	struct strlist aliases;
};

struct hosts_cells {
	struct hosts_cell *v;
	size_t n;
};

void hosts_cells_clear(struct hosts_cells *l);
#define cleanup_hosts_cells cleanup_(hosts_cells_clear)

/* The lines of the local host, which come first in the file. */
extern const char hosts_head[];

/* Add the whole file to out. */
void hosts_text(struct buf *out, const struct hosts_cells *l);

#endif
