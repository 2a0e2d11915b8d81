/*
 * The script: lines of words parted by single spaces, numbers in hexadecimal without prefix.
 *
 *     physmap-rig <nonce> <how to wait>
 *     <tag> <operation> <argument>…
 *
 * Each line's results go to the mailbox as one line: the tag, " key=value" fields, and " crashed=1" when the
 * hypervisor has killed the line's domain.
 */
#ifndef PHYSMAP_RIG_SCRIPT_H
#define PHYSMAP_RIG_SCRIPT_H

#include <stddef.h>

void script_run(const char *text, size_t length);

#endif
