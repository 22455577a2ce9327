/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_COPY_H
#define KUKEON_COPY_H

#include "model.h"

/* Free what one member owns and zero it. */
void field_clear(const struct field *f, void *member);

/* Free everything an object owns and zero it. Also works on zeroed and partly filled objects. */
void model_clear(const struct model_type *t, void *obj);

/* Deep copy; *to is cleared first. */
void model_copy(const struct model_type *t, void *to, const void *from);

#endif
