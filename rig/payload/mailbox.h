/*
 * Results leave by memory: the host reads the machine's RAM anyhow, and finds these pages by their magic numbers. That
 * is quicker than a serial line, and nothing that the hypervisor prints gets in between.
 */
#ifndef PHYSMAP_RIG_MAILBOX_H
#define PHYSMAP_RIG_MAILBOX_H

#include <stdint.h>

/* States of the control page. */
#define MAILBOX_RUNNING 0
/* All domains of a round stand still until the host has taken its snapshot. */
#define MAILBOX_CHECKPOINT 1
/* One domain has just been populated, and the host reads which frames the hypervisor chose. */
#define MAILBOX_LOOK 2
#define MAILBOX_END 3

/* How the payload waits: for a word that the host writes, or at a breakpoint of the emulator's debugger. */
#define WAIT_WORD 0
#define WAIT_BREAKPOINT 1

void mailbox_open(uint64_t nonce, unsigned int wait);
/* Tell the host a state and wait until it has seen it. */
void mailbox_wait(uint32_t state);
/* Let the host look at a domain in which this many extents have just been populated. */
void mailbox_look(uint32_t domain, uint32_t populated);
/* Let the console drain where nobody waits for it, and tell the host that this was all. */
void mailbox_end(void);
/* Forget the text so far. */
void mailbox_clear(void);

void put_char(char c);
void put_text(const char *text);
void put_signed(int64_t value);
void put_hex(uint64_t value);
/* " key=value" */
void put_field(const char *key, int64_t value);

#endif
