/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_NAMES_STATE_H
#define KUKEON_NAMES_STATE_H

#include "context.h"

/*
 * What the process that keeps the resolver of cells (kukedns) and the rest of the engine leave
 * for each other in names/ of the runtime directory. The keeper holds the lock of names/lock
 * as long as it lives; so it is known whether what it wrote still holds.
 */

/* A file of names/: owned by the caller. */
char *names_file(const struct engine *e, const char *name) __attribute__((returns_nonnull));

/*
 * Whether a keeper is wanted: names/wanted exists while there is a space whose policy denies.
 * The daemon, which starts one then, is told. Best effort, repeated by each pass.
 */
void names_want(struct engine *e, bool wanted);
bool names_is_wanted(const struct engine *e);

/* Tell the keeper that policies or names of cells have changed: nothing without a keeper. */
void names_poke(const struct engine *e);

/*
 * The keeper's side of it: hold the lock. The descriptor, or -errno with a message; -EAGAIN if
 * another one holds it, or has just taken it away.
 */
int names_hold(const struct engine *e, struct kerr *err);
/* Take away what a keeper has left, its lock last: there is nothing to keep any more. */
void names_leave(const struct engine *e);

/* The bridges on whose gateways a keeper that lives holds port 53. */
struct names_served {
	struct strlist bridges; /* sorted */
};

void names_served_clear(struct names_served *s);
#define cleanup_names_served cleanup_(names_served_clear)
void names_served_load(const struct engine *e, struct names_served *ret);
int names_served_save(const struct engine *e, const struct strlist *bridges, struct kerr *err);
bool names_serves(const struct names_served *s, const char *bridge);

/*
 * A mark that the keeper sets with the lock of the firewall held, once it knows what the packet
 * filter's rules are made of. Who changes rules takes it away, before the lock is released.
 */
void names_rules_known(const struct engine *e);
bool names_rules_are_known(const struct engine *e);
void names_rules_changed(const struct engine *e);

/*
 * A word of the keeper about a bridge, in a file of its own: why it is not served, "" if it
 * is. 1 it is another one than before, 0 the same. Reading: owned by the caller, NULL if none.
 */
int names_trouble_set(const struct engine *e, const char *bridge, const char *why);
char *names_trouble(const struct engine *e, const char *bridge);

/* status.reason of a space whose message is the following. */
#define SPACE_REASON_NAMES "NamesUnanswered"

/*
 * Why queries of cells in a space whose policy denies are not answered, while a daemon runs:
 * owned by the caller. NULL: they are, or nothing is known so far.
 */
char *names_unanswered(const struct engine *e, const char *bridge);

/*
 * How kukedns is. The keeper writes it: into names/lock when kukedns answered last, and into
 * names/again that it had to be started again. Both end with a keeper that ends by itself.
 */
struct names_health {
	bool wanted; /* there is a space whose policy denies; false: the rest is not set */
	bool kept; /* a keeper lives, or was wanted just now */
	size_t bridges; /* that it serves */
	int64_t answered_ms; /* clock_ms() of the last answer; 0: not known */
	int64_t again_ms; /* clock_ms() when it was started again; 0: it was not */
	int64_t again; /* how often */
	char *why; /* it had to be, the last time */
};

void names_health_clear(struct names_health *h);
#define cleanup_names_health cleanup_(names_health_clear)
void names_health_load(const struct engine *e, struct names_health *ret);

/*
 * Of the keeper, which holds the lock. Best effort: what cannot be written is in the log, and
 * kukedns taken for one that does not answer. begin: the last keeper was killed if it has not
 * written its end.
 */
void names_health_begin(const struct engine *e, int lock_fd);
void names_health_end(const struct engine *e, int lock_fd);
void names_health_answered(int lock_fd);
void names_health_again(const struct engine *e, const char *why);

/*
 * Wait for a daemon that runs to serve a bridge, a few seconds at most: a cell that starts may
 * ask at once. False: it does not, and names are not answered there for now. It is not waited
 * for where the keeper has said that it cannot.
 */
bool names_wait(const struct engine *e, const char *bridge);

#endif
