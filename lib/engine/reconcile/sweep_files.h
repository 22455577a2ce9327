/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_SWEEP_FILES_H
#define KUKEON_SWEEP_FILES_H

#include "context.h"

/* Temporary files of writers that died, below data/, locks/ and namespaces/. */
void sweep_temporaries(struct engine *e);

/* Directories of data/ that are of no object any more: those of creates and deletes cut short. */
void sweep_data(struct engine *e);

#endif
