/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_QUESTION_H
#define KUKEON_QUESTION_H

#include "clients.h"
#include "dns_msg.h"

/*
 * Questions in flight: asked of a resolver, and where the answer has addresses, opened by
 * the engine before a client learns of them. Equal ones share one question.
 */
enum {
	QUESTIONS_MAX = 2048, /* queries that wait, in all */
	QUESTIONS_SPACE_MAX = QUESTIONS_MAX / 4,
	QUESTION_ASK_MS = 4500,
	QUESTION_OPEN_MS = 2000,
};

/* Wait for the answer. False if too many do, or if there is no resolver. */
bool question_wait(struct kukedns *d, const struct client *c, const struct dns_query *q);
/* Handle the answers that came from resolvers. */
void question_answers(struct kukedns *d);
/* The engine's answer: those addresses of question id are open; failed: more could be. */
void question_opened(struct kukedns *d, uint64_t id, const char *addrs, bool failed);
/* End those that took too long. */
void question_expire(struct kukedns *d, int64_t now_ms);
int64_t question_wakes(const struct kukedns *d);
/* Forget those of a space, without an answer. */
void question_forget(struct kukedns *d, const struct space *s);

/* Answer with d->reply; ttl is for all its records. */
void question_reply(struct kukedns *d, const struct client *c, const struct dns_query *q,
		    uint32_t ttl);
/* Answer with a code alone. */
void question_code(struct kukedns *d, const struct client *c, const struct dns_query *q,
		   enum dns_rcode rcode);

#endif
