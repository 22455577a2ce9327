/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CNI_RECORD_H
#define KUKEON_CNI_RECORD_H

#include "cni_conf.h"
#include "cni_result.h"
#include "context.h"
#include "encode.h"

/*
 * The record of an attachment: what plugins were told and what they answered, so that they
 * can be told to undo it, also after a reboot and when the configuration has changed. It
 * is written before the first plugin runs and removed after the last has undone its part.
 * It is written with the cell's lock held.
 */
enum cni_phase {
	CNI_ADDING = 1, /* plugins are running, or were when their runner died */
	CNI_ADDED,
	CNI_DELETING, /* likewise, or they failed: has to be tried again */
	_CNI_PHASE_MAX,
};

enum {
	CNI_START_ID_MAX = 17
};

/* Whose it is, from the record's file name. */
struct cni_ref {
	char *stack, *cell;
	char start_id[CNI_START_ID_MAX]; /* also the container id that plugins get */
};

struct cni_record {
	enum cni_phase phase;
	char *config; /* the text of the network configuration */
	char *netns; /* CNI_NETNS */
	char *args; /* CNI_ARGS */
	char *capabilities; /* JSON object of capability arguments; NULL: none */
	char *result; /* JSON of the last ADD; NULL: none */
	uint32_t addr;
	char *network; /* the name in config */
	char *aliases; /* further names of the cell, with spaces between; NULL: none */
	char *ports; /* that plugins publish, likewise (cni_ports_text) */
};

void cni_record_clear(struct cni_record *rec);
#define cleanup_cni_record cleanup_(cni_record_clear)

struct cni_refs {
	struct cni_ref *v;
	size_t n;
};

void cni_refs_clear(struct cni_refs *l);
#define cleanup_cni_refs cleanup_(cni_refs_clear)

/* The cell of a record of that space; strings are borrowed. */
struct addr cni_ref_cell(const struct addr *space, const struct cni_ref *ref);

/* The records of a space, of one cell if its names are set. A missing directory has none. */
int cni_refs_list(struct engine *e, const struct addr *a, struct cni_refs *ret, struct kerr *err);

enum cni_save_flags {
	CNI_SAVE_NOSYNC = 1 << 0, /* what is lost with power is of no use then */
};

int cni_record_save(struct engine *e, const struct addr *cell, const char *start_id,
		    const struct cni_record *rec, enum cni_save_flags flags, struct kerr *err);

/* -ENOENT without a message if there is none. *ret is cleared first. */
int cni_record_load(struct engine *e, const struct addr *cell, const char *start_id,
		    struct cni_record *ret, struct kerr *err);

int cni_record_remove(struct engine *e, const struct addr *cell, const char *start_id,
		      struct kerr *err);

#endif
