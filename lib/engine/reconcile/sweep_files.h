/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SWEEP_FILES_H
#define KUKEON_SWEEP_FILES_H

#include "context.h"

/* Remove temporary files of interrupted writers below data/, locks/ and namespaces/. */
void sweep_temporaries(struct engine *e);

/* Remove directories of data/ left by interrupted creates and deletes. */
void sweep_data(struct engine *e);

#endif
