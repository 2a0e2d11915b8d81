/* What a line of the script can ask for. */
#ifndef PHYSMAP_RIG_OPERATIONS_H
#define PHYSMAP_RIG_OPERATIONS_H

#include <stdint.h>

#define MAX_ARGUMENTS 8

struct operation {
    const char *name;
    unsigned int arguments;
    /* Carries the operation out and puts " key=value" fields into the mailbox. The first argument is a slot. */
    void (*run)(const uint64_t *argument);
};

extern const struct operation operations[];
extern const unsigned int operation_count;

/* What dom0 knows of itself, as fields: each kind of dom0 has its own. */
void put_report(void);

#endif
