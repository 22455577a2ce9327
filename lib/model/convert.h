/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONVERT_H
#define KUKEON_CONVERT_H

#include "err.h"
#include "model.h"
#include "vec.h"

/*
 * The second stage of checks, and the normal form in which documents are stored and
 * compared. The steps for a cell document in the engine:
 *
 *   cell_normalise()        rules, root flag, locations, ids, lists not null
 *   cell_inherit_defaults() fill unset fields from the space's defaults
 *   diff_cell() or, for a new one, cell_add_root()
 */
#define ROOT_ID "root"
#define ROOT_IMAGE "kukeon.io/pause:builtin"

/*
 * Only the checks, for any resource kind: err says `conversion failed: …` and is of
 * class ERR_CONVERSION_FAILED. -EINVAL.
 */
int convert_check(enum kind kind, const void *doc, struct kerr *err);

/*
 * Bring a document into the normal form: convert_check(), then
 *   - names and ids trimmed, apiVersion and kind filled in;
 *   - spec.id of cell, stack and container from metadata.name where empty (both
 *     set and different is refused for a container);
 *   - labels {} and lists [] instead of null, empty tty blocks dropped;
 *   - in a cell: root: true on the container that rootContainerId names and the
 *     reverse, every container's location ids and containerdId from the cell (a
 *     warning where another location stood).
 * No root container is added. warnings may be NULL. -EINVAL as convert_check,
 * the document is then partly changed.
 */
int doc_normalise(enum kind kind, void *doc, struct strlist *warnings, struct kerr *err);
int cell_normalise(struct cell_doc *cell, struct strlist *warnings, struct kerr *err);

/*
 * The id of the root container, borrowed from the spec, or NULL if none is named (one
 * will be synthesized). Messages lack the prefix "conversion failed". -EINVAL.
 */
int cell_resolve_root(const struct cell_spec *spec, const char **ret_id, struct kerr *err);

/*
 * Append the synthesized root container to a normalised cell that has no root
 * and set rootContainerId. Its hostNetwork is set when any container's is.
 */
void cell_add_root(struct cell_doc *cell);
/* The container was made by cell_add_root(): it has no process and no image. */
bool container_is_synthesized(const struct container_spec *c);
/* The cell's root container, or NULL. */
struct container_spec *cell_root(const struct cell_spec *spec);
/* At most KUKE_MAX_CONTAINERS, not counting a synthesized root: -EINVAL. */
int cell_check_size(const struct cell_spec *spec, struct kerr *err);
struct container_spec *cell_container(const struct cell_spec *spec, const char *id);

/* Fill unset fields of the container from the space's defaults; space may be NULL. */
void container_inherit_defaults(struct container_spec *c, const struct space_spec *space);
/* The same for all containers except a synthesized root. */
void cell_inherit_defaults(struct cell_spec *spec, const struct space_spec *space);

/* <space>_<stack>_<cell id>_<container>; the last part is "root" for a root. Owned by the caller. */
char *container_runtime_id(const struct cell_spec *cell, const struct container_spec *c);

/* Whether a tty block has nothing set, which equals no block. */
bool container_tty_empty(const struct container_tty *tty);

/*
 * Whether kukeon manages the label (its key ends in ".kukeon.io"): updates keep it,
 * diffs skip it.
 */
bool label_managed(const char *key);
/*
 * The labels of an updated object: desired, plus the managed ones of actual that
 * desired lacks. *ret is replaced.
 */
void labels_merge(struct strmap *ret, const struct strmap *actual, const struct strmap *desired);
/* Add missing managed labels (kukeon(5)). The namespace of a realm must be set before. */
void doc_add_managed_labels(enum kind kind, void *doc);

#endif
