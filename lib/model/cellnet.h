/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CELLNET_H
#define KUKEON_CELLNET_H

#include "err.h"
#include "model.h"

/*
 * What the containers of a cell say of its networks together: the other spaces it joins
 * (networks) and the further names it has there (networksAliases). A cell has one network
 * namespace, so each list counts for the whole cell.
 */

/* One label of a host name by RFC 952 and RFC 1123: 1 to 63 letters, digits and hyphens. */
bool host_label_valid(const char *s);

/*
 * Labels joined by dots, at most 253 bytes. Not a name whose last label is a number: that
 * is an address to inet_aton(3), and no resolver looks it up.
 */
bool host_name_valid(const char *s);

/*
 * Whether the name stands for the local host or for IPv6 multicast in every hosts file, or
 * resolvers take it for the local host (RFC 6761).
 */
bool host_name_fixed(const char *s);

/* Whether any container requests the host's network, which then applies to the whole cell. */
bool cell_host_network(const struct cell_spec *spec);

/*
 * The names of all containers, in order, each once; host names are equal without regard to
 * case. Without what is no name, which a document that was edited on the disk may have.
 * *ret is cleared first.
 */
void cell_aliases(const struct cell_spec *spec, struct strlist *ret);

/* The spaces that a cell joins, in the order of its devices eth1, eth2, …; each once, as above. */
void cell_networks(const struct cell_spec *spec, struct strlist *ret);

/* Judge the lists of one container. -EINVAL; the message names the field and its entry. */
int container_check_networks(const struct container_spec *c, struct kerr *err);

/*
 * Judge what they come to for the cell: no lists on the host's network, no network that is
 * the cell's own space, and the limits below. -EINVAL; the message names the container.
 */
int cell_check_networks(const struct cell_spec *spec, struct kerr *err);

#endif
